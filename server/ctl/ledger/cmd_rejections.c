/*
 * yuebaoctl rejections: what was refused lately and why, in the words that the clerk was told.
 */
#include <stdlib.h>
#include <string.h>

#include "answered.h"
#include "catalogue.h"
#include "db.h"
#include "known.h"
#include "output.h"
#include "validate.h"

static const struct output_column columns[] = {
    {"received_at", MSG_ctl_col_received, CELL_INSTANT, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"finding", MSG_ctl_col_code, CELL_TEXT, {.leaves = 1}},
    {"problem", MSG_ctl_col_problem, CELL_TEXT, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const char sql[] = "SELECT r.received_at, r.school_code, r.form_code, "
                          "r.period_text, r.revision, pg_catalog.encode(r.findings, 'hex'), r.summary "
                          "FROM yuebao.rejection AS r WHERE ($1::text IS NULL OR r.school_code = $1) "
                          "ORDER BY r.received_at DESC LIMIT $2::integer";

/* The newest catalogue gives indicators their names; without one their numbers stand. */
static bool
load_catalogue(struct ctl *ctl, struct catalogue **ret_catalogue)
{
    PGresult *result =
        PQexecParams(ctl->db, "SELECT bytes FROM yuebao.catalogue ORDER BY catalogue DESC LIMIT 1", 0, NULL,
                     NULL, NULL, NULL, 1);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;

    *ret_catalogue = NULL;
    if (!ok)
        db_report(ctl, result);
    else if (PQntuples(result) == 1 &&
             catalogue_load((const uint8_t *)PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0),
                            ret_catalogue) != CATALOGUE_OK)
        *ret_catalogue = NULL;
    PQclear(result);
    return ok;
}

static void
copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static void
add_finding(struct ctl *ctl, struct output *output, const char *cells[COLUMN_COUNT],
            const Yuebao__Finding *found, const struct catalogue *catalogue)
{
    struct finding finding = {
        .code = found->code, .severity = found->severity, .indicator = found->indicator};
    const ProtobufCEnumValue *name =
        protobuf_c_enum_descriptor_get_value(&yuebao__finding_code__descriptor, (int)found->code);

    copy_text(finding.rule, sizeof(finding.rule), found->rule);
    copy_text(finding.found, sizeof(finding.found), found->found);
    copy_text(finding.bound, sizeof(finding.bound), found->bound);
    char *sentence = message_of_finding(ctl->language, &finding, catalogue);
    if (sentence == NULL)
        abort();
    cells[5] = name == NULL ? NULL : name->name;
    cells[6] = sentence;
    output_row(output, cells);
    free(sentence);
}

/* One row a finding; a refusal whose findings cannot be read shows its summary. */
static void
add_rejection(struct ctl *ctl, struct output *output, const PGresult *result, int r,
              const struct catalogue *catalogue)
{
    const char *cells[COLUMN_COUNT] = {PQgetvalue(result, r, 0), PQgetvalue(result, r, 1),
                                       PQgetvalue(result, r, 2), PQgetvalue(result, r, 3),
                                       PQgetvalue(result, r, 4)};
    struct answered answered;
    size_t len;
    uint8_t *bytes = db_bytes(result, r, 5, &len);
    answered_read(bytes, len, &answered);
    free(bytes);
    const Yuebao__Verdict *verdict = answered.verdict;
    const Yuebao__Reject *reject =
        verdict != NULL && verdict->outcome_case == YUEBAO__VERDICT__OUTCOME_REJECT ? verdict->reject : NULL;

    if (reject == NULL || reject->n_finding == 0) {
        cells[6] = PQgetvalue(result, r, 6);
        output_row(output, cells);
    }
    for (size_t i = 0; reject != NULL && i < reject->n_finding; i++)
        add_finding(ctl, output, cells, reject->finding[i], catalogue);
    answered_fini(&answered);
}

static int
show(struct ctl *ctl, const PGresult *result)
{
    struct catalogue *catalogue;
    struct output *output = output_new(columns, COLUMN_COUNT);

    if (output == NULL)
        return ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    int status = ctl->status;
    if (load_catalogue(ctl, &catalogue)) {
        for (int r = 0; r < PQntuples(result); r++)
            add_rejection(ctl, output, result, r, catalogue);
        status = output_write(output, stdout, ctl);
        catalogue_free(catalogue);
    } else {
        status = ctl->status;
    }
    output_free(output);
    return status;
}

int
cmd_rejections(struct ctl *ctl, int argc, char **argv)
{
    const char *school = NULL, *limit = "50";
    const struct ctl_option own[] = {{"school", &school, NULL}, {"limit", &limit, NULL}, {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (first < argc)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
    if (strlen(limit) > 6 || limit[0] == '\0' || limit[strspn(limit, "0123456789")] != '\0' ||
        strtoul(limit, NULL, 10) == 0)
        return ctl_usage(ctl, MSG_ctl_bad_limit, "value", limit, NULL);
    if (!db_connect_admin(ctl) || !knows_school(ctl, school))
        return ctl->status;
    PGresult *result = db_query(ctl, sql, 2, (const char *const[]){school, limit});
    if (result == NULL)
        return ctl->status;
    int status = EX_OK;
    if (PQntuples(result) == 0 && ctl->format == OUTPUT_TEXT)
        ctl_say(ctl, MSG_ctl_no_rejections, NULL);
    else
        status = show(ctl, result);
    PQclear(result);
    return status;
}
