/* contacts: one entry a key, the newest; full is full, and nothing is made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "contacts.h"

static struct contacts contacts;

static int
setup(void **state)
{
    (void)state;
    memset(&contacts, 0, sizeof(contacts));
    return 0;
}

static void
note(uint32_t key, const char *software, uint64_t at_ms)
{
    uint8_t bytes[KEY_SIZE] = {(uint8_t)key, (uint8_t)(key >> 8), 0, (uint8_t)(key >> 16)};

    contacts_note(&contacts, bytes, software, at_ms);
}

static void
test_one_entry_a_key(void **state)
{
    (void)state;
    note(1, "yuebao 1", 10);
    note(2, "yuebao 1", 20);
    note(1, "yuebao 2", 30);
    assert_int_equal(contacts.count, 2);
    assert_int_equal(contacts.list[0].at_ms, 30);
    assert_string_equal(contacts.list[0].software, "yuebao 2");
    assert_int_equal(contacts.list[1].at_ms, 20);
}

static void
test_an_older_contact_changes_nothing(void **state)
{
    (void)state;
    note(1, "yuebao 2", 30);
    note(1, "yuebao 1", 29);
    assert_int_equal(contacts.count, 1);
    assert_int_equal(contacts.list[0].at_ms, 30);
    assert_string_equal(contacts.list[0].software, "yuebao 2");
}

static void
test_keys_that_begin_alike_are_two(void **state)
{
    (void)state;
    note(7, "", 1);
    note(7 | 1 << 16, "", 2);
    note(7, "", 3);
    assert_int_equal(contacts.count, 2);
    assert_int_equal(contacts.list[0].at_ms, 3);
    assert_int_equal(contacts.list[1].at_ms, 2);
}

static void
test_full_is_full_until_it_is_cleared(void **state)
{
    (void)state;
    for (uint32_t key = 0; key < CONTACTS_MAX + 5; key++)
        note(key, "", key);
    assert_int_equal(contacts.count, CONTACTS_MAX);
    note(3, "", CONTACTS_MAX);
    assert_int_equal(contacts.list[3].at_ms, CONTACTS_MAX); /* those that are in it go on */
    for (uint32_t i = 0; i < CONTACTS_MAX; i++)
        assert_int_equal(contacts.list[i].key[0] | contacts.list[i].key[1] << 8, i);
    contacts_clear(&contacts);
    assert_int_equal(contacts.count, 0);
    note(CONTACTS_MAX + 1, "", 1);
    assert_int_equal(contacts.count, 1);
}

static void
test_nobody_wants_to_know(void **state)
{
    static const uint8_t key[KEY_SIZE];

    (void)state;
    contacts_note(NULL, key, "", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_entry_a_key, setup),
        cmocka_unit_test_setup(test_an_older_contact_changes_nothing, setup),
        cmocka_unit_test_setup(test_keys_that_begin_alike_are_two, setup),
        cmocka_unit_test_setup(test_full_is_full_until_it_is_cleared, setup),
        cmocka_unit_test_setup(test_nobody_wants_to_know, setup),
    };

    return cmocka_run_group_tests_name("contacts", tests, NULL, NULL);
}
