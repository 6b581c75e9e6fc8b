/*
 * The head of a circular: whose it is, of which period, who issues it, whom it goes to.
 */
#include <stdlib.h>
#include <string.h>

#include "circular.h"
#include "db.h"

#define DAY "'YYYY-MM-DD HH24:MI'"

/* The period's first day comes from the calendar; what is owed decides whether districts are told apart. */
/* clang-format off */
static const char facts_sql[] = CIRCULAR_TREE
    ", window_of AS MATERIALIZED (SELECT min(c.first_day) AS first_day, min(c.last_day) AS last_day, min(c.frequency) AS frequency, "
    "min(c.due_at) AS due_at, max(c.due_at) AS last_due_at, min(c.zone) AS zone FROM api.calendar AS c "
    "WHERE c.period = $2 AND c.opens_at <= pg_catalog.now()), "
    "owed AS MATERIALIZED (SELECT c.district, sum(c.expected)::bigint AS expected FROM api.completeness AS c CROSS JOIN window_of AS w "
    "WHERE c.district = ANY (ARRAY(SELECT d.district FROM api.district AS d WHERE d.district = $1::integer OR d.parent = $1::integer)) "
    "AND c.first_day = w.first_day AND c.period = $2 GROUP BY c.district) "
    "SELECT d.district, d.name_zh AS district_zh, d.name_en AS district_en, d.level, w.first_day, w.last_day, w.frequency, "
    "pg_catalog.to_char(pg_catalog.now() AT TIME ZONE w.zone, " DAY ") AS as_of, "
    "CASE WHEN w.due_at = w.last_due_at THEN pg_catalog.to_char(w.due_at AT TIME ZONE w.zone, " DAY ") END AS due, "
    "coalesce((SELECT o.expected FROM owed AS o WHERE o.district = d.district), 0) AS expected, "
    "EXISTS (SELECT FROM owed AS o WHERE o.district <> d.district) AS of_districts, "
    "b.name_zh AS bureau_zh, b.name_en AS bureau_en "
    "FROM api.district AS d CROSS JOIN window_of AS w "
    "LEFT JOIN LATERAL (SELECT s.name_zh, s.name_en FROM api.school AS s WHERE s.district = d.district AND s.kind = 'district' "
    "ORDER BY s.school LIMIT 1) AS b ON true WHERE d.district = $1::integer";
/* clang-format on */

/* ---- words -------------------------------------------------------------------------------------- */

char *
circular_day(enum language language, const char *text)
{
    int year, month, day, hour, minute;
    int n = sscanf(text, "%d-%d-%d %d:%d", &year, &month, &day, &hour, &minute);
    char *words = NULL;
    int len = language == LANGUAGE_EN ? asprintf(&words, "%s", text)
              : n == 5 ? asprintf(&words, "%d年%d月%d日%d时%02d分", year, month, day, hour, minute)
                       : asprintf(&words, "%d年%d月%d日", year, month, day);

    if (n < 3 || len < 0)
        abort();
    return words;
}

/* "2025年12月", "December 2025". The number is what stands behind the year in the period's own text. */
static char *
name_period(enum language language, const struct period *period)
{
    char text[PERIOD_TEXT_MAX + 1], year[16], number[16], month[16];
    struct date first = date_of_day(period->first_day);
    enum message name = MSG_circular_yearly;

    period_print(*period, text);
    snprintf(year, sizeof(year), "%d", (int)period_year(*period));
    snprintf(month, sizeof(month), "month_%02d", first.month);
    snprintf(number, sizeof(number), "%ld",
             strtol(text + strcspn(text, "-") + strspn(text + strcspn(text, "-"), "-WQS"), NULL, 10));
    switch (period->frequency) {
    case DAILY:
        return circular_day(language, text);
    case WEEKLY:
        name = MSG_circular_weekly;
        break;
    case MONTHLY:
        name = MSG_circular_monthly;
        break;
    case QUARTERLY:
        name = MSG_circular_quarterly;
        break;
    case TERMLY:
        name = number[0] == '1' ? MSG_circular_spring : MSG_circular_autumn;
        break;
    case YEARLY:
        break;
    }
    return message_format(language, name, "year", year, "month", message_word(language, month), "number",
                          number, NULL);
}

