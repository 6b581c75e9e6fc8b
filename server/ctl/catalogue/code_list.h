/*
 * code_list: codes that an administrator names, "a,b,c" or a file of them, as PostgreSQL's array literal.
 */
#ifndef YUEBAOCTL_CODE_LIST_H
#define YUEBAOCTL_CODE_LIST_H

#include "ctl.h"

/* Codes joined by commas, malloc'd; "{}" for NULL. NULL: reported, `option` had something that is no code. */
char *code_list(struct ctl *ctl, const char *option, const char *text) __attribute__((warn_unused_result));

/*
 * The same, or, when there is a file of that name, its codes: in the column "school" or "code" of a CSV file,
 * else in the first of each row. NULL: reported.
 */
char *code_list_or_file(struct ctl *ctl, const char *option, const char *text)
    __attribute__((warn_unused_result));

#endif
