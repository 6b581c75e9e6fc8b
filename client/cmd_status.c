/* yuebao status [PERIOD]: what is owed, and what became of every report. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "desk.h"
#include "envelope.h"
#include "outcome.h"
#include "standing.h"

struct view {
    const char *period; /* NULL: all */
    const char *school; /* NULL: all */
    bool all;           /* every revision */
    bool refresh;       /* ask the centre first */
    struct items items;
    struct holdings holdings;
    struct notices notices;
    Yuebao__Agenda *agenda; /* NULL: none yet */
    json_t *list;
    uint64_t now_ms;
};

static bool
parse(struct view *v, int argc, char **argv)
{
    static const struct option options[] = {{"school", required_argument, NULL, 's'},
                                            {"all", no_argument, NULL, 'a'},
                                            {"refresh", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            v->school = optarg;
        else if (option == 'a')
            v->all = true;
        else if (option == 'r')
            v->refresh = true;
        else
            return false;
    }
    if (optind < argc)
        v->period = argv[optind++];
    return optind == argc;
}

static bool
in_view(const struct view *v, const char *school, const char *period)
{
    return (v->period == NULL || strcmp(v->period, period) == 0) &&
           (v->school == NULL || strcmp(v->school, school) == 0);
}

/* Whether a statement is there that counts for the slot: a refused one does not, unless the time for another
 * is over, or because another computer of the school was first: then the centre has one. */
static bool
is_answered(const struct view *v, const char *school, const Yuebao__Window *w)
{
    bool closed = v->now_ms >= w->closes_ms;

    for (size_t i = 0; i < v->items.count; i++) {
        const struct item *item = &v->items.list[i];

        if ((item->state != ITEM_REFUSED || closed || standing_is_conflict(item, NULL)) &&
            strcmp(item->school, school) == 0 && strcmp(item->form, w->form) == 0 &&
            strcmp(item->period, w->period) == 0)
            return true;
    }
    for (size_t i = 0; i < v->holdings.count; i++) {
        const struct holding *h = &v->holdings.list[i];

        if (strcmp(h->school, school) == 0 && strcmp(h->form, w->form) == 0 &&
            strcmp(h->period, w->period) == 0 && standing_counts(&v->holdings, i, &v->items))
            return true;
    }
    for (size_t i = 0; i < v->notices.count; i++) {
        const struct notice *n = &v->notices.list[i];

        if (strcmp(n->school, school) == 0 && strcmp(n->form, w->form) == 0 &&
            strcmp(n->period, w->period) == 0)
            return true;
    }
    return false;
}

/* That the school has other instants than everybody, and why. */
static void
report_extension(struct desk *desk, const struct view *v, const Yuebao__Window *w, json_t *object)
{
    char *text = agenda_extension_words(desk->language, v->agenda, w);

    if (text == NULL)
        return;
    if (!desk->json)
        printf("  %s\n", text);
    json_object_set_new(object, "extension", json_string(w->extension));
    free(text);
}

static void
report_owed(struct desk *desk, struct view *v, const Yuebao__School *school, const Yuebao__Window *w)
{
    static const char *const names[] = {"not open", "due", "overdue", "closed"};
    static const enum message messages[] = {MSG_slot_not_open, MSG_slot_due, MSG_slot_overdue,
                                            MSG_slot_closed};
    size_t at = v->now_ms < w->opens_ms ? 0 : v->now_ms <= w->due_ms ? 1 : v->now_ms < w->closes_ms ? 2 : 3;
    char opens[INSTANT_TEXT_MAX], due[INSTANT_TEXT_MAX], closes[INSTANT_TEXT_MAX];
    json_t *object;

    instant_print(w->opens_ms, w->zone_minutes, opens);
    instant_print(w->due_ms, w->zone_minutes, due);
    instant_print(w->closes_ms, w->zone_minutes, closes);
    desk_say(desk, messages[at], "school", school->code, "form", w->form, "period", w->period, "opens", opens,
             "due", due, "closes", closes, NULL);
    object = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "school", school->code, "form", w->form,
                       "period", w->period, "state", names[at], "opens_ms", (json_int_t)w->opens_ms, "due_ms",
                       (json_int_t)w->due_ms, "closes_ms", (json_int_t)w->closes_ms);
    report_extension(desk, v, w, object);
    json_array_append_new(v->list, object);
}

