/*
 * yuebaoctl export: figures, totals and reports for other programs, however many there are.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cell.h"
#include "db.h"
#include "export.h"
#include "known.h"
#include "outfile.h"
#include "period.h"
#include "stream.h"
#include "system_words.h"
#include "xlsx.h"

#define SNAPSHOT       "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#define COLUMNS_MAX    64   /* more than any view has */
#define PROGRESS_EVERY 250  /* ms */
#define PROGRESS_ROWS  1000 /* between two looks at the clock */

struct options {
    const char *district, *period, *from, *to, *form, *indicator, *output, *dsd;
    bool sdmx, adx;
    char first[PERIOD_TEXT_MAX + 1], last[PERIOD_TEXT_MAX + 1]; /* days of --from and --to */
};

/* ---- what is asked ------------------------------------------------------------------------------ */

static bool
refuse(struct ctl *ctl, enum message why)
{
    ctl_usage(ctl, why, NULL);
    return false;
}

static bool
read_subject(struct ctl *ctl, int n, char *const *words, enum export_subject *ret_subject)
{
    static const char *const names[] = {"figures", "totals", "reports"};

    for (unsigned i = 0; n == 1 && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(words[0], names[i]) == 0) {
            *ret_subject = (enum export_subject)i;
            return true;
        }
    return refuse(ctl, MSG_ctl_export_what);
}

static bool
read_format(struct ctl *ctl, const struct options *o, enum export_subject subject,
            enum export_format *ret_format)
{
    if ((ctl->format != OUTPUT_TEXT) + o->sdmx + o->adx != 1)
        return refuse(ctl, MSG_ctl_export_format);
    if ((o->adx && subject != EXPORT_TOTALS) || (o->sdmx && subject == EXPORT_REPORTS) ||
        (o->dsd != NULL && !o->sdmx) || (o->indicator != NULL && subject == EXPORT_REPORTS) ||
        (ctl->format == OUTPUT_XLSX && o->output != NULL))
        return refuse(ctl, MSG_ctl_export_not_together);
    if (o->sdmx || o->adx)
        *ret_format = o->sdmx ? EXPORT_SDMX : EXPORT_ADX;
    else
        *ret_format = ctl->format == OUTPUT_CSV    ? EXPORT_CSV
                      : ctl->format == OUTPUT_JSON ? EXPORT_LINES
                                                   : EXPORT_XLSX;
    ctl->talk = stderr;
    return true;
}

/* --from and --to as days: what lies between them, of any frequency, is meant. */
static bool
read_span(struct ctl *ctl, struct options *o)
{
    struct period from = {0}, to = {0};

    if (o->period != NULL && (o->from != NULL || o->to != NULL))
        return refuse(ctl, MSG_ctl_export_not_together);
    if (!is_period(ctl, o->period) || !is_period(ctl, o->from) || !is_period(ctl, o->to))
        return false;
    if ((o->from != NULL && !period_parse(o->from, &from)) || (o->to != NULL && !period_parse(o->to, &to)))
        abort(); /* they were looked at just now */
    if (o->from != NULL)
        date_print(from.first_day, o->first);
    if (o->to != NULL)
        date_print(period_last_day(to), o->last);
    return is_span(ctl, o->from, o->to);
}

static bool
is_known(struct ctl *ctl, const struct options *o)
{
    return knows_district(ctl, o->district) && knows_form(ctl, o->form) &&
           knows_indicator(ctl, o->indicator) && has_opened(ctl, o->period, o->form);
}

/* ---- rows --------------------------------------------------------------------------------------- */

static long
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* On a terminal, how far it is; the line is overwritten by the next. */
static void
show_progress(const struct ctl *ctl, long rows, long *next_ms)
{
    char text[24];
    long now;

    if (rows % PROGRESS_ROWS != 0 || !isatty(STDERR_FILENO) || (now = now_ms()) < *next_ms)
        return;
    *next_ms = now + PROGRESS_EVERY;
    snprintf(text, sizeof(text), "%ld", rows);
    fputc('\r', stderr);
    message_print(stderr, ctl->language, MSG_ctl_export_progress, "count", text, NULL);
    fflush(stderr);
}

