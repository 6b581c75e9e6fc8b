#include "kept_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "remark.h"

static char *
text_of(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    if (text == NULL)
        abort();
    json_decref(json);
    return text;
}

static void
append(json_t *list, json_t *item)
{
    if (item == NULL || json_array_append_new(list, item) != 0)
        abort();
}

char *
kept_figures_json(const Yuebao__Statement *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_indicator; i++)
        append(list, json_pack("{s:I, s:I, s:I}", "indicator", (json_int_t)s->indicator[i], "value",
                               (json_int_t)s->value[i], "denominator", (json_int_t)s->denominator[i]));
    for (size_t i = 0; i < s->n_missing; i++)
        append(list, json_pack("{s:I, s:I}", "indicator", (json_int_t)s->missing[i], "missing",
                               (json_int_t)s->missing_reason[i]));
    return text_of(list);
}

char *
kept_remarks_json(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                  const struct findings *findings)
{
    json_t *list = json_array();
    size_t count = 0;
    struct remark *remarks = remarks_of(catalogue, statement, findings, &count);

    if (remarks == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        append(list, json_pack("{s:I, s:s, s:s, s:s, s:s}", "indicator", (json_int_t)remarks[i].indicator,
                               "rule", remarks[i].rule, "found", remarks[i].found, "bound", remarks[i].bound,
                               "explanation", remarks[i].explanation));
    free(remarks);
    return text_of(list);
}
