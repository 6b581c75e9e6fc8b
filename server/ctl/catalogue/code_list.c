#include "code_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "limit.h"
#include "table.h"

#define CODE_MAX (SCHOOL_CODE_MAX > INDICATOR_CODE_MAX ? SCHOOL_CODE_MAX : INDICATOR_CODE_MAX)
#define LETTERS  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"

/* Nothing in such a text needs quoting in an array literal; whether there is such a thing the database knows.
 */
static bool
may_be_code(const char *text, size_t len)
{
    return len >= 1 && len <= CODE_MAX && strspn(text, LETTERS) >= len;
}

struct literal {
    FILE *out;
    char *text;
    size_t len, count;
};

static void
begin(struct literal *l)
{
    *l = (struct literal){.out = NULL};
    l->out = open_memstream(&l->text, &l->len);
    if (l->out == NULL)
        abort();
    fputc('{', l->out);
}

static bool
add(struct literal *l, const char *code, size_t len)
{
    if (!may_be_code(code, len))
        return false;
    /* quoted, for the word NULL is none in quotes only */
    fprintf(l->out, "%s\"%.*s\"", l->count++ == 0 ? "" : ",", (int)len, code);
    return true;
}

/* The literal when `sound`; else it is thrown away. */
static char *
end(struct literal *l, bool sound)
{
    fputc('}', l->out);
    fclose(l->out);
    if (sound)
        return l->text;
    free(l->text);
    return NULL;
}

static bool
refuse(struct ctl *ctl, const char *option, const char *code, size_t len)
{
    char shown[64];

    snprintf(shown, sizeof(shown), "%.*s", (int)len, code);
    ctl_usage(ctl, MSG_ctl_bad_code, "option", option, "value", shown, NULL);
    return false;
}

char *
code_list(struct ctl *ctl, const char *option, const char *text)
{
    struct literal l;
    bool sound = true;

    begin(&l);
    for (const char *at = text; sound && at != NULL;) {
        size_t len = strcspn(at, ",");
        sound = add(&l, at, len) || refuse(ctl, option, at, len);
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return end(&l, sound);
}

/* ---- files ---------------------------------------------------------------------------------------- */

static const char *const titles[] = {"school", "code", NULL};

/* Which cell of each row holds the code; whether the first row is a header. */
static size_t
find_column(const struct table_row *first, bool *ret_header)
{
    for (size_t t = 0; titles[t] != NULL; t++)
        for (size_t c = 0; c < first->count; c++)
            if (strcmp(first->cells[c], titles[t]) == 0) {
                *ret_header = true;
                return c;
            }
    *ret_header = false;
    return 0;
}

static char *
take_column(struct ctl *ctl, const char *path, const struct table *table)
{
    struct literal l;
    bool header, sound = true;
    size_t column = find_column(&table->rows[0], &header);

    begin(&l);
    for (size_t r = header ? 1 : 0; sound && r < table->count; r++) {
        const char *code = column < table->rows[r].count ? table->rows[r].cells[column] : "";
        char line[24];
        snprintf(line, sizeof(line), "%zu", table->rows[r].line);
        sound = add(&l, code, strlen(code));
        if (!sound)
            ctl_fail(ctl, EX_DATAERR, MSG_ctl_bad_code_in_file, "file", path, "line", line, "value", code,
                     NULL);
    }
    return end(&l, sound);
}

char *
code_list_or_file(struct ctl *ctl, const char *option, const char *text)
{
    struct stat st;
    struct table *table = NULL;
    size_t len;

    if (text == NULL || stat(text, &st) != 0 || !S_ISREG(st.st_mode))
        return code_list(ctl, option, text);
    uint8_t *bytes = file_read(ctl, text, TABLE_BYTES_MAX, &len);
    if (bytes == NULL)
        return NULL;
    enum table_status status = table_read(bytes, len, titles, &table, NULL);
    free(bytes);
    if (status != TABLE_OK) {
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_bad_code_file, "file", text, NULL);
        return NULL;
    }
    char *list = take_column(ctl, text, table);
    table_free(table);
    return list;
}
