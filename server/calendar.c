#include "calendar.h"

#include <string.h>

#define ROWS_FIRST 64u

struct recipient {
    int16_t form;
    int32_t school;
};

bool
calendar_init(struct calendar *c)
{
    return rows_init(&c->forms, sizeof(struct calendar_form), ROWS_FIRST) &&
           rows_init(&c->windows, sizeof(struct registry_window), ROWS_FIRST) &&
           rows_init(&c->extensions, sizeof(struct calendar_extension), ROWS_FIRST) &&
           rows_init(&c->recipients, sizeof(struct recipient), ROWS_FIRST);
}

void
calendar_fini(struct calendar *c)
{
    rows_fini(&c->forms);
    rows_fini(&c->windows);
    rows_fini(&c->extensions);
    rows_fini(&c->recipients);
}

/* ---- order -------------------------------------------------------------------------------------- */

static int
compare(int32_t a, int32_t b)
{
    return (a > b) - (a < b);
}

static int
compare_windows(const void *key, const void *row)
{
    const struct registry_window *a = key, *b = row;
    int order = compare(a->form_id, b->form_id);

    return order != 0 ? order : compare(a->period.first_day, b->period.first_day);
}

static int
compare_extensions(const void *key, const void *row)
{
    const struct calendar_extension *a = key, *b = row;
    int order = compare_windows(&a->window, &b->window);

    if (order == 0)
        order = compare(a->district, b->district);
    return order != 0 ? order : compare(a->school, b->school);
}

static int
compare_recipients(const void *key, const void *row)
{
    const struct recipient *a = key, *b = row;
    int order = compare(a->form, b->form);

    return order != 0 ? order : compare(a->school, b->school);
}

/* ---- rows --------------------------------------------------------------------------------------- */

bool
calendar_add_form(struct calendar *c, const struct calendar_form *form)
{
    return rows_add(&c->forms, form);
}

bool
calendar_add_window(struct calendar *c, const struct registry_window *window)
{
    const struct calendar_form *form = calendar_form(c, window->form_id);
    struct registry_window row = *window;

    if (form == NULL)
        return true;
    row.period.frequency = form->frequency;
    return rows_add(&c->windows, &row);
}

bool
calendar_add_extension(struct calendar *c, const struct calendar_extension *extension)
{
    const struct registry_window *own = &extension->window, *general;
    struct calendar_extension row = *extension;

    general = calendar_window(c, own->form_id, own->period.first_day);
    if (general == NULL)
        return true;
    row.window = *general;
    row.window.opens_ms = own->opens_ms;
    row.window.due_ms = own->due_ms;
    row.window.closes_ms = own->closes_ms;
    row.window.extension = own->extension;
    return rows_add(&c->extensions, &row);
}

bool
calendar_add_recipient(struct calendar *c, int16_t form, int32_t school)
{
    struct recipient row = {.form = form, .school = school};

    return rows_add(&c->recipients, &row);
}

/* ---- look-ups ----------------------------------------------------------------------------------- */

const struct calendar_form *
calendar_form(const struct calendar *c, int16_t id)
{
    for (size_t i = 0; i < c->forms.count; i++) {
        const struct calendar_form *form = rows_at(&c->forms, i);
        if (form->id == id)
            return form;
    }
    return NULL;
}

const struct calendar_form *
calendar_form_of_code(const struct calendar *c, const char *code)
{
    for (size_t i = 0; i < c->forms.count; i++) {
        const struct calendar_form *form = rows_at(&c->forms, i);
        if (strcmp(form->code, code) == 0)
            return form;
    }
    return NULL;
}

const struct registry_window *
calendar_window(const struct calendar *c, int16_t form, int32_t first_day)
{
    struct registry_window key = {.form_id = form, .period.first_day = first_day};

    return rows_find(&c->windows, &key, compare_windows);
}

const struct registry_window *
calendar_windows(const struct calendar *c, size_t *ret_count)
{
    *ret_count = c->windows.count;
    return c->windows.items;
}

const struct calendar_extension *
calendar_extension_at(const struct calendar *c, const struct registry_window *window, size_t n)
{
    struct calendar_extension key = {.window = *window, .district = INT32_MIN};
    size_t at = rows_lower(&c->extensions, &key, compare_extensions) + n;
    const struct calendar_extension *row = at < c->extensions.count ? rows_at(&c->extensions, at) : NULL;

    return row != NULL && compare_windows(window, &row->window) == 0 ? row : NULL;
}

bool
calendar_is_extended(const struct calendar *c, const struct registry_window *window)
{
    return calendar_extension_at(c, window, 0) != NULL;
}

const struct registry_window *
calendar_extension_for(const struct calendar *c, const struct registry_window *window, int32_t district,
                       int32_t school)
{
    struct calendar_extension key = {.window = *window, .district = district, .school = school};
    const struct calendar_extension *row = rows_find(&c->extensions, &key, compare_extensions);

    return row != NULL ? &row->window : NULL;
}

bool
calendar_is_sent(const struct calendar *c, const struct calendar_form *form, int32_t school)
{
    struct recipient key = {.form = form->id, .school = school};

    return !form->one_off || rows_find(&c->recipients, &key, compare_recipients) != NULL;
}
