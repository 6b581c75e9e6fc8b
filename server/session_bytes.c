/* Bytes: frames are cut out of what comes, requests taken, and the replies of a turn sent as one. */
#include "session_inside.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "frame.h"
#include "request.h"

enum cut { CUT_FRAME, CUT_MORE, CUT_BAD };

/* The first whole frame's body; borrowed from the input until it is drained of *ret_whole bytes. */
static enum cut
cut_frame(const struct session *s, struct evbuffer *in, const uint8_t **ret_body, size_t *ret_len)
{
    size_t have = evbuffer_get_length(in), len = 0;
    const uint8_t *bytes;

    if (have < FRAME_HEADER)
        return CUT_MORE;
    bytes = evbuffer_pullup(in, FRAME_HEADER);
    if (bytes == NULL || frame_peek(bytes, FRAME_HEADER, ret_body, &len) == FRAME_BAD_LENGTH)
        return CUT_BAD;
    if (s->state == SESSION_HELLO && FRAME_HEADER + len > FRAME_BEFORE_HELLO_MAX)
        return CUT_BAD;
    if (have < FRAME_HEADER + len)
        return CUT_MORE;
    bytes = evbuffer_pullup(in, (ev_ssize_t)(FRAME_HEADER + len));
    if (bytes == NULL || frame_peek(bytes, FRAME_HEADER + len, ret_body, ret_len) != FRAME_OK)
        return CUT_BAD;
    return CUT_FRAME;
}

/* Whether this state reads requests. */
static bool
session_listens(const struct session *s)
{
    return s->state == SESSION_HELLO || (s->state == SESSION_OPEN && !session_is_full(s));
}

/* One more frame of what a turn may read of a key, however many sessions it has; before hello, of a session.
 */
static bool
session_may_hear(struct session *s, unsigned frames)
{
    struct share *share = s->share;

    if (share == NULL)
        return frames < SESSION_FRAMES_PER_TURN;
    if (share->read_in != s->hub->turn_number)
        share->read = 0;
    share->read_in = s->hub->turn_number;
    return share->read++ < SESSION_FRAMES_PER_TURN;
}

/* Take frames while there are some and the turn's budget lasts. */
static void
session_hear(struct session *s)
{
    struct evbuffer *in = bufferevent_get_input(s->bev);

    for (unsigned frames = 0; session_listens(s); frames++) {
        const uint8_t *body = NULL;
        size_t len = 0;
        enum cut cut = cut_frame(s, in, &body, &len);

        if (cut == CUT_BAD) {
            session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_FRAME,
                          s->state == SESSION_HELLO ? "length of the frame before a hello"
                                                    : "length of the frame");
            return;
        }
        if (cut == CUT_MORE)
            return;
        if (!session_may_hear(s, frames)) {
            hub_wake(s->hub, s);
            return;
        }
        if (s->state == SESSION_OPEN)
            s->wait = WAIT_NOTHING; /* the next frame has its own deadline */
        request_take(s, body, len);
        evbuffer_drain(in, FRAME_HEADER + len);
    }
}

/* Hand all replies of this turn to TLS at once. */
static void
session_speak(struct session *s)
{
    s->written += evbuffer_get_length(s->out);
    if (bufferevent_write_buffer(s->bev, s->out) != 0)
        session_end(s, LOG_WARNING, "cannot write");
}

/* While draining, who has nothing in flight goes at once; OPEN and FULL see to that when they settle. */
static void
session_drain(struct session *s)
{
    if (s->state <= SESSION_HANDSHAKE)
        session_end(s, LOG_DEBUG, "shutting down");
    else if (s->state == SESSION_HELLO)
        session_fault(s, 0, YUEBAO__FAULT_CODE__FAULT_SHUTDOWN, "shutting down");
}

/* Everything a turn does for a session whose TLS is there; safe inside a callback of its bufferevent. */
static void
session_turn(struct session *s)
{
    if (s->hub->draining)
        session_drain(s);
    session_hear(s);
    if (s->state != SESSION_DEAD)
        session_speak(s);
    if (s->state == SESSION_OPEN || s->state == SESSION_FULL)
        session_settle(s);
}

void
session_on_turn(struct session *s)
{
    if (s->bev != NULL)
        session_turn(s);
    else if (s->hub->draining)
        session_drain(s);
    if (s->state == SESSION_CLOSING && session_unread(s) == 0)
        session_say_goodbye(s);
}

void
session_reply(struct session *s, uint8_t *frame, size_t len)
{
    if (s->state >= SESSION_CLOSING) {
        free(frame);
        return;
    }
    if (frame == NULL || evbuffer_add(s->out, frame, len) != 0) {
        session_end(s, LOG_ERROR, "out of memory");
    } else {
        hub_wake(s->hub, s);
    }
    free(frame);
}

/* ---- callbacks ---------------------------------------------------------------------------------- */

static void
session_on_read(struct bufferevent *bev, void *arg)
{
    struct session *s = arg;

    (void)bev;
    session_turn(s);
}

static void
session_on_written(struct bufferevent *bev, void *arg)
{
    struct session *s = arg;

    (void)bev;
    hub_wake(s->hub, s); /* not at once: libevent may be in the midst of writing */
}

static const char *
tls_reason(struct bufferevent *bev)
{
    unsigned long error = bufferevent_get_openssl_error(bev);
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

    return reason != NULL ? reason : "connection lost";
}

static void
session_on_event(struct bufferevent *bev, short what, void *arg)
{
    struct session *s = arg;

    if ((what & BEV_EVENT_CONNECTED) != 0) {
        session_enter(s, SESSION_HELLO);
        return;
    }
    if ((what & BEV_EVENT_EOF) != 0)
        session_end(s, s->state == SESSION_OPEN || s->state == SESSION_CLOSING ? LOG_DEBUG : LOG_INFO,
                    "closed by peer");
    else
        session_end(s, LOG_INFO, tls_reason(bev));
    ERR_clear_error();
}

void
session_hook(struct session *s)
{
    bufferevent_setcb(s->bev, session_on_read, session_on_written, session_on_event, s);
    bufferevent_enable(s->bev, EV_READ | EV_WRITE);
    s->reading = true;
}
