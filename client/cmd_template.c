/* yuebao template PERIOD: the sheet to fill in. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agenda.h"
#include "desk.h"
#include "filing.h"
#include "system_words.h"

struct wanted {
    const char *school, *form, *file, *text;
    struct period period;
    bool force;
};

static bool
parse(struct wanted *w, int argc, char **argv)
{
    static const struct option options[] = {{"school", required_argument, NULL, 's'},
                                            {"form", required_argument, NULL, 'm'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"force", no_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "o:f", options, NULL)) != -1) {
        if (option == 's')
            w->school = optarg;
        else if (option == 'm')
            w->form = optarg;
        else if (option == 'o')
            w->file = optarg;
        else if (option == 'f')
            w->force = true;
        else
            return false;
    }
    if (optind + 1 != argc)
        return false;
    w->text = argv[optind];
    return true;
}

/* ---- last period's figures ---------------------------------------------------------------------- */

/* The newest period before this one that has a receipt; of its revisions the last. NULL: none. */
static Yuebao__Statement *
last_statement(struct desk *desk, const char *school, const char *form, struct period period)
{
    const enum item_state receipted = ITEM_RECEIPTED;
    const struct item_filter filter = {.school = school, .form = form, .state = &receipted};
    const struct item *best = NULL;
    int32_t best_day = INT32_MIN;
    Yuebao__Statement *statement;
    struct items items;

    if (outbox_items(desk->outbox, &filter, &items) != OUTBOX_OK)
        return NULL;
    for (size_t i = 0; i < items.count; i++) {
        struct period p;

        if (!period_parse(items.list[i].period, &p) || p.first_day >= period.first_day ||
            p.first_day < best_day)
            continue;
        best = &items.list[i];
        best_day = p.first_day;
    }
    statement = best == NULL ? NULL : filing_statement(best);
    items_fini(&items);
    return statement;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static bool
write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* A filled sheet is an hour of somebody's work: nothing is written over without --force. */
static int
write_file(struct desk *desk, const struct wanted *w, const char *file, const char *bytes, size_t len)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | (w->force ? O_TRUNC : O_EXCL), 0666);
    bool good = fd >= 0 && write_all(fd, bytes, len);

    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (good) {
        desk_say(desk, MSG_template_written, "file", file, NULL);
        desk_report(desk, "file", json_string(file));
        return EX_OK;
    }
    if (errno == EEXIST)
        desk_complain(desk, MSG_file_exists, "file", file, NULL);
    else
        desk_complain(desk, MSG_file_unwritable, "file", file, "detail",
                      system_words(desk->language, strerror(errno)), NULL);
    return EX_CANTCREAT;
}

static int
put_out(struct desk *desk, const struct wanted *w, const char *school, const char *form, const char *bytes,
        size_t len)
{
    char *file = NULL;
    int exit_status;

    if (w->file != NULL && strcmp(w->file, "-") == 0)
        return fwrite(bytes, 1, len, stdout) == len ? EX_OK : EX_CANTCREAT;
    if (w->file != NULL)
        return write_file(desk, w, w->file, bytes, len);
    /* a second form of the period does not take the first one's name */
    if (asprintf(&file, "%s-%s%s.csv", school, w->text, agenda_form_name(form)) < 0)
        return desk_outbox_failed(desk, OUTBOX_NOMEM);
    exit_status = write_file(desk, w, file, bytes, len);
    free(file);
    return exit_status;
}

static int
make_template(struct desk *desk, const struct wanted *w, const Yuebao__School *school,
              const struct form *form)
{
    bool zh = desk->language == LANGUAGE_ZH || school->name_en[0] == '\0';
    struct sheet_owner owner = {school->code, zh ? school->name_zh : school->name_en, w->text};
    Yuebao__Statement *last = last_statement(desk, school->code, form->message->code, w->period);
    size_t len = 0;
    char *bytes = sheet_template(desk->language, form, &owner, last, &len);
    int exit_status = bytes == NULL ? desk_outbox_failed(desk, OUTBOX_NOMEM)
                                    : put_out(desk, w, owner.school, form->message->code, bytes, len);

    free(bytes);
    if (last != NULL)
        yuebao__statement__free_unpacked(last, NULL);
    return exit_status;
}

/* ---- which form --------------------------------------------------------------------------------- */