/* The agenda is newest first; a person reads the past first. */
static void
report_agenda(struct desk *desk, struct view *v)
{
    for (size_t i = v->agenda->n_window; i-- > 0;)
        for (size_t s = 0; s < v->agenda->n_school; s++) {
            const Yuebao__School *school = v->agenda->school[s];
            const Yuebao__Window *w = v->agenda->window[i];

            if (agenda_owes(v->agenda, school, w) && in_view(v, school->code, w->period) &&
                !is_answered(v, school->code, w))
                report_owed(desk, v, school, w);
        }
}

/* A receipt, or the same again, makes an earlier one history; a refusal is history after anything. What waits
 * is always told. */
static bool
is_superseded(const struct view *v, size_t at)
{
    const struct item *item = &v->items.list[at];

    if (standing_is_conflict(item, NULL) && !standing_is_open(&v->items, at, &v->holdings))
        return true;
    for (size_t i = at + 1; i < v->items.count && item->state != ITEM_WAITING; i++) {
        const struct item *later = &v->items.list[i];

        if (strcmp(item->school, later->school) == 0 && strcmp(item->form, later->form) == 0 &&
            strcmp(item->period, later->period) == 0 &&
            (later->state == ITEM_RECEIPTED || later->state == item->state || item->state == ITEM_REFUSED))
            return true;
    }
    return false;
}

/* ---- what the centre said ----------------------------------------------------------------------- */

static void
report_note(struct desk *desk, const struct notice *n, json_t *object)
{
    char at[INSTANT_TEXT_MAX];

    instant_print(n->at_ms, desk_zone(desk), at);
    desk_say(desk, MSG_note_returned, "at", at, "note", n->note, NULL);
    json_object_set_new(object, "returned",
                        json_pack("{s:s, s:I}", "note", n->note, "at_ms", (json_int_t)n->at_ms));
}

/* The note about this report; NULL: none. */
static const struct notice *
note_about(const struct view *v, const uint8_t id[ID_SIZE])
{
    for (size_t i = 0; i < v->notices.count; i++)
        if (memcmp(v->notices.list[i].id, id, ID_SIZE) == 0)
            return &v->notices.list[i];
    return NULL;
}

static bool
is_listed(const struct view *v, const uint8_t id[ID_SIZE])
{
    for (size_t i = 0; i < v->items.count; i++)
        if (memcmp(v->items.list[i].id, id, ID_SIZE) == 0)
            return true;
    for (size_t i = 0; i < v->holdings.count; i++)
        if (memcmp(v->holdings.list[i].id, id, ID_SIZE) == 0 && standing_counts(&v->holdings, i, &v->items))
            return true;
    return false;
}

static json_t *
elsewhere_as_json(const char *school, const char *form, const char *period, uint32_t revision,
                  const uint8_t id[ID_SIZE])
{
    char hex[2 * ID_SIZE + 1];

    hex_print(id, ID_SIZE, hex);
    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:b}", "school", school, "form", form, "period", period,
                     "revision", (int)revision, "state", "receipted", "id", hex, "elsewhere", 1);
}

/* What another computer filed, where it is this slot's report. */
static void
report_holdings(struct desk *desk, struct view *v)
{
    for (size_t i = 0; i < v->holdings.count; i++) {
        const struct holding *h = &v->holdings.list[i];
        const struct notice *note = note_about(v, h->id);
        char revision[12], received[INSTANT_TEXT_MAX];
        json_t *object;

        if (!in_view(v, h->school, h->period) || !standing_counts(&v->holdings, i, &v->items))
            continue;
        snprintf(revision, sizeof(revision), "%" PRIu32, h->revision);
        instant_print(h->received_ms, desk_zone(desk), received);
        desk_say(desk, MSG_slot_held, "school", h->school, "form", h->form, "period", h->period, "revision",
                 revision, "received", received, NULL);
        object = elsewhere_as_json(h->school, h->form, h->period, h->revision, h->id);
        json_object_set_new(object, "received_ms", json_integer((json_int_t)h->received_ms));
        if (note != NULL)
            report_note(desk, note, object);
        json_array_append_new(v->list, object);
    }
}

