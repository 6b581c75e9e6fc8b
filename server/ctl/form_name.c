#include "form_name.h"

#include <stdio.h>

void
form_name(enum language language, const char *kind, const char *frequency, char name[FORM_NAME_MAX])
{
    snprintf(name, FORM_NAME_MAX, language == LANGUAGE_ZH ? "%s%s" : "%s %s report",
             message_word(language, kind), message_word(language, frequency));
    if (name[0] >= 'a' && name[0] <= 'z')
        name[0] = (char)(name[0] - 'a' + 'A');
}
