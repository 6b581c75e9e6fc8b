#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "clock.h"
#include "link.h"
#include "log.h"
#include "registry_ask.h"
#include "registry_load.h"
#include "snapshot.h"

#define SETTLE_MS      20u /* changes often come several together */
#define AFTER_ERROR_MS 1000u
#define REST_FACTOR                                                                                          \
    4u /* at most a fifth of the time goes into reading the register, however often it changes */

/* What the reader's link is doing. A reload is wanted while `changed` holds; at most one runs. */
enum reader_step {
    READER_DOWN,
    READER_LISTENING, /* LISTEN is on its way */
    READER_RESTING,
    READER_CHECKING, /* compares versions */
    READER_LOADING,
};

/* A key enrolled or found while a load was running: it may not be in what was read. */
struct fresh_key {
    uint8_t key[KEY_SIZE];
    int32_t school;
};

struct registry {
    struct snapshot *snapshot; /* NULL until the first one is in */
    registry_on_change *on_change;
    void *arg;
    struct key_asker *keys;

    struct link *reader;
    enum reader_step step;
    bool changed;
    int64_t version; /* as the check saw it */
    struct registry_load *load;
    struct event *timer; /* the next check */
    uint64_t load_began_ms, not_before_ms;
    struct fresh_key *fresh;
    size_t n_fresh;
};

#define READER_LISTEN 100 /* a tag apart from those of a load */
#define READER_CHECK  101

/* ---- the reader --------------------------------------------------------------------------------- */

static void
reader_check_soon(struct registry *r)
{
    uint64_t now = clock_steady_ms(), at = now + SETTLE_MS;
    struct timeval after;

    if (at < r->not_before_ms)
        at = r->not_before_ms;
    after.tv_sec = (time_t)((at - now) / 1000);
    after.tv_usec = (suseconds_t)((at - now) % 1000 * 1000);
    evtimer_add(r->timer, &after);
}

static void
reader_rest(struct registry *r)
{
    r->step = READER_RESTING;
    if (r->changed)
        reader_check_soon(r);
}

static void
reader_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct registry *r = arg;

    (void)fd;
    (void)what;
    if (r->step != READER_RESTING || !link_idle(r->reader))
        return;
    r->step = READER_CHECKING;
    r->changed = false;
    link_call(r->reader, READER_CHECK, "version", NULL);
    link_run(r->reader, false);
}

static void
reader_load(struct registry *r)
{
    r->load_began_ms = clock_steady_ms();
    r->n_fresh = 0;
    r->load = registry_load_start(r->reader, r->snapshot);
    if (r->load != NULL) {
        r->step = READER_LOADING;
        return;
    }
    r->changed = true;
    r->not_before_ms = r->load_began_ms + AFTER_ERROR_MS;
    reader_rest(r);
}

/* The old snapshot gives way between two turns of the loop: nobody holds anything of it now. */
static void
reader_swap(struct registry *r)
{
    struct snapshot *old = r->snapshot;
    uint64_t now = clock_steady_ms();

    r->snapshot = registry_load_take(r->load);
    registry_load_free(r->load);
    r->load = NULL;
    for (size_t i = 0; i < r->n_fresh; i++)
        if (!snapshot_add_key(r->snapshot, r->fresh[i].key, r->fresh[i].school))
            r->changed = true;
    r->n_fresh = 0;
    snapshot_free(old);
    r->not_before_ms = now + (now - r->load_began_ms) * REST_FACTOR;
    log_event(LOG_INFO, "registry_loaded", "version", LOG_NUMBER(snapshot_version(r->snapshot)), "schools",
              LOG_NUMBER((int64_t)snapshot_school_count(r->snapshot)), "keys",
              LOG_NUMBER((int64_t)snapshot_key_count(r->snapshot)), "ms",
              LOG_NUMBER((int64_t)(now - r->load_began_ms)), NULL);
    reader_rest(r);
    r->on_change(r->arg);
}

static void
reader_on_load_idle(struct registry *r)
{
    switch (registry_load_on_idle(r->load)) {
    case REGISTRY_LOAD_MORE:
        return;
    case REGISTRY_LOAD_DONE:
        reader_swap(r);
        return;
    case REGISTRY_LOAD_FAILED:
        r->not_before_ms = clock_steady_ms() + AFTER_ERROR_MS;
        link_reconnect(r->reader);
        return;
    }
}

static void
reader_on_idle(void *arg)
{
    struct registry *r = arg;

    switch (r->step) {
    case READER_DOWN:
        r->step = READER_LISTENING;
        link_simple(r->reader, READER_LISTEN, "LISTEN yuebao_registry");
        return;
    case READER_LISTENING:
        r->changed = true; /* what was announced before we listened is seen by comparing versions */
        reader_rest(r);
        return;
    case READER_RESTING:
        return;
    case READER_CHECKING:
        if (r->snapshot == NULL || r->version != snapshot_version(r->snapshot))
            reader_load(r);
        else
            reader_rest(r);
        return;
    case READER_LOADING:
        reader_on_load_idle(r);
        return;
    }
}

static void
reader_on_result(int tag, const PGresult *result, void *arg)
{
    struct registry *r = arg;

    if (tag == READER_LISTEN)
        return;
    if (tag != READER_CHECK)
        registry_load_on_result(r->load, tag, result);
    else if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        r->version = binary_get64(PQgetvalue(result, 0, 0));
}

static void
reader_on_broken(bool was_up, void *arg)
{
    struct registry *r = arg;

    (void)was_up;
    r->step = READER_DOWN;
    registry_load_free(r->load);
    r->load = NULL;
    evtimer_del(r->timer);
}

