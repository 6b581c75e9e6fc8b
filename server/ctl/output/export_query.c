#include <stdlib.h>

#include "below.h"
#include "export.h"

/*
 * District by district and period by period, in the order in which figures are stored: the database sorts no
 * more than one of these at a time, the first row comes at once, and nothing grows.
 */
#define SLOTS                                                                                                \
    "(SELECT d.district, c.first_day, c.frequency FROM api.district AS d CROSS JOIN "                        \
    "(SELECT DISTINCT k.first_day, k.frequency FROM api.calendar AS k WHERE ($2::text IS NULL OR k.form = "  \
    "$2) AND ($3::text IS NULL OR k.period = $3) AND ($4::date IS NULL OR k.first_day >= $4) AND "           \
    "($5::date IS NULL OR k.last_day <= $5)) AS c WHERE " IS_BELOW(                                          \
        "d.district") " ORDER BY d.district, c.first_day, c.frequency) AS s"

/* OFFSET 0 keeps the planner from reading a whole table for it. */
#define IN_SLOT(view, frequency, more)                                                                       \
    " CROSS JOIN LATERAL (SELECT w.* FROM " view " AS w WHERE w.district = s.district AND w.first_day = "    \
    "s.first_day AND " frequency " = s.frequency AND ($2::text IS NULL OR w.form = $2)" more                 \
    " OFFSET 0) AS v"
#define OF_INDICATOR " AND ($6::text IS NULL OR w.indicator = $6)"
#define OF_REPORT    " AND $6::text IS NULL"
#define ORDERED      " ORDER BY s.district, s.first_day, s.frequency, "

/* ---- SDMX --------------------------------------------------------------------------------------- */

#define SDMX_HEAD(flow)                                                                                      \
    "'dataflow' AS \"STRUCTURE\", '" SDMX_AGENCY ":" flow "(" SDMX_VERSION ")' AS \"STRUCTURE_ID\", "        \
    "'I' AS \"ACTION\", CASE v.frequency WHEN 'daily' THEN 'D' WHEN 'weekly' THEN 'W' WHEN 'monthly' THEN "  \
    "'M' WHEN 'quarterly' THEN 'Q' WHEN 'termly' THEN 'S' ELSE 'A' END AS \"FREQ\", "                        \
    "v.district AS \"DISTRICT\", "
#define SDMX_DIMENSIONS                                                                                      \
    "v.kind AS \"KIND\", replace(v.form, '.', '_') AS \"FORM\", v.indicator AS \"INDICATOR\", "              \
    "v.period AS \"TIME_PERIOD\", "
/* A quotient is what its unit speaks of; what it was made of stands beside it. */
#define OBS_VALUE "CASE WHEN v.denominator IS NULL THEN v.value ELSE v.ratio END"
#define SDMX_OBSERVATION(why)                                                                                \
    OBS_VALUE                                                                                                \
    " AS \"OBS_VALUE\", v.unit AS \"UNIT_MEASURE\", CASE WHEN v.value IS NULL THEN NULL WHEN v.denominator " \
    "IS NULL THEN scale(v.value) ELSE 6 END AS \"DECIMALS\", "                                               \
    "CASE WHEN " OBS_VALUE " IS NOT NULL THEN 'A' WHEN v.value IS NOT NULL THEN 'M' ELSE " why               \
    " END AS \"OBS_STATUS\", CASE WHEN v.denominator IS NOT NULL THEN v.value END AS \"NUMERATOR\", "        \
    "v.denominator AS \"DENOMINATOR\", "
#define SDMX_TAIL "CASE v.frequency WHEN 'termly' THEN '--02-01' END AS \"REPORTING_YEAR_START_DAY\""

