#include "expression.h"

#include <string.h>

static bool
is_code_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

/* Whether the text ends in `suffix`; then it is cut off. */
static bool
take_suffix(const char *text, size_t *len, const char *suffix)
{
    size_t n = strlen(suffix);

    if (*len < n || memcmp(text + *len - n, suffix, n) != 0)
        return false;
    *len -= n;
    return true;
}

/* What stands behind the code: a part, then .previous; false: something else. */
static bool
read_suffixes(const char *text, size_t len, struct term *term)
{
    term->previous = take_suffix(text, &len, ".previous");
    term->part = take_suffix(text, &len, ".num")   ? TERM_NUMERATOR
                 : take_suffix(text, &len, ".den") ? TERM_DENOMINATOR
                                                   : TERM_WHOLE;
    return len == 0;
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
    if (n == 0 || n > INDICATOR_CODE_MAX || !read_suffixes(text + n, len - n, term))
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