static void
reader_on_notify(void *arg)
{
    struct registry *r = arg;

    r->changed = true;
    if (r->step == READER_RESTING)
        reader_check_soon(r);
}

static const struct link_owner reader_owner = {
    .role = "yuebaod registry",
    .settings = registry_load_settings,
    .statements = registry_load_statements,
    .on_idle = reader_on_idle,
    .on_result = reader_on_result,
    .on_broken = reader_on_broken,
    .on_notify = reader_on_notify,
};

/* ---- keys --------------------------------------------------------------------------------------- */

static void
remember_fresh(struct registry *r, const uint8_t key[KEY_SIZE], int32_t school)
{
    struct fresh_key *fresh = realloc(r->fresh, (r->n_fresh + 1) * sizeof(*fresh));

    if (fresh == NULL) {
        r->changed = true;
        return;
    }
    r->fresh = fresh;
    memcpy(fresh[r->n_fresh].key, key, KEY_SIZE);
    fresh[r->n_fresh++].school = school;
}

/* The key signs reports from now on; memory must know it before the next reload does. */
static void
registry_on_yes(const uint8_t key[KEY_SIZE], int32_t school, void *arg)
{
    struct registry *r = arg;

    if (r->load != NULL)
        remember_fresh(r, key, school);
    if (r->snapshot == NULL || !snapshot_add_key(r->snapshot, key, school))
        r->changed = true;
}

bool
registry_key_may_sign(const struct registry *r, const uint8_t key[KEY_SIZE],
                      const struct registry_school *school)
{
    int32_t institution;

    return r->snapshot != NULL && snapshot_key(r->snapshot, key, &institution) &&
           institution == school->institution;
}

struct registry_ask *
registry_ask_key(struct registry *r, const uint8_t key[KEY_SIZE], const char *code, registry_on_key *done,
                 void *arg)
{
    const struct registry_school *school = registry_school(r, code);

    if (school != NULL && registry_key_may_sign(r, key, school)) {
        done(REGISTRY_YES, arg);
        return NULL;
    }
    return key_asker_find(r->keys, key, code, done, arg);
}

struct registry_ask *
registry_enrol(struct registry *r, const uint8_t code_hash[ID_SIZE], const char *school,
               const uint8_t key[KEY_SIZE], const char *software, registry_on_key *done, void *arg)
{
    return key_asker_enrol(r->keys, code_hash, school, key, software, done, arg);
}

/* ---- the face ----------------------------------------------------------------------------------- */

struct registry *
registry_new(struct event_base *base, const char *conninfo, struct asker *asker,
             registry_on_change *on_change, void *arg)
{
    struct registry *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->on_change = on_change;
    r->arg = arg;
    r->timer = evtimer_new(base, reader_on_timer, r);
    r->reader = link_new(base, conninfo, &reader_owner, r);
    r->keys = key_asker_new(asker, registry_on_yes, r);
    if (r->timer != NULL && r->reader != NULL && r->keys != NULL)
        return r;
    registry_free(r);
    return NULL;
}

void
registry_free(struct registry *r)
{
    if (r == NULL)
        return;
    key_asker_free(r->keys);
    link_free(r->reader);
    registry_load_free(r->load);
    if (r->timer != NULL)
        event_free(r->timer);
    snapshot_free(r->snapshot);
    free(r->fresh);
    free(r);
}

bool
registry_ready(const struct registry *r)
{
    return r->snapshot != NULL;
}

const struct registry_school *
registry_school(const struct registry *r, const char *code)
{
    const struct snapshot_school *school = r->snapshot != NULL ? snapshot_school(r->snapshot, code) : NULL;

    return school != NULL ? &school->face : NULL;
}

static const struct calendar_form *
find_form(const struct registry *r, const char *code)
{
    return r->snapshot != NULL ? calendar_form_of_code(snapshot_calendar(r->snapshot), code) : NULL;
}

size_t
registry_siblings(const struct registry *r, const struct registry_school *school,
                  int32_t ret_schools[REGISTRY_SIBLINGS_MAX])
{
    const struct snapshot_school *siblings[REGISTRY_SIBLINGS_MAX];
    size_t count = snapshot_siblings(r->snapshot, school, siblings, REGISTRY_SIBLINGS_MAX);

    for (size_t i = 0; i < count; i++)
        ret_schools[i] = siblings[i]->face.id;
    return count;
}

const struct registry_window *
registry_window(const struct registry *r, const char *code, struct period period,
                const struct registry_school *school)
{
    const struct calendar_form *form = find_form(r, code);
    const struct registry_window *window = NULL;

    if (form != NULL && form->frequency == period.frequency)
        window = calendar_window(snapshot_calendar(r->snapshot), form->id, period.first_day);
    if (window == NULL || school == NULL)
        return window;
    return snapshot_window_of(r->snapshot, window, school);
}

bool
registry_form(const struct registry *r, const char *code, enum frequency frequency, int16_t *ret_form_id)
{
    const struct calendar_form *form = find_form(r, code);

    if (form == NULL || form->frequency != frequency)
        return false;
    *ret_form_id = form->id;
    return true;
}

bool
registry_form_sent(const struct registry *r, const char *code, const struct registry_school *school)
{
    const struct calendar_form *form = find_form(r, code);

    return form == NULL || calendar_is_sent(snapshot_calendar(r->snapshot), form, school->id);
}

const struct catalogue *
registry_catalogue(const struct registry *r, const uint8_t hash[ID_SIZE])
{
    return r->snapshot != NULL ? snapshot_catalogue(r->snapshot, hash) : NULL;
}

uint8_t *
registry_agenda(const struct registry *r, const struct registry_school *school, uint64_t now_ms,
                size_t *ret_len)
{
    return agenda_pack(r->snapshot, school, now_ms, ret_len);
}
