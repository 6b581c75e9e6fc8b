/*
 * form_name: what a form is called, from the words for its kind of school and its frequency.
 */
#ifndef YUEBAOCTL_FORM_NAME_H
#define YUEBAOCTL_FORM_NAME_H

#include "messages.h"

#define FORM_NAME_MAX 160 /* bytes with NUL */

/* "小学月报", "Primary school monthly report". `kind` and `frequency` are words of the tables. */
void form_name(enum language language, const char *kind, const char *frequency, char name[FORM_NAME_MAX]);

#endif
