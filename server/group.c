#include "group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024u /* places, a power of two; doubled when half full */
#define ALLOCATION  32u   /* bytes that malloc spends on a small text at most */

/* ---- queue -------------------------------------------------------------------------------------- */

/* Beside its texts, which are not longer than the envelope: an explanation of two bytes unpacks into seventy
 * times as many. */
static size_t
statement_weight(const Yuebao__Statement *st)
{
    return sizeof(*st) + st->n_indicator * sizeof(*st->indicator) + st->n_value * sizeof(*st->value) +
           st->n_denominator * sizeof(*st->denominator) + st->n_missing * sizeof(*st->missing) +
           st->n_missing_reason * sizeof(*st->missing_reason) +
           st->n_explanation *
               (sizeof(*st->explanation) + sizeof(**st->explanation) + 3 * (size_t)ALLOCATION);
}

size_t
submission_weight(const struct submission *s)
{
    size_t weight = sizeof(*s) + s->envelope_len + s->answer_len + s->n_remarks * sizeof(*s->remarks) +
                    s->warnings.capacity * sizeof(*s->warnings.items);

    if (s->statement != NULL)
        weight += s->envelope_len + statement_weight(s->statement);
    return weight;
}

void
queue_init(struct queue *q)
{
    *q = (struct queue){.last = &q->first};
}

void
queue_push(struct queue *q, struct submission *s)
{
    s->next = NULL;
    *q->last = s;
    q->last = &s->next;
    q->count++;
    q->weight += submission_weight(s);
}

/* Take the submission that *place points to. */
static struct submission *
queue_unlink(struct queue *q, struct submission **place)
{
    struct submission *s = *place;

    *place = s->next;
    if (q->last == &s->next)
        q->last = place;
    s->next = NULL;
    q->count--;
    q->weight -= submission_weight(s);
    return s;
}

struct submission *
queue_pop(struct queue *q)
{
    return q->first != NULL ? queue_unlink(q, &q->first) : NULL;
}

/* ---- slots: open addressing with linear probing ------------------------------------------------- */

struct slot_key {
    int32_t school, period_day;
    int16_t form;
    bool taken;
};

struct slots {
    struct slot_key *places;
    size_t capacity, count;
};

static struct slot_key
slot_key(const struct submission *s)
{
    return (struct slot_key){
        .school = s->school_id, .period_day = s->period.first_day, .form = s->form_id, .taken = true};
}

static bool
slot_equal(const struct slot_key *a, const struct slot_key *b)
{
    return a->school == b->school && a->period_day == b->period_day && a->form == b->form;
}

