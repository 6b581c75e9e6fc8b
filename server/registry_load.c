#include "registry_load.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

/* Steps in order; each is one prepared statement of the same place in registry_load_statements. */
enum load_step {
    LOAD_BEGIN,
    LOAD_VERSION,
    LOAD_FORMS,
    LOAD_DISTRICTS,
    LOAD_SCHOOLS,
    LOAD_KEYS,
    LOAD_CATALOGUES,
    LOAD_BYTES,
    LOAD_CALENDAR,
    LOAD_EXTENSIONS,
    LOAD_RECIPIENTS,
    LOAD_COMMIT,
    LOAD_STEPS
};

const struct link_setting registry_load_settings[] = {
    {"jit", "off"},
    {"work_mem", "64MB"}, /* half a million schools are joined in memory */
    {"search_path", "pg_catalog"},
    {"idle_in_transaction_session_timeout", "60s"},
    {NULL, NULL},
};

const struct link_statement registry_load_statements[] = {
    [LOAD_BEGIN] = {"begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
    [LOAD_VERSION] =
        {"version",
         "SELECT v.version, greatest(c.reltuples, 0)::int8, current_date FROM yuebao.registry_version AS v,"
         " pg_class AS c WHERE c.oid = 'yuebao.school'::regclass"},
    [LOAD_FORMS] = {"forms",
                    "SELECT f.form, f.code, f.kind, f.frequency, f.name <> '' FROM yuebao.form AS f"},
    [LOAD_DISTRICTS] = {"districts",
                        "SELECT d.district, d.parent, d.name_zh, d.name_en FROM yuebao.district AS d"
                        " ORDER BY d.district"},
    /* a row for each district that a school was ever in; unsorted, for half a million are sorted slowly */
    [LOAD_SCHOOLS] = {"schools",
                      "SELECT s.school, s.code, s.institution, s.kind, s.name_zh, s.name_en, s.opened_on,"
                      " s.closed_on, m.district, m.valid_from"
                      " FROM yuebao.school AS s LEFT JOIN yuebao.school_district AS m USING (school)"},
    [LOAD_KEYS] = {"keys", "SELECT k.key, k.school FROM yuebao.school_key AS k WHERE k.revoked_at IS NULL"},
    [LOAD_CATALOGUES] = {"catalogues", "SELECT c.catalogue, c.hash FROM yuebao.catalogue AS c"},
    [LOAD_BYTES] = {"bytes",
                    "SELECT c.catalogue, c.bytes FROM yuebao.catalogue AS c WHERE c.catalogue = ANY ($1)"},
    [LOAD_CALENDAR] =
        {"calendar",
         "SELECT c.form, c.period, c.opens_at, c.due_at, c.closes_at, (extract(epoch FROM"
         " (c.due_at AT TIME ZONE c.zone) - (c.due_at AT TIME ZONE 'UTC')) / 60)::int4, c.catalogue"
         " FROM yuebao.calendar AS c ORDER BY c.form, c.period"},
    [LOAD_EXTENSIONS] =
        {"extensions",
         "SELECT e.form, e.period, e.district, e.school, e.opens_at, e.due_at, e.closes_at, e.reason"
         " FROM yuebao.extension AS e"
         " ORDER BY e.form, e.period, coalesce(e.district, 0), coalesce(e.school, 0)"},
    [LOAD_RECIPIENTS] = {"recipients", "SELECT r.form, r.school FROM yuebao.form_school AS r"
                                       " ORDER BY r.form, r.school"},
    [LOAD_COMMIT] = {"commit", "COMMIT"},
    [LOAD_STEPS] = {NULL, NULL},
};

struct registry_load {
    struct link *link;
    const struct snapshot *old;
    struct snapshot *snapshot;
    enum load_step step;
    bool failed;
    struct binary wanted; /* numbers of catalogues whose bytes are not shared, as elements of an array */
    size_t n_wanted;
};

/* ---- a row of each step ------------------------------------------------------------------------- */

static const char *
text_at(const PGresult *r, int field)
{
    return PQgetvalue(r, 0, field);
}

static int16_t
int2_at(const PGresult *r, int field)
{
    return binary_get16(text_at(r, field));
}

static int32_t
int4_at(const PGresult *r, int field)
{
    return PQgetisnull(r, 0, field) ? 0 : binary_get32(text_at(r, field));
}

static bool
row_version(struct registry_load *load, const PGresult *r)
{
    size_t schools = (size_t)binary_get64(text_at(r, 1));

    load->snapshot = snapshot_new(binary_get64(text_at(r, 0)), schools, binary_get_day(text_at(r, 2)));
    return load->snapshot != NULL;
}

static bool
row_form(struct registry_load *load, const PGresult *r)
{
    struct calendar_form form = {
        .id = int2_at(r, 0), .code = text_at(r, 1), .kind = text_at(r, 2), .one_off = *text_at(r, 4) != 0};

    if (!frequency_parse(text_at(r, 3), &form.frequency))
        return true;
    return snapshot_add_form(load->snapshot, &form);
}

static bool
row_district(struct registry_load *load, const PGresult *r)
{
    struct snapshot_district district = {.district = int4_at(r, 0),
                                         .parent = int4_at(r, 1),
                                         .name_zh = text_at(r, 2),
                                         .name_en = text_at(r, 3)};

    return snapshot_add_district(load->snapshot, &district);
}

static bool
row_school(struct registry_load *load, const PGresult *r)
{
    struct snapshot_school school = {
        .face = {.id = int4_at(r, 0),
                 .code = text_at(r, 1),
                 .kind = text_at(r, 3),
                 .opened_day = binary_get_day(text_at(r, 6)),
                 .closed_day = PQgetisnull(r, 0, 7) ? INT32_MAX : binary_get_day(text_at(r, 7))},
        .district = int4_at(r, 8),
        .district_from = PQgetisnull(r, 0, 9) ? 0 : binary_get_day(text_at(r, 9)),
        .name_zh = text_at(r, 4),
        .name_en = text_at(r, 5),
    };

    return snapshot_add_school(load->snapshot, &school, text_at(r, 2));
}

static bool
row_key(struct registry_load *load, const PGresult *r)
{
    if (PQgetlength(r, 0, 0) != KEY_SIZE)
        return true;
    return snapshot_add_key(load->snapshot, (const uint8_t *)text_at(r, 0), int4_at(r, 1));
}

/* Share the catalogue with the old snapshot, or remember to fetch it. */
static bool
row_catalogue(struct registry_load *load, const PGresult *r)
{
    int16_t id = int2_at(r, 0);

    if (PQgetlength(r, 0, 1) != ID_SIZE)
        return true;
    if (!snapshot_share_catalogue(load->snapshot, load->old, id, (const uint8_t *)text_at(r, 1)))
        return false;
    if (snapshot_catalogue_of(load->snapshot, id) == NULL) {
        binary_int2(&load->wanted, id);
        load->n_wanted++;
    }
    return true;
}

/* A catalogue that cannot be read closes its own periods only. */
static bool
row_bytes(struct registry_load *load, const PGresult *r)
{
    struct catalogue *catalogue = NULL;
    enum catalogue_status status =
        catalogue_load((const uint8_t *)text_at(r, 1), (size_t)PQgetlength(r, 0, 1), &catalogue);

    if (status == CATALOGUE_NOMEM)
        return false;
    if (status != CATALOGUE_OK) {
        log_event(LOG_ERROR, "catalogue_broken", "catalogue", LOG_NUMBER(int2_at(r, 0)), "status",
                  LOG_NUMBER(status), NULL);
        return true;
    }
    return snapshot_add_catalogue(load->snapshot, int2_at(r, 0), catalogue);
}

static bool
row_window(struct registry_load *load, const PGresult *r)
{
    struct registry_window window = {
        .form_id = int2_at(r, 0),
        .period = {.first_day = binary_get_day(text_at(r, 1))},
        .opens_ms = binary_get_instant(text_at(r, 2)),
        .due_ms = binary_get_instant(text_at(r, 3)),
        .closes_ms = binary_get_instant(text_at(r, 4)),
        .zone_minutes = int4_at(r, 5),
        .catalogue_id = int2_at(r, 6),
    };

    return snapshot_add_window(load->snapshot, &window);
}

static bool
row_extension(struct registry_load *load, const PGresult *r)
{
    struct calendar_extension extension = {
        .window = {.form_id = int2_at(r, 0),
                   .period = {.first_day = binary_get_day(text_at(r, 1))},
                   .opens_ms = binary_get_instant(text_at(r, 4)),
                   .due_ms = binary_get_instant(text_at(r, 5)),
                   .closes_ms = binary_get_instant(text_at(r, 6)),
                   .extension = text_at(r, 7)},
        .district = int4_at(r, 2),
        .school = int4_at(r, 3),
    };

    return snapshot_add_extension(load->snapshot, &extension);
}

static bool
row_recipient(struct registry_load *load, const PGresult *r)
{
    return snapshot_add_recipient(load->snapshot, int2_at(r, 0), int4_at(r, 1));
}

static bool
load_row(struct registry_load *load, enum load_step step, const PGresult *r)
{
    switch (step) {
    case LOAD_VERSION:
        return row_version(load, r);
    case LOAD_FORMS:
        return row_form(load, r);
    case LOAD_DISTRICTS:
        return row_district(load, r);
    case LOAD_SCHOOLS:
        return row_school(load, r);
    case LOAD_KEYS:
        return row_key(load, r);
    case LOAD_CATALOGUES:
        return row_catalogue(load, r);
    case LOAD_BYTES:
        return row_bytes(load, r);
    case LOAD_CALENDAR:
        return row_window(load, r);
    case LOAD_EXTENSIONS:
        return row_extension(load, r);
    case LOAD_RECIPIENTS:
        return row_recipient(load, r);
    case LOAD_BEGIN:
    case LOAD_COMMIT:
    case LOAD_STEPS:
        break;
    }
    return true;
}

/* ---- steps -------------------------------------------------------------------------------------- */

static void
load_run(struct registry_load *load)
{
    struct link_arguments a = {0};

    if (load->step == LOAD_BYTES) {
        struct binary *array = link_argument(&a);
        binary_array(array, BINARY_INT2, load->n_wanted);
        binary_raw(array, load->wanted.bytes, load->wanted.len);
    }
    link_call(load->link, (int)load->step, registry_load_statements[load->step].name, &a);
    link_run(load->link, true);
    link_arguments_fini(&a);
}

struct registry_load *
registry_load_start(struct link *link, const struct snapshot *old)
{
    struct registry_load *load = calloc(1, sizeof(*load));

    if (load == NULL)
        return NULL;
    load->link = link;
    load->old = old;
    load->step = LOAD_BEGIN;
    load_run(load);
    return load;
}

void
registry_load_free(struct registry_load *load)
{
    if (load == NULL)
        return;
    snapshot_free(load->snapshot);
    binary_fini(&load->wanted);
    free(load);
}

void
registry_load_on_result(struct registry_load *load, int tag, const PGresult *result)
{
    const char *reason = "no memory";

    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: /* the end of single rows */
        return;
    case PGRES_SINGLE_TUPLE:
        if (load->failed || load_row(load, (enum load_step)tag, result))
            return;
        break;
    default:
        reason = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        break;
    }
    if (!load->failed)
        log_event(LOG_ERROR, "registry_not_loaded", "step", registry_load_statements[tag].name, "reason",
                  reason, NULL);
    load->failed = true;
}

enum registry_load_status
registry_load_on_idle(struct registry_load *load)
{
    if (load->failed || (load->step > LOAD_VERSION && load->snapshot == NULL) || load->wanted.failed)
        return REGISTRY_LOAD_FAILED;
    load->step++;
    if (load->step == LOAD_BYTES && load->n_wanted == 0)
        load->step++;
    if (load->step == LOAD_STEPS)
        return REGISTRY_LOAD_DONE;
    load_run(load);
    return REGISTRY_LOAD_MORE;
}

struct snapshot *
registry_load_take(struct registry_load *load)
{
    struct snapshot *snapshot = load->snapshot;

    load->snapshot = NULL;
    return snapshot;
}
