#include "difference.h"

#include <string.h>

const char *
difference_key(enum difference difference)
{
    static const char *const keys[] = {
#define X(name, key) key,
        DIFFERENCES(X)
#undef X
    };

    return keys[difference];
}

enum message
difference_words(enum difference difference)
{
    static const enum message words[] = {
#define X(name, key) MSG_ctl_diff_##name,
        DIFFERENCES(X)
#undef X
    };

    return words[difference];
}

void
listener_tell(const struct listener *listener, enum difference difference, uint32_t indicator,
              const char *found, const char *expected)
{
    listener->hear(listener->arg, difference, indicator, found, expected);
}

void
listener_compare(const struct listener *listener, enum difference difference, const char *found,
                 const char *expected)
{
    bool same = found == NULL || expected == NULL ? found == expected : strcmp(found, expected) == 0;

    if (!same)
        listener_tell(listener, difference, 0, found, expected);
}
