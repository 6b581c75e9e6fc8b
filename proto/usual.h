/*
 * usual: whether a figure is unlike those before it, robustly and exactly: integers only, nothing is rounded.
 *
 * With m the median of the figures before and MAD the median of their distances from m, a figure is unlike
 * them when its distance from m is larger than each of
 *   - USUAL_SIGMAS × 1.4826 × MAD: 1.4826 = 1/Φ⁻¹(3/4) makes the MAD of normally distributed figures their
 *     standard deviation; unlike that, neither m nor MAD is moved by a few wrong figures among them;
 *   - one part in USUAL_PART of |m|: figures that were always equal have MAD 0, and may change a little;
 *   - `least`, which the caller knows from the measure.
 */
#ifndef YUEBAO_USUAL_H
#define YUEBAO_USUAL_H

#include <stdbool.h>
#include <stddef.h>

#define USUAL_SIGMAS    5
#define USUAL_PART      10 /* ten per cent */
#define USUAL_COUNT_MAX 16 /* figures before, at most */

/* m ± the largest of the three, cut to whole units on the inside: exactly low to high is not unlike. */
struct usual {
    __int128 low, high;
};

/*
 * Whether `figure` is unlike the `count` (1 to USUAL_COUNT_MAX) figures before it, in any order; all in one
 * unit, and of at most 31 digits, so that all sums stay within 128 bits. ret_usual is set either way; its low
 * is 0 where it would be negative though none of the figures is.
 */
bool usual_is_unlike(const __int128 *before, size_t count, __int128 figure, __int128 least,
                     struct usual *ret_usual);

#endif
