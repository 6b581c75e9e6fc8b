/*
 * holdback, the flow of amounts that add up (holdback.h says why it is one).
 *
 * Junctions: one a place that has others below it and column; one a place that has none, where its kinds
 * part; one for the schools that such an upper place has of its own; and the top, where all comes from and
 * goes to. Pipes: the cells, and for upper places what their own schools make, which nobody prints and
 * everybody can subtract. Without "all kinds" nothing parts: what would be a parting is the top.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "holdback_inside.h"

#define NO_PIPE  SIZE_MAX
#define UNBOUND  (INT64_MAX / 4)
#define FAR_AWAY UINT64_MAX

struct pipe {
    size_t from, to;
    struct holdback_cell *cell; /* NULL: there is no such pipe */
    size_t column;
    bool is_open;    /* hidden from readers, and not known to them: other amounts may be imagined in it */
    bool could_open; /* or could be hidden, at a cost */
    bool is_asked;   /* a circle must lead through it */
    int64_t amount, least, most; /* of the flow that is looked at */
};

struct net {
    const int *parents;
    size_t places;
    struct holdback_table *table;
    struct holdback_cell *own; /* places × columns: what a place's own schools make */
    struct pipe *pipes;        /* places × columns cells, then as many of own schools */
    size_t n_pipes, n_junctions;
    size_t *first, *at; /* the pipes of junction j: at[first[j]] … at[first[j + 1] - 1] */
    /* one search */
    uint64_t *distance;
    size_t *came_by; /* the pipe that led to a junction */
    size_t *turns;   /* the search that last came to a junction: only then do the two above say anything */
    size_t turn;
    struct stop {
        uint64_t distance;
        size_t junction;
    } * heap;
    size_t heap_size, heap_room;
};

static void *
room_for(size_t n, size_t size)
{
    void *room = calloc(n == 0 ? 1 : n, size);

    if (room == NULL)
        abort();
    return room;
}

/* ---- the pipes ------------------------------------------------------------------------------------ */

static size_t
junction_of(size_t place, size_t column)
{
    return place * HOLDBACK_COLUMNS + column;
}

static size_t
parting_of(const struct net *net, size_t place, bool own)
{
    return net->places * HOLDBACK_COLUMNS + (own ? net->places : 0) + place;
}

static size_t
top_of(const struct net *net)
{
    return net->places * (HOLDBACK_COLUMNS + 2);
}

/* "All kinds" flows down, kinds flow up. */
static void
lay(struct pipe *pipe, size_t below, size_t above, size_t column)
{
    bool down = column == HOLDBACK_ALL;

    pipe->from = down ? above : below;
    pipe->to = down ? below : above;
    pipe->column = column;
}

static void
open_cell(struct pipe *pipe, struct holdback_cell *cell)
{
    pipe->cell = cell->schools > 0 ? cell : NULL;
    pipe->is_open = cell->held != HELD_NOT && !cell->known;
    pipe->could_open = cell->held == HELD_NOT && !cell->known && !cell->shown_before && !is_zero(cell);
    pipe->is_asked = pipe->is_open;
}

static void
open_own(const struct net *net, struct pipe *pipe, struct holdback_cell *own)
{
    pipe->cell = own->schools > 0 ? own : NULL;
    pipe->is_open = !own->known;
    pipe->could_open = false;
    pipe->is_asked = pipe->is_open && small_by_itself(net->table, own, pipe->column) != HELD_NOT;
}

/* A place less those below it. */
static void
count_own(struct net *net)
{
    for (size_t p = 0; p < net->places; p++)
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            net->own[junction_of(p, c)] = *cell_at(net->table, p, c);
            net->own[junction_of(p, c)].largest = 0;
        }
    for (size_t p = 1; p < net->places; p++)
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            const struct holdback_cell *cell = cell_at(net->table, p, c);
            struct holdback_cell *own = &net->own[junction_of((size_t)net->parents[p], c)];
            own->schools -= cell->schools;
            own->value -= cell->value;
            own->denominator -= cell->denominator;
            own->known = own->known && (cell->known || cell->schools == 0);
        }
}

