/* How a session ends: with a last word or without, and its parts given back. */
#include "session_inside.h"

#include <event2/buffer.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer.h"

#define RETRY_AFTER_SHUTDOWN_MS 1000u

static void
session_drop_tls(struct session *s)
{
    if (s->bev != NULL)
        bufferevent_free(s->bev);
    SSL_free(s->ssl);
    s->bev = NULL;
    s->ssl = NULL;
}

void
session_drop_ask(struct session *s)
{
    if (s->ask != NULL)
        registry_ask_cancel(s->ask);
    s->ask = NULL;
}

static void
session_drop_share(struct session *s)
{
    if (s->share != NULL)
        shares_leave(s->hub->shares, s->share, &s->seat);
    s->share = NULL;
}

void
session_free(struct session *s)
{
    session_drop_ask(s);
    if (s->enlisted)
        TAILQ_REMOVE(&s->hub->turn, s, in_turn);
    if (s->stranger)
        TAILQ_REMOVE(&s->hub->strangers, s, among_strangers);
    session_drop_share(s);
    session_drop_tls(s);
    free(s->header);
    if (s->plain != NULL)
        event_free(s->plain);
    if (s->timer != NULL)
        event_free(s->timer);
    if (s->out != NULL)
        evbuffer_free(s->out);
    if (s->fd >= 0)
        close(s->fd);
    if (s->id != 0)
        hub_remove(s->hub, s->id);
    free(s);
}

void
session_bury(struct session *s)
{
    session_drop_ask(s);
    session_drop_share(s);
    if (s->bev != NULL) {
        bufferevent_setcb(s->bev, NULL, NULL, NULL, NULL);
        bufferevent_disable(s->bev, EV_READ | EV_WRITE);
    }
    if (s->plain != NULL)
        event_del(s->plain);
    event_del(s->timer);
    hub_wake(s->hub, s);
}

void
session_end(struct session *s, enum log_level level, const char *reason)
{
    if (s->state == SESSION_DEAD)
        return;
    log_peer(level, "session_end", "peer", s->peer, "school", s->school[0] != '\0' ? s->school : NULL,
             "state", session_state_name(s), "reason", reason, NULL);
    session_enter(s, SESSION_DEAD);
}

void
session_say_goodbye(struct session *s)
{
    if (s->ssl != NULL) {
        SSL_shutdown(s->ssl);
        ERR_clear_error();
    }
    session_drop_tls(s);
    if (s->fd < 0 || shutdown(s->fd, SHUT_WR) != 0 || event_add(s->plain, NULL) != 0)
        session_enter(s, SESSION_DEAD);
    else
        session_enter(s, SESSION_LINGER);
}

void
session_part(struct session *s, uint8_t *frame, size_t len, const char *reason)
{
    if (s->state >= SESSION_CLOSING) {
        free(frame);
        return;
    }
    session_reply(s, frame, len);
    if (s->state == SESSION_DEAD)
        return;
    log_peer(LOG_DEBUG, "session_part", "peer", s->peer, "school", s->school[0] != '\0' ? s->school : NULL,
             "reason", reason, NULL);
    session_enter(s, SESSION_CLOSING);
}

void
session_fault(struct session *s, uint32_t number, Yuebao__FaultCode code, const char *reason)
{
    bool our_doing = code == YUEBAO__FAULT_CODE__FAULT_SHUTDOWN;
    size_t len = 0;
    uint8_t *frame;

    if (s->state >= SESSION_CLOSING)
        return;
    s->hub->counters.faults++;
    log_peer(our_doing ? LOG_DEBUG : LOG_WARNING, "fault", "peer", s->peer, "school",
             s->school[0] != '\0' ? s->school : NULL, "code", fault_name(code), "reason", reason, NULL);
    frame = reply_fault(number, code, our_doing ? RETRY_AFTER_SHUTDOWN_MS : 0, &len);
    session_part(s, frame, len, reason);
}
