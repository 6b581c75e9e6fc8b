/*
 * uplink: one TLS session with the collector: connect, verify, hello or enrol, then requests and their
 * replies.
 *
 * TLS 1.3 only; the server's certificate must come from the private CA and bear the server's name. Calls
 * wait, each with a deadline; several requests may be on their way at once: replies carry the request's
 * number. Every reply has passed the gate.
 */
#ifndef YUEBAO_UPLINK_H
#define YUEBAO_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox.h"
#include "yuebao.pb-c.h"

#define UPLINK_CONNECT_MS   10000 /* one address */
#define UPLINK_HANDSHAKE_MS 10000
#define UPLINK_REPLY_MS     60000 /* the collector answers after its COMMIT; its own limits are lower */

struct uplink;

enum uplink_status {
    UPLINK_OK,
    UPLINK_NOMEM,
    UPLINK_NAME,        /* not host:port, or the host's name cannot be found */
    UPLINK_UNREACHABLE, /* refused, no route, no answer */
    UPLINK_CA,          /* the CA's file holds no certificate */
    UPLINK_CERTIFICATE, /* the server's certificate is not to be trusted: see certificate */
    UPLINK_TLS,         /* no TLS 1.3 with this server */
    UPLINK_DEADLINE,
    UPLINK_CLOSED,  /* the server hung up, or the link broke */
    UPLINK_GARBAGE, /* the server sent what the contract does not allow */
    UPLINK_BUSY,    /* instead of Welcome */
    UPLINK_FAULT,   /* see fault */
};

/* What went wrong, for people. */
struct uplink_error {
    enum uplink_status status;
    char detail[160];                /* words of the system or of OpenSSL, in English; may be empty */
    Yuebao__FaultCode fault;         /* with UPLINK_FAULT */
    uint32_t lowest, highest;        /* protocol numbers that the server speaks, with FAULT_PROTOCOL */
    uint32_t retry_ms;               /* the server's wish; 0: none */
    int certificate;                 /* X509_V_ERR_… with UPLINK_CERTIFICATE */
    int64_t valid_from, valid_until; /* of the certificate that failed, seconds since 1970; 0: not known */
};

/* Whether a text has the shape "host:port" or "[address]:port". */
bool uplink_server_is_shaped(const char *server);

enum uplink_opening { UPLINK_HELLO, UPLINK_ENROL };

/*
 * Connect to identity->server, open the session, wait for Welcome. UPLINK_OK sets ret_uplink; else `error` is
 * filled. `identity` is borrowed for the call.
 */
enum uplink_status uplink_open(const struct identity *identity, enum uplink_opening opening,
                               struct uplink **ret_uplink, struct uplink_error *error)
    __attribute__((warn_unused_result));
void uplink_close(struct uplink *uplink); /* accepts NULL; says good-bye */

const Yuebao__Welcome *uplink_welcome(const struct uplink *uplink); /* borrowed */

/* Give the request its number and send it on its way. The message is borrowed for the call. */
enum uplink_status uplink_send(struct uplink *uplink, Yuebao__Request *request)
    __attribute__((warn_unused_result));

/* The next reply, free with yuebao__reply__free_unpacked(reply, NULL). A Fault is not a reply: it ends as
 * UPLINK_FAULT. */
enum uplink_status uplink_receive(struct uplink *uplink, Yuebao__Reply **ret_reply,
                                  struct uplink_error *error) __attribute__((warn_unused_result));

/* Whether trying again later can help. */
bool uplink_error_passes(const struct uplink_error *error);

#endif
