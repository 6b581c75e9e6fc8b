#include "text.h"

#include <stddef.h>
#include <string.h>

/* Bytes of the space that the text begins with; 0: something else. */
static size_t
space_len(const char *text)
{
    static const char *const spaces[] = {" ", "\u00a0", "\u200b", "\u3000", "\ufeff"};

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        size_t len = strlen(spaces[i]);

        if (strncmp(text, spaces[i], len) == 0)
            return len;
    }
    return 0;
}

bool
text_is_blank(const char *text)
{
    while (*text != '\0') {
        size_t len = space_len(text);

        if (len == 0)
            return false;
        text += len;
    }
    return true;
}
