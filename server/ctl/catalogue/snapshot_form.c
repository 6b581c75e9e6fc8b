/*
 * A snapshot for a one-off form: what governs its period, taken from the bytes that were stored then, for the
 * tables may already hold a change that is put off.
 */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "governs.h"
#include "snapshot.h"
#include "yuebao.pb-c.h"

/* Unpacked, the caller frees. NULL: reported. */
static Yuebao__Catalogue *
load_governing(struct ctl *ctl, const char *day)
{
    PGresult *result = PQexecParams(ctl->db,
                                    "SELECT c.bytes FROM yuebao.catalogue AS c WHERE c.catalogue = "
                                    "yuebao.governing($1::date)",
                                    1, NULL, &day, NULL, NULL, 1);
    Yuebao__Catalogue *message = NULL;

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        db_report(ctl, result);
    else if (PQntuples(result) == 0)
        ctl_fail(ctl, EX_DATAERR, MSG_ctl_ask_ungoverned, NULL);
    else {
        message = yuebao__catalogue__unpack(NULL, (size_t)PQgetlength(result, 0, 0),
                                            (const uint8_t *)PQgetvalue(result, 0, 0));
        if (message == NULL)
            ctl_fail(ctl, EX_SOFTWARE, MSG_ctl_no_memory, NULL);
    }
    PQclear(result);
    return message;
}

static bool
has_indicator(const Yuebao__Catalogue *message, uint32_t number)
{
    for (size_t i = 0; i < message->n_indicator; i++)
        if (message->indicator[i]->number == number)
            return true;
    return false;
}

static uint32_t
number_of(const PGresult *asked, int row)
{
    return (uint32_t)strtoul(PQgetvalue(asked, row, 0), NULL, 10);
}

/* All indicators are in the catalogue of that day, not only in one that is still to come. */
static bool
are_known(struct ctl *ctl, const Yuebao__Catalogue *message, const PGresult *asked)
{
    bool known = true;

    for (int r = 0; r < PQntuples(asked); r++)
        if (!has_indicator(message, number_of(asked, r))) {
            ctl_fail(ctl, EX_DATAERR, MSG_ctl_ask_later_indicator, "indicator", PQgetvalue(asked, r, 1),
                     NULL);
            known = false;
        }
    return known;
}

/* Frequency is the code's second part. */
static char *
frequency_of(const char *code)
{
    const char *from = strchr(code, '.') + 1;
    char *frequency = strndup(from, strcspn(from, "."));

    if (frequency == NULL)
        abort();
    return frequency;
}

/* Fill in `ret_form`; its arrays and frequency are malloc'd, its texts borrowed. */
static void
fill(Yuebao__Form *ret_form, const struct snapshot_form *form)
{
    size_t n = (size_t)PQntuples(form->asked);

    yuebao__form__init(ret_form);
    ret_form->code = (char *)form->code; /* protobuf-c's strings are not const; packing only reads them */
    ret_form->kind = (char *)form->kind;
    ret_form->name_zh = (char *)form->name_zh;
    ret_form->name_en = (char *)form->name_en;
    ret_form->frequency = frequency_of(form->code);
    ret_form->required = calloc(n + 1, sizeof(*ret_form->required));
    ret_form->optional = calloc(n + 1, sizeof(*ret_form->optional));
    if (ret_form->required == NULL || ret_form->optional == NULL)
        abort();
    for (int r = 0; r < (int)n; r++)
        if (PQgetvalue(form->asked, r, 2)[0] == 't')
            ret_form->required[ret_form->n_required++] = number_of(form->asked, r);
        else
            ret_form->optional[ret_form->n_optional++] = number_of(form->asked, r);
}

/* The forms with one more, in the order of their codes; the array is malloc'd. */
static Yuebao__Form **
with_one_more(const Yuebao__Catalogue *message, Yuebao__Form *form)
{
    Yuebao__Form **forms = calloc(message->n_form + 1, sizeof(Yuebao__Form *));
    size_t at = 0;

    if (forms == NULL)
        abort();
    while (at < message->n_form && strcmp(message->form[at]->code, form->code) < 0)
        at++;
    memcpy(forms, message->form, at * sizeof(*forms));
    forms[at] = form;
    memcpy(forms + at + 1, message->form + at, (message->n_form - at) * sizeof(*forms));
    return forms;
}

bool
snapshot_with_form(struct ctl *ctl, const char *day, const struct snapshot_form *form,
                   char ret_hash[2 * ID_SIZE + 1])
{
    Yuebao__Catalogue *message = load_governing(ctl, day);
    Yuebao__Form one_more;

    if (message == NULL || !are_known(ctl, message, form->asked)) {
        yuebao__catalogue__free_unpacked(message, NULL);
        return false;
    }
    fill(&one_more, form);
    Yuebao__Catalogue extended = *message; /* borrows all but the array of forms */
    extended.form = with_one_more(message, &one_more);
    extended.n_form++;
    bool ok = snapshot_store(ctl, &extended, GOVERNS_NONE, ret_hash);
    free(extended.form);
    free(one_more.required);
    free(one_more.optional);
    free(one_more.frequency);
    yuebao__catalogue__free_unpacked(message, NULL);
    return ok;
}
