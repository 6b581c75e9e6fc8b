/*
 * check-totals: what is kept so that nobody need count it. The totals of districts below, against those
 * districts' own, which audit_totals() held against the ledger; what is owed, against the slots; and what was
 * noted of a window, against both and the figures. A note by which fewer came than stand in the ledger is not
 * used any more.
 */
#include <stdlib.h>

#include "audit.h"
#include "db.h"

/* Both sides in one sum, in which what is kept counts and what it ought to be counts against it. */
#define AMOUNTS(side)                                                                                        \
    "concat_ws('/', coalesce(sum(t.schools) FILTER (WHERE " side "), 0), "                                   \
    "coalesce(sum(t.excused) FILTER (WHERE " side "), 0), "                                                  \
    "coalesce(sum(t.value) FILTER (WHERE " side "), 0), "                                                    \
    "coalesce(sum(t.denominator) FILTER (WHERE " side "), 0))"

/* clang-format off */
static const char above_sql[] =
    "SELECT t.district, f.code, yuebao.period_text(t.period, f.frequency), t.indicator, i.code, "
    AMOUNTS("t.kept") ", " AMOUNTS("NOT t.kept") " "
    "FROM (SELECT s.district, s.period, s.form, s.indicator, s.schools, s.excused, s.value, s.denominator, true AS kept "
    "      FROM yuebao.total_above AS s "
    "      UNION ALL "
    "      SELECT a.ancestor, s.period, s.form, s.indicator, s.schools, s.excused, s.value, s.denominator, false "
    "      FROM yuebao.total_folded AS s JOIN yuebao.district_ancestor AS a ON a.district = s.district AND a.distance > 0) AS t "
    "JOIN yuebao.form AS f ON f.form = t.form LEFT JOIN yuebao.indicator AS i ON i.indicator = t.indicator "
    "WHERE " AUDIT_IN_SCOPE("t") " "
    "GROUP BY t.district, t.period, f.code, f.frequency, t.indicator, i.code "
    "HAVING " AMOUNTS("t.kept") " <> " AMOUNTS("NOT t.kept") " ORDER BY t.district, t.period, f.code, t.indicator";

static const char owed_sql[] =
    "SELECT t.district, f.code, yuebao.period_text(t.period, f.frequency), 0, NULL, "
    "       coalesce(sum(t.slots) FILTER (WHERE t.kept), 0)::text, coalesce(sum(t.slots) FILTER (WHERE NOT t.kept), 0)::text "
    "FROM (SELECT o.district, o.period, o.form, o.slots, true AS kept FROM yuebao.owed_within AS o "
    "      UNION ALL SELECT o.district, o.period, o.form, 1, false FROM yuebao.slot AS o "
    "      UNION ALL SELECT a.ancestor, o.period, o.form, o.slots, false FROM yuebao.owed AS o "
    "                JOIN yuebao.district_ancestor AS a ON a.district = o.district AND a.distance > 0) AS t "
    "JOIN yuebao.form AS f ON f.form = t.form "
    "WHERE " AUDIT_IN_SCOPE("t") " "
    "GROUP BY t.district, t.period, f.code, f.frequency "
    "HAVING sum(CASE WHEN t.kept THEN t.slots ELSE -t.slots END) <> 0 ORDER BY t.district, t.period, f.code";

#define SCHOOLS(list) "coalesce((SELECT string_agg(s.code, ', ' ORDER BY s.code) FROM yuebao.school AS s WHERE s.school = ANY (" list ")), '-')"
#define NOTE(t)       "concat_ws(' / ', " t ".slots, " t ".came, " SCHOOLS(t ".absent") ", " SCHOOLS(t ".late") ")"

static const char noted_sql[] =
    "SELECT n.district, f.code, yuebao.period_text(n.period, f.frequency), 0, NULL, " NOTE("n") ", " NOTE("t") " "
    "FROM yuebao.window_note AS n "
    "JOIN yuebao.form AS f ON f.form = n.form "
    "LEFT JOIN (SELECT coalesce(o.district, r.district) AS district, coalesce(o.period, r.period) AS period, coalesce(o.form, r.form) AS form, "
    "                  count(o.school)::integer AS slots, count(r.school)::integer AS came, "
    "                  array_agg(o.school ORDER BY o.school) FILTER (WHERE r.school IS NULL) AS absent, "
    "                  array_agg(o.school ORDER BY o.school) FILTER (WHERE o.school IS NOT NULL AND r.late) AS late "
    "           FROM (SELECT o.district, o.period, o.form, o.school FROM yuebao.slot AS o) AS o "
    "           FULL JOIN (SELECT l.district, l.period, l.form, l.school, l.late FROM yuebao.report AS l WHERE l.revision = 1) AS r "
    "               ON r.district = o.district AND r.period = o.period AND r.form = o.form AND r.school = o.school "
    "           GROUP BY 1, 2, 3) AS w ON w.district = n.district AND w.period = n.period AND w.form = n.form "
    "CROSS JOIN LATERAL (SELECT coalesce(w.slots, 0) AS slots, coalesce(w.came, 0) AS came, coalesce(w.absent, '{}') AS absent, "
    "                           coalesce(w.late, '{}') AS late) AS t "
    "WHERE " AUDIT_IN_SCOPE("n") " AND n.came >= t.came AND (n.slots, n.came, n.absent, n.late) IS DISTINCT FROM (t.slots, t.came, t.absent, t.late) "
    "ORDER BY n.district, n.period, f.code";

