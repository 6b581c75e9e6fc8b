/*
 * wire: one TLS session of a made-up school with the collector, as a state machine on the loop: connect,
 * hello, Welcome, then requests and their replies. What the client's uplink does for one clerk who waits, for
 * thousands at once.
 *
 *   CONNECTING (TCP and TLS) --> HELLO --> OPEN
 *
 * Anything that goes wrong tells on_gone once, whose owner then frees the wire.
 */
#ifndef YUEBAO_WIRE_H
#define YUEBAO_WIRE_H

#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "yuebao.pb-c.h"

/* Where to, and by which authority the server is known. */
struct wire_house {
    struct event_base *base;
    struct sockaddr_in address;
    SSL_CTX *context;
};

struct wire;

struct wire_owner {
    void (*on_open)(const Yuebao__Welcome *welcome, void *arg);
    /* Not a Fault. false: the owner has freed the wire. */
    bool (*on_reply)(const Yuebao__Reply *reply, void *arg);
    void (*on_gone)(uint32_t retry_ms, void *arg); /* retry_ms: the server's wish with BUSY, else 0 */
};

/* false, and why on standard error. */
bool wire_house_init(struct wire_house *house, struct event_base *base, const char *port,
                     const char *ca_path);

/* Begins to connect; house and owner are borrowed. NULL: no memory or no descriptor. */
struct wire *wire_new(const struct wire_house *house, uint32_t school, const struct wire_owner *owner,
                      void *arg);
void wire_free(struct wire *wire); /* says good-bye; accepts NULL */

/* Send a statement, with what proves its arrival, or NULL; the number that its reply will bear. */
uint32_t wire_put(struct wire *wire, Yuebao__Envelope *envelope, Yuebao__Arrival *arrival);

/* Whatever it is. */
void wire_send_bytes(struct wire *wire, const void *bytes, size_t len);

#endif
