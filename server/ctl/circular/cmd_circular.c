/*
 * yuebaoctl circular: what a bureau sends out when a period is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "known.h"
#include "outfile.h"
#include "parts.h"
#include "system_words.h"
#include "writers.h"
#include "xlsx.h"

/* The sections, in the order in which they stand. */
static bool (*const parts[])(struct circular *) = {
    circular_reporting, circular_punctuality, circular_targets,   circular_changes, circular_ranking,
    circular_alerts,    circular_balance,     circular_uncounted, circular_demands};

static bool
fill(struct circular *circular)
{
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(parts) / sizeof(parts[0]); i++)
        ok = parts[i](circular);
    return ok;
}

static void
write_text(const struct circular *circular, FILE *out)
{
    if (circular->ctl->format == OUTPUT_JSON)
        circular_json(circular, out);
    else
        circular_markdown(circular, out);
}

/* The file is there whole or not at all. */
static int
write_file(const struct circular *circular, const char *path)
{
    struct ctl *ctl = circular->ctl;
    struct outfile file;
    int fd = outfile_open(ctl, path, &file);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (fd < 0)
        return ctl->status;
    if (out == NULL)
        abort();
    write_text(circular, out);
    int reason = fflush(out) != 0 || ferror(out) ? errno : 0;
    if (fclose(out) != 0 && reason == 0)
        reason = errno;
    if (reason != 0) {
        outfile_drop(&file);
        return ctl_fail(ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", path, "reason",
                        system_words(ctl->language, strerror(reason)), NULL);
    }
    int status = outfile_commit(ctl, &file);
    if (status == EX_OK)
        ctl_say(ctl, MSG_ctl_xlsx_written, "file", path, NULL);
    return status;
}

static int
write_all(const struct circular *circular, const char *path)
{
    struct ctl *ctl = circular->ctl;
    int status = EX_OK;

    if (path != NULL)
        status = write_file(circular, path);
    else if (ctl->format != OUTPUT_XLSX)
        write_text(circular, stdout);
    ctl->has_written = true;
    if (status != EX_OK || ctl->format != OUTPUT_XLSX)
        return status;
    ctl->workbook = xlsx_new(ctl, ctl->xlsx);
    return ctl->workbook == NULL ? ctl->status : circular_workbook(circular);
}

static int
tell(struct ctl *ctl, const struct circular_question *question, const char *path)
{
    struct circular circular;

    /* one snapshot: its numbers fit each other, and "as of" is true of all of them */
    if (!db_do_plain(ctl, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") ||
        !circular_begin(ctl, question, &circular))
        return ctl->status;
    int status = fill(&circular) ? write_all(&circular, path) : ctl->status;
    circular_end(&circular);
    return status;
}

/* Every code between the commas is one of an indicator. */
static bool
knows_indicators(struct ctl *ctl, const char *list)
{
    char *codes = list == NULL ? NULL : strdup(list), *rest = codes;
    bool ok = true;

    for (char *code; ok && rest != NULL && (code = strsep(&rest, ",")) != NULL;)
        ok = knows_indicator(ctl, code);
    free(codes);
    return ok;
}

int
cmd_circular(struct ctl *ctl, int argc, char **argv)
{
    struct circular_question q = {0};
    const char *path = NULL;
    const struct ctl_option own[] = {{CTL_OPTION_OUTPUT, &path, NULL},
                                     {"issuer", &q.issuer, NULL},
                                     {"indicators", &q.indicators, NULL},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0)
        return ctl->status;
    if (argc - first < 2)
        return ctl_usage(ctl, MSG_circular_wants, NULL);
    if (argc - first > 2)
        return ctl_usage(ctl, MSG_ctl_unexpected, "word", argv[first + 2], NULL);
    if (ctl->format == OUTPUT_CSV)
        return ctl_usage(ctl, MSG_circular_no_csv, NULL);
    q.district = argv[first];
    q.period = argv[first + 1];
    if (!is_district(ctl, q.district) || !is_period(ctl, q.period) || !db_connect_to_ask(ctl) ||
        !knows_district(ctl, q.district) || !sees_whole_reports(ctl) || !has_opened(ctl, q.period, NULL) ||
        !knows_indicators(ctl, q.indicators))
        return ctl->status;
    return tell(ctl, &q, path);
}
