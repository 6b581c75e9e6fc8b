/*
 * look: what the questions that look closer share (trend, rank, distribution, profile, drill, figure,
 * punctuality): how they are asked, and how numbers stand in their tables.
 */
#ifndef YUEBAOCTL_LOOK_H
#define YUEBAOCTL_LOOK_H

#include "listing.h"

/*
 * Ask `from` ("FROM api.… AS x …", with parameters): everything for programs, `columns` for people, in which
 * every @ stands for the language: x.name_@ is x.name_zh or x.name_en. NULL: reported.
 */
PGresult *look_ask(struct ctl *ctl, const char *columns, const char *from, int n, const char *const *values)
    __attribute__((warn_unused_result));

/* `columns` with the language put in; malloc'd. Ends the program when there is no memory. */
char *look_in_language(const struct ctl *ctl, const char *columns);

/* For `columns`: a figure, a ratio as a percentage; a change, with its sign, of a ratio in percentage points;
 * what was filled in. */
#define LOOK_FIGURE(figure)                                                                                  \
    "CASE WHEN x.unit = 'ratio' THEN pg_catalog.trim_scale(pg_catalog.round(" figure                         \
    " * 100, 2)) || '%' ELSE pg_catalog.trim_scale(pg_catalog.round(" figure ", 2))::text END"
#define LOOK_CHANGE(change)                                                                                  \
    "CASE WHEN " change " > 0 THEN '+' ELSE '' END || CASE WHEN x.unit = 'ratio' THEN "                      \
    "pg_catalog.trim_scale(pg_catalog.round(" change                                                         \
    " * 100, 2)) || CASE '@' WHEN 'zh' THEN '百分点' ELSE ' pp' END "                                     \
    "ELSE pg_catalog.trim_scale(pg_catalog.round(" change ", 2))::text END"
#define LOOK_FILLED "x.value || coalesce('/' || x.denominator, '')"

#define LOOK_BAR_CELLS 20
#define LOOK_BAR_SIZE  (LOOK_BAR_CELLS * 3 + 1)
/* As many full cells as `fraction` (text, 0 to 1) says; NULL draws nothing. */
void look_bar(const char *fraction, char bar[LOOK_BAR_SIZE]);

/* A unit's code in the reader's words. */
const char *look_unit(const struct ctl *ctl, const char *unit, char words[LISTING_WORDS_MAX]);

/* value, excused, left_out, missing in the reader's words. */
const char *look_state(const struct ctl *ctl, const char *state);

/* Whether `text` (NULL: not given) is a whole number from 1 to 9999: a year, how many lines. false: reported.
 */
bool look_number(struct ctl *ctl, const char *text) __attribute__((warn_unused_result));

/* Under a table that leaves column `figure` empty although `schools` is not 0: that figures are put away, if
 * any are. */
void look_mention_away(struct ctl *ctl, const PGresult *result, int figure, int schools);

/* Exactly from `least` to `most` operands from argv[first] on. false: reported. */
bool look_operands(struct ctl *ctl, int argc, char **argv, int first, int least, int most)
    __attribute__((warn_unused_result));

#endif
