/*
 * parts: what one statement costs in the collector before the database hears of it: the gate over its bytes,
 * unpacking them into the arena, and judging them. 60 figures with and without denominators, 40 rules of 2 to
 * 4 terms, all of them kept, as nearly all statements are.
 *
 *   parts [--json]
 *
 * The parts take turns in short rounds, so that a busy machine is busy for all of them; processor time is
 * taken, and the median of the rounds counts. Trust the ratios more than the nanoseconds.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "arena.h"
#include "catalogue.h"
#include "envelope.h"
#include "findings.h"
#include "gate.h"
#include "sixty.h"
#include "validate.h"

#define ROUNDS 501
#define TIMES  200 /* of each part in a round: less than a slice of the scheduler's */

/* ---- the parts ---------------------------------------------------------------------------------- */

struct work {
    struct catalogue *catalogue;
    const uint8_t *bytes;
    size_t len;
    struct arena *arena;
    const Yuebao__Statement *statement; /* of its own, beside the arena */
    struct findings findings;
};

static void
do_gate(struct work *work)
{
    if (gate_check(&yuebao__statement__descriptor, work->bytes, work->len, NULL) != GATE_OK)
        abort();
}

static void
do_unpack(struct work *work)
{
    arena_reset(work->arena);
    if (yuebao__statement__unpack(arena_allocator(work->arena), work->len, work->bytes) == NULL)
        abort();
}

static void
do_validate(struct work *work)
{
    validate_statement(work->catalogue, work->statement, &work->findings);
    if (work->findings.count > 0)
        abort();
}

enum { GATE, UNPACK, VALIDATE, VALIDATE_FIGURES, PARTS };

static const struct {
    const char *name;
    void (*run)(struct work *);
    size_t rules;
} parts[PARTS] = {
    [GATE] = {"gate", do_gate, SIXTY_RULES},
    [UNPACK] = {"unpack", do_unpack, SIXTY_RULES},
    [VALIDATE] = {"validate", do_validate, SIXTY_RULES},
    [VALIDATE_FIGURES] = {"validate_without_rules", do_validate, 0},
};

static void
work_init(struct work *work, size_t rules)
{
    work->catalogue = sixty_catalogue(rules);
    work->bytes = sixty_statement(work->catalogue, &work->len);
    work->arena = arena_new(ARENA_SIZE);
    work->statement = yuebao__statement__unpack(NULL, work->len, work->bytes);
    assert(work->arena != NULL && work->statement != NULL);
    findings_init(&work->findings);
}

/* ---- measuring ---------------------------------------------------------------------------------- */

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double
measure(int part, struct work *work)
{
    double start = now_ns();

    for (int i = 0; i < TIMES; i++)
        parts[part].run(work);
    return (now_ns() - start) / TIMES;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *rounds)
{
    qsort(rounds, ROUNDS, sizeof(*rounds), compare);
    return rounds[ROUNDS / 2];
}

static void
report(const double ns[PARTS], bool json)
{
    if (json)
        printf("{\"bench\": \"parts\", \"figures\": %d, \"rules\": %d", SIXTY_FIGURES, SIXTY_RULES);
    else
        printf("%d figures, %d rules; median of %d rounds\n%-24s %8s %10s\n", SIXTY_FIGURES, SIXTY_RULES,
               ROUNDS, "part", "ns", "of unpack");
    for (int part = 0; part < PARTS; part++) {
        if (json)
            printf(", \"%s_ns\": %.0f, \"%s_of_unpack\": %.2f", parts[part].name, ns[part], parts[part].name,
                   ns[part] / ns[UNPACK]);
        else
            printf("%-24s %8.0f %10.2f\n", parts[part].name, ns[part], ns[part] / ns[UNPACK]);
    }
    fputs(json ? "}\n" : "", stdout);
}

int
main(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    static double rounds[PARTS][ROUNDS];
    struct work works[PARTS];
    double ns[PARTS];

    if (argc > 2 || (argc == 2 && !json)) {
        fputs("usage: parts [--json]\n", stderr);
        return EX_USAGE;
    }
    if (!envelope_init())
        return EX_OSERR;
    for (int part = 0; part < PARTS; part++)
        work_init(&works[part], parts[part].rules);
    for (int part = 0; part < PARTS; part++)
        measure(part, &works[part]); /* caches are warm in a collector at the end of a month */
    for (int round = 0; round < ROUNDS; round++) {
        for (int part = 0; part < PARTS; part++)
            rounds[part][round] = measure(part, &works[part]);
    }
    for (int part = 0; part < PARTS; part++)
        ns[part] = median(rounds[part]);
    report(ns, json);
    return ferror(stdout) ? EX_IOERR : EX_OK;
}