/* "primary.monthly、primary.monthly.fire-check": the forms of the period that the school owes, but `except`.
 * malloc'd, "" when there is none; NULL: no memory. */
static char *
list_forms(struct desk *desk, const Yuebao__Agenda *agenda, const Yuebao__School *school, const char *period,
           const char *except)
{
    char *list = NULL;
    size_t len;
    FILE *out = open_memstream(&list, &len);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < agenda->n_window; i++) {
        const Yuebao__Window *w = agenda->window[i];

        if (strcmp(w->period, period) == 0 && strcmp(w->form, except) != 0 && agenda_owes(agenda, school, w))
            fprintf(out, "%s%s",
                    ftello(out) == 0                ? ""
                    : desk->language == LANGUAGE_ZH ? "、"
                                                    : ", ",
                    w->form);
    }
    if (fclose(out) == 0)
        return list;
    free(list);
    return NULL;
}

/* The period asks this school for something else than what was named, or for nothing. */
static int
refuse_form(struct desk *desk, const struct wanted *w, const Yuebao__School *school, const char *form,
            const char *others)
{
    enum message message = others[0] != '\0'              ? MSG_form_not_asked
                           : agenda_form_is_one_off(form) ? MSG_form_not_sent
                                                          : MSG_period_not_asked;

    desk_complain(desk, message, "school", school->code, "period", w->text, "form", form, "forms", others,
                  NULL);
    return EX_DATAERR;
}

static int
template_of_form(struct desk *desk, const struct wanted *w, const Yuebao__School *school,
                 const Yuebao__Window *window)
{
    struct catalogue *catalogue = agenda_catalogue(desk->outbox, &window->catalogue);
    const struct form *form = catalogue == NULL ? NULL : catalogue_form(catalogue, window->form);
    int exit_status;

    if (form == NULL)
        desk_complain(desk, MSG_no_catalogue, "period", w->text, NULL);
    exit_status = form == NULL ? EX_CONFIG : make_template(desk, w, school, form);
    catalogue_free(catalogue);
    return exit_status;
}

/* School, form, period, catalogue: each must be known, and the first that is not is named. */
static int
template_of(struct desk *desk, const struct wanted *w, const Yuebao__Agenda *agenda, const char *code)
{
    const Yuebao__School *school = agenda_school(agenda, code);
    const Yuebao__Window *window;
    char regular[FORM_CODE_MAX + 1], *others;
    const char *form = w->form != NULL ? w->form : regular;
    int exit_status;

    if (school == NULL) {
        desk_complain(desk, MSG_school_unknown, "school", code, NULL);
        return EX_DATAERR;
    }
    agenda_form_code(school->kind, w->period, regular);
    others = list_forms(desk, agenda, school, w->text, form);
    if (others == NULL)
        return desk_outbox_failed(desk, OUTBOX_NOMEM);
    window = agenda_window(agenda, form, w->text, code);
    if (window == NULL || !agenda_owes(agenda, school, window))
        exit_status = refuse_form(desk, w, school, form, others);
    else
        exit_status = template_of_form(desk, w, school, window);
    if (exit_status == EX_OK && w->form == NULL && others[0] != '\0')
        desk_remark(desk, MSG_form_others, "period", w->text, "forms", others, NULL);
    free(others);
    return exit_status;
}

int
cmd_template(struct desk *desk, int argc, char **argv)
{
    struct wanted w = {0};
    struct identity identity = {0};
    Yuebao__Agenda *agenda;
    int exit_status;

    if (!parse(&w, argc, argv))
        return desk_usage(desk, "template");
    if (!period_parse(w.text, &w.period)) {
        desk_complain(desk, MSG_period_malformed, "period", w.text, NULL);
        return EX_USAGE;
    }
    exit_status = desk_open_to_read(desk);
    if (exit_status == 0)
        exit_status = desk_identity(desk, &identity);
    if (exit_status != 0)
        return exit_status;
    agenda = agenda_load(desk->outbox);
    if (agenda == NULL) {
        desk_complain(desk, MSG_no_agenda, NULL);
        exit_status = EX_CONFIG;
    } else {
        exit_status = template_of(desk, &w, agenda, w.school != NULL ? w.school : identity.school);
        yuebao__agenda__free_unpacked(agenda, NULL);
    }
    identity_fini(&identity);
    return exit_status;
}
