#include "booked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

void
booked_fini(struct booked_list *list)
{
    free(list->figures);
    *list = (struct booked_list){0};
}

static struct booked_list
room_for(size_t count)
{
    struct booked_list list = {.figures = calloc(count + 1, sizeof(struct booked))};

    if (list.figures == NULL)
        abort();
    return list;
}

/* Both halves ascend, and no number is in both: merged they ascend too. */
struct booked_list
booked_of_statement(const Yuebao__Statement *s)
{
    struct booked_list list = room_for(s->n_indicator + s->n_missing);

    for (size_t i = 0, m = 0; i < s->n_indicator || m < s->n_missing;) {
        struct booked *figure = &list.figures[list.count++];
        if (m == s->n_missing || (i < s->n_indicator && s->indicator[i] < s->missing[m])) {
            *figure = (struct booked){
                .indicator = s->indicator[i], .value = s->value[i], .denominator = s->denominator[i]};
            i++;
        } else {
            *figure = (struct booked){.indicator = s->missing[m], .missing = (int)s->missing_reason[m]};
            m++;
        }
    }
    return list;
}

/* ---- from the books ----------------------------------------------------------------------------- */

/* The next element of {1,NULL,3}; NULL is 0. Past its comma or brace. */
static int64_t
next_element(const char **at)
{
    char *end;
    int64_t element = strncmp(*at, "NULL", 4) == 0 ? 0 : strtoll(*at, &end, 10);

    *at += strcspn(*at, ",}");
    *at += **at != '\0';
    return element;
}

static size_t
count_elements(const char *array)
{
    size_t count = array[1] != '}';

    for (const char *at = array; *at != '\0'; at++)
        count += *at == ',';
    return count;
}

struct booked_list
booked_parse(const char *const arrays[BOOKED_ARRAYS])
{
    const char *at[BOOKED_ARRAYS];

    if (arrays[0] == NULL)
        return room_for(0);
    struct booked_list list = room_for(count_elements(arrays[0]));
    list.count = count_elements(arrays[0]);
    for (size_t a = 0; a < BOOKED_ARRAYS; a++)
        at[a] = arrays[a] + 1;
    for (size_t i = 0; i < list.count; i++)
        list.figures[i] = (struct booked){
            .indicator = (uint32_t)next_element(&at[BOOKED_INDICATOR]),
            .missing = (int)next_element(&at[BOOKED_MISSING]),
            .value = next_element(&at[BOOKED_VALUE]),
            .denominator = next_element(&at[BOOKED_DENOMINATOR]),
        };
    return list;
}

/* ---- comparing ---------------------------------------------------------------------------------- */

static int
by_indicator(const void *key, const void *item)
{
    uint32_t wanted = *(const uint32_t *)key, has = ((const struct booked *)item)->indicator;

    return (wanted > has) - (wanted < has);
}

const struct booked *
booked_find(const struct booked_list *list, uint32_t indicator)
{
    if (list->count == 0)
        return NULL;
    return bsearch(&indicator, list->figures, list->count, sizeof(*list->figures), by_indicator);
}

static bool
is_same(const struct booked *a, const struct booked *b)
{
    return a->missing == b->missing && a->value == b->value && a->denominator == b->denominator;
}

const char *
booked_print(const struct booked *figure, const struct catalogue *catalogue, char text[BOOKED_TEXT_MAX])
{
    char value[NUMBER_TEXT_MAX], denominator[NUMBER_TEXT_MAX];

    if (figure == NULL)
        return NULL;
    const Yuebao__Indicator *i = catalogue == NULL ? NULL : catalogue_indicator(catalogue, figure->indicator);
    const ProtobufCEnumValue *reason =
        protobuf_c_enum_descriptor_get_value(&yuebao__missing_reason__descriptor, figure->missing);
    number_print(figure->value, i == NULL ? 0 : i->decimals, value);
    number_print(figure->denominator, i == NULL ? 0 : i->denominator_decimals, denominator);
    if (figure->missing != 0)
        snprintf(text, BOOKED_TEXT_MAX, "%s", reason == NULL ? "?" : reason->name);
    else if (figure->denominator != 0 || (i != NULL && measure_has_denominator(i->measure)))
        snprintf(text, BOOKED_TEXT_MAX, "%s/%s", value, denominator);
    else
        snprintf(text, BOOKED_TEXT_MAX, "%s", value);
    return text;
}

static void
tell(const struct booked *found, const struct booked *expected, const struct catalogue *catalogue,
     enum difference difference, const struct listener *listener)
{
    char found_text[BOOKED_TEXT_MAX], expected_text[BOOKED_TEXT_MAX];

    listener_tell(listener, difference, found != NULL ? found->indicator : expected->indicator,
                  booked_print(found, catalogue, found_text),
                  booked_print(expected, catalogue, expected_text));
}

void
booked_compare(const struct booked_list *found, const struct booked_list *expected,
               const struct catalogue *catalogue, enum difference difference, const struct listener *listener)
{
    for (size_t f = 0, e = 0; f < found->count || e < expected->count;) {
        const struct booked *has = f < found->count ? &found->figures[f] : NULL;
        const struct booked *wants = e < expected->count ? &expected->figures[e] : NULL;
        if (has != NULL && wants != NULL && has->indicator != wants->indicator)
            *(has->indicator < wants->indicator ? &wants : &has) = NULL;
        if (has == NULL || wants == NULL || !is_same(has, wants))
            tell(has, wants, catalogue, difference, listener);
        f += has != NULL;
        e += wants != NULL;
    }
}
