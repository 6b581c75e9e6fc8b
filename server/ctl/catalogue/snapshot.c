#include "snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "catalogue.h"
#include "db.h"
#include "envelope.h"
#include "number.h"
#include "unit.h"
#include "yuebao.pb-c.h"

/* The message under construction. Its texts are borrowed from the results, so both live until builder_free.
 */
struct builder {
    struct ctl *ctl;
    PGresult *indicators, *forms, *form_indicators, *rules, *terms;
    Yuebao__Catalogue message;
    void **blocks; /* everything allocated */
    size_t n_blocks;
};

static void *
block(struct builder *b, size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    void **blocks = realloc(b->blocks, (b->n_blocks + 1) * sizeof(*blocks));

    if (memory == NULL || blocks == NULL)
        abort();
    b->blocks = blocks;
    b->blocks[b->n_blocks++] = memory;
    return memory;
}

static void
builder_free(struct builder *b)
{
    for (size_t i = 0; i < b->n_blocks; i++)
        free(b->blocks[i]);
    free(b->blocks);
    PQclear(b->indicators);
    PQclear(b->forms);
    PQclear(b->form_indicators);
    PQclear(b->rules);
    PQclear(b->terms);
}

static unsigned
to_number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

/* The enum's value whose name is prefix + word in capitals; the tables' constraints admit no other words. */
static int
to_enum(const ProtobufCEnumDescriptor *descriptor, const char *prefix, const char *word)
{
    size_t skip = strlen(prefix);

    for (unsigned i = 0; i < descriptor->n_values; i++)
        if (strncmp(descriptor->values[i].name, prefix, skip) == 0 &&
            strcasecmp(descriptor->values[i].name + skip, word) == 0)
            return descriptor->values[i].value;
    abort();
}

/* `text` is a numeric without zeros at its end. */
static Yuebao__Bound *
to_bound(struct builder *b, const char *text)
{
    Yuebao__Bound *bound = block(b, 1, sizeof(*bound));
    const char *point = strchr(text, '.');

    yuebao__bound__init(bound);
    bound->decimals = point == NULL ? 0 : (unsigned)strlen(point + 1);
    if (bound->decimals > DECIMALS_MAX ||
        number_parse(text, strlen(text), bound->decimals, &bound->scaled) != NUMBER_OK)
        return NULL;
    return bound;
}

static const char indicators_sql[] =
    "SELECT i.indicator, i.code, i.name_zh, i.name_en, i.unit, i.measure, i.decimals, "
    "i.denominator_decimals, "
    "i.over_schools, i.over_time, trim_scale(i.min), trim_scale(i.max), i.numerator_zh, i.numerator_en, "
    "i.denominator_zh, i.denominator_en FROM yuebao.indicator AS i ORDER BY i.indicator";

static bool
add_indicator(struct builder *b, int row, Yuebao__Indicator *i)
{
    const PGresult *r = b->indicators;

    yuebao__indicator__init(i);
    i->number = to_number(PQgetvalue(r, row, 0));
    i->code = PQgetvalue(r, row, 1);
    i->name_zh = PQgetvalue(r, row, 2);
    i->name_en = PQgetvalue(r, row, 3);
    i->unit = PQgetvalue(r, row, 4);
    i->unit_zh = (char *)unit_zh(i->unit); /* protobuf-c's strings are not const; packing only reads them */
    i->measure = (Yuebao__Measure)to_enum(&yuebao__measure__descriptor, "", PQgetvalue(r, row, 5));
    i->decimals = to_number(PQgetvalue(r, row, 6));
    i->denominator_decimals = to_number(PQgetvalue(r, row, 7));
    i->over_schools =
        (Yuebao__OverSchools)to_enum(&yuebao__over_schools__descriptor, "SCHOOLS_", PQgetvalue(r, row, 8));
    i->over_time = (Yuebao__OverTime)to_enum(&yuebao__over_time__descriptor, "TIME_", PQgetvalue(r, row, 9));
    i->min = to_bound(b, PQgetvalue(r, row, 10));
    i->max = to_bound(b, PQgetvalue(r, row, 11));
    i->numerator_zh = PQgetvalue(r, row, 12);
    i->numerator_en = PQgetvalue(r, row, 13);
    i->denominator_zh = PQgetvalue(r, row, 14);
    i->denominator_en = PQgetvalue(r, row, 15);
    if (i->min != NULL && i->max != NULL)
        return true;
    ctl_fail(b->ctl, EX_DATAERR, MSG_ctl_snapshot_bound, "indicator", i->code, NULL);
    return false;
}

