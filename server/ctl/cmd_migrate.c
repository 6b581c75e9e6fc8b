/*
 * yuebaoctl migrate: bring the database to the state that the SQL folder describes.
 *
 *   roles.sql     every time, when the user may create roles; repeatable
 *   migrations    once each, in order, one transaction each, remembered with their checksum in
 *                 yuebao.migration
 *   api           views and functions: all of them again, in one transaction, after a migration and when any
 *                 of them differs from yuebao.migration_api; its last file says who may call what, also of
 *                 what migrations have made
 *
 * A migration that was applied is history: when its file has changed or is gone, nothing is done and the file
 * is named. One migrate at a time: an advisory lock of the session, which ends with it. A dry run does all of
 * it in one transaction and rolls back.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "output.h"
#include "sqlfile.h"

#define LOCK "1987456321" /* any number that no other program of this database uses */

static const char make_tables[] =
    "CREATE TABLE IF NOT EXISTS yuebao.migration (\n"
    "    number     smallint NOT NULL CONSTRAINT migration_pk PRIMARY KEY\n"
    "               CONSTRAINT migration_number_three_digits CHECK (number BETWEEN 1 AND 999),\n"
    "    name       text NOT NULL CONSTRAINT migration_name_once UNIQUE,\n"
    "    checksum   text NOT NULL CONSTRAINT migration_checksum_is_sha256 CHECK (checksum ~ "
    "'^[0-9a-f]{64}$'),\n"
    "    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
    "    applied_by text NOT NULL DEFAULT session_user);\n"
    "COMMENT ON TABLE yuebao.migration IS 'Migrations applied by yuebaoctl migrate, one row a file; never "
    "changed.';\n"
    "COMMENT ON COLUMN yuebao.migration.number IS 'The three digits that the file''s name begins with.';\n"
    "COMMENT ON COLUMN yuebao.migration.name IS 'The file''s name.';\n"
    "COMMENT ON COLUMN yuebao.migration.checksum IS 'SHA-256 of the file as it was applied, in hex.';\n"
    "COMMENT ON COLUMN yuebao.migration.applied_at IS 'When it was applied.';\n"
    "COMMENT ON COLUMN yuebao.migration.applied_by IS 'Database user who applied it.';\n"
    "CREATE TABLE IF NOT EXISTS yuebao.migration_api (\n"
    "    name       text NOT NULL CONSTRAINT migration_api_pk PRIMARY KEY,\n"
    "    checksum   text NOT NULL CONSTRAINT migration_api_checksum_is_sha256 CHECK (checksum ~ "
    "'^[0-9a-f]{64}$'),\n"
    "    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
    "    applied_by text NOT NULL DEFAULT session_user);\n"
    "COMMENT ON TABLE yuebao.migration_api IS 'Files of sql/api as last applied; all are applied again when "
    "any changes.';\n"
    "COMMENT ON COLUMN yuebao.migration_api.name IS 'The file''s name.';\n"
    "COMMENT ON COLUMN yuebao.migration_api.checksum IS 'SHA-256 of the file as it was applied, in hex.';\n"
    "COMMENT ON COLUMN yuebao.migration_api.applied_at IS 'When it was applied.';\n"
    "COMMENT ON COLUMN yuebao.migration_api.applied_by IS 'Database user who applied it.';\n";

/* One run: what the folder has, what the database remembers. */
struct migrate {
    struct ctl *ctl;
    bool dry_run;
    struct sqlfile roles;
    struct sqlfiles migrations, api;
    PGresult *applied,
        *applied_api; /* name, checksum, applied_at, applied_by; NULL: the tables are not there */
    int done;
};

/* ---- what the folder says ----------------------------------------------------------------------- */

