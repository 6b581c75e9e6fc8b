/* yuebao receipt PERIOD: the proof that a report arrived, verified here and now. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "desk.h"
#include "envelope.h"
#include "outcome.h"
#include "verdict.h"

struct wanted {
    const char *period, *school, *form, *raw_file;
    const char *revision; /* NULL: the newest */
};

static bool
is_revision(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= 9 && text[0] != '0' && strspn(text, "0123456789") == len;
}

static bool
parse(struct wanted *w, int argc, char **argv)
{
    static const struct option options[] = {{"school", required_argument, NULL, 's'},
                                            {"form", required_argument, NULL, 'm'},
                                            {"raw", required_argument, NULL, 'r'},
                                            {"revision", required_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            w->school = optarg;
        else if (option == 'm')
            w->form = optarg;
        else if (option == 'r')
            w->raw_file = optarg;
        else if (option == 'n' && is_revision(optarg))
            w->revision = optarg;
        else
            return false;
    }
    if (optind + 1 != argc)
        return false;
    w->period = argv[optind];
    return true;
}

/* The last one that has a receipt (or was kept), of the revision that is wanted or of any; where no form is
 * named a regular one before a one-off one. NULL: none. */
static const struct item *
find_proof(const struct items *items, const char *revision)
{
    unsigned long wanted = revision == NULL ? 0 : strtoul(revision, NULL, 10);
    const struct item *best = NULL;

    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];

        if ((item->state == ITEM_RECEIPTED || item->state == ITEM_KEPT) &&
            (wanted == 0 || item->revision == wanted) &&
            (best == NULL || agenda_form_is_one_off(best->form) || !agenda_form_is_one_off(item->form)))
            best = item;
    }
    return best;
}

/* As the agenda has it, in the clerk's language; malloc'd. NULL: not known. */
static char *
school_name(struct desk *desk, const char *code)
{
    Yuebao__Agenda *agenda = agenda_load(desk->outbox);
    const Yuebao__School *school = agenda == NULL ? NULL : agenda_school(agenda, code);
    char *name = NULL;

    if (school != NULL)
        name = strdup(desk->language == LANGUAGE_ZH || school->name_en[0] == '\0' ? school->name_zh
                                                                                  : school->name_en);
    if (agenda != NULL)
        yuebao__agenda__free_unpacked(agenda, NULL);
    return name;
}

static void
print_proof(struct desk *desk, const struct item *item, const struct verdict *v)
{
    char id[2 * ID_SIZE + 1], key[2 * KEY_SIZE + 1], since[INSTANT_TEXT_MAX];
    char *name = school_name(desk, item->school);
    uint64_t since_ms = 0;

    hex_print(item->id, ID_SIZE, id);
    hex_print(v->answer->key.data, KEY_SIZE, key);
    outcome_print(desk, item);
    desk_say(desk, MSG_proof, "name", name == NULL ? item->school : name, "id", id, "key", key, NULL);
    if (outbox_key_replaced(desk->outbox, v->answer->key.data, &since_ms)) {
        instant_print(since_ms, desk_zone(desk), since);
        desk_say(desk, MSG_proof_key_replaced, "since", since, NULL);
        desk_report(desk, "server_key_replaced_ms", json_integer((json_int_t)since_ms));
    }
    if (name != NULL)
        desk_report(desk, "name", json_string(name));
    free(name);
    desk_report(desk, "receipt", outcome_json(desk, item));
    desk_report(desk, "server_key", json_string(key));
    desk_report(desk, "verified", json_true());
}

static int
prove(struct desk *desk, const struct wanted *w, const struct item *item)
{
    struct verdict v = {0};
    int exit_status = EX_OK;

    if (verdict_open(item->answer, item->answer_len, &v) != VERDICT_OK ||
        verdict_verify(&v, desk->outbox, item->id) != VERDICT_OK) {
        desk_complain(desk, MSG_proof_broken, "period", item->period, NULL);
        desk_report(desk, "verified", json_false());
        exit_status = EX_DATAERR;
    } else {
        print_proof(desk, item, &v);
    }
    verdict_fini(&v);
    if (exit_status == EX_OK && w->raw_file != NULL)
        exit_status = desk_write_file(desk, w->raw_file, true, (const char *)item->answer, item->answer_len);
    return exit_status;
}

int
cmd_receipt(struct desk *desk, int argc, char **argv)
{
    struct wanted w = {0};
    struct period period;
    struct identity identity = {0};
    struct item_filter filter = {0};
    struct items items = {0};
    const struct item *item;
    int exit_status;

    if (!parse(&w, argc, argv))
        return desk_usage(desk, "receipt");
    if (!period_parse(w.period, &period)) {
        desk_complain(desk, MSG_period_malformed, "period", w.period, NULL);
        return EX_USAGE;
    }
    exit_status = desk_open_to_read(desk);
    if (exit_status == 0)
        exit_status = desk_identity(desk, &identity);
    if (exit_status != 0)
        return exit_status;
    filter.school = w.school != NULL ? w.school : identity.school;
    filter.period = w.period;
    filter.form = w.form;
    exit_status = desk_outbox_failed(desk, outbox_items(desk->outbox, &filter, &items));
    item = find_proof(&items, w.revision);
    if (exit_status == 0 && item == NULL) {
        desk_complain(desk, w.revision == NULL ? MSG_no_receipt : MSG_no_revision, "period", w.period,
                      "school", filter.school, "revision", w.revision == NULL ? "" : w.revision, NULL);
        exit_status = EX_DATAERR;
    } else if (exit_status == 0) {
        exit_status = prove(desk, &w, item);
    }
    items_fini(&items);
    identity_fini(&identity);
    return exit_status;
}
