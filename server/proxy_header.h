/*
 * proxy_header: what a balancer writes before the client's first byte, PROXY protocol version 2. No I/O here.
 *
 *   12 bytes  signature
 *    1        version (2) and command (LOCAL: the balancer speaks for itself; PROXY: for a client)
 *    1        family and transport
 *    2        length of what follows, big-endian
 *    n        addresses and ports, then extensions (type, length, value), which are skipped
 *
 * Taken is a client over TCP on IPv4 or IPv6, and the balancer's own word. Everything else is refused:
 * version 1, other families, a length that does not hold its addresses, an extension that runs over the end,
 * more than PROXY_HEADER_MAX bytes.
 *
 * Source: https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, section 2.2.
 */
#ifndef YUEBAO_PROXY_HEADER_H
#define YUEBAO_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* bytes: what fits the smallest TCP segment that every host must take, which a sender may count on (section
 * 2) */
#define PROXY_HEADER_MAX 536u

enum proxy_status {
    PROXY_MORE,   /* not all here yet: *ret_wanted is set */
    PROXY_CLIENT, /* whole; *ret_client is set */
    PROXY_LOCAL,  /* whole; the balancer asks for itself: a health check */
    PROXY_BAD,    /* no such header: hang up */
};

/*
 * Understand the first `len` bytes of a connection.
 *
 * ret_wanted  how many bytes from the connection's beginning to call again with, in (len, PROXY_HEADER_MAX];
 *             never more than belong to the header, so that nothing of the client's is read
 * ret_client  where the client speaks from
 */
enum proxy_status proxy_header_read(const uint8_t *bytes, size_t len, size_t *ret_wanted,
                                    struct address *ret_client) __attribute__((warn_unused_result));

#endif
