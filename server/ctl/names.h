/*
 * names: a set of codes with one word about each, for questions such as "is there such a district, and of
 * what level?".
 */
#ifndef YUEBAOCTL_NAMES_H
#define YUEBAOCTL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct names;

struct names *names_new(void);        /* ends the program when there is no memory, as names_put does */
void names_free(struct names *names); /* accepts NULL */

/* Remember `name`; texts are copied. false: it was there, and keeps its old word. */
bool names_put(struct names *names, const char *name, const char *word);
/* The same, but the new word wins. */
void names_replace(struct names *names, const char *name, const char *word);

/* The word of `name`, borrowed until it is replaced; NULL: no such name. */
const char *names_word(const struct names *names, const char *name);

#endif
