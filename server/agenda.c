#include "agenda.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "yuebao.pb-c.h"

#define DAY_MS UINT64_C(86400000)

/* Schools of the institution as bits, by their place on the agenda. */
typedef uint64_t school_set;
static_assert(AGENDA_SCHOOLS_MAX <= 8 * sizeof(school_set), "a bit a school");

/* A window that belongs on the agenda, and whose it is. */
struct choice {
    const struct registry_window *window;
    school_set schools;
    bool general; /* for all of the form's kind that have none of their own: names nobody */
};

/* Whose agenda it is, and what was chosen so far. */
struct chooser {
    const struct snapshot *snapshot;
    const struct calendar *calendar;
    const struct snapshot_school *schools[AGENDA_SCHOOLS_MAX];
    size_t n_schools;
    uint64_t now_ms;
    struct rows choices; /* struct choice */
};

/* Everything that the message points to while it is packed. */
struct agenda {
    Yuebao__Agenda message;
    Yuebao__School schools[AGENDA_SCHOOLS_MAX], *school_at[AGENDA_SCHOOLS_MAX];
    Yuebao__Window windows[AGENDA_WINDOWS_MAX], *window_at[AGENDA_WINDOWS_MAX];
    char periods[AGENDA_WINDOWS_MAX][PERIOD_TEXT_MAX + 1];
    char *codes[AGENDA_WINDOWS_MAX][AGENDA_SCHOOLS_MAX];
};

/* ---- which windows ------------------------------------------------------------------------------ */

static bool
is_near(const struct registry_window *window, uint64_t now_ms)
{
    uint64_t back = (window->period.frequency == DAILY ? AGENDA_DAILY_DAYS : AGENDA_CLOSED_DAYS) * DAY_MS;

    return window->closes_ms + back >= now_ms && window->opens_ms <= now_ms + AGENDA_AHEAD_DAYS * DAY_MS;
}

/* Those of the form's kind that existed on the period's last day, and got the form if it is one-off. */
static school_set
who_owes(const struct chooser *c, const struct calendar_form *form, struct period period)
{
    int32_t last_day = period_last_day(period);
    school_set owing = 0;

    for (size_t i = 0; i < c->n_schools; i++) {
        const struct registry_school *school = &c->schools[i]->face;

        if (strcmp(school->kind, form->kind) == 0 && school->opened_day <= last_day &&
            last_day <= school->closed_day && calendar_is_sent(c->calendar, form, school->id))
            owing |= (school_set)1 << i;
    }
    return owing;
}

/* What an administrator gave several schools one by one reads like one window. */
static bool
reads_alike(const struct registry_window *a, const struct registry_window *b)
{
    return a->opens_ms == b->opens_ms && a->due_ms == b->due_ms && a->closes_ms == b->closes_ms &&
           strcmp(a->extension, b->extension) == 0;
}

/* Put the school to those that have the same window; how many windows there are then. */
static size_t
gather(struct choice own[AGENDA_SCHOOLS_MAX], size_t count, const struct registry_window *window,
       school_set school)
{
    size_t at = 0;

    while (at < count && !reads_alike(own[at].window, window))
        at++;
    if (at == count)
        own[count++] = (struct choice){.window = window};
    own[at].schools |= school;
    return count;
}

/* What schools have of their own is told whenever the general window is: else they would take that for
 * theirs. */
static bool
choose_extended(struct chooser *c, const struct registry_window *window, school_set owing, bool general)
{
    struct choice own[AGENDA_SCHOOLS_MAX], rest = {.window = window, .general = general};
    size_t count = 0;
    bool told, ok = true;

    for (size_t i = 0; i < c->n_schools; i++) {
        school_set school = owing & (school_set)1 << i;
        const struct registry_window *has;

        if (school == 0)
            continue;
        has = snapshot_window_of(c->snapshot, window, &c->schools[i]->face);
        if (has == window)
            rest.schools |= school;
        else
            count = gather(own, count, has, school);
    }
    told = rest.schools != 0 && is_near(window, c->now_ms);
    for (size_t i = 0; i < count; i++)
        if (told || is_near(own[i].window, c->now_ms))
            ok = ok && rows_add(&c->choices, &own[i]);
    return ok && (!told || rows_add(&c->choices, &rest));
}

