/*
 * writers: a circular as Markdown for people, as a workbook to print, as JSON for programs. The same content.
 */
#ifndef YUEBAOCTL_CIRCULAR_WRITERS_H
#define YUEBAOCTL_CIRCULAR_WRITERS_H

#include "circular.h"

/* CommonMark with tables (GFM). What a name has in it stays as it is: nothing of it is taken for markup. */
void circular_markdown(const struct circular *circular, FILE *out);

/* One object: the head, and by section its sentences and its tables, with exact numbers. */
void circular_json(const struct circular *circular, FILE *out);

/* Into ctl->workbook: the text as a page of its own, then a sheet a table. EX_OK or reported. */
int circular_workbook(const struct circular *circular) __attribute__((warn_unused_result));

#endif
