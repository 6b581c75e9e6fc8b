/* instant: what an administrator may write for a moment in time, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "instant.h"

static const struct {
    const char *text;
    const char *base; /* NULL: refused */
    const char *says;
} samples[] = {
    {"2016-10-01", "local", "2016-10-01"},
    {"2016-10-01T08:30", "local", "2016-10-01T08:30"},
    {"2016-10-01T08:30:59", "local", "2016-10-01T08:30:59"},
    {"2016-10-01T00:00+08:00", "absolute", "2016-10-01T00:00+08:00"},
    {"2016-10-01T00:00:00-03:30", "absolute", "2016-10-01T00:00:00-03:30"},
    {"2016-10-01T00:00Z", "absolute", "2016-10-01T00:00Z"},
    {"now", "now", "0 days"},
    {"now+30d", "now", "30 days"},
    {"now-2h", "now", "-2 hours"},
    {"end", "end", "0 days"},
    {"end+5d", "end", "5 days"},
    {"end-90m", "end", "-90 minutes"},
    {"", NULL, NULL},
    {"2016-02-30", NULL, NULL},
    {"2016-10-01T", NULL, NULL},
    {"2016-10-01T24:00", NULL, NULL},
    {"2016-10-01T08", NULL, NULL},
    {"2016-10-01T08:60", NULL, NULL},
    {"2016-10-01T08:30:60", NULL, NULL},
    {"2016-10-01 08:30", NULL, NULL},
    {"2016-10-01T08:30+8", NULL, NULL},
    {"2016-10-01T08:30+08:00x", NULL, NULL},
    {"2016-10-01T08:30; DROP", NULL, NULL},
    {"now+", NULL, NULL},
    {"now30d", NULL, NULL},
    {"now+30", NULL, NULL},
    {"now+30w", NULL, NULL},
    {"now+1000000d", NULL, NULL},
    {"end+5dd", NULL, NULL},
    {"tomorrow", NULL, NULL},
};

static void
reads_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct instant instant = {0};
        bool ok = instant_parse(samples[i].text, &instant);
        if (ok != (samples[i].base != NULL))
            fail_msg("“%s” is %s", samples[i].text, ok ? "read" : "refused");
        if (!ok)
            continue;
        assert_string_equal(instant.base, samples[i].base);
        assert_string_equal(instant.text, samples[i].says);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_refuses)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
