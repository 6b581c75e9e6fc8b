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

static bool
answers_any(const Yuebao__Explanation *explanation, const struct catalogue *catalogue,
            const Yuebao__Statement *statement, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (answer_to(&findings->items[i], catalogue, statement) == explanation)
            return true;
    return false;
}

struct remark *
remarks_of(const struct catalogue *catalogue, const Yuebao__Statement *statement,
           const struct findings *findings, size_t *ret_count)
{
    struct remark *remarks = calloc(findings->count + statement->n_explanation + 1, sizeof(*remarks));
    size_t count = 0;

    if (remarks == NULL)
        return NULL;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        const Yuebao__Explanation *answer = answer_to(f, catalogue, statement);
        if (answer != NULL)
            remarks[count++] = (struct remark){f->indicator, f->rule, f->found, f->bound, answer->text};
    }
    for (size_t i = 0; i < statement->n_explanation; i++) {
        const Yuebao__Explanation *e = statement->explanation[i];
        if (!text_is_blank(e->text) && !answers_any(e, catalogue, statement, findings))
            remarks[count++] = (struct remark){e->indicator, "", "", "", e->text};
    }
    *ret_count = count;
    return remarks;
}
