/*
 * check-totals: what was found, in words.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"

static const struct output_column columns[] = {
    {"difference", MSG_ctl_col_what, CELL_TEXT, {0}},
    {"problem", MSG_ctl_col_problem, CELL_TEXT, {0}},
    {"district", MSG_ctl_col_district, CELL_TEXT, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"indicator", MSG_ctl_col_indicator, CELL_TEXT, {0}},
    {"found", MSG_ctl_col_found, CELL_TEXT, {.widest = 26}},
    {"expected", MSG_ctl_col_ought, CELL_TEXT, {.widest = 26}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* For people the words alone, for programs the name too. */
static size_t
first_column(const struct audit *a)
{
    return a->ctl->format == OUTPUT_TEXT;
}

bool
audit_is_full(const struct audit *a)
{
    return a->differences >= AUDIT_MOST;
}

static const char *
indicator_name(const struct audit *a, uint32_t number, char buffer[AUDIT_TEXT_MAX])
{
    const Yuebao__Indicator *known =
        a->place.catalogue == NULL ? NULL : catalogue_indicator(a->place.catalogue, number);

    if (a->place.indicator != NULL || number == 0)
        return a->place.indicator;
    snprintf(buffer, AUDIT_TEXT_MAX, "#%u", number);
    return known == NULL ? buffer : known->code;
}

/* Words of the contract in the reader's language. */
static const char *
shown(const struct audit *a, const char *text)
{
    return text != NULL && a->ctl->format == OUTPUT_TEXT ? message_word(a->ctl->language, text) : text;
}

static void
hear(void *arg, enum difference difference, uint32_t indicator, const char *found, const char *expected)
{
    struct audit *a = arg;
    char buffer[AUDIT_TEXT_MAX];
    const char *cells[COLUMN_COUNT] = {
        difference_key(difference),
        ctl_word(a->ctl, difference_words(difference)),
        a->place.district,
        a->place.school,
        a->place.form,
        a->place.period,
        a->place.revision,
        indicator_name(a, indicator, buffer),
        shown(a, found),
        shown(a, expected),
    };

    if (a->differences++ < (a->ctl->format == OUTPUT_TEXT ? AUDIT_SHOWN : AUDIT_MOST))
        output_row(a->output, cells + first_column(a));
}

bool
audit_table_begin(struct audit *a)
{
    a->listener = (struct listener){hear, a};
    a->output = output_new(columns + first_column(a), COLUMN_COUNT - first_column(a));
    return a->output != NULL;
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void
say_counts(const struct audit *a)
{
    double seconds = audit_seconds(a);
    char reports[24], figures[24], totals[24], time[24], rate[24];

    snprintf(reports, sizeof(reports), "%ld", a->reports);
    snprintf(figures, sizeof(figures), "%ld", a->figures);
    snprintf(totals, sizeof(totals), "%ld", a->totals);
    snprintf(time, sizeof(time), "%.1f", seconds);
    snprintf(rate, sizeof(rate), "%.0f", (double)a->reports / seconds);
    ctl_say(a->ctl, MSG_ctl_check_counts, "reports", reports, "figures", figures, "totals", totals, "seconds",
            time, "rate", rate, NULL);
    if (a->away > 0)
        ctl_say_count(a->ctl, a->away, MSG_ctl_check_away_one, MSG_ctl_check_away_many);
    for (size_t i = 0; i < a->key_count; i++) {
        snprintf(reports, sizeof(reports), "%ld", a->keys[i].receipts);
        ctl_say(a->ctl, MSG_ctl_check_key, "key", a->keys[i].hex, "receipts", reports, NULL);
    }
}

static void
say_differences(const struct audit *a)
{
    char more[24];

    if (audit_is_full(a))
        ctl_say(a->ctl, MSG_ctl_check_full, NULL);
    else if (a->differences == 0)
        ctl_say(a->ctl, MSG_ctl_check_agrees, NULL);
    else
        ctl_say_count(a->ctl, (long)a->differences, MSG_ctl_check_one, MSG_ctl_check_many);
    if (a->ctl->format == OUTPUT_TEXT && a->differences > AUDIT_SHOWN) {
        snprintf(more, sizeof(more), "%zu", a->differences - AUDIT_SHOWN);
        ctl_say(a->ctl, MSG_ctl_check_more, "count", more, NULL);
    }
}

int
audit_report(struct audit *a)
{
    int status = EX_OK;

    if (a->differences > 0 || a->ctl->format != OUTPUT_TEXT)
        status = output_write(a->output, stdout, a->ctl);
    say_counts(a);
    say_differences(a);
    if (status != EX_OK)
        return status;
    return a->differences > 0 ? EX_DATAERR : EX_OK;
}
