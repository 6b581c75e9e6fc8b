/*
 * hint: why a cell that a person takes for a number is none. The usual habits of spreadsheets, keyboards and
 * published tables have a sentence of their own.
 */
#ifndef YUEBAO_HINT_H
#define YUEBAO_HINT_H

#include "messages.h"

/* Of a cell that is not empty and no number. A cell without any digit is taken for a mark that stands for a
 * number. */
enum message hint_of_cell(const char *cell);

#endif
