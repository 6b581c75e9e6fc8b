/*
 * past_question: what breaches and outliers are asked: in which district, of which period, form and school.
 * The options of both commands, in the order of the parameters of api.breaches_in and api.outliers_in.
 */
#ifndef YUEBAOCTL_PAST_QUESTION_H
#define YUEBAOCTL_PAST_QUESTION_H

#include "ctl.h"

#define PAST_QUESTION_SIZE 4

/*
 * Read the options and connect. false: nothing is left to do and ctl->status is set (help was printed, or
 * what was wrong reported; a name that does not exist is). ret_values: NULL where nothing was named.
 */
bool past_question(struct ctl *ctl, int argc, char **argv, const char *ret_values[PAST_QUESTION_SIZE])
    __attribute__((warn_unused_result));

#endif
