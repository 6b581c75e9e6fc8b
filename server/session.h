/*
 * session: one connection of a peer, from accept() to close().
 *
 *   HEADER     accepted from a balancer, which has not said yet for whom (proxy_header.h)
 *   SILENT     accepted; no byte yet, so no TLS object either (it would cost 43 KiB)
 *   HANDSHAKE  TLS 1.3
 *   HELLO      encrypted; the peer has not said who it is
 *   ASKING     its key or code is being looked up; reading rests
 *   OPEN       a known school: requests are read and answered
 *   FULL       as OPEN, but reading rests: too many requests wait for the database, or replies are not read
 *   CLOSING    the last reply is on its way out
 *   LINGER     our side is closed; what the peer still sends is thrown away, lest a reset overtakes the reply
 *   DEAD       unlinked; freed in the hub's next turn
 *
 * Each state has a deadline (struct session_limits). One turn of the loop reads at most
 * SESSION_FRAMES_PER_TURN frames of a key, over all its sessions. This file moves bytes and states; what a
 * request means stands in request.c.
 */
#ifndef YUEBAO_SESSION_H
#define YUEBAO_SESSION_H

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "hub.h"
#include "registry.h"
#include "yuebao.pb-c.h"

#define SESSION_FRAMES_PER_TURN 16u
#define SESSION_INPUT_MAX                                                                                    \
    (FRAME_HEADER + FRAME_BODY_MAX)      /* bytes waiting to be understood; then reading rests */
#define SESSION_OUTPUT_MAX (64u * 1024u) /* bytes waiting to be read by the peer; then reading rests */

enum session_state {
    SESSION_HEADER,
    SESSION_SILENT,
    SESSION_HANDSHAKE,
    SESSION_HELLO,
    SESSION_ASKING,
    SESSION_OPEN,
    SESSION_FULL,
    SESSION_CLOSING,
    SESSION_LINGER,
    SESSION_DEAD,
};

/* A new connection; takes fd (non-blocking), closes it when anything fails. */
void session_accept(struct hub *hub, int fd, const struct sockaddr *peer, socklen_t len);

/* The same from a balancer, which says first who its client is: `peer` is known by that address then. When it
 * asks for itself, it is told in one line of text whether this worker takes reports (hub_unready). */
void session_accept_proxied(struct hub *hub, int fd, const struct sockaddr *balancer, socklen_t len);

/* A session in HELLO over any bufferevent (taken), without TLS: for tests. NULL: no memory or hub full; bev
 * is freed. */
struct session *session_over(struct hub *hub, struct bufferevent *bev, const uint8_t exporter[EXPORTER_SIZE]);

void session_free(struct session *session);

/* ---- for request.c ------------------------------------------------------------------------------ */

struct hub *session_hub(const struct session *session);
uint64_t session_id(const struct session *session);
enum session_state session_state(const struct session *session);
const char *session_peer(const struct session *session);    /* "203.0.113.9:51234" */
const char *session_school(const struct session *session);  /* "" before HELLO is over */
uint32_t session_protocol(const struct session *session);   /* that it speaks; 0 before HELLO is over */
struct share *session_share(const struct session *session); /* of its key; NULL before HELLO is over */
bool session_exporter(struct session *session, uint8_t ret_exporter[EXPORTER_SIZE])
    __attribute__((warn_unused_result));

/* HELLO -> ASKING, on behalf of this school, by this key and software, in that protocol. `number` is the
 * request's, kept for the answer. false: the key has as many sessions as it may, or no memory; nothing has
 * changed. */
bool session_await(struct session *session, uint32_t number, uint32_t protocol, const char *school,
                   const uint8_t key[KEY_SIZE], const char *software) __attribute__((warn_unused_result));
/* The look-up that runs; cancelled when the session ends first. NULL: it has answered already. */
void session_hold_ask(struct session *session, struct registry_ask *ask);
/* ASKING -> OPEN, with the Welcome: a contact of the client's. */
void session_welcome(struct session *session);
uint32_t session_await_number(const struct session *session);

/* Queue one whole frame; takes it. NULL ends the session (no memory). */
void session_reply(struct session *session, uint8_t *frame, size_t len);

/* The last word: send it, then close. `reason` is logged with the peer; takes the frame. */
void session_part(struct session *session, uint8_t *frame, size_t len, const char *reason);
void session_fault(struct session *session, uint32_t number, Yuebao__FaultCode code, const char *reason);

/* One request more, or less, waits for its answer: a Put, or an inquiry. */
void session_work_begins(struct session *session);
void session_work_ends(struct session *session);

/* ---- for hub.c ---------------------------------------------------------------------------------- */

/* false: it is in a list already. */
bool session_enlist(struct session *session, struct session_list *list);
/* The one that has kept others waiting longest without having said who it is loses its place, unless it is
 * younger than that. false: there is none. */
bool session_evict(struct session_list *strangers, uint64_t older_than_ms);
/* Give each session that is in the list now its turn; the dead are freed. Who enlists meanwhile waits for the
 * next one. */
void session_list_turn(struct session_list *list);

#endif
