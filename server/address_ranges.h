/* address_ranges: "192.0.2.10, 192.0.2.64/26, 2001:db8::/48": which addresses may do something. Numbers only,
 * no names. */
#ifndef YUEBAO_ADDRESS_RANGES_H
#define YUEBAO_ADDRESS_RANGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_RANGES_MAX 16u

struct address_ranges {
    unsigned count;
    struct {
        uint8_t bytes[16]; /* IPv6; an IPv4 address as ::ffff:a.b.c.d */
        unsigned bits;     /* how many of them count */
    } range[ADDRESS_RANGES_MAX];
};

/* false: not such a list, an empty one, or too long. A range whose host bits are set is refused too: it would
 * mean more, or less, than was written. */
bool address_ranges_parse(const char *text, struct address_ranges *ret_ranges)
    __attribute__((warn_unused_result));

/* Whether the address (of any port) lies in one of them; an IPv4 address also when it comes over IPv6. */
bool address_ranges_have(const struct address_ranges *ranges, const struct sockaddr *socket);

#endif