static bool
add_indicators(struct builder *b)
{
    b->indicators = db_query(b->ctl, indicators_sql, 0, NULL);
    if (b->indicators == NULL)
        return false;
    size_t n = (size_t)PQntuples(b->indicators);
    Yuebao__Indicator *items = block(b, n, sizeof(*items));
    b->message.indicator = block(b, n, sizeof(*b->message.indicator));
    b->message.n_indicator = n;
    for (size_t i = 0; i < n; i++) {
        b->message.indicator[i] = &items[i];
        if (!add_indicator(b, (int)i, &items[i]))
            return false;
    }
    return true;
}

/* A form that asks for nothing (its indicators moved to another frequency) is no form. Bytewise order:
 * catalogue_load wants it. */
static const char forms_sql[] =
    "SELECT f.form, f.code, f.kind, f.frequency, f.name_zh, f.name_en FROM yuebao.form AS f "
    "WHERE EXISTS (SELECT FROM yuebao.form_indicator AS i WHERE i.form = f.form) ORDER BY f.code COLLATE "
    "\"C\"";
static const char form_indicators_sql[] =
    "SELECT i.form, i.indicator, i.required FROM yuebao.form_indicator AS i ORDER BY i.form, i.indicator";

static void
add_form_indicators(struct builder *b, const char *form, Yuebao__Form *f)
{
    const PGresult *r = b->form_indicators;
    size_t n = (size_t)PQntuples(r);

    f->required = block(b, n, sizeof(*f->required));
    f->optional = block(b, n, sizeof(*f->optional));
    for (int row = 0; row < (int)n; row++) {
        if (strcmp(PQgetvalue(r, row, 0), form) != 0)
            continue;
        if (PQgetvalue(r, row, 2)[0] == 't')
            f->required[f->n_required++] = to_number(PQgetvalue(r, row, 1));
        else
            f->optional[f->n_optional++] = to_number(PQgetvalue(r, row, 1));
    }
}

static bool
add_forms(struct builder *b)
{
    b->forms = db_query(b->ctl, forms_sql, 0, NULL);
    b->form_indicators = b->forms == NULL ? NULL : db_query(b->ctl, form_indicators_sql, 0, NULL);
    if (b->form_indicators == NULL)
        return false;
    size_t n = (size_t)PQntuples(b->forms);
    Yuebao__Form *items = block(b, n, sizeof(*items));
    b->message.form = block(b, n, sizeof(*b->message.form));
    b->message.n_form = n;
    for (size_t i = 0; i < n; i++) {
        Yuebao__Form *f = b->message.form[i] = &items[i];
        yuebao__form__init(f);
        f->code = PQgetvalue(b->forms, (int)i, 1);
        f->kind = PQgetvalue(b->forms, (int)i, 2);
        f->frequency = PQgetvalue(b->forms, (int)i, 3);
        f->name_zh = PQgetvalue(b->forms, (int)i, 4);
        f->name_en = PQgetvalue(b->forms, (int)i, 5);
        add_form_indicators(b, PQgetvalue(b->forms, (int)i, 0), f);
    }
    return true;
}

static const char rules_sql[] = "SELECT r.rule, r.code, r.severity, r.op, r.message_zh, r.message_en "
                                "FROM yuebao.rule AS r ORDER BY r.code COLLATE \"C\"";
static const char terms_sql[] =
    "SELECT t.rule, t.side, t.indicator, t.part, t.previous FROM yuebao.rule_term AS t "
    "ORDER BY t.rule, t.side, t.position";

static Yuebao__Operator
to_operator(const char *text)
{
    if (strcmp(text, "<=") == 0)
        return YUEBAO__OPERATOR__AT_MOST;
    return strcmp(text, ">=") == 0 ? YUEBAO__OPERATOR__AT_LEAST : YUEBAO__OPERATOR__EQUAL;
}

