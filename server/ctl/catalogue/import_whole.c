/*
 * What the tables must be as a whole, whichever files changed them: asked when all rows are written and
 * before anything is kept.
 */
#include "import.h"

/*
 * An error refuses a report by that report alone, so some form must hold all its indicators. One that no form
 * asks regularly may meet the others on a form that is sent once.
 */
#define MIXED_RULES                                                                                          \
    "WITH mixed AS (SELECT r.rule, r.code FROM yuebao.rule AS r WHERE r.severity = 'error' AND NOT EXISTS "  \
    "(SELECT FROM yuebao.rule_term AS t WHERE t.rule = r.rule AND NOT EXISTS (SELECT "                       \
    "FROM yuebao.form_indicator AS i JOIN yuebao.form AS f USING (form) WHERE i.indicator = t.indicator "    \
    "AND f.name = '')) AND NOT EXISTS (SELECT FROM yuebao.form AS f WHERE f.name = '' AND NOT EXISTS "       \
    "(SELECT FROM yuebao.rule_term AS t WHERE t.rule = r.rule AND NOT EXISTS (SELECT "                       \
    "FROM yuebao.form_indicator AS i WHERE i.form = f.form AND i.indicator = t.indicator)))) "

static bool
check_rules(struct import *import)
{
    return import_forbid(import,
                         MIXED_RULES "SELECT s.sheet, s.line, s.severity FROM mixed AS m "
                                     "JOIN pg_temp.import_rule AS s ON s.rule = m.code",
                         "severity", MSG_ctl_fault_rule_mixed) &&
           import_forbid(import,
                         MIXED_RULES
                         "SELECT DISTINCT ON (m.code) s.sheet, s.line, s.frequency, m.code AS rule "
                         "FROM mixed AS m JOIN yuebao.rule_term AS t USING (rule) "
                         "JOIN yuebao.indicator AS i ON i.indicator = t.indicator "
                         "JOIN pg_temp.import_indicator AS s ON s.indicator = i.code "
                         "WHERE NOT EXISTS (SELECT FROM pg_temp.import_rule AS g "
                         "WHERE g.rule = m.code) ORDER BY m.code, s.sheet, s.line",
                         "frequency", MSG_ctl_fault_rule_torn);
}

bool
import_check_whole(struct import *import)
{
    return check_rules(import) && import_check_moved_areas(import);
}

/* One fault an indicator, at its row; at none when its row is not in these files. */
bool
import_check_asked(struct import *import)
{
    return import_forbid(
        import,
        "SELECT DISTINCT ON (t.indicator) coalesce(s.sheet, 0), coalesce(s.line, 0), "
        "coalesce(s.frequency, t.indicator), t.form || ' ' || t.period AS one, "
        "t.other_form || ' ' || t.other_period AS other, "
        "max(t.works_from) OVER (PARTITION BY t.indicator) AS from FROM yuebao.asked_twice() AS t "
        "LEFT JOIN pg_temp.import_indicator AS s ON s.indicator = t.indicator "
        "ORDER BY t.indicator, t.form, t.other_form",
        "frequency", MSG_ctl_fault_asked_twice);
}