/* About reports of which nothing else is known here. */
static void
report_notices(struct desk *desk, struct view *v)
{
    for (size_t i = 0; i < v->notices.count; i++) {
        const struct notice *n = &v->notices.list[i];
        char revision[12];
        json_t *object;

        if (!in_view(v, n->school, n->period) || is_listed(v, n->id))
            continue;
        snprintf(revision, sizeof(revision), "%" PRIu32, n->revision);
        desk_say(desk, MSG_note_elsewhere, "school", n->school, "form", n->form, "period", n->period,
                 "revision", revision, NULL);
        object = elsewhere_as_json(n->school, n->form, n->period, n->revision, n->id);
        report_note(desk, n, object);
        json_array_append_new(v->list, object);
    }
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void
report_item(struct desk *desk, struct view *v, const struct item *item)
{
    const struct notice *note = note_about(v, item->id);
    json_t *object = outcome_json(desk, item);

    outcome_print(desk, item);
    if (note != NULL)
        report_note(desk, note, object);
    json_array_append_new(v->list, object);
}

static void
report_items(struct desk *desk, struct view *v)
{
    size_t older = 0;
    char count[24];

    for (size_t i = 0; i < v->items.count; i++) {
        const struct item *item = &v->items.list[i];

        if (!in_view(v, item->school, item->period))
            continue;
        if (v->all || !is_superseded(v, i))
            report_item(desk, v, item);
        else
            older++;
    }
    snprintf(count, sizeof(count), "%zu", older);
    if (older > 0)
        desk_say(desk, MSG_status_older, "count", count, NULL);
    desk_report(desk, "older", json_integer((json_int_t)older));
}

/* 0, or the exit status: explained, and what is known here is shown all the same. */
static int
refresh(struct desk *desk)
{
    struct identity identity = {0};
    struct courier c = {0};
    int exit_status = desk_identity(desk, &identity);

    if (exit_status != 0)
        return exit_status;
    if (!courier_open(&c, desk->outbox, &identity, UPLINK_HELLO) || !courier_fetch(&c))
        exit_status = desk_courier_failed(desk, &c);
    else
        outcome_hear(desk, &c);
    desk_mention_clock(desk, &c);
    desk_mention_key(desk, &c);
    courier_close(&c);
    identity_fini(&identity);
    return exit_status;
}

static int
load(struct desk *desk, struct view *v)
{
    const struct item_filter all = {0};
    enum outbox_status status = outbox_items(desk->outbox, &all, &v->items);

    if (status == OUTBOX_OK)
        status = outbox_holdings(desk->outbox, NULL, NULL, NULL, &v->holdings);
    if (status == OUTBOX_OK)
        status = outbox_notices(desk->outbox, &v->notices);
    return desk_outbox_failed(desk, status);
}

static void
report_view(struct desk *desk, struct view *v)
{
    v->list = json_array();
    v->now_ms = agenda_now_ms(desk->outbox);
    v->agenda = agenda_load(desk->outbox);
    report_items(desk, v);
    report_holdings(desk, v);
    report_notices(desk, v);
    if (v->agenda != NULL)
        report_agenda(desk, v);
    else
        desk_say(desk, MSG_no_agenda, NULL);
    if (v->agenda != NULL && json_array_size(v->list) == 0)
        desk_say(desk, v->period != NULL || v->school != NULL ? MSG_nothing_of_these : MSG_nothing_owed,
                 NULL);
    desk_report(desk, "items", v->list);
    if (v->agenda != NULL)
        yuebao__agenda__free_unpacked(v->agenda, NULL);
}

int
cmd_status(struct desk *desk, int argc, char **argv)
{
    struct view v = {0};
    struct period period;
    int exit_status, refreshed = 0;

    if (!parse(&v, argc, argv))
        return desk_usage(desk, "status");
    if (v.period != NULL && !period_parse(v.period, &period)) {
        desk_complain(desk, MSG_period_malformed, "period", v.period, NULL);
        return EX_USAGE;
    }
    exit_status = v.refresh ? desk_open(desk, false) : desk_open_to_read(desk);
    if (exit_status != 0)
        return exit_status;
    if (v.refresh)
        refreshed = refresh(desk);
    exit_status = load(desk, &v);
    if (exit_status == 0)
        report_view(desk, &v);
    items_fini(&v.items);
    holdings_fini(&v.holdings);
    notices_fini(&v.notices);
    return exit_status != 0 ? exit_status : refreshed;
}