static size_t
add_terms(struct builder *b, const char *rule, const char *side, Yuebao__Term ***ret_terms)
{
    const PGresult *r = b->terms;
    size_t n = 0;
    Yuebao__Term **terms = block(b, (size_t)PQntuples(r), sizeof(*terms));

    for (int row = 0; row < PQntuples(r); row++) {
        if (strcmp(PQgetvalue(r, row, 0), rule) != 0 || strcmp(PQgetvalue(r, row, 1), side) != 0)
            continue;
        Yuebao__Term *term = terms[n++] = block(b, 1, sizeof(*term));
        yuebao__term__init(term);
        term->indicator = to_number(PQgetvalue(r, row, 2));
        term->part = (Yuebao__Part)to_enum(&yuebao__part__descriptor, "", PQgetvalue(r, row, 3));
        term->previous = PQgetvalue(r, row, 4)[0] == 't';
    }
    *ret_terms = terms;
    return n;
}

static bool
add_rules(struct builder *b)
{
    b->rules = db_query(b->ctl, rules_sql, 0, NULL);
    b->terms = b->rules == NULL ? NULL : db_query(b->ctl, terms_sql, 0, NULL);
    if (b->terms == NULL)
        return false;
    size_t n = (size_t)PQntuples(b->rules);
    Yuebao__Rule *items = block(b, n, sizeof(*items));
    b->message.rule = block(b, n, sizeof(*b->message.rule));
    b->message.n_rule = n;
    for (size_t i = 0; i < n; i++) {
        const char *number = PQgetvalue(b->rules, (int)i, 0);
        Yuebao__Rule *rule = b->message.rule[i] = &items[i];
        yuebao__rule__init(rule);
        rule->code = PQgetvalue(b->rules, (int)i, 1);
        rule->severity =
            (Yuebao__Severity)to_enum(&yuebao__severity__descriptor, "", PQgetvalue(b->rules, (int)i, 2));
        rule->op = to_operator(PQgetvalue(b->rules, (int)i, 3));
        rule->message_zh = PQgetvalue(b->rules, (int)i, 4);
        rule->message_en = PQgetvalue(b->rules, (int)i, 5);
        rule->n_left = add_terms(b, number, "left", &rule->left);
        rule->n_right = add_terms(b, number, "right", &rule->right);
    }
    return true;
}

static uint8_t *
pack(const Yuebao__Catalogue *message, size_t *ret_len)
{
    uint8_t *bytes = malloc(yuebao__catalogue__get_packed_size(message) + 1);

    if (bytes == NULL)
        abort();
    *ret_len = yuebao__catalogue__pack(message, bytes);
    return bytes;
}

/* Whether the newest snapshot of the tables says what they say now, but for when it was made. Those that were
 * made for one-off forms do not count. */
static bool
compare_newest(struct builder *b, bool *ret_same)
{
    PGresult *result = PQexecParams(
        b->ctl->db,
        "SELECT bytes FROM yuebao.catalogue WHERE governs_from < 'infinity' ORDER BY catalogue DESC LIMIT 1",
        0, NULL, NULL, NULL, NULL, 1);

    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        db_report(b->ctl, result);
        PQclear(result);
        return false;
    }
    *ret_same = false;
    Yuebao__Catalogue *newest = PQntuples(result) == 0
                                    ? NULL
                                    : yuebao__catalogue__unpack(NULL, (size_t)PQgetlength(result, 0, 0),
                                                                (uint8_t *)PQgetvalue(result, 0, 0));
    if (newest != NULL) {
        size_t len, wanted;
        b->message.made_ms = newest->made_ms;
        uint8_t *bytes = pack(&b->message, &len);
        wanted = (size_t)PQgetlength(result, 0, 0);
        *ret_same = len == wanted && memcmp(bytes, PQgetvalue(result, 0, 0), len) == 0;
        free(bytes);
        yuebao__catalogue__free_unpacked(newest, NULL);
    }
    PQclear(result);
    return true;
}

static enum message
why_unsound(enum catalogue_status status)
{
    switch (status) {
    case CATALOGUE_OK:
    case CATALOGUE_NOMEM:
        return MSG_ctl_no_memory;
    case CATALOGUE_TOO_LARGE:
        return MSG_ctl_snapshot_too_large;
    case CATALOGUE_BAD_BYTES:
    case CATALOGUE_BROKEN:
        return MSG_ctl_snapshot_broken;
    }
    abort();
}