/* Names must begin with a number, and no two with the same. */
static bool
numbers_are_sound(struct migrate *m)
{
    const struct sqlfile *files = m->migrations.files;

    for (size_t i = 0; i < m->migrations.count; i++) {
        if (files[i].number == 0) {
            ctl_fail(m->ctl, EX_CONFIG, MSG_ctl_migration_unnumbered, "file", files[i].name, NULL);
            return false;
        }
        if (i > 0 && files[i].number == files[i - 1].number) {
            ctl_fail(m->ctl, EX_CONFIG, MSG_ctl_migration_number_twice, "file", files[i].name, "other",
                     files[i - 1].name, NULL);
            return false;
        }
    }
    return true;
}

static bool
read_folder(struct migrate *m)
{
    if (sqlfile_read(m->ctl, "roles.sql", &m->roles) && sqlfiles_read(m->ctl, "migrations", &m->migrations) &&
        sqlfiles_read(m->ctl, "api", &m->api))
        return numbers_are_sound(m);
    if (m->ctl->status == EX_NOINPUT)
        ctl_warn(m->ctl, MSG_ctl_where_sql, NULL);
    return false;
}

/* ---- what the database says --------------------------------------------------------------------- */

/* Row of the remembered file of this name, -1: none. */
static int
row_of(const PGresult *result, const char *name)
{
    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        if (strcmp(PQgetvalue(result, r, 0), name) == 0)
            return r;
    return -1;
}

static bool
has_file(const struct sqlfiles *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->files[i].name, name) == 0)
            return true;
    return false;
}

static bool
is_unchanged(const PGresult *result, const struct sqlfile *file)
{
    int row = row_of(result, file->name);

    return row >= 0 && strcmp(PQgetvalue(result, row, 1), file->checksum) == 0;
}

static bool
read_database(struct migrate *m)
{
    PGresult *found =
        db_query(m->ctl, "SELECT pg_catalog.to_regclass('yuebao.migration') IS NOT NULL", 0, NULL);

    if (found == NULL)
        return false;
    bool there = strcmp(PQgetvalue(found, 0, 0), "t") == 0;
    PQclear(found);
    if (!there)
        return true;
    m->applied =
        db_query(m->ctl,
                 "SELECT name, checksum, pg_catalog.date_trunc('second', applied_at)::text, applied_by "
                 "FROM yuebao.migration ORDER BY number",
                 0, NULL);
    m->applied_api =
        db_query(m->ctl,
                 "SELECT name, checksum, pg_catalog.date_trunc('second', applied_at)::text, applied_by "
                 "FROM yuebao.migration_api ORDER BY name",
                 0, NULL);
    return m->applied != NULL && m->applied_api != NULL;
}

/* History must still be there and be the same, and nothing may be slipped in before its end. */
static bool
history_is_sound(struct migrate *m)
{
    int last = -1;
    bool ok = true;

    for (int r = 0; m->applied != NULL && r < PQntuples(m->applied); r++)
        if (!has_file(&m->migrations, PQgetvalue(m->applied, r, 0))) {
            ctl_fail(m->ctl, EX_CONFIG, MSG_ctl_migration_missing, "file", PQgetvalue(m->applied, r, 0),
                     NULL);
            ok = false;
        }
    for (size_t i = 0; i < m->migrations.count; i++)
        last = row_of(m->applied, m->migrations.files[i].name) >= 0 ? (int)i : last;
    for (int i = 0; i <= last; i++) {
        const struct sqlfile *file = &m->migrations.files[i];
        int row = row_of(m->applied, file->name);
        if (row < 0)
            ctl_fail(m->ctl, EX_CONFIG, MSG_ctl_migration_out_of_order, "file", file->name, NULL);
        else if (!is_unchanged(m->applied, file))
            ctl_fail(m->ctl, EX_CONFIG, MSG_ctl_migration_changed, "file", file->name, "when",
                     PQgetvalue(m->applied, row, 2), NULL);
        else
            continue;
        ok = false;
    }
    return ok;
}

