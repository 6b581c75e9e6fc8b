/* contact_book against a real PostgreSQL (real_house.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "contact_book.h"
#include "real_house.h"

static const struct ask_kind *const asked[] = {&contact_book_ask, NULL};
static struct contacts contacts;

/* Keys of one school, as many as make the book write: their first bytes count, the rest names the run. */
static void
enrol_keys(void)
{
    run("INSERT INTO yuebao.school (code, institution, kind, name_zh, name_en, opened_on)"
        " VALUES ('{r}c', '{r}c', 'primary', '校', 'school', '2020-01-01')");
    run("INSERT INTO yuebao.school_key (key, school) SELECT set_byte(set_byte(sha256('{r}'), 0, n % 256), 1, "
        "n / "
        "256), s.school FROM generate_series(0, 511) AS n, yuebao.school AS s WHERE s.code = '{r}c'");
}

static void
note_all(uint64_t at_ms)
{
    PGresult *keys =
        PQexecParams(db,
                     "SELECT k.key FROM yuebao.school_key AS k JOIN yuebao.school AS s USING (school) "
                     "WHERE s.code LIKE 'r%.c' ORDER BY s.school DESC LIMIT 512",
                     0, NULL, NULL, NULL, NULL, 1);

    assert_int_equal(PQntuples(keys), CONTACT_WRITE_AT);
    for (int i = 0; i < PQntuples(keys); i++)
        contacts_note(&contacts, (const uint8_t *)PQgetvalue(keys, i, 0), "yuebao 1", at_ms);
    PQclear(keys);
}

static long long
written(void)
{
    return number(
        "SELECT count(*) FROM yuebao.contact AS c JOIN yuebao.school_key AS k USING (key) JOIN yuebao.school "
        "AS s USING (school) WHERE s.code = '{r}c' AND c.software = 'yuebao 1' AND c.at = '2026-11-01 "
        "00:00+00'");
}

static void
test_many_are_written_at_once(void **state)
{
    (void)state;
    NEEDS_DATABASE();
    struct event_base *base = event_base_new();
    struct asker *asker = asker_new(base, COLLECTOR, asked);
    struct contact_book *book = contact_book_new(base, asker, &contacts);

    enrol_keys();
    note_all(UINT64_C(1793491200000));   /* 2026-11-01T00:00Z */
    while (written() < CONTACT_WRITE_AT) /* the alarm is patient */
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(written(), CONTACT_WRITE_AT);
    while (!contact_book_done(book))
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(contacts.count, 0);
    asker_free(asker);
    contact_book_free(book);
    event_base_free(base);
}

static int
open_house(void **state)
{
    (void)state;
    return real_house_open();
}

static int
close_house(void **state)
{
    (void)state;
    real_house_close();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_are_written_at_once)};

    alarm(PATIENCE_S);
    return cmocka_run_group_tests_name("contact_db", tests, open_house, close_house);
}
