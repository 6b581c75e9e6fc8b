#include "usual.h"

#include <assert.h>
#include <string.h>

#include "number.h"

/* A normal distribution's standard deviation in MADs: 1.4826 = 14826/10000. */
#define SIGMA_NUMERATOR   14826
#define SIGMA_DENOMINATOR 10000

/*
 * An even number of figures has a median of halves, and their distances one of quarters. So the median is
 * kept doubled, the MAD fourfold, and all distances are compared in parts that all of them have.
 */
#define PARTS (4 * SIGMA_DENOMINATOR) /* of one unit */

static void
sort(__int128 *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        __int128 value = values[i];
        size_t at = i;

        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* Twice the median; sorts the values. */
static __int128
doubled_median(__int128 *values, size_t count)
{
    sort(values, count);
    return values[(count - 1) / 2] + values[count / 2];
}

static __int128
distance(__int128 a, __int128 b)
{
    return a > b ? a - b : b - a;
}

static __int128
larger(__int128 a, __int128 b)
{
    return a > b ? a : b;
}

bool
usual_is_unlike(const __int128 *before, size_t count, __int128 figure, __int128 least,
                struct usual *ret_usual)
{
    __int128 values[USUAL_COUNT_MAX], median2, mad4, middle, reach;
    bool negative = figure < 0;

    assert(count >= 1 && count <= USUAL_COUNT_MAX);
    memcpy(values, before, count * sizeof(*values));
    median2 = doubled_median(values, count);
    negative = negative || values[0] < 0;
    for (size_t i = 0; i < count; i++)
        values[i] = distance(2 * values[i], median2);
    mad4 = doubled_median(values, count);

    middle = median2 * (PARTS / 2);
    reach = larger(USUAL_SIGMAS * SIGMA_NUMERATOR * mad4, distance(middle, 0) / USUAL_PART);
    reach = larger(reach, least * PARTS);
    ret_usual->low = -number_floor(reach - middle, PARTS);
    ret_usual->high = number_floor(middle + reach, PARTS);
    if (!negative && ret_usual->low < 0)
        ret_usual->low = 0;
    return distance(figure * PARTS, middle) > reach;
}
