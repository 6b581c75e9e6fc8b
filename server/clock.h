/* clock: the two clocks of the collector. */
#ifndef YUEBAO_CLOCK_H
#define YUEBAO_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ms(void);    /* wall clock: milliseconds since 1970-01-01T00:00:00Z; what receipts say */
uint64_t clock_steady_ms(void); /* never steps back; for how long something took */

#endif
