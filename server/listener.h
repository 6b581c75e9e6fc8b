/*
 * listener: a worker's own listening socket on a shared port.
 *
 * The kernel deals new connections out to all sockets that listen on the port with SO_REUSEPORT. The
 * supervisor holds the port with a bound socket that does not listen, so that port 0 becomes one number for
 * all, and stays theirs while a worker restarts.
 *
 * A listener for balancers takes connections from their addresses only, and each begins with who the client
 * is (proxy_header.h). Others are closed at once.
 */
#ifndef YUEBAO_LISTENER_H
#define YUEBAO_LISTENER_H

#include "address.h"
#include "address_ranges.h"
#include "hub.h"

/* The bound socket that does not listen; *address gets the real port. Negative: errno says why. */
int listener_hold(struct address *address);

struct listener;

/* Listens and accepts into the hub at once. `balancers` is copied; NULL: anybody may come, and speaks for
 * himself. NULL: errno says why. */
struct listener *listener_new(struct event_base *base, const struct address *address, struct hub *hub,
                              const struct address_ranges *balancers);

/* The hub has room again. Accepts NULL. */
void listener_resume(struct listener *listener);
void listener_free(struct listener *listener); /* accepts NULL */

#endif
