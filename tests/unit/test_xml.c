/* xml: what is text stays text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xml.h"

static void
marks_are_escaped(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"龙潭区", "龙潭区"},
        {"a < b & c > d", "a &lt; b &amp; c &gt; d"},
        {"say \"no\"", "say &quot;no&quot;"},
        {"&amp;", "&amp;amp;"},
        {"]]>", "]]&gt;"},
        {"one\ttwo\x01three", "one two three"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = NULL, wanted[64];
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        xml_attribute(out, "name", cases[i].text);
        fclose(out);
        snprintf(wanted, sizeof(wanted), " name=\"%s\"", cases[i].wanted);
        assert_string_equal(text, wanted);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(marks_are_escaped)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
