/*
 * unit: Chinese words for the codes of units, for forms that people fill in.
 */
#ifndef YUEBAOCTL_UNIT_H
#define YUEBAOCTL_UNIT_H

/* "pupils" is "人"; a code that is not known here stands for itself. Borrowed. */
const char *unit_zh(const char *code);

#endif
