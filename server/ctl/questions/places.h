/*
 * places: the options of a question about how whole a district's periods are, and the beginning of its query.
 *
 * Asked is one district with all below it, with --below also each district right under it; without --district
 * the uppermost. One period; without --period the newest that has opened of each form, of a one-off form only
 * while it is not closed.
 */
#ifndef YUEBAOCTL_PLACES_H
#define YUEBAOCTL_PLACES_H

#include "ctl.h"

struct places {
    const char *district, *period, *form, *indicator; /* NULL: not given */
    bool below;
};
#define PLACES_VALUES 5

/*
 * Begins a query with `places` (district, own: whether it is the one that was asked for) and `windows` (form,
 * first_day); parameters $1 to $5 are those of places_values.
 */
#define WITH_PLACES                                                                                          \
    "WITH asked AS MATERIALIZED (SELECT d.district FROM api.district AS d WHERE CASE WHEN $1::integer IS "   \
    "NULL THEN d.parent IS NULL ELSE d.district = $1 END), "                                                 \
    "places AS MATERIALIZED (SELECT a.district, true AS own FROM asked AS a UNION ALL SELECT d.district, "   \
    "false FROM api.district AS d WHERE $4::boolean AND d.parent IN (SELECT a.district FROM asked AS a)), "  \
    "windows AS MATERIALIZED (SELECT c.form, max(c.first_day) AS first_day FROM api.calendar AS c "          \
    "WHERE c.opens_at <= pg_catalog.now() AND ($3::text IS NULL OR c.form = $3) AND CASE WHEN $2::text IS "  \
    "NULL THEN $3 IS NOT NULL OR c.form NOT LIKE '%.%.%' OR c.closes_at > pg_catalog.now() "                 \
    "ELSE c.period = $2 END GROUP BY c.form) "

/*
 * Goes on with rows `c` of an api view for each place and window. The view is asked place by place and day by
 * day: so every condition reaches its tables.
 */
#define FROM_PLACES(view)                                                                                    \
    "FROM places AS p CROSS JOIN (SELECT DISTINCT w.first_day FROM windows AS w) AS y "                      \
    "CROSS JOIN LATERAL (SELECT v.* FROM " view " AS v WHERE v.district = p.district AND v.first_day = "     \
    "y.first_day OFFSET 0) AS c JOIN windows AS w ON w.form = c.form AND w.first_day = c.first_day "
#define PLACES_ORDER "ORDER BY NOT p.own, c.district, c.first_day DESC, c.form"

/*
 * Read the options, of which --indicator is one when `with_indicator`; connect; look whether what is named is
 * known. false: ctl->status is set.
 */
bool places_read(struct ctl *ctl, int argc, char **argv, bool with_indicator, struct places *ret_places)
    __attribute__((warn_unused_result));

/* The parameters; $5 is the indicator. Borrowed from argv. */
void places_values(const struct places *places, const char *values[PLACES_VALUES]);

#endif
