/*
 * What one row of area_schools.csv cannot know: whether another row has the same school in the same area at
 * the same time, and whether the school is where the area is. And what one row of areas.csv cannot: whether
 * the schools that the area has already are in its new district.
 */
#include "db.h"
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
#define IS_ELSEWHERE(member)                                                                                 \
    "CROSS JOIN LATERAL (SELECT yuebao.school_district_on(c.school, greatest(" member ".from_day, "          \
    "c.opened_on)) AS district) AS h WHERE a.district IS NOT NULL AND NOT EXISTS (SELECT FROM "              \
    "yuebao.district_ancestor AS b WHERE b.ancestor = a.district AND b.district = h.district)"

#define ELSEWHERE                                                                                            \
    "SELECT s.sheet, s.line, s.school, h.district AS bound, a.district AS other "                            \
    "FROM pg_temp.import_area_school AS s JOIN yuebao.area AS a ON a.code = s.area "                         \
    "JOIN yuebao.school AS c ON c.code = s.school " IS_ELSEWHERE("s")

#define MOVED                                                                                                \
    "CREATE TEMPORARY TABLE import_area_moved ON COMMIT DROP AS SELECT s.area FROM pg_temp.import_area AS "  \
    "s JOIN yuebao.area AS a ON a.code = s.area WHERE a.district IS DISTINCT FROM s.district"

/* One school an area, the first. */
#define LEFT_BEHIND                                                                                          \
    "SELECT DISTINCT ON (s.sheet, s.line) s.sheet, s.line, s.district, c.code AS school, h.district AS "     \
    "bound FROM pg_temp.import_area AS s JOIN pg_temp.import_area_moved AS o ON o.area = s.area "            \
    "JOIN yuebao.area AS a ON a.code = s.area JOIN yuebao.area_school AS m ON m.area = a.area "              \
    "JOIN yuebao.school AS c ON c.school = m.school " IS_ELSEWHERE("m") " ORDER BY s.sheet, s.line, c.code"

bool
import_check_areas(struct import *import)
{
    return import_forbid(import, OVERLAPS, "from_day", MSG_ctl_fault_area_overlap) &&
           import_forbid(import, ELSEWHERE, "school", MSG_ctl_fault_area_elsewhere);
}

bool
import_note_moved_areas(struct import *import)
{
    return db_do_plain(import->ctl, MOVED);
}

bool
import_check_moved_areas(struct import *import)
{
    return !import_has(import, AREAS) ||
           import_forbid(import, LEFT_BEHIND, "district", MSG_ctl_fault_area_left_behind);
}
