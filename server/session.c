#include "session_inside.h"

#include <assert.h>
#include <event2/buffer.h>
#include <string.h>

#include "answer.h"
#include "clock.h"

#define CLOSING_MS 5000u /* for the last reply to leave */
#define LINGER_MS  1000u /* for the peer to notice */

static const char *const state_names[] = {"header", "silent", "handshake", "hello",  "asking",
                                          "open",   "full",   "closing",   "linger", "dead"};

const char *
session_state_name(const struct session *s)
{
    return state_names[s->state];
}

/* ---- states ------------------------------------------------------------------------------------- */

static void
session_deadline(struct session *s, unsigned ms)
{
    struct timeval after = {ms / 1000u, (suseconds_t)(ms % 1000u) * 1000};

    evtimer_add(s->timer, &after);
}

static void
session_read(struct session *s, bool on)
{
    if (s->reading == on)
        return;
    s->reading = on;
    if (on)
        bufferevent_enable(s->bev, EV_READ);
    else
        bufferevent_disable(s->bev, EV_READ);
}

/* Known, or about to go: no more a stranger who may lose his place. */
static void
session_is_known(struct session *s)
{
    if (s->stranger)
        TAILQ_REMOVE(&s->hub->strangers, s, among_strangers);
    s->stranger = false;
}

void
session_enter(struct session *s, enum session_state next)
{
    const struct session_limits *limits = &s->hub->limits;

    s->state = next;
    s->wait = WAIT_NOTHING;
    if (next == SESSION_OPEN || next >= SESSION_CLOSING)
        session_is_known(s);
    switch (next) {
    case SESSION_HEADER:
    case SESSION_SILENT:
        session_deadline(s, limits->first_byte_ms);
        return;
    case SESSION_HANDSHAKE:
        session_deadline(s, limits->handshake_ms);
        return;
    case SESSION_HELLO:
        session_deadline(s, limits->hello_ms);
        return;
    case SESSION_ASKING:
        session_read(s, false);
        session_deadline(s, limits->frame_ms);
        return;
    case SESSION_OPEN:
        session_read(s, true);
        hub_wake(s->hub, s); /* what came meanwhile */
        return;
    case SESSION_FULL:
        session_read(s, false);
        return;
    case SESSION_CLOSING:
        session_drop_ask(s);
        session_read(s, false);
        session_deadline(s, CLOSING_MS);
        hub_wake(s->hub, s);
        return;
    case SESSION_LINGER:
        session_deadline(s, LINGER_MS);
        return;
    case SESSION_DEAD:
        session_bury(s);
        return;
    }
}

size_t
session_unread(const struct session *s)
{
    return evbuffer_get_length(bufferevent_get_output(s->bev)) + evbuffer_get_length(s->out);
}

/* Bytes of it that were not read as frames. */
static size_t
session_unheard(const struct session *s)
{
    return evbuffer_get_length(bufferevent_get_input(s->bev));
}

/* Its key has as many reports waiting as it may: when there is little room, as its equal share of it. */
static bool
session_has_its_share(const struct session *s)
{
    const struct hub *hub = s->hub;
    unsigned share = admission_share(&hub->admission, shares_waiting(hub->shares), hub->limits.in_flight);

    if (s->share == NULL || s->share->reports < share)
        return false;
    s->share->held = true; /* whose next answer wakes all sessions of the key */
    return true;
}

bool
session_is_full(const struct session *s)
{
    return s->in_flight >= s->hub->limits.in_flight || session_unread(s) > SESSION_OUTPUT_MAX ||
           s->hub->draining || session_has_its_share(s);
}

static void
session_wait(struct session *s, enum wait wait)
{
    const struct session_limits *limits = &s->hub->limits;

    if (s->wait == wait)
        return;
    s->wait = wait;
    switch (wait) {
    case WAIT_NOTHING:
        return;
    case WAIT_IDLE:
        session_deadline(s, limits->idle_ms);
        return;
    case WAIT_FRAME:
        session_deadline(s, limits->frame_ms);
        return;
    case WAIT_UNREAD:
        s->unread_mark = s->written;
        session_deadline(s, limits->unread_ms);
        return;
    }
}

void
session_settle(struct session *s)
{
    bool full = session_is_full(s);

    if (s->hub->draining && s->in_flight == 0) {
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN, "shutting down");
        return;
    }
    if (full && s->state == SESSION_OPEN)
        session_enter(s, SESSION_FULL);
    else if (!full && s->state == SESSION_FULL)
        session_enter(s, SESSION_OPEN);
    if (s->state == SESSION_OPEN) /* after a turn whose budget was too small */
        session_read(s, session_unheard(s) <= SESSION_INPUT_MAX);
    if (session_unread(s) > 0)
        session_wait(s, WAIT_UNREAD);
    else if (!full && session_unheard(s) > 0)
        session_wait(s, WAIT_FRAME);
    else
        session_wait(s, WAIT_IDLE);
}

/* ---- deadlines ---------------------------------------------------------------------------------- */

/* The peer has not read what was unread when the wait began. */
static bool
session_made_no_progress(const struct session *s)
{
    return s->written - evbuffer_get_length(bufferevent_get_output(s->bev)) < s->unread_mark;
}