static const char sdmx_figures[] =
    SDMX_HEAD("FIGURES") "v.school AS \"SCHOOL\", " SDMX_DIMENSIONS SDMX_OBSERVATION(
        "CASE v.missing_en WHEN 'not applicable' THEN 'M' WHEN 'not collected' THEN 'L' ELSE "
        "'O' END") "CASE WHEN v.missing_en IS NOT NULL THEN upper(replace(v.missing_en, ' ', "
                   "'_')) WHEN v.denominator = 0 "
                   "THEN 'ZERO_DENOMINATOR' END AS \"MISSING_REASON\", v.revision AS "
                   "\"REVISION\", " SDMX_TAIL;

static const char sdmx_totals[] = SDMX_HEAD("TOTALS") SDMX_DIMENSIONS SDMX_OBSERVATION(
    "'O'") "CASE WHEN v.value IS NULL THEN 'NO_SCHOOL' WHEN v.denominator = 0 THEN 'ZERO_DENOMINATOR' END AS "
           "\"MISSING_REASON\", v.schools AS \"SCHOOLS\", v.excused AS \"EXCUSED\", " SDMX_TAIL;

/* ---- ADX ---------------------------------------------------------------------------------------- */

/* Who reads it adds up over districts and periods: so a mean is a sum and the schools behind it. */
#define ADX_CELLS                                                                                            \
    "v.district AS \"orgUnit\", to_char(v.first_day, 'YYYY-MM-DD') || CASE v.frequency WHEN 'daily' THEN "   \
    "'/P1D' WHEN 'weekly' THEN '/P7D' WHEN 'monthly' THEN '/P1M' WHEN 'quarterly' THEN '/P3M' WHEN "         \
    "'termly' THEN '/P6M' ELSE '/P1Y' END AS period, v.form AS \"dataSet\", e.element AS \"dataElement\", "  \
    "e.value"
#define ADX_ELEMENTS                                                                                         \
    " CROSS JOIN LATERAL (VALUES (CASE v.over_schools WHEN 'ratio_of_sums' THEN v.indicator || '.num' "      \
    "WHEN 'mean' THEN v.indicator || '.sum' ELSE v.indicator END, v.value), "                                \
    "(CASE v.over_schools WHEN 'ratio_of_sums' THEN v.indicator || '.den' WHEN 'mean' THEN v.indicator || "  \
    "'.schools' END, CASE v.over_schools WHEN 'ratio_of_sums' THEN v.denominator ELSE v.schools END)) AS e " \
    "(element, value) WHERE e.element IS NOT NULL AND v.value IS NOT NULL"

/* ---- all together ------------------------------------------------------------------------------- */

static const char *
cells_of(enum export_subject subject, enum export_format format)
{
    if (format == EXPORT_ADX)
        return ADX_CELLS;
    if (format == EXPORT_SDMX)
        return subject == EXPORT_FIGURES ? sdmx_figures : sdmx_totals;
    return "v.*";
}

static const char *
rows_of(enum export_subject subject, enum export_format format)
{
    if (format == EXPORT_ADX)
        return IN_SLOT("api.own_total", "w.frequency", OF_INDICATOR) ADX_ELEMENTS ORDERED "v.form, e.element";
    switch (subject) {
    case EXPORT_FIGURES:
        return IN_SLOT("api.figure", "w.frequency", OF_INDICATOR) ORDERED "v.school, v.indicator";
    case EXPORT_TOTALS:
        return IN_SLOT("api.district_total", "w.frequency", OF_INDICATOR) ORDERED "v.form, v.indicator";
    case EXPORT_REPORTS:
        return IN_SLOT("api.report", "split_part(w.form, '.', 2)", OF_REPORT) ORDERED
            "v.school, v.form, v.revision";
    }
    abort();
}

char *
export_query(enum export_subject subject, enum export_format format)
{
    char *query = NULL;

    if (asprintf(&query, WITH_BELOW "SELECT %s FROM " SLOTS "%s", cells_of(subject, format),
                 rows_of(subject, format)) < 0)
        abort();
    return query;
}
