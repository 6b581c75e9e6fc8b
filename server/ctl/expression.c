#include "expression.h"

#include <stdbool.h>
#include <string.h>

static bool
is_code_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

static bool
read_suffix(const char *text, size_t len, enum term_part *ret_part)
{
    if (len == 0)
        *ret_part = TERM_WHOLE;
    else if (len == 4 && memcmp(text, ".num", 4) == 0)
        *ret_part = TERM_NUMERATOR;
    else if (len == 4 && memcmp(text, ".den", 4) == 0)
        *ret_part = TERM_DENOMINATOR;
    else
        return false;
    return true;
}

static enum expression_status
read_term(const char *text, size_t len, struct term *term)
{
    size_t n = 0;

    while (len > 0 && text[0] == ' ')
        text++, len--;
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len == 0)
        return EXPRESSION_EMPTY_TERM;
    while (n < len && is_code_byte(text[n], n == 0))
        n++;
    if (n == 0 || n > INDICATOR_CODE_MAX || !read_suffix(text + n, len - n, &term->part))
        return EXPRESSION_BAD_TERM;
    memcpy(term->code, text, n);
    term->code[n] = '\0';
    return EXPRESSION_OK;
}

enum expression_status
expression_parse(const char *text, struct term ret_terms[EXPRESSION_TERMS_MAX], size_t *ret_count)
{
    struct term terms[EXPRESSION_TERMS_MAX];
    size_t count = 0;

    for (;;) {
        size_t len = strcspn(text, "+");
        if (count == EXPRESSION_TERMS_MAX)
            return EXPRESSION_TOO_LONG;
        enum expression_status status = read_term(text, len, &terms[count++]);
        if (status != EXPRESSION_OK)
            return status;
        if (text[len] == '\0')
            break;
        text += len + 1;
    }
    memcpy(ret_terms, terms, count * sizeof(terms[0]));
    *ret_count = count;
    return EXPRESSION_OK;
}
