/*
 * replay: one statement for a person to read.
 */
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "output.h"
#include "replay.h"

#define INDENT  "  "
#define MINUTES 480 /* of China east of UTC, as the link's time zone */

/* In CSV, a row a figure; for people the columns that tell one statement from another are the head's. */
static const struct output_column columns[] = {
    {"id", MSG_ctl_col_id, CELL_TEXT, {0}},
    {"school", MSG_ctl_col_school, CELL_TEXT, {0}},
    {"form", MSG_ctl_col_form, CELL_TEXT, {0}},
    {"period", MSG_ctl_col_period, CELL_TEXT, {0}},
    {"revision", MSG_ctl_col_revision, CELL_INTEGER, {0}},
    {"indicator", MSG_ctl_col_code, CELL_TEXT, {0}},
    {"name_zh", MSG_ctl_col_name, CELL_TEXT, {.least = 24}},
    {"name_en", MSG_ctl_col_name, CELL_TEXT, {.least = 24}},
    {"unit", MSG_ctl_col_unit, CELL_TEXT, {.leaves = 1}},
    {"stated", MSG_ctl_col_kept_value, CELL_DECIMAL, {0}},
    {"in_books", MSG_ctl_col_held_value, CELL_DECIMAL, {0}},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define OF_HEAD      0x3Fu /* id to indicator's code */

bool
replay_show_begin(struct ctl *ctl, struct figure_table *ret_table)
{
    return figure_table_begin(ret_table, ctl, columns, COLUMN_COUNT, OF_HEAD);
}

/* ---- head --------------------------------------------------------------------------------------- */

/* "…" stands for what is not known. */
static const char *
known(const char *text)
{
    return text == NULL || text[0] == '\0' ? "…" : text;
}

static void
say_found(const struct replay *r)
{
    const struct ledger *l = &r->ledger;
    const char *table = l->cells[LEDGER_TABLE];
    bool zh = r->ctl->language == LANGUAGE_ZH;
    enum message where = strcmp(table, "kept") == 0        ? MSG_ctl_replay_kept
                         : strcmp(table, "rejection") == 0 ? MSG_ctl_replay_rejection
                         : ledger_is(l, LEDGER_IS_NEWEST)  ? MSG_ctl_replay_newest
                                                           : MSG_ctl_replay_replaced;

    ctl_say(r->ctl, MSG_ctl_replay_title, "id", l->cells[LEDGER_ID], NULL);
    ctl_say(r->ctl, MSG_ctl_kept_head, "name", known(replay_name(r, zh ? NAME_SCHOOL_ZH : NAME_SCHOOL_EN)),
            "school", known(l->cells[LEDGER_SCHOOL]), "district",
            known(replay_name(r, zh ? NAME_DISTRICT_ZH : NAME_DISTRICT_EN)), "form",
            known(l->cells[LEDGER_FORM]), "period", known(l->cells[LEDGER_PERIOD]), "revision",
            l->cells[LEDGER_REVISION], NULL);
    ctl_say(r->ctl, where, "at", replay_name(r, NAME_RECEIVED), NULL);
    if (replay_name(r, NAME_DECIDED_BY) != NULL)
        ctl_say(r->ctl, MSG_ctl_replay_decided, "by", replay_name(r, NAME_DECIDED_BY), "at",
                replay_name(r, NAME_DECIDED_AT), NULL);
}

static void
say_signature(const struct replay *r)
{
    const struct ledger *l = &r->ledger;

    ctl_say(r->ctl, l->is_signed ? MSG_ctl_replay_signed : MSG_ctl_replay_not_signed, "key",
            l->cells[LEDGER_KEY], NULL);
    if (replay_name(r, NAME_KEY_SCHOOL) == NULL)
        ctl_say(r->ctl, MSG_ctl_replay_key_unknown, NULL);
    else
        ctl_say(r->ctl,
                replay_name(r, NAME_KEY_REVOKED) == NULL ? MSG_ctl_replay_key : MSG_ctl_replay_key_revoked,
                "school", replay_name(r, NAME_KEY_SCHOOL), "at", replay_name(r, NAME_KEY_ENROLLED), "revoked",
                known(replay_name(r, NAME_KEY_REVOKED)), NULL);
}

static void
say_statement(const struct replay *r)
{
    const struct ledger *l = &r->ledger;
    const Yuebao__Statement *s = l->stated.statement;
    char hex[2 * ID_SIZE + 1], filled[INSTANT_TEXT_MAX];

    instant_print(s->filled_ms, MINUTES, filled);
    ctl_say(r->ctl, MSG_ctl_report_names, "filler", s->filler, "reviewer", s->reviewer, "head", s->head,
            NULL);
    ctl_say(r->ctl, MSG_ctl_replay_filled, "at", filled, NULL);
    if (s->previous.len == ID_SIZE) {
        hex_print(s->previous.data, ID_SIZE, hex);
        ctl_say(r->ctl, MSG_ctl_replay_follows, "id", hex, NULL);
    }
    if (s->correction[0] != '\0')
        ctl_say(r->ctl, MSG_ctl_report_correction, "reason", s->correction, NULL);
    hex[0] = '\0';
    if (ledger_hash(l) != NULL)
        hex_print(ledger_hash(l), ID_SIZE, hex);
    ctl_say(r->ctl, l->catalogue == NULL ? MSG_ctl_replay_no_catalogue : MSG_ctl_replay_catalogue, "hash",
            hex, "at", l->catalogue == NULL ? "" : l->catalogue->made, NULL);
}

/* ---- figures ------------------------------------------------------------------------------------ */

/* As output wants it: a reason in the reader's words. */
static const char *
shown(const struct replay *r, const struct booked *figure, char text[BOOKED_TEXT_MAX])
{
    const char *printed = booked_print(figure, replay_catalogue(r), text);

    if (figure == NULL || figure->missing == 0)
        return printed;
    return message_word(r->ctl->format == OUTPUT_TEXT ? r->ctl->language : LANGUAGE_EN, printed);
}

static void
add_figure(const struct replay *r, struct figure_table *table, uint32_t indicator)
{
    const struct ledger *l = &r->ledger;
    const Yuebao__Indicator *i = catalogue_indicator(replay_catalogue(r), indicator);
    char stated[BOOKED_TEXT_MAX], stands[BOOKED_TEXT_MAX], number[12];

    snprintf(number, sizeof(number), "#%u", indicator);
    figure_table_row(table, (const char *const[COLUMN_COUNT]){
                                l->cells[LEDGER_ID],
                                l->cells[LEDGER_SCHOOL],
                                l->cells[LEDGER_FORM],
                                l->cells[LEDGER_PERIOD],
                                l->cells[LEDGER_REVISION],
                                i == NULL ? number : i->code,
                                i == NULL ? number : i->name_zh,
                                i == NULL ? number : i->name_en,
                                i == NULL ? NULL : figure_unit(r->ctl, i->unit),
                                shown(r, booked_find(&l->booked, indicator), stated),
                                shown(r, booked_find(&l->stands, indicator), stands),
                            });
}

/* What is stated or stands in the books, by number. */
static void
add_figures(const struct replay *r, struct figure_table *table)
{
    const struct booked_list *stated = &r->ledger.booked, *stands = &r->ledger.stands;

    for (size_t a = 0, b = 0; a < stated->count || b < stands->count;) {
        uint32_t left = a < stated->count ? stated->figures[a].indicator : UINT32_MAX;
        uint32_t right = b < stands->count ? stands->figures[b].indicator : UINT32_MAX;
        uint32_t next = left < right ? left : right;
        add_figure(r, table, next);
        a += left == next;
        b += right == next;
    }
}

/* A table of its own, or rows of the one that is shared. */
static int
show_figures(const struct replay *r, struct figure_table *table)
{
    struct figure_table own;

    if (replay_catalogue(r) == NULL || r->ledger.booked.count + r->ledger.stands.count == 0)
        return EX_OK;
    if (r->ctl->format != OUTPUT_TEXT) {
        add_figures(r, table);
        return EX_OK;
    }
    if (ledger_is(&r->ledger, LEDGER_AWAY))
        ctl_say(r->ctl, MSG_ctl_replay_away, NULL);
    if (!replay_show_begin(r->ctl, &own))
        return ctl_fail(r->ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    add_figures(r, &own);
    int status = output_write(own.output, stdout, r->ctl);
    output_free(own.output);
    return status;
}

/* ---- findings and the answer --------------------------------------------------------------------- */

static void
say_list(const struct replay *r, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        char *sentence = message_of_finding(r->ctl->language, &findings->items[i], replay_catalogue(r));
        if (sentence == NULL)
            abort();
        fprintf(r->ctl->talk, INDENT "%s\n", sentence);
        free(sentence);
    }
}

static void
say_findings(const struct replay *r)
{
    const struct ledger *l = &r->ledger;

    for (size_t i = 0; i < l->stated.statement->n_explanation; i++)
        ctl_say(r->ctl, MSG_ctl_report_explanation, "text", l->stated.statement->explanation[i]->text, NULL);
    if (!l->is_signed || l->catalogue == NULL)
        return;
    ctl_say(r->ctl, l->findings.count == 0 ? MSG_ctl_replay_no_finding : MSG_ctl_replay_findings, NULL);
    say_list(r, &l->findings);
}

static void
say_reject(const struct replay *r, const Yuebao__Reject *reject)
{
    struct findings findings;

    findings_init(&findings);
    findings_of_reject(&findings, reject);
    say_list(r, &findings);
    findings_fini(&findings);
}

/* By which instant on time was judged, where it is another than that of the receipt. */
static void
say_arrived(const struct replay *r, uint64_t arrived_ms)
{
    char at[INSTANT_TEXT_MAX];

    if (arrived_ms == 0)
        return;
    instant_print(arrived_ms, MINUTES, at);
    ctl_say(r->ctl, MSG_ctl_replay_says_arrived, "at", at, NULL);
}

/* The verdict in its own words. */
static void
say_verdict(const struct replay *r, const Yuebao__Verdict *v)
{
    char at[INSTANT_TEXT_MAX], closed[INSTANT_TEXT_MAX];

    instant_print(v->decided_ms, MINUTES, at);
    switch (v->outcome_case) {
    case YUEBAO__VERDICT__OUTCOME_RECEIPT:
        ctl_say(r->ctl,
                v->receipt->admitted ? MSG_ctl_replay_says_admitted
                : v->receipt->late   ? MSG_ctl_replay_says_late
                                     : MSG_ctl_replay_says_receipt,
                "at", at, "reason", v->receipt->reason, NULL);
        say_arrived(r, v->receipt->arrived_ms);
        return;
    case YUEBAO__VERDICT__OUTCOME_REJECT:
        ctl_say(r->ctl, MSG_ctl_replay_says_reject, "at", at, NULL);
        say_reject(r, v->reject);
        return;
    case YUEBAO__VERDICT__OUTCOME_KEPT:
        instant_print(v->kept->closed_ms, MINUTES, closed);
        ctl_say(r->ctl, MSG_ctl_replay_says_kept, "at", at, "closed", closed, NULL);
        return;
    case YUEBAO__VERDICT__OUTCOME_DECLINED:
        ctl_say(r->ctl, MSG_ctl_replay_says_declined, "at", at, "reason", v->declined->reason, NULL);
        return;
    case YUEBAO__VERDICT__OUTCOME_CONFLICT:
    case YUEBAO__VERDICT__OUTCOME__NOT_SET:
    case _YUEBAO__VERDICT__OUTCOME__CASE_IS_INT_SIZE:
        ctl_say(r->ctl, MSG_ctl_replay_says_else, NULL);
        return;
    }
}

static void
say_answer(const struct replay *r, const struct answered *answered)
{
    char key[2 * KEY_SIZE + 1] = "";

    if (answered->verdict == NULL)
        return;
    if (answered->answer->key.len == KEY_SIZE)
        hex_print(answered->answer->key.data, KEY_SIZE, key);
    ctl_say(r->ctl, answered_is_signed(answered) ? MSG_ctl_replay_answer : MSG_ctl_replay_answer_forged,
            "key", key, NULL);
    say_verdict(r, answered->verdict);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static int
say_differences(const struct replay *r)
{
    if (r->difference_count == 0) {
        ctl_say(r->ctl, MSG_ctl_replay_agrees, NULL);
        return EX_OK;
    }
    fflush(stdout);
    for (size_t i = 0; i < r->difference_count; i++) {
        const struct replay_difference *d = &r->differences[i];
        const Yuebao__Indicator *about = replay_catalogue(r) == NULL || d->indicator == 0
                                             ? NULL
                                             : catalogue_indicator(replay_catalogue(r), d->indicator);
        bool zh = r->ctl->language == LANGUAGE_ZH;
        ctl_fail(r->ctl, EX_DATAERR,
                 d->found == NULL && d->expected == NULL ? MSG_ctl_replay_wrong : MSG_ctl_replay_differs,
                 "problem", message_text(r->ctl->language, difference_words(d->difference)), "indicator",
                 about == NULL ? ""
                 : zh          ? about->name_zh
                               : about->name_en,
                 "found", d->found == NULL ? "–" : d->found, "expected",
                 d->expected == NULL ? "–" : d->expected, NULL);
    }
    return EX_DATAERR;
}

int
replay_show(const struct replay *r, struct figure_table *table)
{
    int status = EX_OK;

    say_found(r);
    say_signature(r);
    if (r->ledger.stated.statement != NULL) {
        say_statement(r);
        status = show_figures(r, table);
        say_findings(r);
    }
    say_answer(r, &r->ledger.answered);
    if (strcmp(r->ledger.cells[LEDGER_TABLE], "kept") == 0)
        say_answer(r, &r->ledger.decision);
    int told = say_differences(r);
    return status != EX_OK ? status : told;
}
