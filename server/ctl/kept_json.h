/*
 * kept_json: what a statement holds, as the database's functions want it.
 */
#ifndef YUEBAOCTL_KEPT_JSON_H
#define YUEBAOCTL_KEPT_JSON_H

#include "yuebao.pb-c.h"

/* An array of {"indicator", "value", "denominator"} and {"indicator", "missing"}, scaled integers; malloc'd.
 * Ends the program when there is no memory. */
char *kept_figures_json(const Yuebao__Statement *statement);

#endif