static void
lay_pipes(struct net *net)
{
    bool all = has_all_kinds(net->table, net->places);
    bool *is_upper = room_for(net->places, sizeof(*is_upper));
    size_t top = top_of(net);

    count_own(net);
    for (size_t p = 1; p < net->places; p++)
        is_upper[net->parents[p]] = true;
    for (size_t p = 0; p < net->places; p++) {
        bool upper = is_upper[p];
        for (size_t c = 0; c < HOLDBACK_COLUMNS; c++) {
            struct pipe *pipe = &net->pipes[junction_of(p, c)];
            size_t end = upper ? junction_of(p, c) : all ? parting_of(net, p, false) : top;
            lay(pipe, end, net->parents[p] < 0 ? top : junction_of((size_t)net->parents[p], c), c);
            open_cell(pipe, cell_at(net->table, p, c));
            if (!upper)
                continue;
            struct pipe *own = &net->pipes[net->places * HOLDBACK_COLUMNS + junction_of(p, c)];
            lay(own, all ? parting_of(net, p, true) : top, junction_of(p, c), c);
            open_own(net, own, &net->own[junction_of(p, c)]);
        }
    }
    free(is_upper);
}

/* Which pipes meet at which junction. */
static void
join_pipes(struct net *net)
{
    for (size_t i = 0; i < net->n_pipes; i++)
        if (net->pipes[i].cell != NULL) {
            net->first[net->pipes[i].from + 1]++;
            net->first[net->pipes[i].to + 1]++;
        }
    for (size_t j = 0; j < net->n_junctions; j++)
        net->first[j + 1] += net->first[j];
    size_t *next = room_for(net->n_junctions, sizeof(*next));
    memcpy(next, net->first, net->n_junctions * sizeof(*next));
    for (size_t i = 0; i < net->n_pipes; i++)
        if (net->pipes[i].cell != NULL) {
            net->at[next[net->pipes[i].from]++] = i;
            net->at[next[net->pipes[i].to]++] = i;
        }
    free(next);
}

static void
net_begin(struct net *net)
{
    net->n_pipes = net->places * HOLDBACK_COLUMNS * 2;
    net->n_junctions = top_of(net) + 1;
    net->own = room_for(net->places * HOLDBACK_COLUMNS, sizeof(*net->own));
    net->pipes = room_for(net->n_pipes, sizeof(*net->pipes));
    net->first = room_for(net->n_junctions + 1, sizeof(*net->first));
    net->at = room_for(net->n_pipes * 2, sizeof(*net->at));
    net->distance = room_for(net->n_junctions, sizeof(*net->distance));
    net->came_by = room_for(net->n_junctions, sizeof(*net->came_by));
    net->turns = room_for(net->n_junctions, sizeof(*net->turns));
    net->heap_room = net->n_pipes * 2 + 1; /* a junction is reached at most once by each end of a pipe */
    net->heap = room_for(net->heap_room, sizeof(*net->heap));
    lay_pipes(net);
    join_pipes(net);
}

static void
net_end(struct net *net)
{
    free(net->own);
    free(net->pipes);
    free(net->first);
    free(net->at);
    free(net->distance);
    free(net->came_by);
    free(net->turns);
    free(net->heap);
}

/* ---- one amount ----------------------------------------------------------------------------------- */

/* Amounts and what readers know of their bounds. The rest of a PART is its second amount. */
static void
measure(const struct net *net, struct pipe *pipe, size_t amount)
{
    const struct holdback_table *table = net->table;
    const struct holdback_cell *cell = pipe->cell;

    pipe->amount = amount == 0                       ? cell->value
                   : table->measure == HOLDBACK_PART ? cell->denominator - cell->value
                                                     : cell->denominator;
    pipe->least = 0;
    /* even for readers who know of how many it is a part */
    pipe->most = table->measure == HOLDBACK_PART && amount == 0 ? cell->denominator : UNBOUND;
    if (table->measure != HOLDBACK_SUM)
        return;
    pipe->least = cell->schools * table->least;
    pipe->most = cell->schools * table->most;
    if (pipe->least == 0)
        pipe->least = 1; /* no zero is held back */
}

static bool
fits(const struct pipe *pipe, bool more)
{
    return more ? pipe->amount < pipe->most : pipe->amount > pipe->least;
}

/* What it costs to lead a circle through: nothing where it is hidden; else the schools whose sum would be
 * lost, half of that where it was lost the period before. */
static uint64_t
cost_of(const struct pipe *pipe)
{
    if (pipe->is_open)
        return 0;
    return pipe->cell->held_lately ? (uint64_t)pipe->cell->schools : (uint64_t)pipe->cell->schools * 2;
}

/* ---- the cheapest way ----------------------------------------------------------------------------- */

static bool
is_before(const struct stop *a, const struct stop *b)
{
    return a->distance != b->distance ? a->distance < b->distance : a->junction < b->junction;
}

