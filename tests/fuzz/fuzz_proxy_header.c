/*
 * A balancer's header: reading stops at its end, whatever is there; every beginning of a good one asks for
 * the same end; a client comes with an address that can be printed and read again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_client(const struct address *client)
{
    struct address again;
    char text[ADDRESS_TEXT_MAX];

    address_print((const struct sockaddr *)&client->socket, client->len, text);
    assert(address_parse(text, &again));
    assert(again.len == client->len && address_port(&again) == address_port(client));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t have = 0, wanted = 0;
    struct address client;
    enum proxy_status status;

    for (;;) {
        uint8_t *exact = malloc(have + 1);

        memcpy(exact, data, have);
        status = proxy_header_read(exact, have, &wanted, &client);
        free(exact);
        if (status != PROXY_MORE)
            break;
        assert(wanted > have && wanted <= PROXY_HEADER_MAX);
        if (wanted > size)
            return 0;
        have = wanted;
    }
    if (status == PROXY_BAD)
        return 0;
    assert(have >= 16 && have == 16u + ((size_t)data[14] << 8 | data[15]));
    if (status == PROXY_CLIENT)
        check_client(&client);
    return 0;
}
