#include "past_question.h"

#include "db.h"
#include "known.h"

bool
past_question(struct ctl *ctl, int argc, char **argv, const char *ret_values[PAST_QUESTION_SIZE])
{
    const char *district = NULL, *period = NULL, *form = NULL, *school = NULL;
    const struct ctl_option own[] = {{"district", &district, NULL},
                                     {"period", &period, NULL},
                                     {"form", &form, NULL},
                                     {"school", &school, NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return false;
    if (first < argc) {
        ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first], NULL);
        return false;
    }
    if (!is_district(ctl, district) || !is_period(ctl, period) || !is_form(ctl, form) ||
        !db_connect_to_ask(ctl) || !knows_district(ctl, district) || !knows_form(ctl, form) ||
        !knows_school(ctl, school) || !has_opened(ctl, period, form))
        return false;
    ret_values[0] = district;
    ret_values[1] = period;
    ret_values[2] = form;
    ret_values[3] = school;
    return true;
}