static void
heap_push(struct net *net, struct stop stop)
{
    size_t i = net->heap_size++;

    assert(net->heap_size <= net->heap_room);
    for (; i > 0 && is_before(&stop, &net->heap[(i - 1) / 2]); i = (i - 1) / 2)
        net->heap[i] = net->heap[(i - 1) / 2];
    net->heap[i] = stop;
}

static struct stop
heap_pop(struct net *net)
{
    struct stop first = net->heap[0], last = net->heap[--net->heap_size];
    size_t i = 0;

    for (size_t child; (child = 2 * i + 1) < net->heap_size; i = child) {
        if (child + 1 < net->heap_size && is_before(&net->heap[child + 1], &net->heap[child]))
            child++;
        if (!is_before(&net->heap[child], &last))
            break;
        net->heap[i] = net->heap[child];
    }
    net->heap[i] = last;
    return first;
}

static void
reach(struct net *net, size_t junction, uint64_t distance, size_t by)
{
    if (net->turns[junction] == net->turn && distance >= net->distance[junction])
        return;
    net->turns[junction] = net->turn;
    net->distance[junction] = distance;
    net->came_by[junction] = by;
    heap_push(net, (struct stop){distance, junction});
}

static void
go_on_from(struct net *net, const struct stop *stop, size_t not_by)
{
    for (size_t i = net->first[stop->junction]; i < net->first[stop->junction + 1]; i++) {
        const struct pipe *pipe = &net->pipes[net->at[i]];
        bool with = pipe->from == stop->junction;
        if (net->at[i] != not_by && (pipe->is_open || pipe->could_open) && fits(pipe, with))
            reach(net, with ? pipe->to : pipe->from, stop->distance + cost_of(pipe), net->at[i]);
    }
}

/* Dijkstra's, from one end of a pipe to the other, without it. FAR_AWAY: there is no way. */
static uint64_t
search(struct net *net, size_t start, size_t goal, size_t not_by)
{
    net->turn++;
    net->heap_size = 0;
    reach(net, start, 0, NO_PIPE);
    while (net->heap_size > 0) {
        struct stop stop = heap_pop(net);
        if (stop.junction == goal)
            return stop.distance;
        if (stop.distance == net->distance[stop.junction])
            go_on_from(net, &stop, not_by);
    }
    return FAR_AWAY;
}

/* Hide what the way just found leads through. */
static void
hide_way(struct net *net, size_t start, size_t goal)
{
    for (size_t junction = goal; junction != start;) {
        struct pipe *pipe = &net->pipes[net->came_by[junction]];
        if (!pipe->is_open) {
            pipe->cell->held = HELD_COMPLEMENT;
            open_cell(pipe, pipe->cell);
        }
        junction = pipe->to == junction ? pipe->from : pipe->to;
    }
}

/* With more or with less in it, whatever costs less. */
static enum flow
close_circle(struct net *net, size_t by)
{
    const struct pipe *pipe = &net->pipes[by];
    size_t from = pipe->from, to = pipe->to;
    uint64_t more = fits(pipe, true) ? search(net, to, from, by) : FAR_AWAY;

    if (more == 0)
        return FLOW_SAFE;
    uint64_t less = fits(pipe, false) ? search(net, from, to, by) : FAR_AWAY;
    if (less == 0)
        return FLOW_SAFE;
    if (more == FAR_AWAY && less == FAR_AWAY)
        return FLOW_STUCK;
    if (less < more) {
        hide_way(net, from, to);
    } else {
        (void)search(net, to, from, by);
        hide_way(net, to, from);
    }
    return FLOW_MORE;
}

static enum flow
close_circles(struct net *net)
{
    enum flow worst = FLOW_SAFE;

    for (size_t i = 0; i < net->n_pipes && worst != FLOW_STUCK; i++) {
        if (net->pipes[i].cell == NULL || !net->pipes[i].is_asked)
            continue;
        enum flow flow = close_circle(net, i);
        worst = flow > worst ? flow : worst;
    }
    return worst;
}

enum flow
flow_close(const int *parents, size_t places, struct holdback_table *table)
{
    struct net net = {.parents = parents, .places = places, .table = table};
    size_t amounts = table->measure == HOLDBACK_SUM ? 1 : HOLDBACK_AMOUNTS;
    enum flow worst = FLOW_SAFE;

    net_begin(&net);
    for (size_t amount = 0; amount < amounts && worst != FLOW_STUCK; amount++) {
        for (size_t i = 0; i < net.n_pipes; i++)
            if (net.pipes[i].cell != NULL)
                measure(&net, &net.pipes[i], amount);
        enum flow flow = close_circles(&net);
        worst = flow > worst ? flow : worst;
    }
    net_end(&net);
    return worst;
}
