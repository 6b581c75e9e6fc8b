/* session behind a balancer: whom it takes for its peer, what a health check is told, what ends it before
 * TLS. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_house.h"
#include "hub.h"
#include "log.h"
#include "session.h"

#define HEADER(command) "\r\n\r\n\0\r\nQUIT\n" command
#define CLIENT                                                                                               \
    HEADER("\x21\x11\0\x0C\xCB\x00\x71\x09\x7F\x00\x00\x01\xC8\x22\x1D\x13") /* 203.0.113.9:51234 */
#define CHECK       HEADER("\x20\0\0\0")
#define BYTES(text) text, sizeof(text) - 1

static struct fake_house house;
static struct event_base *base;
static struct hub *hub;
static int balancer; /* its end of the connection */

static int
setup(void **state)
{
    struct session_limits limits = session_limits_default();
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int pair[2];

    (void)state;
    log_set_level(LOG_ERROR);
    fake_house_init(&house);
    base = event_base_new();
    limits.connections = 1;
    limits.first_byte_ms = 50;
    hub = hub_new(base, &house.registry, &house.asker, &house.batch, &house.server, &limits);
    if (hub == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    balancer = pair[1];
    session_accept_proxied(hub, pair[0], (struct sockaddr *)&from, sizeof(from));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    close(balancer);
    hub_free(hub);
    event_base_free(base);
    fake_house_fini(&house);
    return 0;
}

static void
settle(void)
{
    for (int i = 0; i < 20; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
say(const char *bytes, size_t len)
{
    assert_int_equal(send(balancer, bytes, len, MSG_NOSIGNAL), len);
    settle();
}

/* What the balancer hears up to the end; the connection must end. */
static void
expect_words(const char *words)
{
    char heard[100] = "";

    assert_int_equal(recv(balancer, heard, sizeof(heard) - 1, 0), strlen(words));
    assert_string_equal(heard, words);
    assert_int_equal(recv(balancer, heard, sizeof(heard), 0), 0);
}

static struct session *
only_session(void)
{
    return hub_find(hub, (uint64_t)1 << 32);
}

static void
test_the_client_is_the_peer(void **state)
{
    (void)state;
    assert_int_equal(session_state(only_session()), SESSION_HEADER);
    assert_int_equal(hub->counters.accepted, 0);
    for (size_t i = 0; i < sizeof(CLIENT) - 2; i++)
        say(CLIENT + i, 1);
    assert_int_equal(session_state(only_session()), SESSION_HEADER);
    say(CLIENT + sizeof(CLIENT) - 2, 1);
    assert_int_equal(session_state(only_session()), SESSION_SILENT);
    assert_string_equal(session_peer(only_session()), "203.0.113.9:51234");
    assert_int_equal(hub->counters.accepted, 1);
}

/* The client's first bytes come in one piece with the header, and are not lost: they are not TLS, which ends
 * it. */
static void
test_what_follows_is_the_clients(void **state)
{
    (void)state;
    say(BYTES(CLIENT "GET /"));
    assert_int_equal(hub->counters.accepted, 1);
    assert_int_equal(hub->count, 0);
}

static void
test_a_check_hears_ready(void **state)
{
    (void)state;
    house.registry.ready = house.batch.up = true;
    say(BYTES(CHECK));
    expect_words("yuebaod ready\n");
    assert_int_equal(hub->counters.accepted, 0);
    shutdown(balancer, SHUT_WR);
    settle();
    assert_int_equal(hub->count, 0);
}

static void
test_a_check_hears_why_not(void **state)
{
    (void)state;
    house.registry.ready = false;
    say(BYTES(CHECK));
    expect_words("yuebaod not ready: no register yet\n");
}

static void
test_a_check_hears_of_the_database(void **state)
{
    (void)state;
    house.registry.ready = true;
    house.batch.up = false;
    say(BYTES(CHECK));
    expect_words("yuebaod not ready: no database\n");
}

static void
test_no_header_no_session(void **state)
{
    (void)state;
    say(BYTES("\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03"));
    assert_int_equal(hub->count, 0);
    assert_int_equal(hub->counters.accepted, 0);
}

static void
test_half_a_header_has_a_deadline(void **state)
{
    (void)state;
    say(CLIENT, 20);
    assert_int_equal(session_state(only_session()), SESSION_HEADER);
    while (hub->count > 0)
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(hub->counters.timeouts, 1);
}

static void
test_draining_ends_it(void **state)
{
    (void)state;
    hub_drain(hub);
    settle();
    assert_int_equal(hub->count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_the_client_is_the_peer),        CASE(test_what_follows_is_the_clients),
        CASE(test_a_check_hears_ready),           CASE(test_a_check_hears_why_not),
        CASE(test_a_check_hears_of_the_database), CASE(test_no_header_no_session),
        CASE(test_half_a_header_has_a_deadline),  CASE(test_draining_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
