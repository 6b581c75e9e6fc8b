#include "books.h"

#define FIGURE_FIELDS 8
#define REMARK_FIELDS 11

bool
books_any(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (claim_is_booked(&group->claims[i]))
            return true;
    return false;
}

/* ---- figures ------------------------------------------------------------------------------------ */

static void
figure_begin(struct binary *stream, const struct claim *claim, uint32_t indicator)
{
    const struct submission *s = claim->submission;

    binary_copy_row(stream, FIGURE_FIELDS);
    binary_int4(stream, claim->district);
    binary_date(stream, s->period.first_day);
    binary_int4(stream, s->school_id);
    binary_int2(stream, (int16_t)indicator);
    binary_int2(stream, s->form_id);
}

static void
copy_figures_of(const struct claim *claim, struct binary *stream, struct totals *totals)
{
    const struct submission *s = claim->submission;
    const Yuebao__Statement *st = s->statement;

    totals_count(totals, claim->district, s->period.first_day, s->form_id,
                 (struct totals_report){.revision = s->revision, .late = s->late});
    for (size_t i = 0; i < st->n_indicator; i++) {
        struct totals_figure figure = {
            .indicator = (int16_t)st->indicator[i], .value = st->value[i], .denominator = st->denominator[i]};
        figure_begin(stream, claim, st->indicator[i]);
        binary_null(stream);
        binary_int8(stream, st->value[i]);
        binary_int8(stream, st->denominator[i]);
        totals_put(totals, claim->district, s->period.first_day, s->form_id, figure, TOTALS_ADD);
    }
    for (size_t i = 0; i < st->n_missing; i++) {
        struct totals_figure figure = {.indicator = (int16_t)st->missing[i], .missing = true};
        figure_begin(stream, claim, st->missing[i]);
        binary_int2(stream, (int16_t)st->missing_reason[i]);
        binary_null(stream);
        binary_null(stream);
        totals_put(totals, claim->district, s->period.first_day, s->form_id, figure, TOTALS_ADD);
    }
}

void
books_copy_figures(const struct group *group, struct binary *stream, struct totals *totals)
{
    binary_copy_header(stream);
    for (size_t i = 0; i < group->count; i++)
        if (claim_is_booked(&group->claims[i]))
            copy_figures_of(&group->claims[i], stream, totals);
    binary_copy_trailer(stream);
}

/* ---- remarks ------------------------------------------------------------------------------------ */

static void
copy_remarks_of(const struct claim *claim, struct binary *stream)
{
    const struct submission *s = claim->submission;

    for (size_t i = 0; i < s->n_remarks; i++) {
        const struct remark *remark = &s->remarks[i];
        binary_copy_row(stream, REMARK_FIELDS);
        binary_int4(stream, claim->district);
        binary_date(stream, s->period.first_day);
        binary_int4(stream, s->school_id);
        binary_int2(stream, s->form_id);
        binary_int4(stream, (int32_t)s->revision);
        binary_int2(stream, (int16_t)i);
        binary_int2(stream, (int16_t)remark->indicator);
        binary_text(stream, remark->rule);
        binary_text(stream, remark->found);
        binary_text(stream, remark->bound);
        binary_text(stream, remark->explanation);
    }
}

static bool
has_remarks(const struct claim *claim)
{
    return claim_is_booked(claim) && claim->submission->n_remarks > 0;
}

bool
books_copy_remarks(const struct group *group, struct binary *stream)
{
    bool any = false;

    for (size_t i = 0; i < group->count; i++) {
        if (!has_remarks(&group->claims[i]))
            continue;
        if (!any)
            binary_copy_header(stream);
        any = true;
        copy_remarks_of(&group->claims[i], stream);
    }
    if (any)
        binary_copy_trailer(stream);
    return any;
}

/* ---- the end of a transaction ------------------------------------------------------------------- */

#define COPY_BOOKS                                                                                           \
    "COPY yuebao.figure (district, period, school, indicator, form, missing, value, denominator)"            \
    " FROM STDIN (FORMAT binary);"                                                                           \
    "COPY yuebao.total_delta (" TOTALS_COPY_COLUMNS ") FROM STDIN (FORMAT binary);"
#define COPY_REMARKS                                                                                         \
    "COPY yuebao.remark (district, period, school, form, revision, position, indicator, rule, found, bound," \
    " explanation) FROM STDIN (FORMAT binary);"

void
books_send_copy(struct link *link, int tag, bool remarks, bool commit)
{
    static const char *const texts[2][2] = {{COPY_BOOKS, COPY_BOOKS "COMMIT"},
                                            {COPY_BOOKS COPY_REMARKS, COPY_BOOKS COPY_REMARKS "COMMIT"}};

    link_simple(link, tag, texts[remarks][commit]);
}
