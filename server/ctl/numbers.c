#include "numbers.h"

#include "db.h"

/* Numbers begin behind the highest in use; undone with the transaction. */
static const char rewind_numbers[] =
    "DO $$ DECLARE one record; highest bigint; BEGIN "
    "FOR one IN SELECT * FROM (VALUES ('school', 'school'), ('indicator', 'indicator'), ('target', "
    "'target'), "
    "('form', 'form'), ('rule', 'rule'), ('catalogue', 'catalogue')) AS v (tab, col) LOOP "
    "EXECUTE pg_catalog.format('SELECT coalesce(max(%I), 0) FROM yuebao.%I', one.col, one.tab) INTO highest; "
    "EXECUTE pg_catalog.format('ALTER SEQUENCE %s RESTART WITH %s', "
    "pg_catalog.pg_get_serial_sequence('yuebao.' || one.tab, one.col), highest + 1); "
    "END LOOP; END $$";

bool
numbers_rewind(struct ctl *ctl)
{
    return db_do_plain(ctl, rewind_numbers);
}