/* false: no memory. */
static bool
choose(struct chooser *c, const struct registry_window *window)
{
    const struct calendar_form *form;
    struct choice choice = {.window = window};
    bool extended = calendar_is_extended(c->calendar, window);

    if (!extended && !is_near(window, c->now_ms))
        return true;
    form = calendar_form(c->calendar, window->form_id);
    choice.general = !form->one_off;
    choice.schools = who_owes(c, form, window->period);
    if (choice.schools == 0)
        return true;
    if (extended)
        return choose_extended(c, window, choice.schools, choice.general);
    return rows_add(&c->choices, &choice);
}

/* Of one form and period the general window comes last: where not all fit, it goes first. */
static int
newest_first(const void *left, const void *right)
{
    const struct choice *a = left, *b = right;
    int32_t a_day = a->window->period.first_day, b_day = b->window->period.first_day;

    if (a_day != b_day)
        return a_day < b_day ? 1 : -1;
    if (a->window->form_id != b->window->form_id)
        return a->window->form_id > b->window->form_id ? 1 : -1;
    if (a->general != b->general)
        return a->general ? 1 : -1;
    return (a->schools > b->schools) - (a->schools < b->schools);
}

static bool
choose_windows(struct chooser *c)
{
    size_t count;
    const struct registry_window *windows = calendar_windows(c->calendar, &count);

    for (size_t i = 0; i < count; i++)
        if (!choose(c, &windows[i]))
            return false;
    qsort(c->choices.items, c->choices.count, sizeof(struct choice), newest_first);
    return true;
}

/* ---- the message -------------------------------------------------------------------------------- */

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

static void
put_window(struct agenda *a, const struct chooser *c, const struct choice *choice)
{
    const struct registry_window *window = choice->window;
    size_t at = a->message.n_window;
    Yuebao__Window *m = &a->windows[at];

    yuebao__window__init(m);
    period_print(window->period, a->periods[at]);
    m->form = (char *)calendar_form(c->calendar, window->form_id)->code;
    m->period = a->periods[at];
    m->opens_ms = window->opens_ms;
    m->due_ms = window->due_ms;
    m->closes_ms = window->closes_ms;
    m->catalogue.data = (uint8_t *)catalogue_hash(window->catalogue);
    m->catalogue.len = ID_SIZE;
    m->zone_minutes = window->zone_minutes;
    m->extension = (char *)window->extension;
    m->school = a->codes[at];
    for (size_t i = 0; !choice->general && i < c->n_schools; i++)
        if (choice->schools >> i & 1)
            m->school[m->n_school++] = (char *)c->schools[i]->face.code;
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

static uint8_t *
print_agenda(const struct chooser *c, size_t *ret_len)
{
    struct agenda *a = calloc(1, sizeof(*a));
    uint8_t *bytes;

    if (a == NULL)
        return NULL;
    yuebao__agenda__init(&a->message);
    a->message.school = a->school_at;
    a->message.window = a->window_at;
    a->message.server_ms = c->now_ms;
    for (size_t i = 0; i < c->n_schools; i++)
        put_school(a, c->snapshot, c->schools[i]);
    for (size_t i = 0; i < c->choices.count && i < AGENDA_WINDOWS_MAX; i++)
        put_window(a, c, rows_at(&c->choices, i));
    bytes = pack(&a->message, ret_len);
    free(a);
    return bytes;
}

uint8_t *
agenda_pack(const struct snapshot *snapshot, const struct registry_school *school, uint64_t now_ms,
            size_t *ret_len)
{
    struct chooser c = {.snapshot = snapshot, .calendar = snapshot_calendar(snapshot), .now_ms = now_ms};
    uint8_t *bytes = NULL;

    c.n_schools = snapshot_siblings(snapshot, school, c.schools, AGENDA_SCHOOLS_MAX);
    if (rows_init(&c.choices, sizeof(struct choice), AGENDA_WINDOWS_MAX) && choose_windows(&c))
        bytes = print_agenda(&c, ret_len);
    rows_fini(&c.choices);
    return bytes;
}
