/*
 * What accepted reports forbid a file to say: whoever reads old figures must still know what they mean.
 */
#include "import.h"

/* ---- schools ------------------------------------------------------------------------------------ */

/* The last, or first, accepted report that new dates would put outside the school's life. */
#define LIFE_CUT(date, beyond, order)                                                                        \
    "SELECT s.sheet, s.line, s." date                                                                        \
    ", c.form || ' ' || c.period AS bound FROM pg_temp.import_school AS s "                                  \
    "JOIN yuebao.school AS d ON d.code = s.code CROSS JOIN LATERAL (SELECT f.code AS form, "                 \
    "yuebao.period_text(r.period, f.frequency) AS period FROM yuebao.report AS r "                           \
    "JOIN yuebao.form AS f USING (form) WHERE r.school = d.school AND r.district IN (SELECT m.district "     \
    "FROM yuebao.school_district AS m WHERE m.school = d.school) AND "                                       \
    "yuebao.period_last_day(r.period, f.frequency) " beyond " s." date " ORDER BY r.period " order           \
    " LIMIT 1) AS c WHERE s." date " IS DISTINCT FROM d." date

static bool
check_schools_past(struct import *import)
{
    return import_forbid(import, LIFE_CUT("opened_on", "<", "ASC"), "opened_on", MSG_ctl_fault_life_cut) &&
           import_forbid(import, LIFE_CUT("closed_on", ">", "DESC"), "closed_on", MSG_ctl_fault_life_cut) &&
           import_forbid(import,
                         "SELECT s.sheet, s.line, s.kind, d.kind AS bound FROM pg_temp.import_school AS s "
                         "JOIN yuebao.school AS d ON d.code = s.code WHERE d.kind <> s.kind AND "
                         "EXISTS (SELECT FROM yuebao.report AS r WHERE r.school = d.school)",
                         "kind", MSG_ctl_fault_kind_changed) &&
           import_forbid(
               import,
               "SELECT s.sheet, s.line, s.district, m.district AS bound FROM pg_temp.import_school AS s "
               "JOIN yuebao.school AS d ON d.code = s.code CROSS JOIN LATERAL (SELECT o.district "
               "FROM yuebao.school_district AS o WHERE o.school = d.school ORDER BY o.valid_from DESC "
               "LIMIT 1) AS m "
               "WHERE m.district <> s.district AND s.valid_from IS NULL",
               "district", MSG_ctl_fault_move_needs_day);
}

/* ---- indicators --------------------------------------------------------------------------------- */

/* Also of a month whose figures are put away: their totals are here. */
#define HAS_ANY                                                                                              \
    "(EXISTS (SELECT FROM yuebao.figure AS f WHERE f.indicator = d.indicator) OR EXISTS (SELECT FROM "       \
    "yuebao.total_folded AS f WHERE f.indicator = d.indicator AND yuebao.is_detached(f.period)))"

/* Rows of indicators.csv whose `column` differs from the table's and of which there are figures. */
#define HAS_FIGURES(differs, value, bound)                                                                   \
    "SELECT s.sheet, s.line, " value " AS value, " bound " AS bound FROM pg_temp.import_indicator AS s "     \
    "JOIN yuebao.indicator AS d ON d.code = s.indicator WHERE (" differs ") AND " HAS_ANY

/*
 * The same where there are none yet, but a window has opened that asks for them: it keeps its catalogue, so
 * they may come by that at any moment, and be read by this file.
 */
#define IS_ASKED(differs, value)                                                                             \
    "SELECT s.sheet, s.line, " value " AS value, o.bound FROM pg_temp.import_indicator AS s "                \
    "JOIN yuebao.indicator AS d ON d.code = s.indicator CROSS JOIN LATERAL (SELECT w.code || ' ' || "        \
    "yuebao.period_text(w.first_day, w.frequency) AS bound FROM yuebao.catalogue_form AS a "                 \
    "JOIN yuebao.calendar_window AS w ON w.catalogue = a.catalogue AND w.form = a.form "                     \
    "WHERE a.indicator = d.indicator AND w.opened ORDER BY w.first_day DESC, w.code LIMIT 1) AS o "          \
    "WHERE (" differs ") AND NOT " HAS_ANY

#define SCALE(row) row ".measure || ', ' || " row ".decimals || ', ' || " row ".denominator_decimals"

/* How figures add up is worked out when totals are read: all that were published would read otherwise. */
static bool
check_totals_past(struct import *import)
{
    return import_forbid(import,
                         HAS_FIGURES("s.over_schools <> d.over_schools", "s.over_schools", "d.over_schools"),
                         "over_schools", MSG_ctl_fault_restated) &&
           import_forbid(import, HAS_FIGURES("s.over_time <> d.over_time", "s.over_time", "d.over_time"),
                         "over_time", MSG_ctl_fault_restated);
}

/* What is stored is scaled by the decimals and means what measure and unit say: none may change under it. */
static bool
check_indicators_past(struct import *import)
{
    return import_forbid(import, HAS_FIGURES(SCALE("s") " <> " SCALE("d"), SCALE("s"), SCALE("d")), "measure",
                         MSG_ctl_fault_scale_changed) &&
           import_forbid(import, HAS_FIGURES("s.unit <> d.unit", "s.unit", "d.unit"), "unit",
                         MSG_ctl_fault_unit_changed) &&
           import_forbid(import, IS_ASKED(SCALE("s") " <> " SCALE("d"), SCALE("s")), "measure",
                         MSG_ctl_fault_asked_already) &&
           import_forbid(import, IS_ASKED("s.unit <> d.unit", "s.unit"), "unit",
                         MSG_ctl_fault_asked_already) &&
           (import->restate || check_totals_past(import));
}

bool
import_check_past(struct import *import, enum import_kind kind)
{
    if (kind == SCHOOLS)
        return check_schools_past(import);
    return kind != INDICATORS || check_indicators_past(import);
}
