/*
 * outcome: what became of a saved statement, in words and for --json; and one attempt to send what waits.
 */
#ifndef YUEBAO_OUTCOME_H
#define YUEBAO_OUTCOME_H

#include "desk.h"

/* One line on stdout about the item, and lines for the findings of a refusal. */
void outcome_print(struct desk *desk, const struct item *item);

/* The same as an object. */
json_t *outcome_json(struct desk *desk, const struct item *item);

/*
 * Ask what the bureau says about reports, as the last question of an open session, and mention that there is
 * something to see. Its failure is left without a word: an older server does not know the question.
 */
void outcome_hear(struct desk *desk, struct courier *courier);

/*
 * One session: send every waiting item, then fetch the agenda when it is old, and hear what the bureau says.
 * false: something waits still because of what the courier says (an error, or the server's wish to wait).
 */
bool outcome_deliver(struct desk *desk, const struct identity *identity, struct courier *ret_courier);

#endif