static bool
api_differs(const struct migrate *m)
{
    if (m->done > 0 || (size_t)(m->applied_api == NULL ? 0 : PQntuples(m->applied_api)) != m->api.count)
        return true;
    for (size_t i = 0; i < m->api.count; i++)
        if (!is_unchanged(m->applied_api, &m->api.files[i]))
            return true;
    return false;
}

/* ---- applying ----------------------------------------------------------------------------------- */

/* A dry run is one transaction, opened and rolled back by run(). */
static bool
begin(struct migrate *m)
{
    return m->dry_run || db_do_plain(m->ctl, "BEGIN");
}

static bool
commit(struct migrate *m)
{
    return m->dry_run || db_do_plain(m->ctl, "COMMIT");
}

static bool
may_make_roles(struct migrate *m, bool *ret_may)
{
    PGresult *result = db_query(
        m->ctl, "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user", 0,
        NULL);

    if (result == NULL)
        return false;
    *ret_may = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    return true;
}

static bool
apply_roles(struct migrate *m)
{
    bool may = false;

    if (!may_make_roles(m, &may))
        return false;
    return !may || (begin(m) && sqlfile_run(m->ctl, &m->roles) && commit(m));
}

static bool
remember(struct migrate *m, const struct sqlfile *file)
{
    char number[12];
    const char *values[] = {number, file->name, file->checksum};

    snprintf(number, sizeof(number), "%d", file->number);
    return db_do(m->ctl, "INSERT INTO yuebao.migration (number, name, checksum) VALUES ($1, $2, $3)", 3,
                 values) &&
           /* the api is made anew, if not by this run then by the next */
           db_do_plain(m->ctl, "DELETE FROM yuebao.migration_api");
}

static bool
apply_migrations(struct migrate *m)
{
    for (size_t i = 0; i < m->migrations.count; i++) {
        const struct sqlfile *file = &m->migrations.files[i];
        if (row_of(m->applied, file->name) >= 0)
            continue;
        if (!begin(m) || !sqlfile_run(m->ctl, file) || !remember(m, file) || !commit(m))
            return false;
        ctl_say(m->ctl, m->dry_run ? MSG_ctl_would_apply : MSG_ctl_applied, "file", file->name, NULL);
        m->done++;
    }
    return true;
}

static bool
remember_api(struct migrate *m)
{
    bool ok = db_do_plain(m->ctl, "DELETE FROM yuebao.migration_api");

    for (size_t i = 0; ok && i < m->api.count; i++) {
        const char *values[] = {m->api.files[i].name, m->api.files[i].checksum};
        ok = db_do(m->ctl, "INSERT INTO yuebao.migration_api (name, checksum) VALUES ($1, $2)", 2, values);
    }
    return ok;
}

static bool
apply_api(struct migrate *m)
{
    char count[24];

    if (!api_differs(m))
        return true;
    if (!begin(m))
        return false;
    for (size_t i = 0; i < m->api.count; i++)
        if (!sqlfile_run(m->ctl, &m->api.files[i]))
            return false;
    if (!remember_api(m) || !commit(m))
        return false;
    snprintf(count, sizeof(count), "%zu", m->api.count);
    ctl_say(m->ctl, m->dry_run ? MSG_ctl_would_apply_api : MSG_ctl_applied_api, "count", count, NULL);
    m->done++;
    return true;
}

static bool
lock(struct migrate *m)
{
    PGresult *result = db_query(m->ctl, "SELECT pg_catalog.pg_try_advisory_lock(" LOCK ")", 0, NULL);

    if (result == NULL)
        return false;
    bool mine = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    if (mine)
        return true;
    ctl_warn(m->ctl, MSG_ctl_migrate_waits, NULL);
    return db_do_plain(m->ctl, "SELECT pg_catalog.pg_advisory_lock(" LOCK ")");
}

static bool
write_audit(struct migrate *m)
{
    char detail[64];

    snprintf(detail, sizeof(detail), "{\"steps\": %d}", m->done);
    return m->done == 0 || db_audit(m->ctl, "migrate", detail);
}

