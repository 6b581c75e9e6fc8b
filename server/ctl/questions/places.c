#include "places.h"

#include "db.h"
#include "known.h"

static bool
are_known(struct ctl *ctl, const struct places *p)
{
    return is_district(ctl, p->district) && is_period(ctl, p->period) && is_form(ctl, p->form) &&
           db_connect(ctl) && knows_district(ctl, p->district) && knows_form(ctl, p->form) &&
           knows_indicator(ctl, p->indicator) && has_opened(ctl, p->period, p->form);
}

bool
places_read(struct ctl *ctl, int argc, char **argv, bool with_indicator, struct places *ret_places)
{
    struct places p = {0};
    const struct ctl_option own[] = {{"district", &p.district, NULL},
                                     {"period", &p.period, NULL},
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

void
places_values(const struct places *places, const char *values[PLACES_VALUES])
{
    values[0] = places->district;
    values[1] = places->period;
    values[2] = places->form;
    values[3] = places->below ? "t" : "f";
    values[4] = places->indicator;
}
