/* yuebao status [PERIOD]: what is owed, and what became of every report. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "desk.h"
#include "outcome.h"

struct view {
    const char *period; /* NULL: all */
    const char *school; /* NULL: all */
    bool all;           /* every revision */
    struct items items;
    Yuebao__Agenda *agenda; /* NULL: none yet */
    json_t *list;
    uint64_t now_ms;
};

static bool
parse(struct view *v, int argc, char **argv)
{
    static const struct option options[] = {
        {"school", required_argument, NULL, 's'}, {"all", no_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            v->school = optarg;
        else if (option == 'a')
            v->all = true;
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

/* Whether a statement is there that counts for the slot: a refused one does not. */
static bool
is_answered(const struct view *v, const char *school, const Yuebao__Window *w)
{
    for (size_t i = 0; i < v->items.count; i++) {
        const struct item *item = &v->items.list[i];

        if (item->state != ITEM_REFUSED && strcmp(item->school, school) == 0 &&
            strcmp(item->form, w->form) == 0 && strcmp(item->period, w->period) == 0)
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

    for (size_t i = at + 1; i < v->items.count && item->state != ITEM_WAITING; i++) {
        const struct item *later = &v->items.list[i];

        if (strcmp(item->school, later->school) == 0 && strcmp(item->form, later->form) == 0 &&
            strcmp(item->period, later->period) == 0 &&
            (later->state == ITEM_RECEIPTED || later->state == item->state || item->state == ITEM_REFUSED))
            return true;
    }
    return false;
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
        if (!v->all && is_superseded(v, i)) {
            older++;
            continue;
        }
        outcome_print(desk, item);
        json_array_append_new(v->list, outcome_json(desk, item));
    }
    snprintf(count, sizeof(count), "%zu", older);
    if (older > 0)
        desk_say(desk, MSG_status_older, "count", count, NULL);
    desk_report(desk, "older", json_integer((json_int_t)older));
}

int
cmd_status(struct desk *desk, int argc, char **argv)
{
    const struct item_filter all = {0};
    struct view v = {0};
    int exit_status;

    if (!parse(&v, argc, argv))
        return desk_usage(desk, "status");
    exit_status = desk_open_to_read(desk);
    if (exit_status == 0)
        exit_status = desk_outbox_failed(desk, outbox_items(desk->outbox, &all, &v.items));
    if (exit_status != 0)
        return exit_status;
    v.list = json_array();
    v.now_ms = agenda_now_ms(desk->outbox);
    v.agenda = agenda_load(desk->outbox);
    report_items(desk, &v);
    if (v.agenda != NULL)
        report_agenda(desk, &v);
    else
        desk_say(desk, MSG_no_agenda, NULL);
    if (v.agenda != NULL && json_array_size(v.list) == 0)
        desk_say(desk, MSG_nothing_owed, NULL);
    desk_report(desk, "items", v.list);
    if (v.agenda != NULL)
        yuebao__agenda__free_unpacked(v.agenda, NULL);
    items_fini(&v.items);
    return EX_OK;
}
