#include "proxy_header.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* Where things stand. */
enum {
    AT_COMMAND = sizeof(SIGNATURE) - 1,
    AT_FAMILY,
    AT_LENGTH,
    AT_ADDRESSES = AT_LENGTH + 2,
};

enum { VERSION_2_LOCAL = 0x20, VERSION_2_PROXY = 0x21 };
enum { TCP_OVER_IPV4 = 0x11, TCP_OVER_IPV6 = 0x21 };

#define IPV4_ADDRESSES (2u * (4u + 2u)) /* bytes: source and destination, then their ports */
#define IPV6_ADDRESSES (2u * (16u + 2u))
#define EXTENSION_HEAD 3u /* bytes: type, length */

static size_t
number_at(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* Extensions fill the rest exactly. */
static bool
extensions_hold(const uint8_t *bytes, size_t len)
{
    while (len >= EXTENSION_HEAD) {
        size_t whole = EXTENSION_HEAD + number_at(bytes + 1);

        if (whole > len)
            return false;
        bytes += whole;
        len -= whole;
    }
    return len == 0;
}

static void
take_ipv4(const uint8_t *bytes, struct address *ret_client)
{
    struct sockaddr_in *client = (struct sockaddr_in *)&ret_client->socket;

    ret_client->len = sizeof(*client);
    client->sin_family = AF_INET;
    memcpy(&client->sin_addr, bytes, 4);
    memcpy(&client->sin_port, bytes + 8, 2);
}

static void
take_ipv6(const uint8_t *bytes, struct address *ret_client)
{
    struct sockaddr_in6 *client = (struct sockaddr_in6 *)&ret_client->socket;

    ret_client->len = sizeof(*client);
    client->sin6_family = AF_INET6;
    memcpy(&client->sin6_addr, bytes, 16);
    memcpy(&client->sin6_port, bytes + 32, 2);
}

static enum proxy_status
take_client(uint8_t family, const uint8_t *bytes, size_t len, struct address *ret_client)
{
    size_t addresses = family == TCP_OVER_IPV4 ? IPV4_ADDRESSES : IPV6_ADDRESSES;

    if ((family != TCP_OVER_IPV4 && family != TCP_OVER_IPV6) || len < addresses ||
        !extensions_hold(bytes + addresses, len - addresses))
        return PROXY_BAD;
    memset(ret_client, 0, sizeof(*ret_client));
    if (family == TCP_OVER_IPV4)
        take_ipv4(bytes, ret_client);
    else
        take_ipv6(bytes, ret_client);
    return PROXY_CLIENT;
}

enum proxy_status
proxy_header_read(const uint8_t *bytes, size_t len, size_t *ret_wanted, struct address *ret_client)
{
    size_t signature = len < AT_COMMAND ? len : AT_COMMAND, rest;

    if (memcmp(bytes, SIGNATURE, signature) != 0)
        return PROXY_BAD;
    if (len > AT_COMMAND && bytes[AT_COMMAND] != VERSION_2_LOCAL && bytes[AT_COMMAND] != VERSION_2_PROXY)
        return PROXY_BAD;
    if (len < AT_ADDRESSES) {
        *ret_wanted = AT_ADDRESSES;
        return PROXY_MORE;
    }
    rest = number_at(bytes + AT_LENGTH);
    if (AT_ADDRESSES + rest > PROXY_HEADER_MAX)
        return PROXY_BAD;
    if (len < AT_ADDRESSES + rest) {
        *ret_wanted = AT_ADDRESSES + rest;
        return PROXY_MORE;
    }
    if (bytes[AT_COMMAND] == VERSION_2_LOCAL)
        return PROXY_LOCAL; /* whatever addresses stand there, they mean nothing (section 2.2) */
    return take_client(bytes[AT_FAMILY], bytes + AT_ADDRESSES, rest, ret_client);
}
