/*
 * remark: what stands beside the figures of a statement that was let through: each rule that warned, with the
 * school's explanation, then the explanations that answer none of these. Rows of yuebao.remark. No I/O.
 */
#ifndef YUEBAO_REMARK_H
#define YUEBAO_REMARK_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "findings.h"
#include "yuebao.pb-c.h"

/* Texts are borrowed from the findings and the statement. */
struct remark {
    uint32_t indicator;        /* beside which figure the school wrote; else the rule's first, or 0: none */
    const char *rule;          /* code of the rule that warned, or that the school names itself; "": none */
    const char *found, *bound; /* of a rule that warned: its two sums; else "" */
    const char *explanation;   /* the school's words, never blank */
};

/*
 * Of a statement and what validate_statement() found about it by that catalogue, none of it an error. An
 * array that the caller frees, also when *ret_count is 0; NULL: no memory.
 */
struct remark *remarks_of(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                          const struct findings *findings, size_t *ret_count)
    __attribute__((warn_unused_result));

#endif
