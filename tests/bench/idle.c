/*
 * idle: open connections and hold them, so that somebody can look at what they cost.
 *
 *   idle PORT CA SCHOOLS CONNECTIONS sessions   TLS, hello, Welcome
 *   idle PORT CA SCHOOLS CONNECTIONS silent     TCP, and not a byte
 *
 * Says "ready" once all are open, and ends when it is sent a line.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "envelope.h"
#include "gun.h"
#include "wire.h"

#define AT_ONCE 128u /* handshakes */

static struct wire_house house;
static uint32_t schools;
static size_t wanted, begun, open;

static void begin(void);

static void
on_open(const Yuebao__Welcome *welcome, void *arg)
{
    (void)welcome;
    (void)arg;
    open++;
    begin();
}

static bool
on_reply(const Yuebao__Reply *reply, void *arg)
{
    (void)reply;
    (void)arg;
    return true;
}

static void
on_gone(uint32_t retry_ms, void *arg)
{
    (void)arg;
    fprintf(stderr, "idle: connection refused or lost (%u ms) when %zu were open\n", retry_ms, open);
    exit(EX_UNAVAILABLE);
}

static const struct wire_owner owner = {.on_open = on_open, .on_reply = on_reply, .on_gone = on_gone};

static void
begin(void)
{
    if (begun == wanted)
        return;
    if (wire_new(&house, (uint32_t)(begun++ % schools) + 1, &owner, NULL) == NULL)
        on_gone(0, NULL);
}

static void
open_sessions(void)
{
    for (size_t i = 0; i < AT_ONCE; i++)
        begin();
    while (open < wanted)
        event_base_loop(house.base, EVLOOP_ONCE);
}

static void
open_silent(void)
{
    for (open = 0; open < wanted; open++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&house.address, sizeof(house.address)) != 0)
            on_gone(0, NULL);
    }
}

int
main(int argc, char **argv)
{
    struct rlimit limit;

    if (argc != 6) {
        fputs("usage: idle PORT CA SCHOOLS CONNECTIONS sessions|silent\n", stderr);
        return EX_USAGE;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (!envelope_init() || !wire_house_init(&house, event_base_new(), argv[1], argv[2]))
        return EX_OSERR;
    schools = (uint32_t)strtoul(argv[3], NULL, 10);
    wanted = strtoul(argv[4], NULL, 10);
    if (strcmp(argv[5], "silent") == 0)
        open_silent();
    else
        open_sessions();
    gun_wait();
    printf("{\"connections\": %zu}\n", open);
    gun_end();
    return EX_OK;
}
