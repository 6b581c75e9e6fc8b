/* Any text: a period or date that passes prints as exactly that text, and its neighbours touch it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "period.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_period(const char *text)
{
    char printed[PERIOD_TEXT_MAX + 1];
    struct period period;

    if (!period_parse(text, &period))
        return;
    period_print(period, printed);
    assert(strcmp(printed, text) == 0);
    assert(period_equal(period_previous(period_next(period)), period));
    assert(period_equal(period_next(period_previous(period)), period));
    assert(period_last_day(period) + 1 == period_next(period).first_day);
    assert(period_equal(period_of_day(period.frequency, period.first_day), period));
    assert(period_equal(period_of_day(period.frequency, period_last_day(period)), period));
    period_print(period_next(period), printed);
    date_print(period_last_day(period), printed);
}

static void
check_date(const char *text)
{
    char printed[PERIOD_TEXT_MAX + 1];
    int32_t day;

    if (!date_parse(text, &day))
        return;
    date_print(day, printed);
    assert(strcmp(printed, text) == 0);
    assert(date_to_day(date_of_day(day)) == day);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char printed[PERIOD_TEXT_MAX + 1];
    enum frequency frequency;
    int32_t day;

    memcpy(text, data, size);
    text[size] = '\0';
    check_period(text);
    check_date(text);
    if (frequency_parse(text, &frequency))
        assert(strcmp(frequency_name(frequency), text) == 0);
    free(text);
    if (size >= sizeof(day)) { /* any day at all */
        memcpy(&day, data, sizeof(day));
        date_of_day(day);
        date_print(day, printed);
        assert(strlen(printed) == PERIOD_TEXT_MAX);
    }
    return 0;
}