static bool
make_history(struct migrate *m)
{
    return m->applied != NULL || (begin(m) && db_do_script(m->ctl, make_tables) && commit(m));
}

static bool
apply(struct migrate *m)
{
    if (m->dry_run && !db_do_plain(m->ctl, "BEGIN"))
        return false;
    bool ok = apply_roles(m) && db_become_admin(m->ctl) && read_database(m) && history_is_sound(m) &&
              make_history(m) && apply_migrations(m) && apply_api(m);
    if (ok && !m->dry_run)
        ok = write_audit(m);
    if (m->dry_run)
        ok = db_do_plain(m->ctl, "ROLLBACK") && ok;
    return ok;
}

static int
run(struct migrate *m)
{
    if (!read_folder(m) || !db_connect(m->ctl) || !lock(m) || !apply(m))
        return m->ctl->status;
    if (m->done == 0)
        ctl_say(m->ctl, MSG_ctl_migrate_nothing, NULL);
    else
        ctl_say(m->ctl, m->dry_run ? MSG_ctl_dry_run_undone : MSG_ctl_migrate_done, NULL);
    return EX_OK;
}

/* ---- migrate status ----------------------------------------------------------------------------- */

static const struct output_column status_columns[] = {
    {"file", MSG_ctl_col_file, CELL_TEXT, {0}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"applied_at", MSG_ctl_col_applied_at, CELL_INSTANT, {0}},
    {"applied_by", MSG_ctl_col_applied_by, CELL_TEXT, {0}},
};

static void
add_status(struct migrate *m, struct output *output, const PGresult *result, const char *name,
           enum message state)
{
    int row = row_of(result, name);
    const char *cells[] = {name, ctl_word(m->ctl, state), row < 0 ? NULL : PQgetvalue(result, row, 2),
                           row < 0 ? NULL : PQgetvalue(result, row, 3)};

    output_row(output, cells);
}

static void
add_folder(struct migrate *m, struct output *output, const struct sqlfiles *files, const PGresult *result)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct sqlfile *file = &files->files[i];
        enum message state = row_of(result, file->name) < 0 ? MSG_ctl_state_pending
                             : is_unchanged(result, file)   ? MSG_ctl_state_applied
                                                            : MSG_ctl_state_changed;
        add_status(m, output, result, file->name, state);
    }
    for (int r = 0; result != NULL && r < PQntuples(result); r++)
        if (!has_file(files, PQgetvalue(result, r, 0)))
            add_status(m, output, result, PQgetvalue(result, r, 0), MSG_ctl_state_missing);
}

static int
show_status(struct migrate *m)
{
    if (!read_folder(m) || !db_connect_admin(m->ctl) || !read_database(m))
        return m->ctl->status;
    struct output *output = output_new(status_columns, sizeof(status_columns) / sizeof(status_columns[0]));
    if (output == NULL)
        return ctl_fail(m->ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    add_folder(m, output, &m->migrations, m->applied);
    add_folder(m, output, &m->api, m->applied_api);
    int status = output_write(output, stdout, m->ctl);
    output_free(output);
    return status;
}

int
cmd_migrate(struct ctl *ctl, int argc, char **argv)
{
    struct migrate m = {.ctl = ctl};
    const struct ctl_option own[] = {{"dry-run", NULL, &m.dry_run}, {0}};
    int first = ctl_options(ctl, argc, argv, own), status;

    if (first < 0)
        return ctl->status;
    if (first == argc)
        status = run(&m);
    else if (strcmp(argv[first], "status") == 0 && first + 1 == argc)
        status = show_status(&m);
    else
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    PQclear(m.applied);
    PQclear(m.applied_api);
    sqlfile_free(&m.roles);
    sqlfiles_free(&m.migrations);
    sqlfiles_free(&m.api);
    return status;
}
