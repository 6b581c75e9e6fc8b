/*
 * papers: what the database, and the programs that are not ours, must know of the made-up schools.
 *
 *   papers keys N                    public keys of schools 1 to N, hex, one a line
 *   papers catalogue                 the catalogue's bytes, hex
 *   papers bodies SCHOOLS FIRST N    figures of N reports as JSON, one a line
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "body.h"
#include "envelope.h"
#include "paper.h"
#include "sixty.h"

static void
print_keys(uint32_t schools)
{
    uint8_t key[KEY_SIZE], secret[SECRET_SIZE];
    char text[2 * KEY_SIZE + 1];

    for (uint32_t school = 1; school <= schools; school++) {
        paper_school_key(school, key, secret);
        hex_print(key, KEY_SIZE, text);
        puts(text);
    }
}

static void
print_catalogue(void)
{
    size_t len;
    uint8_t *bytes = sixty_catalogue_bytes(SIXTY_RULES, &len);

    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
    free(bytes);
}

static void
print_bodies(uint32_t schools, uint32_t first, uint32_t count)
{
    char body[BODY_MAX];

    for (uint32_t at = first; at < first + count; at++) {
        body_of(paper_school_of(at, schools), body);
        puts(body);
    }
}

static uint32_t
number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!envelope_init())
        return EX_OSERR;
    if (strcmp(what, "keys") == 0 && argc == 3)
        print_keys(number(argv[2]));
    else if (strcmp(what, "catalogue") == 0 && argc == 2)
        print_catalogue();
    else if (strcmp(what, "bodies") == 0 && argc == 5)
        print_bodies(number(argv[2]), number(argv[3]), number(argv[4]));
    else {
        fputs("usage: papers keys N | catalogue | bodies SCHOOLS FIRST N\n", stderr);
        return EX_USAGE;
    }
    return ferror(stdout) ? EX_IOERR : EX_OK;
}
