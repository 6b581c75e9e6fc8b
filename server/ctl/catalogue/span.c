#include "span.h"

#include <stdlib.h>
#include <string.h>

#include "known.h"

/* Both ends are of one frequency. */
static bool
read_ends(struct ctl *ctl, const char *text, struct period *ret_first, struct period *ret_last)
{
    char from[PERIOD_TEXT_MAX + 1];
    struct period first, last;
    const char *dots = strstr(text, "..");
    size_t len = dots == NULL ? strlen(text) : (size_t)(dots - text);
    enum message why = MSG_ctl_bad_period;

    if (len <= PERIOD_TEXT_MAX) {
        snprintf(from, sizeof(from), "%.*s", (int)len, text);
        bool sound = period_parse(from, &first) && period_parse(dots == NULL ? from : dots + 2, &last) &&
                     first.frequency == last.frequency;
        if (sound && first.first_day > last.first_day) {
            why = MSG_ctl_reversed_period;
        } else if (sound) {
            *ret_first = first;
            *ret_last = last;
            return true;
        }
    }
    ctl_usage(ctl, why, "value", text, NULL);
    return false;
}

static enum frequency
choose_frequency(const char *frequency, const char *form, enum frequency written)
{
    enum frequency chosen = written;
    bool sound = frequency != NULL ? frequency_parse(frequency, &chosen)
                                   : form == NULL || form_frequency(form, &chosen);

    if (!sound)
        abort(); /* both were looked at before */
    return chosen;
}

static bool
list_days(struct ctl *ctl, int32_t first, int32_t last, struct span *span)
{
    size_t len = 0, count = 0;
    FILE *out = open_memstream(&span->days, &len);
    struct period period = period_of_day(span->of, first);

    if (out == NULL)
        abort();
    if (period.first_day < first)
        period = period_next(period);
    fputc('{', out);
    for (; period.first_day <= last && count <= SPAN_MAX; period = period_next(period), count++) {
        char day[PERIOD_TEXT_MAX + 1];
        date_print(period.first_day, day);
        fprintf(out, "%s%s", count == 0 ? "" : ",", day);
    }
    fputc('}', out);
    fclose(out);
    if (count > 0 && count <= SPAN_MAX)
        return true;
    ctl_fail(ctl, EX_USAGE, count == 0 ? MSG_ctl_no_periods : MSG_ctl_many_periods, NULL);
    span_fini(span);
    return false;
}

bool
span_read(struct ctl *ctl, const char *text, const char *frequency, const char *form, struct span *ret_span)
{
    struct period first, last;
    struct span span = {0};

    if (!read_ends(ctl, text, &first, &last))
        return false;
    span.of = choose_frequency(frequency, form, first.frequency);
    if (!list_days(ctl, first.first_day, period_last_day(last), &span))
        return false;
    *ret_span = span;
    return true;
}

void
span_fini(struct span *span)
{
    free(span->days);
    span->days = NULL;
}
