/*
 * kept_json: what a statement holds, as the database's functions want it.
 */
#ifndef YUEBAOCTL_KEPT_JSON_H
#define YUEBAOCTL_KEPT_JSON_H

#include "catalogue.h"
#include "findings.h"
#include "yuebao.pb-c.h"

/* An array of {"indicator", "value", "denominator"} and {"indicator", "missing"}, scaled integers; malloc'd.
 * Ends the program when there is no memory. */
char *kept_figures_json(const Yuebao__Statement *statement);

/* An array of {"indicator", "rule", "found", "bound", "explanation"}: remarks_of(). The same. */
char *kept_remarks_json(const struct catalogue *catalogue, const Yuebao__Statement *statement,
                        const struct findings *findings);

#endif
