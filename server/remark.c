#include "remark.h"

#include <stdbool.h>
#include <stdlib.h>

#include "rules.h"
#include "text.h"

/* What answers a warning; NULL: the finding is none that wants an answer. */
static const Yuebao__Explanation *
answer_to(const struct finding *finding, const struct catalogue *catalogue,
          const Yuebao__Statement *statement)
{
    const Yuebao__Rule *rule =
        finding->code == YUEBAO__FINDING_CODE__RULE_BROKEN ? catalogue_rule(catalogue, finding->rule) : NULL;

    return rule == NULL ? NULL : rule_explanation(rule, statement);
}

/* Its warnings with their answers; how many. */
static size_t
add_warnings(const struct catalogue *catalogue, const Yuebao__Statement *statement,
             const struct findings *findings, struct remark *remarks)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        const Yuebao__Explanation *answer = answer_to(f, catalogue, statement);
        if (answer != NULL)
            remarks[count++] = (struct remark){answer->indicator != 0 ? answer->indicator : f->indicator,
                                               f->rule, f->found, f->bound, answer->text};
    }
    return count;
}

/* A text is one explanation's own, so it tells which one was the answer. */
static bool
is_answer(const Yuebao__Explanation *explanation, const struct remark *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (warnings[i].explanation == explanation->text)
            return true;
    return false;
}

struct remark *
remarks_of(const struct catalogue *catalogue, const Yuebao__Statement *statement,
           const struct findings *findings, size_t *ret_count)
{
    struct remark *remarks = calloc(findings->count + statement->n_explanation + 1, sizeof(*remarks));
    size_t warnings, count;

    if (remarks == NULL)
        return NULL;
    count = warnings = add_warnings(catalogue, statement, findings, remarks);
    for (size_t i = 0; i < statement->n_explanation; i++) {
        const Yuebao__Explanation *e = statement->explanation[i];
        if (!text_is_blank(e->text) && !is_answer(e, remarks, warnings))
            remarks[count++] = (struct remark){e->indicator, e->rule, "", "", e->text};
    }
    *ret_count = count;
    return remarks;
}
