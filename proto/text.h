/*
 * text: what a person typed and nobody sees.
 */
#ifndef YUEBAO_TEXT_H
#define YUEBAO_TEXT_H

#include <stdbool.h>

/*
 * Whether there is nothing to read in a valid UTF-8 text: no text at all, or only U+0020, U+00A0, U+3000 (of
 * Chinese keyboards), and the marks that copied text brings along, U+200B and U+FEFF.
 */
bool text_is_blank(const char *text);

#endif