static void
session_on_late_in_open(struct session *s)
{
    enum wait wait = s->wait;

    s->wait = WAIT_NOTHING;
    switch (wait) {
    case WAIT_NOTHING:
        session_settle(s);
        return;
    case WAIT_IDLE:
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_DEADLINE, "idle");
        return;
    case WAIT_FRAME:
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_DEADLINE, "half a frame");
        return;
    case WAIT_UNREAD:
        if (session_made_no_progress(s))
            session_end(s, LOG_WARNING, "replies are not read");
        else
            session_settle(s);
        return;
    }
}

void
session_on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;

    (void)fd;
    (void)what;
    s->hub->counters.timeouts++;
    switch (s->state) {
    case SESSION_HEADER:
        session_end(s, LOG_WARNING, "no header from the balancer");
        return;
    case SESSION_SILENT:
        session_end(s, LOG_INFO, "no first byte");
        return;
    case SESSION_HANDSHAKE:
        session_end(s, LOG_INFO, "handshake too slow");
        return;
    case SESSION_HELLO:
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_DEADLINE, "no hello");
        return;
    case SESSION_ASKING:
        session_fault(s, s->await_number, YUEBAO__FAULT_CODE__FAULT_DEADLINE,
                      "the look-up of the key took too long");
        return;
    case SESSION_OPEN:
    case SESSION_FULL:
        session_on_late_in_open(s);
        return;
    case SESSION_CLOSING:
        session_end(s, LOG_INFO, "last reply is not read");
        return;
    case SESSION_LINGER:
    case SESSION_DEAD:
        session_end(s, LOG_DEBUG, "closed");
        return;
    }
}
/* ---- for request.c ------------------------------------------------------------------------------ */

struct hub *
session_hub(const struct session *s)
{
    return s->hub;
}

uint64_t
session_id(const struct session *s)
{
    return s->id;
}

enum session_state
session_state(const struct session *s)
{
    return s->state;
}

const char *
session_peer(const struct session *s)
{
    return s->peer;
}

const char *
session_school(const struct session *s)
{
    return s->school;
}

uint32_t
session_await_number(const struct session *s)
{
    return s->await_number;
}

bool
session_exporter(struct session *s, uint8_t ret_exporter[EXPORTER_SIZE])
{
    if (s->ssl != NULL)
        return tls_exporter(s->ssl, ret_exporter);
    memcpy(ret_exporter, s->exporter, EXPORTER_SIZE);
    return true;
}

uint32_t
session_protocol(const struct session *s)
{
    return s->protocol;
}

struct share *
session_share(const struct session *s)
{
    return s->share;
}

bool
session_await(struct session *s, uint32_t number, uint32_t protocol, const char *school,
              const uint8_t key[KEY_SIZE], const char *software)
{
    assert(s->state == SESSION_HELLO && strlen(school) <= SCHOOL_CODE_MAX &&
           strlen(software) <= SOFTWARE_MAX);
    s->seat.session = s;
    s->share = shares_join(s->hub->shares, key, &s->seat, hub_crowded(s->hub));
    if (s->share == NULL)
        return false;
    s->await_number = number;
    s->protocol = protocol;
    strcpy(s->school, school);
    strcpy(s->software, software);
    session_enter(s, SESSION_ASKING);
    return true;
}

void
session_hold_ask(struct session *s, struct registry_ask *ask)
{
    s->ask = ask;
}

void
session_welcome(struct session *s)
{
    size_t len = 0;
    uint8_t *frame = reply_welcome(s->await_number, s->protocol, s->hub->key, clock_now_ms(),
                                   s->hub->limits.in_flight, &len);

    assert(s->state == SESSION_ASKING);
    contacts_note(s->hub->contacts, s->share->key, s->software, clock_now_ms());
    s->ask = NULL;
    session_reply(s, frame, len);
    if (s->state == SESSION_ASKING)
        session_enter(s, SESSION_OPEN);
}

void
session_work_begins(struct session *s)
{
    s->in_flight++;
}

void
session_work_ends(struct session *s)
{
    assert(s->in_flight > 0);
    s->in_flight--;
    hub_wake(s->hub, s);
}

/* ---- for hub.c ---------------------------------------------------------------------------------- */

bool
session_enlist(struct session *s, struct session_list *list)
{
    if (s->enlisted)
        return false;
    s->enlisted = true;
    TAILQ_INSERT_TAIL(list, s, in_turn);
    return true;
}

bool
session_evict(struct session_list *strangers, uint64_t older_than_ms)
{
    struct session *s = TAILQ_FIRST(strangers);

    if (s == NULL || s->began_ms >= older_than_ms)
        return false;
    session_end(s, LOG_INFO, "its place was needed");
    return true;
}

void
session_list_turn(struct session_list *list)
{
    struct session *last = TAILQ_LAST(list, session_list), *s;
    bool more = last != NULL;

    while (more) {
        s = TAILQ_FIRST(list);
        more = s != last;
        TAILQ_REMOVE(list, s, in_turn);
        s->enlisted = false;
        if (s->state == SESSION_DEAD)
            session_free(s);
        else
            session_on_turn(s);
    }
}