char *
circular_period(enum language language, const char *text)
{
    struct period period;
    char *words = period_parse(text, &period) ? name_period(language, &period) : strdup(text);

    if (words == NULL)
        abort();
    return words;
}

/* Whom it goes to: the bureaus of the level below, or the schools. */
static enum message
addressees(const struct circular *circular)
{
    const char *level = circular_fact(circular, "level");

    if (!circular->of_districts)
        return MSG_circular_to_schools;
    if (strcmp(level, "nation") == 0)
        return MSG_circular_to_provinces;
    return strcmp(level, "province") == 0 ? MSG_circular_to_prefectures : MSG_circular_to_counties;
}

static void
put_words(struct circular *c)
{
    enum language language = c->ctl->language;
    const char *district = circular_fact(c, "district_@"), *bureau = circular_fact(c, "bureau_@");
    const char *form = message_word(language, circular_fact(c, "frequency"));
    char *as_of = circular_day(language, circular_fact(c, "as_of")), day[sizeof("2026-11-26")];

    c->period_name = name_period(language, &c->period);
    c->issuer = c->asked.issuer != NULL ? strdup(c->asked.issuer)
                : bureau != NULL        ? strdup(bureau)
                                 : message_format(language, MSG_circular_bureau, "district", district, NULL);
    if (c->period_name == NULL || c->issuer == NULL)
        abort();
    c->title = message_format(language, MSG_circular_title, "issuer", c->issuer, "period", c->period_name,
                              "form", form, NULL);
    c->to = message_format(language, addressees(c), NULL);
    c->intro = message_format(language, MSG_circular_intro, "district", district, "period", c->period_name,
                              "form", form, "as_of", as_of, NULL);
    if (c->title == NULL || c->to == NULL || c->intro == NULL)
        abort();
    free(as_of);
    snprintf(day, sizeof(day), "%.10s", circular_fact(c, "as_of"));
    c->day = circular_day(language, day);
}

/* ---- from beginning to end ---------------------------------------------------------------------- */

static bool
is_worth_a_circular(struct circular *c)
{
    const char *expected = circular_fact(c, "expected");

    if (expected != NULL && strcmp(expected, "0") != 0)
        return true;
    ctl_fail(c->ctl, EX_DATAERR, MSG_circular_nothing_owed, "district", circular_fact(c, "district_@"),
             "period", c->asked.period, NULL);
    return false;
}

bool
circular_begin(struct ctl *ctl, const struct circular_question *question, struct circular *ret_circular)
{
    struct circular c = {.ctl = ctl, .asked = *question};

    if (!period_parse(question->period, &c.period)) /* looked at before */
        abort();
    c.facts = circular_ask(&c, facts_sql, 2);
    if (c.facts == NULL)
        return false;
    if (!is_worth_a_circular(&c)) {
        PQclear(c.facts);
        return false;
    }
    c.first_day = circular_fact(&c, "first_day");
    c.of_districts = circular_fact(&c, "of_districts")[0] == 't';
    put_words(&c);
    *ret_circular = c;
    return true;
}

static void
free_section(struct circular_section *section)
{
    for (size_t b = 0; b < section->n; b++) {
        free(section->blocks[b].text);
        free(section->blocks[b].table.about);
        PQclear(section->blocks[b].table.rows);
    }
    free(section->blocks);
}

void
circular_end(struct circular *circular)
{
    for (size_t s = 0; s < circular->n; s++)
        free_section(&circular->sections[s]);
    PQclear(circular->facts);
    free(circular->period_name);
    free(circular->title);
    free(circular->to);
    free(circular->intro);
    free(circular->issuer);
    free(circular->day);
}
