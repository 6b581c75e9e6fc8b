#include "sheet_file.h"

#include <stdlib.h>
#include <string.h>

#include "own_past.h"
#include "sheet.h"

/* "0012345-2026-10.csv"; a one-off form of the period does not take the regular one's name. malloc'd; NULL:
 * no memory. */
static char *
name_of(const struct sheet_file *w)
{
    char *name = NULL;

    if (asprintf(&name, "%s-%s%s.csv", w->school->code, w->period, agenda_form_name(w->form->message->code)) <
        0)
        return NULL;
    return name;
}

static int
put_out(struct desk *desk, const struct sheet_file *w, const char *bytes, size_t len)
{
    char *name = w->file == NULL ? name_of(w) : NULL;
    const char *file = w->file == NULL ? name : w->file;
    int exit_status;

    if (file == NULL)
        return desk_outbox_failed(desk, OUTBOX_NOMEM);
    if (strcmp(file, "-") == 0)
        return fwrite(bytes, 1, len, stdout) == len ? EX_OK : EX_CANTCREAT;
    exit_status = desk_write_file(desk, file, w->force, bytes, len);
    if (exit_status == EX_OK) {
        desk_say(desk, w->filled == NULL ? MSG_template_written : MSG_conflict_written, "file", file, NULL);
        desk_report(desk, "file", json_string(file));
    }
    free(name);
    return exit_status;
}

int
sheet_file_write(struct desk *desk, const struct sheet_file *w)
{
    const Yuebao__School *school = w->school;
    bool zh = desk->language == LANGUAGE_ZH || school->name_en[0] == '\0';
    const struct sheet_owner owner = {school->code, zh ? school->name_zh : school->name_en, w->period,
                                      catalogue_hash(w->catalogue)};
    const Yuebao__Statement *last = NULL;
    struct own_past *past = NULL;
    struct period period;
    size_t len = 0;
    char *bytes;
    int exit_status;

    if (period_parse(w->period, &period) &&
        own_past_load(desk->outbox, NULL, school->code, &past) == OUTBOX_OK)
        last = own_past_last(past, w->form->message->code, period);
    bytes = sheet_template(desk->language, w->form, &owner, last, w->filled, &len);
    exit_status = bytes == NULL ? desk_outbox_failed(desk, OUTBOX_NOMEM) : put_out(desk, w, bytes, len);
    free(bytes);
    own_past_free(past);
    return exit_status;
}
