/*
 * places: where a question is asked, and the options and the beginning of the query of one about how whole a
 * district's periods are.
 *
 * Asked is one district with all below it, with --below also each district right under it; without --district
 * the uppermost; or, with --area, the schools of one area. One period; without --period the newest that has
 * opened of each form, of a one-off form only while it is not closed.
 */
#ifndef YUEBAOCTL_PLACES_H
#define YUEBAOCTL_PLACES_H

#include "ctl.h"

/* A district with all below it, or an area; neither: everywhere. */
struct place {
    const char *district, *area; /* NULL: not given */
};
#define PLACE_OPTIONS(place)                                                                                 \
    {"district", &(place).district, NULL},                                                                   \
    {                                                                                                        \
        "area", &(place).area, NULL                                                                          \
    }

/* Whether it can be one place, by its shape alone; whether the database has it. false: reported. */
bool place_is_one(struct ctl *ctl, const struct place *place) __attribute__((warn_unused_result));
bool place_is_known(struct ctl *ctl, const struct place *place) __attribute__((warn_unused_result));
/* The same for totals: where none is named, there must be an uppermost district that the login sees whole. */
bool place_adds_up(struct ctl *ctl, const struct place *place) __attribute__((warn_unused_result));

struct places {
    struct place where;
    const char *period, *year, *form, *indicator; /* NULL: not given */
    bool below;
};

/*
 * Begins a query with `places` (district, own: whether it is the one that was asked for) and `windows` (form,
 * first_day). Its parameters $1 to $7: district, period, form, below, indicator, area, year.
 */
#define WITH_PLACES                                                                                          \
    "WITH asked AS MATERIALIZED (SELECT d.district FROM api.district AS d WHERE CASE WHEN $1::integer IS "   \
    "NULL THEN d.uppermost ELSE d.district = $1 END), "                                                      \
    "places AS MATERIALIZED (SELECT a.district, true AS own FROM asked AS a UNION ALL SELECT d.district, "   \
    "false FROM api.district AS d WHERE $4::boolean AND d.parent IN (SELECT a.district FROM asked AS a)), "  \
    "windows AS MATERIALIZED (SELECT n.form, n.first_day FROM (SELECT c.form, c.first_day, "                 \
    "c.first_day = max(c.first_day) OVER (PARTITION BY c.form) AS newest FROM api.calendar AS c "            \
    "WHERE c.opens_at <= pg_catalog.now() AND ($3::text IS NULL OR c.form = $3) AND CASE WHEN $7::text IS "  \
    "NOT NULL THEN pg_catalog.left(c.period, 4) = $7 WHEN $2::text IS "                                      \
    "NULL THEN $3 IS NOT NULL OR c.form NOT LIKE '%.%.%' OR c.closes_at > pg_catalog.now() "                 \
    "ELSE c.period = $2 END) AS n WHERE n.newest OR $7 IS NOT NULL) "

/*
 * Goes on with rows `c` of an api view for each place and window. The view is asked place by place and day by
 * day: so every condition reaches its tables.
 */
#define FROM_PLACES(view)                                                                                    \
    "FROM places AS p CROSS JOIN (SELECT DISTINCT w.first_day FROM windows AS w) AS y "                      \
    "CROSS JOIN LATERAL (SELECT v.* FROM " view " AS v WHERE v.district = p.district AND v.first_day = "     \
    "y.first_day OFFSET 0) AS c JOIN windows AS w ON w.form = c.form AND w.first_day = c.first_day "
/* The same of the area that was asked for, of a view of areas. */
#define FROM_AREA(view)                                                                                      \
    "FROM (SELECT DISTINCT w.first_day FROM windows AS w) AS y CROSS JOIN LATERAL (SELECT v.* "              \
    "FROM " view " AS v WHERE v.area = $6 AND v.first_day = y.first_day OFFSET 0) AS c "                     \
    "JOIN windows AS w ON w.form = c.form AND w.first_day = c.first_day "
#define PLACES_ORDER "ORDER BY NOT p.own, c.district, c.first_day DESC, c.form"
#define AREA_ORDER   "ORDER BY c.first_day DESC, c.form"

/*
 * Read the options, of which --indicator is one when `with_indicator`; connect; look whether what is named is
 * known. false: ctl->status is set.
 */
bool places_read(struct ctl *ctl, int argc, char **argv, bool with_indicator, struct places *ret_places)
    __attribute__((warn_unused_result));

/* For programs; for people in Chinese; in English. */
#define PLACES_SHAPES 3

/* Ask the query for this place and reader, of districts or of an area. NULL: reported. */
PGresult *places_ask(struct ctl *ctl, const struct places *places,
                     const char *const in_districts[PLACES_SHAPES], const char *const in_area[PLACES_SHAPES])
    __attribute__((warn_unused_result));

#endif