static struct output_column *
describe(const PGresult *result, size_t *ret_n)
{
    size_t n = (size_t)PQnfields(result);
    struct output_column *columns = calloc(n + 1, sizeof(*columns));

    if (columns == NULL || n > COLUMNS_MAX)
        abort(); /* no memory, or a view that outgrew this program */
    for (size_t c = 0; c < n; c++) {
        const char *key = strdup(PQfname(result, (int)c));
        if (key == NULL)
            abort();
        columns[c] = (struct output_column){
            .key = key, .title = MSG_ctl_col_value, .kind = cell_kind(PQftype(result, (int)c))};
    }
    *ret_n = n;
    return columns;
}

static void
free_columns(struct export *e)
{
    for (size_t c = 0; c < e->n; c++)
        free((char *)e->columns[c].key);
    free((struct output_column *)e->columns);
}

static bool
write_rows(struct export *e, const struct export_writer *writer, struct stream *stream, long *ret_rows)
{
    const char *cells[COLUMNS_MAX];
    bool more = stream_step(stream);
    long rows = 0, next_ms = now_ms() + PROGRESS_EVERY;

    if (e->ctl->status != EX_OK)
        return false;
    e->columns = describe(stream->batch, &e->n);
    bool ok = writer->begin(e);
    while (ok && more) {
        for (size_t c = 0; c < e->n; c++)
            cells[c] = db_cell(stream->batch, stream->row, (int)c);
        ok = writer->row(e, cells);
        show_progress(e->ctl, ++rows, &next_ms);
        more = ok && stream_step(stream);
    }
    if (rows >= PROGRESS_ROWS && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    *ret_rows = rows;
    return ok && e->ctl->status == EX_OK && writer->end(e);
}

static bool
run_query(struct export *e, const struct options *o, long *ret_rows)
{
    static const struct export_writer *const writers[] = {&export_csv, &export_lines, &export_xlsx,
                                                          &export_sdmx, &export_adx};
    const struct export_writer *writer = writers[e->format];
    const char *values[EXPORT_PARAMETERS] = {
        o->district, o->form, o->period, o->from == NULL ? NULL : o->first, o->to == NULL ? NULL : o->last,
        o->indicator};
    char *query = export_query(e->subject, e->format);
    struct stream stream;
    bool ok = stream_open(e->ctl, query, EXPORT_PARAMETERS, values, &stream);

    free(query);
    if (!ok)
        return false;
    ok = write_rows(e, writer, &stream, ret_rows);
    stream_close(&stream);
    if (writer->free != NULL)
        writer->free(e);
    free_columns(e);
    return ok;
}

/* ---- where they go ------------------------------------------------------------------------------ */

static int
cannot_write(struct ctl *ctl, const char *path, int reason)
{
    if (reason == EPIPE) /* whoever read has enough: nothing to say */
        return ctl->status = EX_CANTCREAT;
    return ctl_fail(ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", path, "reason",
                    system_words(ctl->language, strerror(reason)), NULL);
}

static void
say_written(const struct ctl *ctl, long rows, const char *path)
{
    char count[24];

    snprintf(count, sizeof(count), "%ld", rows);
    ctl_say(ctl, MSG_ctl_export_written, "count", count, "file", path, NULL);
}

static int
to_workbook(struct export *e, const struct options *o)
{
    long rows = 0;

    e->book = xlsx_new(e->ctl, e->ctl->xlsx);
    if (e->book == NULL)
        return e->ctl->status;
    if (!run_query(e, o, &rows)) {
        xlsx_drop(e->book);
        return e->ctl->status;
    }
    int status = xlsx_finish(e->book);
    if (status == EX_OK)
        say_written(e->ctl, rows, e->ctl->xlsx);
    return status;
}

/* Push out what is buffered. false: what stands in the way is in e->reason. */
static bool
flush(struct export *e)
{
    if (fflush(e->out) == 0)
        return true;
    e->reason = errno;
    return false;
}

static int
to_stdout(struct export *e, const struct options *o)
{
    long rows = 0;

    e->out = stdout;
    e->ctl->has_written = true; /* an error must not follow what is there */
    if (run_query(e, o, &rows) && flush(e))
        return EX_OK;
    return e->ctl->status != EX_OK ? e->ctl->status : cannot_write(e->ctl, "stdout", e->reason);
}

/* Write a file by `fill`, whole or not at all. */
static int
to_file(struct export *e, const char *path, bool (*fill)(void *arg), void *arg)
{
    struct outfile file;
    int fd = outfile_open(e->ctl, path, &file);

    if (fd < 0)
        return e->ctl->status;
    e->out = fdopen(fd, "w");
    if (e->out == NULL)
        abort();
    bool whole = fill(arg) && flush(e);
    fclose(e->out);
    if (whole)
        return outfile_commit(e->ctl, &file);
    outfile_drop(&file);
    return e->ctl->status != EX_OK ? e->ctl->status : cannot_write(e->ctl, path, e->reason);
}

struct filling {
    struct export *e;
    const struct options *o;
    long rows;
};

static bool
fill_rows(void *arg)
{
    struct filling *filling = arg;

    return run_query(filling->e, filling->o, &filling->rows);
}

static bool
fill_structure(void *arg)
{
    struct export *e = arg;

    return export_structure(e->ctl, e->out);
}

/* Before the first row: a month whose figures are put away would be left out in silence. */
static bool
figures_are_here(struct export *e, const struct options *o)
{
    const char *values[] = {o->period, o->from == NULL ? NULL : o->first, o->to == NULL ? NULL : o->last,
                            o->form};

    return e->subject != EXPORT_FIGURES ||
           db_do(e->ctl,
                 "SELECT api.needs_figures(k.first_day) FROM api.calendar AS k WHERE k.opens_at <= "
                 "pg_catalog.now() AND "
                 "($1::text IS NULL OR k.period = $1) AND ($2::date IS NULL OR k.first_day >= $2) AND "
                 "($3::date IS NULL OR k.last_day <= $3) AND ($4::text IS NULL OR k.form = $4)",
                 4, values);
}

static int
run(struct export *e, const struct options *o)
{
    struct filling filling = {e, o, 0};

    if (!db_do_plain(e->ctl, SNAPSHOT) || !figures_are_here(e, o))
        return e->ctl->status;
    if (o->dsd != NULL && to_file(e, o->dsd, fill_structure, e) != EX_OK)
        return e->ctl->status;
    if (e->format == EXPORT_XLSX)
        return to_workbook(e, o);
    if (o->output == NULL)
        return to_stdout(e, o);
    int status = to_file(e, o->output, fill_rows, &filling);
    if (status == EX_OK)
        say_written(e->ctl, filling.rows, o->output);
    return status;
}

int
cmd_export(struct ctl *ctl, int argc, char **argv)
{
    struct options o = {0};
    struct export e = {.ctl = ctl};
    const struct ctl_option own[] = {{"district", &o.district, NULL},
                                     {"period", &o.period, NULL},
                                     {"from", &o.from, NULL},
                                     {"to", &o.to, NULL},
                                     {"form", &o.form, NULL},
                                     {"indicator", &o.indicator, NULL},
                                     {CTL_OPTION_OUTPUT, &o.output, NULL},
                                     {"dsd", &o.dsd, NULL},
                                     {"sdmx", NULL, &o.sdmx},
                                     {"adx", NULL, &o.adx},
                                     {0}};
    int first = ctl_options(ctl, argc, argv, own);

    if (first < 0 || !read_subject(ctl, argc - first, argv + first, &e.subject) ||
        !read_format(ctl, &o, e.subject, &e.format) || !is_district(ctl, o.district) ||
        !is_form(ctl, o.form) || !read_span(ctl, &o) || !db_connect_to_ask(ctl) || !is_known(ctl, &o))
        return ctl->status;
    signal(SIGPIPE,
           SIG_IGN); /* a reader that has enough is an error of writing, not the end of the program */
    return run(&e, &o);
}
