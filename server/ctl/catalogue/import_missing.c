/*
 * What the tables hold and the files do not name. It stays unless --remove-missing says otherwise: a district
 * may keep its own rules in a file of its own. A rule, a resource of balance.csv or an area goes for good, as
 * do the schools of an area that area_schools.csv does not name at all; a threshold judges no more, and its
 * alerts are cleared; an indicator keeps its number and its old figures, but no regular form asks for it any
 * more.
 */
#include <stdlib.h>

#include "db.h"
#include "import.h"

#define UNNAMED_RULES                                                                                        \
    "FROM yuebao.rule AS r WHERE NOT EXISTS (SELECT FROM pg_temp.import_rule AS s WHERE s.rule = r.code)"

#define UNNAMED_INDICATORS                                                                                   \
    "FROM yuebao.form_indicator AS d USING yuebao.form AS f, yuebao.indicator AS i WHERE f.form = d.form "   \
    "AND f.name = '' AND i.indicator = d.indicator AND NOT EXISTS (SELECT FROM pg_temp.import_indicator AS " \
    "s WHERE s.indicator = i.code) "

struct missing {
    enum import_kind kind;
    const char *count;     /* a query of one number */
    const char *remove[2]; /* NULL: no more */
    enum message one, many;
};

#define UNNAMED_BALANCE                                                                                      \
    "FROM yuebao.balance_indicator AS b WHERE NOT EXISTS (SELECT FROM pg_temp.import_balance AS s "          \
    "WHERE s.balance = b.balance)"

#define UNNAMED_AREAS                                                                                        \
    "FROM yuebao.area AS a WHERE NOT EXISTS (SELECT FROM pg_temp.import_area AS s WHERE s.area = a.code)"

#define UNNAMED_MEMBERS                                                                                      \
    "FROM yuebao.area_school AS m WHERE m.area IN (SELECT a.area FROM yuebao.area AS a WHERE NOT EXISTS "    \
    "(SELECT FROM pg_temp.import_area_school AS s WHERE s.area = a.code))"
#define UNNAMED_THRESHOLDS                                                                                   \
    "WHERE t.active AND NOT EXISTS (SELECT FROM pg_temp.import_threshold AS s WHERE s.threshold = t.code)"

static const struct missing missing[] = {
    {RULES,
     "SELECT count(*) " UNNAMED_RULES,
     {"DELETE FROM yuebao.rule_term AS t WHERE t.rule IN (SELECT r.rule " UNNAMED_RULES ")",
      "DELETE " UNNAMED_RULES},
     MSG_ctl_import_unnamed_rule,
     MSG_ctl_import_unnamed_rules},
    {INDICATORS,
     "SELECT count(DISTINCT i.indicator) FROM yuebao.form_indicator AS d JOIN yuebao.form AS f USING (form) "
     "JOIN yuebao.indicator AS i USING (indicator) WHERE f.name = '' AND NOT EXISTS (SELECT "
     "FROM pg_temp.import_indicator AS s WHERE s.indicator = i.code)",
     {"DELETE " UNNAMED_INDICATORS, NULL},
     MSG_ctl_import_unnamed_indicator,
     MSG_ctl_import_unnamed_indicators},
    {BALANCE,
     "SELECT count(*) " UNNAMED_BALANCE,
     {"DELETE " UNNAMED_BALANCE, NULL},
     MSG_ctl_import_unnamed_balance_one,
     MSG_ctl_import_unnamed_balance},
    {AREAS,
     "SELECT count(*) " UNNAMED_AREAS,
     {"DELETE FROM yuebao.area_school AS m WHERE m.area IN (SELECT a.area " UNNAMED_AREAS ")",
      "DELETE " UNNAMED_AREAS},
     MSG_ctl_import_unnamed_area,
     MSG_ctl_import_unnamed_areas},
    {AREA_SCHOOLS,
     "SELECT count(*) " UNNAMED_MEMBERS,
     {"DELETE " UNNAMED_MEMBERS, NULL},
     MSG_ctl_import_unnamed_member,
     MSG_ctl_import_unnamed_members},
    {THRESHOLDS,
     "SELECT count(*) FROM yuebao.threshold AS t " UNNAMED_THRESHOLDS,
     {"UPDATE yuebao.threshold AS t SET active = false " UNNAMED_THRESHOLDS, NULL},
     MSG_ctl_import_unnamed_threshold,
     MSG_ctl_import_unnamed_thresholds},
};

static bool
count(struct import *import, const char *sql, long *ret_count)
{
    PGresult *result = db_query(import->ctl, sql, 0, NULL);

    if (result != NULL)
        *ret_count = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return result != NULL;
}

bool
import_leave_or_remove(struct import *import, enum import_kind kind, struct import_counts *counts)
{
    bool ok = true;

    for (size_t m = 0; ok && m < sizeof(missing) / sizeof(missing[0]); m++) {
        if (missing[m].kind != kind)
            continue;
        ok = count(import, missing[m].count, &counts->unnamed);
        for (size_t i = 0; ok && import->remove_missing && i < 2 && missing[m].remove[i] != NULL; i++)
            ok = db_do_plain(import->ctl, missing[m].remove[i]);
    }
    if (ok && import->remove_missing)
        counts->removed += counts->unnamed;
    return ok;
}

void
import_say_unnamed(struct import *import, const struct import_counts counts[IMPORT_KINDS])
{
    for (size_t m = 0; !import->remove_missing && m < sizeof(missing) / sizeof(missing[0]); m++)
        if (counts[missing[m].kind].unnamed > 0)
            ctl_say_count(import->ctl, counts[missing[m].kind].unnamed, missing[m].one, missing[m].many);
}
