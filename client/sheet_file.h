/*
 * sheet_file: a sheet to fill in or to edit, written where the clerk wants it.
 */
#ifndef YUEBAO_SHEET_FILE_H
#define YUEBAO_SHEET_FILE_H

#include "agenda.h"
#include "desk.h"

/* What is to be written; all borrowed. */
struct sheet_file {
    const char *file; /* "-": standard output; NULL: SCHOOL-PERIOD.csv in this directory */
    bool force;       /* over an existing one */
    const Yuebao__School *school;
    const char *period; /* a period of the form's frequency */
    const struct catalogue *catalogue;
    const struct form *form;
    const Yuebao__Statement *filled; /* whose figures stand in it already; NULL: none */
};

/* Write it and say so; the exit status. */
int sheet_file_write(struct desk *desk, const struct sheet_file *wanted);

#endif
