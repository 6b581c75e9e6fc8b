/* address_ranges: who is in a list of addresses, and which lists are none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "address.h"
#include "address_ranges.h"

static const struct {
    const char *ranges, *in, *out;
} lists[] = {
    {"192.0.2.10", "192.0.2.10:1", "192.0.2.11:1"},
    {"192.0.2.10,192.0.2.12", "192.0.2.12:1", "192.0.2.11:1"},
    {" 192.0.2.10 ,  2001:db8::/48", "[2001:db8:0:7::1]:1", "[2001:db8:1::1]:1"},
    {"192.0.2.64/26", "192.0.2.127:9", "192.0.2.128:9"},
    {"192.0.2.64/26", "[::ffff:192.0.2.64]:9", "[::ffff:192.0.2.63]:9"},
    {"0.0.0.0/0", "255.0.0.1:1", "[2001:db8::1]:1"},
    {"::/0", "192.0.2.1:1", NULL},
    {"::1", "[::1]:1", "127.0.0.1:1"},
};

static const char *const none[] = {
    "",
    ",",
    "localhost",
    "192.0.2.10:80",
    "192.0.2.10/33",
    "192.0.2.10/-1",
    "192.0.2.10/",
    "192.0.2.65/26",
    "::/129",
    "2001:db8::1/48",
    "192.0.2",
    "192.0.2.1 x",
    "1.0.0.1,1.0.0.2,1.0.0.3,1.0.0.4,1.0.0.5,1.0.0.6,1.0.0.7,1.0.0.8,1.0.0.9,"
    "1.0.1.0,1.0.1.1,1.0.1.2,1.0.1.3,1.0.1.4,1.0.1.5,1.0.1.6,1.0.1.7",
};

static bool
has(const struct address_ranges *ranges, const char *text)
{
    struct address address;

    assert_true(address_parse(text, &address));
    return address_ranges_have(ranges, (struct sockaddr *)&address.socket);
}

static void
test_in_and_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct address_ranges ranges;

        print_message("%s\n", lists[i].ranges);
        assert_true(address_ranges_parse(lists[i].ranges, &ranges));
        assert_true(has(&ranges, lists[i].in));
        assert_false(lists[i].out != NULL && has(&ranges, lists[i].out));
    }
}

static void
test_other_families_are_out(void **state)
{
    struct sockaddr local = {.sa_family = AF_UNIX};
    struct address_ranges ranges;

    (void)state;
    assert_true(address_ranges_parse("::/0", &ranges));
    assert_false(address_ranges_have(&ranges, &local));
}

static void
test_no_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct address_ranges ranges = {.count = 7};

        print_message("\"%s\"\n", none[i]);
        assert_false(address_ranges_parse(none[i], &ranges));
        assert_int_equal(ranges.count, 7);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_out),
        cmocka_unit_test(test_other_families_are_out),
        cmocka_unit_test(test_no_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
