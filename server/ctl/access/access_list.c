#include <string.h>

#include "access.h"
#include "db.h"
#include "listing.h"

enum { KIND = 1, WHAT, NAME, STATE = 6 };

static const struct output_column columns[] = {
    {"role", MSG_ctl_col_login, CELL_TEXT, {0}},
    {"kind", MSG_ctl_col_access_kind, CELL_TEXT, {0}},
    {"what", MSG_ctl_col_sees, CELL_TEXT, {0}},
    {"name", MSG_ctl_col_name, CELL_TEXT, {.widest = 40, .least = 12}},
    {"from_day", MSG_ctl_col_from_day, CELL_TEXT, {.leaves = 2}},
    {"until_day", MSG_ctl_col_until_day, CELL_TEXT, {.leaves = 3}},
    {"state", MSG_ctl_col_state, CELL_TEXT, {0}},
    {"made_by", MSG_ctl_col_granted_by, CELL_TEXT, {.leaves = 1}},
};

/* Why it sees nothing comes before what it would see. */
#define STATE_OF                                                                                             \
    "CASE WHEN r.oid IS NULL THEN 'no_login' WHEN NOT r.rolcanlogin OR NOT pg_catalog.pg_has_role(r.oid, "   \
    "'yuebao_reader', 'MEMBER') THEN 'no_reader' WHEN a.valid THEN 'valid' "                                 \
    "WHEN a.from_day > (pg_catalog.now() AT TIME ZONE 'Asia/Shanghai')::date THEN 'later' ELSE 'over' END"
#define FROM_ACCESS                                                                                          \
    "FROM api.access AS a LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role "                         \
    "WHERE $1::text IS NULL OR a.role = $1 ORDER BY a.role, a.indicator, a.district, a.school"

static void
in_words(struct ctl *ctl, const PGresult *result, int row, const char **cells, char words[LISTING_WORDS_MAX])
{
    static const struct {
        const char *word;
        enum message message;
    } all[] = {{"official", MSG_ctl_access_official},
               {"inspector", MSG_ctl_access_inspector},
               {"department", MSG_ctl_access_department},
               {"auditor", MSG_ctl_access_auditor},
               {"valid", MSG_ctl_access_valid},
               {"later", MSG_ctl_access_later},
               {"over", MSG_ctl_access_over},
               {"no_login", MSG_ctl_access_no_login},
               {"no_reader", MSG_ctl_access_no_reader}};

    (void)words;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i].word, PQgetvalue(result, row, KIND)) == 0)
            cells[KIND] = message_text(ctl->language, all[i].message);
        if (strcmp(all[i].word, PQgetvalue(result, row, STATE)) == 0)
            cells[STATE] = message_text(ctl->language, all[i].message);
    }
    if (cells[WHAT] == NULL)
        cells[NAME] = message_text(ctl->language, MSG_ctl_access_everything);
}

int
access_show(struct ctl *ctl, const char *role)
{
    static const struct listing listing = {.columns = columns,
                                           .n = sizeof(columns) / sizeof(columns[0]),
                                           .none = MSG_ctl_access_none,
                                           .one = MESSAGE_COUNT,
                                           .in_words = in_words};
    bool zh = ctl->language == LANGUAGE_ZH;
    const char *sql = ctl->format != OUTPUT_TEXT ? "SELECT a.*, " STATE_OF " AS state " FROM_ACCESS
                      : zh ? "SELECT a.role, a.kind, coalesce(a.district::text, a.school, a.indicator), "
                             "coalesce(a.district_zh, a.school_zh, a.name_zh), a.from_day, "
                             "a.until_day, " STATE_OF ", a.made_by " FROM_ACCESS
                           : "SELECT a.role, a.kind, coalesce(a.district::text, a.school, a.indicator), "
                             "coalesce(a.district_en, nullif(a.school_en, ''), a.school_zh, a.name_en), "
                             "a.from_day, a.until_day, " STATE_OF ", a.made_by " FROM_ACCESS;

    return listing_tell(ctl, &listing, db_query(ctl, sql, 1, &role));
}

int
access_list(struct ctl *ctl, const char *role)
{
    if (!db_connect(ctl))
        return ctl->status;
    return access_show(ctl, role);
}
