#include "two_sides.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "number.h"
#include "sheet.h"

#define KEY_SHOWN 8 /* bytes: enough to tell the school's computers apart */

/* ---- one side ----------------------------------------------------------------------------------- */

/* "1a2b3c4d5e6f7081 (this computer)", malloc'd. */
static char *
computer_of(const struct desk *desk, const struct side *side, const uint8_t own_key[KEY_SIZE])
{
    char key[2 * KEY_SHOWN + 1];
    bool own = memcmp(side->key, own_key, KEY_SIZE) == 0;

    hex_print(side->key, KEY_SHOWN, key);
    return message_format(desk->language, own ? MSG_side_this_computer : MSG_side_computer, "key", key, NULL);
}

static void
say_side(struct desk *desk, const struct side *side, bool is_mine, const uint8_t own_key[KEY_SIZE])
{
    const Yuebao__Statement *s = side->statement;
    char *computer = computer_of(desk, side, own_key);
    char revision[12], at[INSTANT_TEXT_MAX];

    snprintf(revision, sizeof(revision), "%" PRIu32, s->revision);
    instant_print(side->at_ms, desk_zone(desk), at);
    desk_say(desk, is_mine ? MSG_side_mine : MSG_side_theirs, "revision", revision, "filler", s->filler, "at",
             at, "computer", computer == NULL ? "" : computer, NULL);
    if (s->correction[0] != '\0')
        desk_say(desk, MSG_side_correction, "reason", s->correction, NULL);
    free(computer);
}

static json_t *
side_as_json(const struct side *side, bool is_mine)
{
    const Yuebao__Statement *s = side->statement;
    char id[2 * ID_SIZE + 1], key[2 * KEY_SIZE + 1];

    hex_print(side->id, ID_SIZE, id);
    hex_print(side->key, KEY_SIZE, key);
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "revision", (int)s->revision, "id", id,
                     "key", key, "filler", s->filler, "reviewer", s->reviewer, "head", s->head, "correction",
                     s->correction, is_mine ? "saved_ms" : "received_ms", (json_int_t)side->at_ms);
}

/* ---- figures ------------------------------------------------------------------------------------ */

/* Numbers in a statement, figures and reasons, ascending. */
struct walk {
    const Yuebao__Statement *s; /* NULL: a side that is not there */
    size_t figure, missing;
};

static uint32_t
walk_next(const struct walk *w)
{
    uint32_t figure = UINT32_MAX, missing = UINT32_MAX;

    if (w->s != NULL && w->figure < w->s->n_indicator)
        figure = w->s->indicator[w->figure];
    if (w->s != NULL && w->missing < w->s->n_missing)
        missing = w->s->missing[w->missing];
    return figure < missing ? figure : missing;
}

static void
walk_over(struct walk *w, uint32_t number)
{
    while (w->s != NULL && w->figure < w->s->n_indicator && w->s->indicator[w->figure] <= number)
        w->figure++;
    while (w->s != NULL && w->missing < w->s->n_missing && w->s->missing[w->missing] <= number)
        w->missing++;
}

/* "342", "12 ÷ 30", "未采集", or that there is nothing; borrowed, or in `text`. */
static const char *
figure_words(const struct desk *desk, const Yuebao__Statement *s, const Yuebao__Indicator *i,
             char text[FIGURE_TEXT_MAX])
{
    const char *reason = sheet_reason_text(desk->language, s, i->number);

    sheet_figure_text(i, s, text);
    if (text[0] != '\0')
        return text;
    return reason[0] != '\0' ? reason : message_text(desk->language, MSG_side_nothing);
}

struct comparing {
    struct desk *desk;
    const Yuebao__Statement *mine, *theirs;
    const struct catalogue *catalogue;
    json_t *list;
    size_t equal;
};

/* Of an indicator that no catalogue here knows only the number is known; its scale is not, so 0 decimals are
 * shown. */
static void
compare(struct comparing *c, uint32_t number)
{
    const Yuebao__Indicator *known = c->catalogue == NULL ? NULL : catalogue_indicator(c->catalogue, number);
    Yuebao__Indicator unknown = YUEBAO__INDICATOR__INIT;
    const Yuebao__Indicator *i = known != NULL ? known : &unknown;
    char mine[FIGURE_TEXT_MAX], theirs[FIGURE_TEXT_MAX], digits[12];
    const char *mine_words, *theirs_words, *name;

    unknown.number = number;
    snprintf(digits, sizeof(digits), "%" PRIu32, number);
    name = known == NULL ? digits : c->desk->language == LANGUAGE_ZH ? known->name_zh : known->name_en;
    mine_words = figure_words(c->desk, c->mine, i, mine);
    theirs_words = figure_words(c->desk, c->theirs, i, theirs);
    if (c->mine != NULL && strcmp(mine_words, theirs_words) == 0) {
        c->equal++;
        return;
    }
    desk_say(c->desk,
             c->mine == NULL     ? MSG_side_figure
             : c->theirs == NULL ? MSG_side_own_figure
                                 : MSG_side_figures,
             "indicator", name, "mine", mine_words, "theirs", theirs_words, NULL);
    json_array_append_new(c->list,
                          json_pack("{s:i, s:s, s:s, s:s?, s:s?}", "indicator", (int)number, "code", i->code,
                                    "name", name, "mine", c->mine == NULL ? NULL : mine_words, "theirs",
                                    c->theirs == NULL ? NULL : theirs_words));
}

static void
compare_all(struct comparing *c)
{
    struct walk mine = {.s = c->mine}, theirs = {.s = c->theirs};
    char equal[24];

    for (;;) {
        uint32_t a = walk_next(&mine), b = walk_next(&theirs), number = a < b ? a : b;

        if (number == UINT32_MAX)
            break;
        compare(c, number);
        walk_over(&mine, number);
        walk_over(&theirs, number);
    }
    snprintf(equal, sizeof(equal), "%zu", c->equal);
    if (c->equal > 0)
        desk_say(c->desk, MSG_side_equal, "count", equal, NULL);
}

void
two_sides_print(struct desk *desk, const struct side *mine, const struct side *theirs,
                const uint8_t own_key[KEY_SIZE], const struct catalogue *catalogue)
{
    struct comparing c = {.desk = desk, .catalogue = catalogue, .list = json_array()};

    if (mine != NULL) {
        say_side(desk, mine, true, own_key);
        desk_report(desk, "mine", side_as_json(mine, true));
        c.mine = mine->statement;
    }
    if (theirs != NULL) {
        say_side(desk, theirs, false, own_key);
        desk_report(desk, "theirs", side_as_json(theirs, false));
        c.theirs = theirs->statement;
    }
    compare_all(&c);
    desk_report(desk, "differences", c.list);
    desk_report(desk, "equal", json_integer((json_int_t)c.equal));
}