static bool
store(struct ctl *ctl, const uint8_t *bytes, size_t len, const char *from, char ret_hash[2 * ID_SIZE + 1])
{
    const char *values[] = {NULL, (const char *)bytes, from};
    uint8_t hash[ID_SIZE];
    const int lengths[] = {(int)sizeof(hash), (int)len, 0}, formats[] = {1, 1, 0};

    envelope_sha256(bytes, len, hash);
    values[0] = (const char *)hash;
    PGresult *result =
        PQexecParams(ctl->db, "INSERT INTO yuebao.catalogue (hash, bytes, governs_from) VALUES ($1, $2, $3)",
                     3, (const Oid[]){17, 17, 0}, values, lengths, formats, 0); /* 17: bytea, pg_type.dat */
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (ok)
        hex_print(hash, sizeof(hash), ret_hash);
    else
        db_report(ctl, result);
    PQclear(result);
    return ok;
}

#define NEWEST                                                                                               \
    "(SELECT k.catalogue, k.governs_from FROM yuebao.catalogue AS k ORDER BY k.catalogue DESC LIMIT 1) AS "  \
    "n "

/* The same in rows, for questions in SQL. */
static bool
store_forms(struct ctl *ctl)
{
    return db_do_plain(ctl,
                       "INSERT INTO yuebao.catalogue_form (catalogue, form, indicator, required) "
                       "SELECT (SELECT max(k.catalogue) FROM yuebao.catalogue AS k), i.form, i.indicator, "
                       "i.required FROM yuebao.form_indicator AS i");
}

/*
 * Periods that it governs and that have opened for nobody will open under it. Of a form that it does not have
 * any more nothing is owed then: those windows go. What has opened keeps its catalogue.
 */
static bool
renew_upcoming(struct ctl *ctl)
{
    static const char renew[] =
        "UPDATE yuebao.calendar AS c SET catalogue = n.catalogue FROM yuebao.calendar_window AS w, " NEWEST
        "WHERE w.form = c.form AND w.first_day = c.period AND NOT w.opened AND c.period >= n.governs_from "
        "AND EXISTS (SELECT FROM yuebao.catalogue_form AS i WHERE i.catalogue = n.catalogue AND i.form = "
        "c.form)";
    static const char clear[] =
        "DELETE FROM yuebao.calendar AS c USING yuebao.calendar_window AS w, " NEWEST
        "WHERE w.form = c.form AND w.first_day = c.period AND NOT w.opened AND w.name = '' AND c.period >= "
        "n.governs_from AND c.catalogue <> n.catalogue AND NOT EXISTS (SELECT FROM yuebao.extension AS e "
        "WHERE e.form = c.form AND e.period = c.period)";

    return db_do_plain(ctl, renew) && db_do_plain(ctl, clear);
}

bool
snapshot_store(struct ctl *ctl, struct Yuebao__Catalogue *message, const char *from,
               char ret_hash[2 * ID_SIZE + 1])
{
    struct timespec now;
    struct catalogue *catalogue = NULL;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &now);
    message->made_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    uint8_t *bytes = pack(message, &len);
    enum catalogue_status status = catalogue_load(bytes, len, &catalogue);
    bool ok = status == CATALOGUE_OK;
    if (ok)
        ok = store(ctl, bytes, len, from, ret_hash);
    else
        ctl_fail(ctl, EX_SOFTWARE, why_unsound(status), NULL);
    catalogue_free(catalogue);
    free(bytes);
    return ok;
}

static bool
make(struct builder *b, const char *from, char ret_hash[2 * ID_SIZE + 1])
{
    return snapshot_store(b->ctl, &b->message, from, ret_hash) && store_forms(b->ctl) &&
           renew_upcoming(b->ctl);
}

bool
snapshot_update(struct ctl *ctl, const char *from, char ret_hash[2 * ID_SIZE + 1])
{
    struct builder b = {.ctl = ctl};
    bool same = false, ok;

    ret_hash[0] = '\0';
    yuebao__catalogue__init(&b.message);
    ok = add_indicators(&b) && add_forms(&b) && add_rules(&b);
    if (ok && b.message.n_form > 0)
        ok = compare_newest(&b, &same) && (same || make(&b, from, ret_hash));
    builder_free(&b);
    return ok;
}
