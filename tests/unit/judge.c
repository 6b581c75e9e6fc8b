/*
 * judge: statements through the functions that both ends use, for whoever has another opinion.
 *
 *   judge < records > rejects
 *
 * In:  records of be32 length, a Catalogue's bytes (none: the one before), be32 length, a Statement's bytes.
 * Out: for each, be32 length and a packed Reject with all findings of validate_statement, warnings too.
 *
 * Exit status: 0 all judged · 65 a record is cut off, or catalogue or statement cannot be judged (which, and
 * why, on standard error).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "arena.h"
#include "catalogue.h"
#include "envelope.h"
#include "findings.h"
#include "gate.h"
#include "limit.h"
#include "validate.h"

#define LENGTH_SIZE 4u

static unsigned long record; /* counted from 1, for complaints */

static _Noreturn void
fail(const char *problem, int status)
{
    fprintf(stderr, "judge: record %lu: %s (%d)\n", record, problem, status);
    exit(EX_DATAERR);
}

/* false: nothing more comes. */
static bool
read_length(size_t len_max, size_t *ret_len)
{
    uint8_t head[LENGTH_SIZE];
    size_t got = fread(head, 1, sizeof(head), stdin);

    if (got == 0)
        return false;
    *ret_len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (got < sizeof(head) || *ret_len > len_max)
        fail("no length", (int)got);
    return true;
}

static void
read_bytes(uint8_t *bytes, size_t len)
{
    if (fread(bytes, 1, len, stdin) != len)
        fail("cut off", 0);
}

/* The record's own catalogue in the place of the one before; NULL: the input ended. */
static struct catalogue *
next_catalogue(struct catalogue *catalogue)
{
    static uint8_t bytes[CATALOGUE_MAX];
    enum catalogue_status status;
    size_t len;

    record++;
    if (!read_length(sizeof(bytes), &len)) {
        catalogue_free(catalogue);
        return NULL;
    }
    if (len == 0 && catalogue != NULL)
        return catalogue;
    read_bytes(bytes, len);
    catalogue_free(catalogue);
    status = catalogue_load(bytes, len, &catalogue);
    if (status != CATALOGUE_OK)
        fail("catalogue", (int)status);
    return catalogue;
}

/* In the arena, as the collector has it. */
static Yuebao__Statement *
next_statement(struct arena *arena)
{
    static uint8_t bytes[FRAME_BODY_MAX];
    Yuebao__Statement *statement;
    enum gate_status status;
    size_t len;

    if (!read_length(sizeof(bytes), &len))
        fail("no statement", 0);
    read_bytes(bytes, len);
    status = gate_check(&yuebao__statement__descriptor, bytes, len, NULL);
    if (status != GATE_OK)
        fail("the gate refuses the statement", (int)status);
    arena_reset(arena);
    statement = yuebao__statement__unpack(arena_allocator(arena), len, bytes);
    if (statement == NULL)
        fail("statement too large", 0);
    return statement;
}

static void
answer(const struct findings *findings)
{
    size_t len;
    uint8_t *bytes = findings_pack(findings, &len);
    uint8_t head[LENGTH_SIZE] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                                 (uint8_t)len};

    if (bytes == NULL || fwrite(head, sizeof(head), 1, stdout) != 1 || fwrite(bytes, 1, len, stdout) != len)
        fail("cannot answer", 0);
    free(bytes);
}

int
main(void)
{
    struct arena *arena = arena_new(ARENA_SIZE);
    struct catalogue *catalogue = NULL;
    struct findings findings;

    if (!envelope_init() || arena == NULL)
        return EX_OSERR;
    findings_init(&findings);
    while ((catalogue = next_catalogue(catalogue)) != NULL) {
        findings_clear(&findings);
        validate_statement(catalogue, next_statement(arena), &findings);
        answer(&findings);
    }
    findings_fini(&findings);
    arena_free(arena);
    return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
