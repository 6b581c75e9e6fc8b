/* yuebao template PERIOD: the sheet to fill in. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "desk.h"
#include "sheet_file.h"

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
    const struct sheet_file wanted = {w->file, w->force, school, w->text, catalogue, form, NULL};
    int exit_status = EX_CONFIG;

    if (form == NULL)
        desk_complain(desk, MSG_no_catalogue, "period", w->text, NULL);
    else
        exit_status = sheet_file_write(desk, &wanted);
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
