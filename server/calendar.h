/*
 * calendar: the forms, when each period of theirs is open, for whom the bureau has put that off, and to which
 * schools one-off forms were sent. No I/O; part of a snapshot.
 *
 * Filled row by row in the order that registry_load reads (forms; windows by form and first day; extensions
 * by form, first day, district, school; recipients by form and school), then only looked at. Texts are
 * borrowed for the calendar's life. There are few rows of everything but recipients, which take eight bytes
 * each.
 */
#ifndef YUEBAO_CALENDAR_H
#define YUEBAO_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry.h"
#include "rows.h"

struct calendar_form {
    int16_t id;
    enum frequency frequency;
    const char *code, *kind;
    bool one_off; /* for its recipients only; else for all schools of the kind */
};

/* Other instants than the window's, for one school or for a district with all below it. */
struct calendar_extension {
    struct registry_window window; /* first: the whole window as those schools have it */
    int32_t district;              /* 0: it is the school's own */
    int32_t school;                /* 0: it is the district's */
};

struct calendar {
    struct rows forms, windows, extensions, recipients;
};

bool calendar_init(struct calendar *calendar) __attribute__((warn_unused_result)); /* false: no memory */
void calendar_fini(struct calendar *calendar);                                     /* a zeroed struct too */

/* false: no memory. A row whose form or window is not here is left out and true comes back: one bad row must
 * not keep the others from reporting. */
bool calendar_add_form(struct calendar *calendar, const struct calendar_form *form);
bool calendar_add_window(struct calendar *calendar, const struct registry_window *window);
/* Of extension->window, the form, first day, instants and reason are read. */
bool calendar_add_extension(struct calendar *calendar, const struct calendar_extension *extension);
bool calendar_add_recipient(struct calendar *calendar, int16_t form, int32_t school);

/* Look-ups; NULL: unknown. */
const struct calendar_form *calendar_form(const struct calendar *calendar, int16_t id);
const struct calendar_form *calendar_form_of_code(const struct calendar *calendar, const char *code);
const struct registry_window *calendar_window(const struct calendar *calendar, int16_t form,
                                              int32_t first_day);
const struct registry_window *calendar_windows(const struct calendar *calendar, size_t *ret_count);

/* Whether anybody has other instants than this window's. */
bool calendar_is_extended(const struct calendar *calendar, const struct registry_window *window);
/* What one place has instead of this window (the other of district and school is 0), or NULL. */
const struct registry_window *calendar_extension_for(const struct calendar *calendar,
                                                     const struct registry_window *window, int32_t district,
                                                     int32_t school);
/* The n-th of all that have other instants than this window's, or NULL. */
const struct calendar_extension *calendar_extension_at(const struct calendar *calendar,
                                                       const struct registry_window *window, size_t n);

/* Whether schools of the form's kind owe it: all of them, or if it is one-off its recipients. */
bool calendar_is_sent(const struct calendar *calendar, const struct calendar_form *form, int32_t school);

#endif
