/*
 * What one row of area_schools.csv cannot know: whether another row has the same school in the same area at
 * the same time, and whether the school is where the area is.
 */
#include "import.h"

/* The second of two rows that overlap; it names the other one's days. */
#define OVERLAPS                                                                                             \
    "SELECT s.sheet, s.line, s.from_day, coalesce(o.from_day::text, '…') || ' – ' || "                   \
    "coalesce(o.until_day::text, '…') AS bound, o.line AS line FROM pg_temp.import_area_school AS s "      \
    "JOIN pg_temp.import_area_school AS o ON o.area = s.area AND o.school = s.school AND o.position < "      \
    "s.position WHERE coalesce(s.from_day, '-infinity') <= coalesce(o.until_day, 'infinity') AND "           \
    "coalesce(o.from_day, '-infinity') <= coalesce(s.until_day, 'infinity')"

/*
 * On the first day on which it counts, a school of an area that lies in one district is in that district or
 * below it. If it moves away later, its membership is for the bureau to end.
 */
#define ELSEWHERE                                                                                            \
    "SELECT s.sheet, s.line, s.school, h.district AS bound, a.district AS other "                            \
    "FROM pg_temp.import_area_school AS s JOIN yuebao.area AS a ON a.code = s.area "                         \
    "JOIN yuebao.school AS c ON c.code = s.school "                                                          \
    "CROSS JOIN LATERAL (SELECT yuebao.school_district_on(c.school, greatest(s.from_day, c.opened_on)) "     \
    "AS district) AS h WHERE a.district IS NOT NULL AND NOT EXISTS (SELECT FROM yuebao.district_ancestor "   \
    "AS b WHERE b.ancestor = a.district AND b.district = h.district)"

bool
import_check_areas(struct import *import)
{
    return import_forbid(import, OVERLAPS, "from_day", MSG_ctl_fault_area_overlap) &&
           import_forbid(import, ELSEWHERE, "school", MSG_ctl_fault_area_elsewhere);
}
