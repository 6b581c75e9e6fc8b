/* yuebao send [--wait SECONDS]: empty the outbox. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "agenda.h"
#include "desk.h"
#include "outcome.h"

#define RETRY_FIRST_MS   1000u
#define RETRY_MOST_MS    (15u * 60u * 1000u)
#define JITTER_MS        100u
#define WAIT_SECONDS_MAX 604800ul

static bool
parse(unsigned long *ret_wait_s, int argc, char **argv)
{
    static const struct option options[] = {{"wait", required_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
    char *end = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'w' || optarg[0] < '0' || optarg[0] > '9')
            return false;
        *ret_wait_s = strtoul(optarg, &end, 10);
        if (*end != '\0' || *ret_wait_s > WAIT_SECONDS_MAX)
            return false;
    }
    return optind == argc;
}

/* Full jitter: anything up to the step, which doubles; thousands of desks that lost one server must not
 * return in step. */
static uint64_t
pause_ms(unsigned attempt, uint32_t server_wish_ms)
{
    uint64_t most = RETRY_FIRST_MS;
    uint64_t dice = 0;

    if (getrandom(&dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
        dice = UINT64_MAX;
    if (server_wish_ms > 0) /* never less, and hardly more: the server has spread them itself */
        return (server_wish_ms < RETRY_MOST_MS ? server_wish_ms : RETRY_MOST_MS) + dice % JITTER_MS;
    while (attempt-- > 0 && most < RETRY_MOST_MS)
        most *= 2;
    if (most > RETRY_MOST_MS)
        most = RETRY_MOST_MS;
    return dice % (most + 1);
}

static uint64_t
steady_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void
sleep_ms(uint64_t ms)
{
    struct timespec rest = {.tv_sec = (time_t)(ms / 1000u), .tv_nsec = (long)(ms % 1000u) * 1000000L};

    while (nanosleep(&rest, &rest) != 0)
        ;
}

static size_t
count_waiting(struct desk *desk)
{
    const enum item_state waiting = ITEM_WAITING;
    const struct item_filter filter = {.state = &waiting};
    struct items items;
    size_t count;

    if (outbox_items(desk->outbox, &filter, &items) != OUTBOX_OK)
        return SIZE_MAX;
    count = items.count;
    items_fini(&items);
    return count;
}

static bool
may_pass(const struct courier *c)
{
    return c->trouble == OUTBOX_OK && !c->untrusted && uplink_error_passes(&c->error);
}

/* Attempts until nothing waits, the time is over (the last one is made then), or waiting cannot help. The
 * last courier tells why something waits. */
static bool
attempt_until(struct desk *desk, const struct identity *identity, uint64_t until_ms, struct courier *c)
{
    unsigned attempt = 0;

    for (;;) {
        bool good = outcome_deliver(desk, identity, c);
        uint64_t now_ms = steady_ms(), wait_ms;

        if (good && count_waiting(desk) == 0)
            return true;
        attempt = c->decided > 0 ? 0 : attempt + 1; /* it works again: begin with short pauses */
        wait_ms = pause_ms(attempt, c->retry_ms);
        if (!(good || may_pass(c)) || now_ms >= until_ms)
            return good;
        sleep_ms(wait_ms < until_ms - now_ms ? wait_ms : until_ms - now_ms);
    }
}

/* ---- what became of them ------------------------------------------------------------------------ */

static void
report_one(struct desk *desk, const struct item *was, json_t *list, bool *ret_refused)
{
    const struct item_filter filter = {.school = was->school, .form = was->form, .period = was->period};
    struct items items;

    if (outbox_items(desk->outbox, &filter, &items) != OUTBOX_OK)
        return;
    for (size_t i = 0; i < items.count; i++) {
        if (memcmp(items.list[i].id, was->id, ID_SIZE) != 0)
            continue;
        outcome_print(desk, &items.list[i]);
        json_array_append_new(list, outcome_json(desk, &items.list[i]));
        *ret_refused = *ret_refused || items.list[i].state == ITEM_REFUSED;
    }
    items_fini(&items);
}

static int
report_all(struct desk *desk, const struct items *were_waiting)
{
    json_t *list = json_array();
    size_t waiting = count_waiting(desk);
    bool refused = false;

    for (size_t i = 0; i < were_waiting->count; i++)
        report_one(desk, &were_waiting->list[i], list, &refused);
    desk_report(desk, "items", list);
    desk_report(desk, "waiting", json_integer((json_int_t)waiting));
    if (waiting > 0)
        return EX_TEMPFAIL;
    return refused ? EX_DATAERR : EX_OK;
}

static int
send_items(struct desk *desk, const struct identity *identity, const struct items *waiting,
           unsigned long wait_s)
{
    struct courier c;

    if (!attempt_until(desk, identity, steady_ms() + wait_s * 1000u, &c))
        (void)desk_courier_failed(desk, &c); /* whatever it was, the report is safe and waits */
    return report_all(desk, waiting);
}

/* Nothing waits; but of what was sent the bureau may have said something. Not to hear it is no failure. */
static void
hear(struct desk *desk, const struct identity *identity)
{
    const struct item_filter any = {0};
    struct items items;
    struct courier c;

    if (outbox_items(desk->outbox, &any, &items) != OUTBOX_OK)
        return;
    if (items.count > 0) {
        fflush(stdout);
        if (courier_open(&c, desk->outbox, identity, UPLINK_HELLO))
            outcome_hear(desk, &c);
        desk_mention_key(desk, &c);
        courier_close(&c);
    }
    items_fini(&items);
}

int
cmd_send(struct desk *desk, int argc, char **argv)
{
    const enum item_state state = ITEM_WAITING;
    const struct item_filter filter = {.state = &state};
    struct identity identity = {0};
    struct items waiting = {0};
    unsigned long wait_s = 0;
    int exit_status;

    if (!parse(&wait_s, argc, argv))
        return desk_usage(desk, "send");
    exit_status = desk_open(desk, false);
    if (exit_status == 0)
        exit_status = desk_identity(desk, &identity);
    if (exit_status == 0)
        exit_status = desk_outbox_failed(desk, outbox_items(desk->outbox, &filter, &waiting));
    if (exit_status == 0 && waiting.count == 0) {
        desk_say(desk, MSG_nothing_waits, NULL);
        desk_report(desk, "waiting", json_integer(0));
        hear(desk, &identity);
    } else if (exit_status == 0) {
        exit_status = send_items(desk, &identity, &waiting, wait_s);
    }
    items_fini(&waiting);
    identity_fini(&identity);
    return exit_status;
}
