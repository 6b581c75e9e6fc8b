/* proxy_header: what a balancer may say before the client speaks, byte by byte, and all that it may not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy_header.h"

#define SIG  "\r\n\r\n\0\r\nQUIT\n"
#define IPV4 "\xCB\x00\x71\x09\x7F\x00\x00\x01\xC8\x22\x1D\x13" /* 203.0.113.9:51234 to 127.0.0.1:7443 */
#define IPV6                                                                                                 \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"                                                             \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"                                                                     \
    "\xC8\x22\x1D\x13"
#define EXTRA                                                                                                \
    "\x04\0\x02\0\0"                                                                                         \
    "\xEA\0\0" /* two extensions: two bytes, none */

/* A literal with its NULs, without the last. */
#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *what, *bytes;
    size_t len;
    enum proxy_status status;
    const char *client; /* PROXY_CLIENT: as printed */
} cases[] = {
    {"a client over IPv4", BYTES(SIG "\x21\x11\0\x0C" IPV4), PROXY_CLIENT, "203.0.113.9:51234"},
    {"a client over IPv6", BYTES(SIG "\x21\x21\0\x24" IPV6), PROXY_CLIENT, "[2001:db8::9]:51234"},
    {"with extensions", BYTES(SIG "\x21\x11\0\x14" IPV4 EXTRA), PROXY_CLIENT, "203.0.113.9:51234"},
    {"a health check", BYTES(SIG "\x20\0\0\0"), PROXY_LOCAL, NULL},
    {"a health check with addresses", BYTES(SIG "\x20\x11\0\x0C" IPV4), PROXY_LOCAL, NULL},
    {"a health check whose rest is anything",
     BYTES(SIG "\x20\xFF\0\x03"
               "abc"),
     PROXY_LOCAL, NULL},
    {"TLS at once", BYTES("\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03"), PROXY_BAD, NULL},
    {"version 1", BYTES("PROXY TCP4 203.0.113.9 127.0.0.1 51234 7443\r\n"), PROXY_BAD, NULL},
    {"another signature at its last byte", BYTES("\r\n\r\n\0\r\nQUIT\r"), PROXY_BAD, NULL},
    {"version 1 in the byte of version 2", BYTES(SIG "\x11\x11\0\x0C" IPV4), PROXY_BAD, NULL},
    {"an unknown command", BYTES(SIG "\x22\x11\0\x0C" IPV4), PROXY_BAD, NULL},
    {"no family", BYTES(SIG "\x21\x00\0\0"), PROXY_BAD, NULL},
    {"UDP", BYTES(SIG "\x21\x12\0\x0C" IPV4), PROXY_BAD, NULL},
    {"a Unix socket", BYTES(SIG "\x21\x31\0\0"), PROXY_BAD, NULL},
    {"a length too short for its addresses", BYTES(SIG "\x21\x11\0\x0B" IPV4), PROXY_BAD, NULL},
    {"IPv6 with the length of IPv4", BYTES(SIG "\x21\x21\0\x0C" IPV4), PROXY_BAD, NULL},
    {"an extension cut in its head", BYTES(SIG "\x21\x11\0\x0E" IPV4 "\x04\0"), PROXY_BAD, NULL},
    {"an extension that runs over the end", BYTES(SIG "\x21\x11\0\x10" IPV4 "\x04\0\x02\0"), PROXY_BAD, NULL},
    {"more than the bound", BYTES(SIG "\x21\x11\x02\x09"), PROXY_BAD, NULL},
    {"64 KiB promised", BYTES(SIG "\x21\x11\xFF\xFF"), PROXY_BAD, NULL},
    {"a health check of 64 KiB", BYTES(SIG "\x20\0\xFF\xFF"), PROXY_BAD, NULL},
};

/* Feed exactly what is asked for, from memory of exactly that size. */
static enum proxy_status
read_stepwise(const char *bytes, size_t len, struct address *ret_client, size_t *ret_read)
{
    size_t have = 0, wanted = 0;
    enum proxy_status status;
    uint8_t *exact = malloc(1);

    while ((status = proxy_header_read(exact, have, &wanted, ret_client)) == PROXY_MORE) {
        assert_true(wanted > have && wanted <= PROXY_HEADER_MAX);
        free(exact);
        have = wanted < len ? wanted : len;
        exact = malloc(have);
        memcpy(exact, bytes, have);
        assert_int_equal(have, wanted < len ? wanted : len);
        if (have < wanted) {
            status = proxy_header_read(exact, have, &wanted, ret_client);
            break;
        }
    }
    free(exact);
    *ret_read = have;
    return status;
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address client = {0};
        char text[ADDRESS_TEXT_MAX];
        size_t read = 0;

        print_message("%s\n", cases[i].what);
        assert_int_equal(read_stepwise(cases[i].bytes, cases[i].len, &client, &read), cases[i].status);
        if (cases[i].status != PROXY_BAD)
            assert_int_equal(read, cases[i].len);
        if (cases[i].client == NULL)
            continue;
        address_print((struct sockaddr *)&client.socket, client.len, text);
        assert_string_equal(text, cases[i].client);
    }
}

/* Every shorter beginning of a good header asks for more, and for no byte of what follows. */
static void
test_every_beginning(void **state)
{
    static const char whole[] = SIG "\x21\x11\0\x14" IPV4 EXTRA;

    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        uint8_t *exact = malloc(len + 1);
        struct address client;
        size_t wanted = 0;

        memcpy(exact, whole, len);
        assert_int_equal(proxy_header_read(exact, len, &wanted, &client), PROXY_MORE);
        assert_int_equal(wanted, len < 16 ? 16 : sizeof(whole) - 1);
        free(exact);
    }
}

/* The largest is taken. */
static void
test_bound(void **state)
{
    uint8_t bytes[PROXY_HEADER_MAX] = SIG "\x21\x11\x02\x08" IPV4 "\x04\x01\xF9";
    struct address client;
    size_t wanted = 0;

    (void)state;
    assert_int_equal(proxy_header_read(bytes, sizeof(bytes), &wanted, &client), PROXY_CLIENT);
    assert_int_equal(proxy_header_read(bytes, sizeof(bytes) - 1, &wanted, &client), PROXY_MORE);
    assert_int_equal(wanted, PROXY_HEADER_MAX);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_every_beginning),
        cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
