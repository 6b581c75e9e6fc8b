/*
 * body: the figures of a made-up school as JSON, as a service that knows nothing of Yuebao would take them.
 *
 *   {"district": 100001, "school": 1, "figures": [{"indicator": 1, "value": 300, "denominator": 0}, ...]}
 */
#ifndef YUEBAO_BODY_H
#define YUEBAO_BODY_H

#include <stddef.h>
#include <stdint.h>

#define BODY_MAX 8192u

/* The text's length. */
size_t body_of(uint32_t school, char ret_text[BODY_MAX]);

#endif
