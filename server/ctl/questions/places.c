#include "places.h"

#include <string.h>

#include "db.h"
#include "known.h"

bool
place_is_one(struct ctl *ctl, const struct place *place)
{
    if (place->district == NULL || place->area == NULL)
        return is_district(ctl, place->district) && is_area(ctl, place->area);
    ctl_usage(ctl, MSG_ctl_district_or_area, NULL);
    return false;
}

bool
place_is_known(struct ctl *ctl, const struct place *place)
{
    return knows_district(ctl, place->district) && knows_area(ctl, place->area) &&
           sees_area(ctl, place->area);
}

bool
place_adds_up(struct ctl *ctl, const struct place *place)
{
    return place_is_known(ctl, place) && (place->area != NULL || sees_totals(ctl, place->district));
}

/* There are no areas in an area. */
static bool
has_below(struct ctl *ctl, const struct places *p)
{
    if (!p->below || p->where.area == NULL)
        return true;
    ctl_usage(ctl, MSG_ctl_area_below, NULL);
    return false;
}

static bool
is_year(struct ctl *ctl, const struct places *p)
{
    if (p->year == NULL || (p->period == NULL && strlen(p->year) == 4 && strspn(p->year, "0123456789") == 4))
        return true;
    if (p->period != NULL)
        ctl_usage(ctl, MSG_ctl_period_or_year, NULL);
    else
        ctl_usage(ctl, MSG_ctl_bad_year, "value", p->year, NULL);
    return false;
}

static bool
are_known(struct ctl *ctl, const struct places *p)
{
    return place_is_one(ctl, &p->where) && has_below(ctl, p) && is_period(ctl, p->period) &&
           is_year(ctl, p) && is_form(ctl, p->form) && db_connect_to_ask(ctl) &&
           place_adds_up(ctl, &p->where) && knows_form(ctl, p->form) && knows_indicator(ctl, p->indicator) &&
           has_opened(ctl, p->period, p->form);
}

bool
places_read(struct ctl *ctl, int argc, char **argv, bool with_indicator, struct places *ret_places)
{
    struct places p = {0};
    const struct ctl_option own[] = {PLACE_OPTIONS(p.where),
                                     {"period", &p.period, NULL},
                                     {"year", &p.year, NULL},
                                     {"form", &p.form, NULL},
                                     {"below", NULL, &p.below},
                                     {with_indicator ? "indicator" : NULL, &p.indicator, NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return false;
    if (first < argc) {
        ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
        return false;
    }
    if (!are_known(ctl, &p))
        return false;
    *ret_places = p;
    return true;
}

PGresult *
places_ask(struct ctl *ctl, const struct places *places, const char *const in_districts[PLACES_SHAPES],
           const char *const in_area[PLACES_SHAPES])
{
    const char *values[] = {
        places->where.district, places->period,     places->form, places->below ? "t" : "f",
        places->indicator,      places->where.area, places->year};
    int shape = ctl->format != OUTPUT_TEXT ? 0 : ctl->language == LANGUAGE_ZH ? 1 : 2;

    return db_query(ctl, (places->where.area != NULL ? in_area : in_districts)[shape],
                    sizeof(values) / sizeof(values[0]), values);
}
