/* address: "127.0.0.1:7443", "[::1]:7443" or "*:7443" (every IPv4 and IPv6 address), and back to text.
 * Numbers only, no names. */
#ifndef YUEBAO_ADDRESS_H
#define YUEBAO_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 64 /* bytes with NUL: an IPv6 address, brackets, a scope, a port */

struct address {
    socklen_t len;
    struct sockaddr_storage socket;
};

/* false: not such an address. Port 0 means any. */
bool address_parse(const char *text, struct address *ret_address) __attribute__((warn_unused_result));

/* "203.0.113.9:51234", "[2001:db8::9]:51234". */
void address_print(const struct sockaddr *socket, socklen_t len, char text[ADDRESS_TEXT_MAX]);

/* The port, host order. */
unsigned address_port(const struct address *address);

#endif
