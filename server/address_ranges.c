#include "address_ranges.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ALL_BITS  128u
#define IPV4_BITS 32u
#define SEPARATOR ", \t"

static const uint8_t ipv4_in_ipv6[12] = {[10] = 0xFF, [11] = 0xFF};

static void
widen(const void *ipv4, uint8_t ret_bytes[16])
{
    memcpy(ret_bytes, ipv4_in_ipv6, sizeof(ipv4_in_ipv6));
    memcpy(ret_bytes + sizeof(ipv4_in_ipv6), ipv4, 4);
}

/* false: not a number up to `max`. */
static bool
parse_bits(const char *text, unsigned max, unsigned *ret_bits)
{
    size_t len = strlen(text);

    if (len < 1 || len > 3 || strspn(text, "0123456789") != len || strtoul(text, NULL, 10) > max)
        return false;
    *ret_bits = (unsigned)strtoul(text, NULL, 10);
    return true;
}

static bool
same_beginning(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool
ends_with_zeros(const uint8_t bytes[16], unsigned bits)
{
    for (unsigned bit = bits; bit < ALL_BITS; bit++) {
        if ((bytes[bit / 8] & 0x80u >> bit % 8) != 0)
            return false;
    }
    return true;
}

/* "192.0.2.64/26" in place; false: it is none. */
static bool
parse_range(char *text, uint8_t ret_bytes[16], unsigned *ret_bits)
{
    char *slash = strchr(text, '/');
    struct in_addr ipv4;
    unsigned bits = 0;
    bool narrow;

    if (slash != NULL)
        *slash = '\0';
    narrow = inet_pton(AF_INET, text, &ipv4) == 1;
    if (narrow)
        widen(&ipv4, ret_bytes);
    else if (inet_pton(AF_INET6, text, ret_bytes) != 1)
        return false;
    if (slash == NULL)
        *ret_bits = ALL_BITS;
    else if (!parse_bits(slash + 1, narrow ? IPV4_BITS : ALL_BITS, &bits))
        return false;
    else
        *ret_bits = narrow ? ALL_BITS - IPV4_BITS + bits : bits;
    return ends_with_zeros(ret_bytes, *ret_bits);
}

bool
address_ranges_parse(const char *text, struct address_ranges *ret_ranges)
{
    struct address_ranges found = {0};
    char *copy = strdup(text), *rest = copy, *one;
    bool good = copy != NULL;

    while (good && (one = strtok_r(rest, SEPARATOR, &rest)) != NULL) {
        good = found.count < ADDRESS_RANGES_MAX &&
               parse_range(one, found.range[found.count].bytes, &found.range[found.count].bits);
        found.count++;
    }
    free(copy);
    if (!good || found.count == 0)
        return false;
    *ret_ranges = found;
    return true;
}

bool
address_ranges_have(const struct address_ranges *ranges, const struct sockaddr *socket)
{
    uint8_t bytes[16];

    if (socket->sa_family == AF_INET)
        widen(&((const struct sockaddr_in *)(const void *)socket)->sin_addr, bytes);
    else if (socket->sa_family == AF_INET6)
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr, sizeof(bytes));
    else
        return false;
    for (unsigned i = 0; i < ranges->count; i++) {
        if (same_beginning(bytes, ranges->range[i].bytes, ranges->range[i].bits))
            return true;
    }
    return false;
}