/* Figures that are put away cannot be looked at. */
static const char greatest_sql[] =
    "SELECT n.district, f.code, yuebao.period_text(n.period, f.frequency), n.indicator, i.code, "
    "       trim_scale(n.value * 10::numeric ^ -i.decimals), trim_scale(g.value * 10::numeric ^ -i.decimals) "
    "FROM yuebao.greatest_note AS n "
    "JOIN yuebao.form AS f ON f.form = n.form JOIN yuebao.indicator AS i ON i.indicator = n.indicator "
    "CROSS JOIN LATERAL (SELECT count(*) AS reports, array_agg(r.school) FILTER (WHERE r.revision = 1) AS schools FROM yuebao.report AS r "
    "                    WHERE r.district = n.district AND r.period = n.period AND r.form = n.form OFFSET 0) AS l "
    "CROSS JOIN LATERAL (SELECT max(v.value) AS value FROM yuebao.figure AS v "
    "                    WHERE v.district = n.district AND v.period = n.period AND v.school = ANY (l.schools) AND v.form = n.form "
    "                      AND v.indicator = n.indicator OFFSET 0) AS g "
    "WHERE " AUDIT_IN_SCOPE("n") " AND n.reports >= l.reports AND (n.reports, n.value) IS DISTINCT FROM (l.reports, g.value) "
    "  AND NOT EXISTS (SELECT FROM yuebao.detached AS a WHERE a.month = date_trunc('month', n.period::timestamp)::date) "
    "ORDER BY n.district, n.period, f.code, n.indicator";
/* Only what api.outliers_in would read: notes that are true, of reports that stand, of schools that have not moved. */
#define UNLIKE(rows) "(SELECT string_agg(s.code || ' ' || i.code, ', ' ORDER BY s.code, i.code) FROM " rows " AS u (school, indicator) " \
                     "JOIN yuebao.school AS s ON s.school = u.school JOIN yuebao.indicator AS i ON i.indicator = u.indicator WHERE u.school = ANY (k.schools))"

static const char past_sql[] =
    "SELECT n.district, f.code, yuebao.period_text(n.period, f.frequency), 0, NULL, t.past || ' / ' || coalesce(t.noted, '-'), l.past || ' / ' || coalesce(t.found, '-') "
    "FROM yuebao.past_note AS n "
    "JOIN yuebao.form AS f ON f.form = n.form "
    "CROSS JOIN LATERAL (SELECT count(*) AS past FROM yuebao.report AS r "
    "                    WHERE r.district = n.district AND r.period = ANY (n.sources) AND r.form = n.form OFFSET 0) AS l "
    "CROSS JOIN LATERAL (SELECT array_agg(u.school) AS schools, array_agg(r.district) AS districts "
    "                    FROM unnest(n.schools, n.revisions) AS u (school, revision) "
    "                    JOIN yuebao.reports_of(n.district, n.period, n.form) AS r ON r.district = n.district AND r.school = u.school AND r.revision = u.revision "
    "                    WHERE NOT EXISTS (SELECT FROM yuebao.school_district AS m WHERE m.school = u.school AND m.district <> n.district)) AS k "
    "CROSS JOIN LATERAL (SELECT n.past, " UNLIKE("unnest(n.far_schools, n.far_indicators)") " AS noted, "
    "                           " UNLIKE("(SELECT r.school, r.indicator FROM yuebao.far_from_past(n.form, n.period, k.districts, k.schools) AS r)") " AS found) AS t "
    "WHERE " AUDIT_IN_SCOPE("n") " AND n.sources = ARRAY(SELECT s.source FROM yuebao.past_sources(n.form, n.period) AS s) AND n.past >= l.past "
    "  AND NOT EXISTS (SELECT FROM yuebao.detached AS a WHERE a.month = date_trunc('month', n.period::timestamp)::date) "
    "  AND (n.past, t.noted) IS DISTINCT FROM (l.past, t.found) "
    "ORDER BY n.district, n.period, f.code";
/* clang-format on */

enum { DISTRICT, FORM, PERIOD, INDICATOR, CODE, FOUND, EXPECTED };

static void
tell(struct audit *a, const PGresult *rows, int r, const void *about)
{
    const enum difference *difference = about;

    a->place = (struct audit_place){
        .district = PQgetvalue(rows, r, DISTRICT),
        .form = PQgetvalue(rows, r, FORM),
        .period = PQgetvalue(rows, r, PERIOD),
        .indicator = db_cell(rows, r, CODE),
    };
    listener_tell(&a->listener, *difference, (uint32_t)strtoul(PQgetvalue(rows, r, INDICATOR), NULL, 10),
                  PQgetvalue(rows, r, FOUND), PQgetvalue(rows, r, EXPECTED));
}

bool
audit_counts(struct audit *a)
{
    static const enum difference above = DIFFERENCE_above, owed = DIFFERENCE_owed, noted = DIFFERENCE_noted,
                                 greatest = DIFFERENCE_greatest, past = DIFFERENCE_past;

    return audit_walk(a, above_sql, tell, &above) && audit_walk(a, owed_sql, tell, &owed) &&
           audit_walk(a, noted_sql, tell, &noted) && audit_walk(a, greatest_sql, tell, &greatest) &&
           audit_walk(a, past_sql, tell, &past);
}
