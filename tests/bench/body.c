#include "body.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "paper.h"
#include "sixty.h"

size_t
body_of(uint32_t school, char ret_text[BODY_MAX])
{
    struct sixty_figures figures;
    size_t len;

    sixty_figures(school, &figures);
    len = (size_t)snprintf(ret_text, BODY_MAX, "{\"district\":%d,\"school\":%u,\"figures\":[",
                           paper_district(school), school);
    for (size_t i = 0; i < SIXTY_FIGURES; i++)
        len +=
            (size_t)snprintf(ret_text + len, BODY_MAX - len,
                             "%s{\"indicator\":%u,\"value\":%" PRId64 ",\"denominator\":%" PRId64 "}",
                             i > 0 ? "," : "", figures.number[i], figures.value[i], figures.denominator[i]);
    len += (size_t)snprintf(ret_text + len, BODY_MAX - len, "]}");
    assert(len < BODY_MAX);
    return len;
}
