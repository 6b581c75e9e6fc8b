/*
 * What no number above contains: reports kept after close, refused ones that nothing followed, reviews that
 * are not done; which districts have not declared.
 */
#include <string.h>

#include "parts.h"

/* clang-format off */
static const char counts_sql[] = CIRCULAR_TREE
    "SELECT (SELECT count(*) FROM api.kept AS k WHERE " CIRCULAR_IN_TREE("k.district") " AND k.period = $2 AND k.first_day = $3::date "
    "AND k.decision = 'waiting') AS kept, "
    "(SELECT count(*) FROM api.kept AS k WHERE " CIRCULAR_IN_TREE("k.district") " AND k.period = $2 AND k.first_day = $3::date "
    "AND k.decision = 'declined') AS declined, "
    "(SELECT count(*) FROM api.missing AS m WHERE " CIRCULAR_IN_TREE("m.district") " AND m.period = $2 AND m.first_day = $3::date "
    "AND EXISTS (SELECT FROM api.rejection AS r WHERE r.school = m.school AND r.form = m.form AND r.period = m.period)) AS refused, "
    "o.waiting, o.returned, o.standing FROM api.review_counts($1::integer, $2) AS o";

static const char undeclared_sql[] =
    "SELECT u.district, u.district_zh, u.district_en, u.reported, u.expected, u.waiting, u.returned, coalesce(u.standing, 'undeclared') AS standing, "
    "count(*) OVER () AS of_all "
    "FROM (SELECT d.district, d.name_zh AS district_zh, d.name_en AS district_en, o.* FROM api.district AS d "
    "CROSS JOIN LATERAL api.review_counts(d.district, $2) AS o WHERE d.parent = $1::integer AND o.expected > 0) AS u "
    "WHERE u.standing IS DISTINCT FROM 'declared' ORDER BY u.district LIMIT 40";
/* clang-format on */

static const struct circular_column columns[] = {{"district_@", MSG_circular_col_place, CIRCULAR_TEXT},
                                                 {"expected", MSG_ctl_col_expected, CIRCULAR_COUNT},
                                                 {"reported", MSG_ctl_col_reported, CIRCULAR_COUNT},
                                                 {"waiting", MSG_circular_col_waiting, CIRCULAR_COUNT},
                                                 {"returned", MSG_circular_col_returned, CIRCULAR_COUNT},
                                                 {"standing", MSG_ctl_col_state, CIRCULAR_WORD}};
static const struct circular_layout undeclared = {.key = "undeclared",
                                                  .caption = MSG_circular_undeclared_table,
                                                  .columns = columns,
                                                  .n = sizeof(columns) / sizeof(columns[0])};

static void
say_standing(struct circular *c, const PGresult *counts)
{
    const char *standing = circular_value(c, counts, 0, "standing");
    enum message said = standing == NULL                    ? MSG_circular_not_declared
                        : strcmp(standing, "declared") == 0 ? MSG_circular_declared
                                                            : MSG_circular_reopened;

    c->found.undeclared = said != MSG_circular_declared;
    circular_say(c, said, "district", circular_fact(c, "district_@"), "waiting",
                 circular_value(c, counts, 0, "waiting"), "returned",
                 circular_value(c, counts, 0, "returned"), NULL);
}

bool
circular_uncounted(struct circular *c)
{
    PGresult *counts = circular_ask(c, counts_sql, 3);

    if (counts == NULL)
        return false;
    circular_section(c, "uncounted", MSG_circular_uncounted);
    circular_say(c, MSG_circular_uncounted_sum, "kept", circular_value(c, counts, 0, "kept"), "declined",
                 circular_value(c, counts, 0, "declined"), "refused", circular_value(c, counts, 0, "refused"),
                 NULL);
    say_standing(c, counts);
    PQclear(counts);
    return !c->of_districts || circular_ask_table(c, &undeclared, undeclared_sql, 2);
}
