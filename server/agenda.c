#include "agenda.h"

#include <stdlib.h>
#include <string.h>

#include "yuebao.pb-c.h"

#define DAY_MS UINT64_C(86400000)

/* Everything that the message points to while it is packed. */
struct agenda {
    Yuebao__Agenda message;
    Yuebao__School schools[AGENDA_SCHOOLS_MAX], *school_at[AGENDA_SCHOOLS_MAX];
    Yuebao__Window windows[AGENDA_WINDOWS_MAX], *window_at[AGENDA_WINDOWS_MAX];
    char periods[AGENDA_WINDOWS_MAX][PERIOD_TEXT_MAX + 1];
};

static void
put_school(struct agenda *a, const struct snapshot *snapshot, const struct snapshot_school *school)
{
    const struct snapshot_district *district = snapshot_district(snapshot, school->district);
    Yuebao__School *m = &a->schools[a->message.n_school];

    yuebao__school__init(m);
    m->code = (char *)school->face.code;
    m->kind = (char *)school->face.kind;
    m->name_zh = (char *)school->name_zh;
    m->name_en = (char *)school->name_en;
    m->opened_day = school->face.opened_day;
    m->closed_day = school->face.closed_day;
    if (district != NULL) {
        m->district = (uint32_t)district->district;
        m->district_zh = (char *)district->name_zh;
        m->district_en = (char *)district->name_en;
    }
    a->school_at[a->message.n_school++] = m;
}

static bool
is_near(const struct registry_window *window, uint64_t now_ms)
{
    uint64_t back = (window->period.frequency == DAILY ? AGENDA_DAILY_DAYS : AGENDA_CLOSED_DAYS) * DAY_MS;

    return window->closes_ms + back >= now_ms && window->opens_ms <= now_ms + AGENDA_AHEAD_DAYS * DAY_MS;
}

/* Whether one of the schools is of the form's kind and existed on the period's last day. */
static bool
is_owed(const struct snapshot *snapshot, const struct registry_window *window,
        const struct snapshot_school *const *schools, size_t n_schools)
{
    const struct snapshot_form *form = snapshot_form(snapshot, window->form_id);
    int32_t last_day = period_last_day(window->period);

    for (size_t i = 0; i < n_schools; i++) {
        const struct registry_school *school = &schools[i]->face;

        if (strcmp(school->kind, form->kind) == 0 && school->opened_day <= last_day &&
            last_day <= school->closed_day)
            return true;
    }
    return false;
}

static int
newest_first(const void *left, const void *right)
{
    const struct registry_window *a = *(const struct registry_window *const *)left;
    const struct registry_window *b = *(const struct registry_window *const *)right;

    if (a->period.first_day != b->period.first_day)
        return a->period.first_day < b->period.first_day ? 1 : -1;
    return (a->form_id > b->form_id) - (a->form_id < b->form_id);
}

/* Pointers to the windows that belong on the agenda, newest first, malloc'd; NULL: no memory. */
static const struct registry_window **
choose_windows(const struct snapshot *snapshot, const struct snapshot_school *const *schools,
               size_t n_schools, uint64_t now_ms, size_t *ret_count)
{
    size_t all, count = 0;
    const struct registry_window *windows = snapshot_windows(snapshot, &all);
    const struct registry_window **chosen = malloc((all + 1) * sizeof(const struct registry_window *));

    if (chosen == NULL)
        return NULL;
    for (size_t i = 0; i < all; i++)
        if (is_near(&windows[i], now_ms) && is_owed(snapshot, &windows[i], schools, n_schools))
            chosen[count++] = &windows[i];
    qsort(chosen, count, sizeof(const struct registry_window *), newest_first);
    *ret_count = count;
    return chosen;
}

static void
put_window(struct agenda *a, const struct snapshot *snapshot, const struct registry_window *window)
{
    size_t at = a->message.n_window;
    Yuebao__Window *m = &a->windows[at];

    yuebao__window__init(m);
    period_print(window->period, a->periods[at]);
    m->form = (char *)snapshot_form(snapshot, window->form_id)->code;
    m->period = a->periods[at];
    m->opens_ms = window->opens_ms;
    m->due_ms = window->due_ms;
    m->closes_ms = window->closes_ms;
    m->catalogue.data = (uint8_t *)catalogue_hash(window->catalogue);
    m->catalogue.len = ID_SIZE;
    m->zone_minutes = window->zone_minutes;
    a->window_at[a->message.n_window++] = m;
}

static uint8_t *
pack(Yuebao__Agenda *message, size_t *ret_len)
{
    size_t len = yuebao__agenda__get_packed_size(message);
    uint8_t *bytes;

    while (len > AGENDA_BYTES_MAX && message->n_window > 0) {
        message->n_window--;
        len = yuebao__agenda__get_packed_size(message);
    }
    bytes = malloc(len > 0 ? len : 1);
    if (bytes != NULL)
        *ret_len = yuebao__agenda__pack(message, bytes);
    return bytes;
}

uint8_t *
agenda_pack(const struct snapshot *snapshot, const struct registry_school *school, uint64_t now_ms,
            size_t *ret_len)
{
    const struct snapshot_school *schools[AGENDA_SCHOOLS_MAX];
    size_t n_schools = snapshot_siblings(snapshot, school, schools, AGENDA_SCHOOLS_MAX), n_windows = 0;
    const struct registry_window **windows = choose_windows(snapshot, schools, n_schools, now_ms, &n_windows);
    struct agenda *a = calloc(1, sizeof(*a));
    uint8_t *bytes = NULL;

    if (a != NULL && windows != NULL) {
        yuebao__agenda__init(&a->message);
        a->message.school = a->school_at;
        a->message.window = a->window_at;
        a->message.server_ms = now_ms;
        for (size_t i = 0; i < n_schools; i++)
            put_school(a, snapshot, schools[i]);
        for (size_t i = 0; i < n_windows && i < AGENDA_WINDOWS_MAX; i++)
            put_window(a, snapshot, windows[i]);
        bytes = pack(&a->message, ret_len);
    }
    free(windows);
    free(a);
    return bytes;
}
