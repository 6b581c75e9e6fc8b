#include "instant.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "period.h"

#define DATE_LEN 10

/* "+30d" behind now or end; "" is nothing added. */
static bool
read_shift(const char *text, char interval[INSTANT_WORDS_MAX])
{
    char *end;

    if (text[0] == '\0') {
        strcpy(interval, "0 days");
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') || !isdigit((unsigned char)text[1]) || strlen(text) > 7)
        return false;
    long count = strtol(text, &end, 10);
    const char *unit = strcmp(end, "d") == 0   ? "days"
                       : strcmp(end, "h") == 0 ? "hours"
                       : strcmp(end, "m") == 0 ? "minutes"
                                               : NULL;
    if (unit != NULL)
        snprintf(interval, INSTANT_WORDS_MAX, "%ld %s", count, unit);
    return unit != NULL;
}

/* `digits` two-digit numbers with colons between, each below its limit. Advances *text. */
static bool
read_clock(const char **text, const int *limits, int count)
{
    for (int i = 0; i < count; i++) {
        const char *t = *text + (i > 0);
        if (i > 0 && **text != ':')
            return false;
        if (!isdigit((unsigned char)t[0]) || !isdigit((unsigned char)t[1]) ||
            (t[0] - '0') * 10 + t[1] - '0' >= limits[i])
            return false;
        *text = t + 2;
    }
    return true;
}

/* "Z", "+08:00"; "" is the period's own zone. */
static bool
read_offset(const char *text, bool *ret_given)
{
    static const int limits[] = {15, 60};

    *ret_given = text[0] != '\0';
    if (!*ret_given || strcmp(text, "Z") == 0)
        return true;
    if (text[0] != '+' && text[0] != '-')
        return false;
    text++;
    return read_clock(&text, limits, 2) && *text == '\0';
}

static bool
read_timestamp(const char *text, struct instant *instant)
{
    static const int limits[] = {24, 60, 60};
    char date[DATE_LEN + 1];
    const char *rest = text + DATE_LEN;
    bool offset = false;
    int32_t day;

    if (strlen(text) < DATE_LEN || strlen(text) >= INSTANT_WORDS_MAX)
        return false;
    snprintf(date, sizeof(date), "%.10s", text);
    if (!date_parse(date, &day))
        return false;
    if (*rest != '\0') {
        if (*rest++ != 'T' || !read_clock(&rest, limits, 2))
            return false;
        if (*rest == ':') {
            rest++;
            if (!read_clock(&rest, limits + 2, 1))
                return false;
        }
        if (!read_offset(rest, &offset))
            return false;
    }
    instant->base = offset ? "absolute" : "local";
    strcpy(instant->text, text);
    return true;
}

bool
instant_parse(const char *text, struct instant *ret_instant)
{
    struct instant instant = {0};
    bool ok;

    if (strncmp(text, "now", 3) == 0 || strncmp(text, "end", 3) == 0) {
        instant.base = text[0] == 'n' ? "now" : "end";
        ok = read_shift(text + 3, instant.text);
    } else {
        ok = read_timestamp(text, &instant);
    }
    if (ok)
        *ret_instant = instant;
    return ok;
}

bool
instant_option(struct ctl *ctl, const char *text, const char *fallback, struct instant *ret_instant)
{
    const char *chosen = text != NULL ? text : fallback;

    if (chosen == NULL) {
        *ret_instant = (struct instant){.base = NULL};
        return true;
    }
    if (instant_parse(chosen, ret_instant))
        return true;
    ctl_usage(ctl, MSG_ctl_bad_instant, "value", chosen, NULL);
    return false;
}

int
instant_report(struct ctl *ctl, const PGresult *result)
{
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    if (constraint != NULL && strcmp(constraint, "calendar_instants_ordered") == 0)
        return ctl_fail(ctl, EX_DATAERR, MSG_ctl_instants_unordered, NULL);
    return db_report(ctl, result);
}
