/*
 * listener: a worker's own listening socket on the shared port.
 *
 * The kernel deals new connections out to all sockets that listen on the port with SO_REUSEPORT. The
 * supervisor holds the port with a bound socket that does not listen, so that port 0 becomes one number for
 * all, and stays theirs while a worker restarts.
 */
#ifndef YUEBAO_LISTENER_H
#define YUEBAO_LISTENER_H

#include "address.h"
#include "hub.h"

/* The bound socket that does not listen; *address gets the real port. Negative: errno says why. */
int listener_hold(struct address *address);

struct listener;

/* Listens and accepts into the hub at once. NULL: errno says why. */
struct listener *listener_new(struct event_base *base, const struct address *address, struct hub *hub);
void listener_free(struct listener *listener); /* accepts NULL */

#endif