static size_t
slot_hash(const struct slot_key *key, size_t capacity)
{
    uint64_t mixed = (uint64_t)(uint32_t)key->school << 32 ^ (uint64_t)(uint32_t)key->period_day << 12 ^
                     (uint16_t)key->form;

    return (size_t)((mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (capacity - 1);
}

/* The key's place, or the free place where it belongs. */
static size_t
slots_place(const struct slots *slots, const struct slot_key *key)
{
    size_t place = slot_hash(key, slots->capacity);

    while (slots->places[place].taken && !slot_equal(&slots->places[place], key))
        place = (place + 1) & (slots->capacity - 1);
    return place;
}

static bool
slots_grow(struct slots *slots)
{
    struct slots larger = {.capacity = slots->capacity * 2, .count = slots->count};

    larger.places = calloc(larger.capacity, sizeof(*larger.places));
    if (larger.places == NULL)
        return false;
    for (size_t i = 0; i < slots->capacity; i++)
        if (slots->places[i].taken)
            larger.places[slots_place(&larger, &slots->places[i])] = slots->places[i];
    free(slots->places);
    *slots = larger;
    return true;
}

struct slots *
slots_new(void)
{
    struct slots *slots = calloc(1, sizeof(*slots));

    if (slots == NULL)
        return NULL;
    slots->capacity = SLOTS_FIRST;
    slots->places = calloc(SLOTS_FIRST, sizeof(*slots->places));
    if (slots->places == NULL) {
        free(slots);
        return NULL;
    }
    return slots;
}

void
slots_free(struct slots *slots)
{
    if (slots == NULL)
        return;
    free(slots->places);
    free(slots);
}

bool
slots_take(struct slots *slots, const struct submission *s)
{
    struct slot_key key = slot_key(s);
    size_t place;

    if (slots->count * 2 >= slots->capacity && !slots_grow(slots))
        return false;
    place = slots_place(slots, &key);
    if (slots->places[place].taken)
        return false;
    slots->places[place] = key;
    slots->count++;
    return true;
}

void
slots_give_back(struct slots *slots, const struct submission *s)
{
    struct slot_key key = slot_key(s);
    size_t mask = slots->capacity - 1, hole = slots_place(slots, &key);

    assert(slots->places[hole].taken);
    /* close the hole: move back whoever would no longer be found behind it */
    for (size_t at = (hole + 1) & mask; slots->places[at].taken; at = (at + 1) & mask) {
        size_t home = slot_hash(&slots->places[at], slots->capacity);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            slots->places[hole] = slots->places[at];
            hole = at;
        }
    }
    slots->places[hole].taken = false;
    slots->count--;
}

/* ---- groups ------------------------------------------------------------------------------------- */

static int
compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int
compare_slots(int32_t school_a, int16_t form_a, int32_t day_a, int32_t school_b, int16_t form_b,
              int32_t day_b)
{
    int order = compare(school_a, school_b);

    if (order == 0)
        order = compare(form_a, form_b);
    return order != 0 ? order : compare(day_a, day_b);
}

static int
compare_claims(const void *left, const void *right)
{
    const struct submission *a = ((const struct claim *)left)->submission;
    const struct submission *b = ((const struct claim *)right)->submission;

    return compare_slots(a->school_id, a->form_id, a->period.first_day, b->school_id, b->form_id,
                         b->period.first_day);
}

static struct group *
group_new(size_t max)
{
    return calloc(1, sizeof(struct group) + max * sizeof(struct claim));
}

struct group *
group_take(struct queue *queue, struct slots *slots, size_t max)
{
    struct group *group = group_new(max);
    struct submission **place = &queue->first;

    if (group == NULL)
        return NULL;
    while (*place != NULL && group->count < max) {
        if (slots_take(slots, *place))
            group->claims[group->count++].submission = queue_unlink(queue, place);
        else
            place = &(*place)->next;
    }
    if (group->count == 0) {
        free(group);
        return NULL;
    }
    qsort(group->claims, group->count, sizeof(group->claims[0]), compare_claims);
    return group;
}

struct group *
group_take_rejections(struct queue *queue, size_t max)
{
    struct group *group = queue->count > 0 ? group_new(max) : NULL;

    if (group == NULL)
        return NULL;
    group->rejections = true;
    while (queue->first != NULL && group->count < max)
        group->claims[group->count++].submission = queue_pop(queue);
    return group;
}

void
group_reopen(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct claim *claim = &group->claims[i];
        *claim = (struct claim){.submission = claim->submission};
        free(claim->submission->first_answer);
        claim->submission->first_answer = NULL;
        claim->submission->first_answer_len = 0;
    }
}

struct group *
group_halve(struct group *group)
{
    size_t kept = group->count / 2, cut = group->count - kept;
    struct group *upper;

    assert(group->count >= 2);
    upper = group_new(cut);
    if (upper == NULL)
        return NULL;
    upper->rejections = group->rejections;
    upper->ambiguous = group->ambiguous;
    upper->tries = group->tries;
    upper->count = cut;
    memcpy(upper->claims, group->claims + kept, cut * sizeof(struct claim));
    group->count = kept;
    group_reopen(group);
    group_reopen(upper);
    return upper;
}

struct claim *
group_find(struct group *group, int32_t school, int16_t form, int32_t period_day)
{
    size_t low = 0, high = group->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct submission *s = group->claims[middle].submission;
        int order = compare_slots(s->school_id, s->form_id, s->period.first_day, school, form, period_day);
        if (order == 0)
            return &group->claims[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void
group_free(struct group *group)
{
    free(group);
}

void
group_drop(struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        submission_free(group->claims[i].submission);
    group_free(group);
}

void
group_list_push(struct group_list *list, struct group *group)
{
    group->next = list->first;
    list->first = group;
}

struct group *
group_list_pop(struct group_list *list)
{
    struct group *group = list->first;

    if (group != NULL) {
        list->first = group->next;
        group->next = NULL;
    }
    return group;
}
