#include "near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS_MAX 64  /* bytes; longer words are near to nothing */
#define PART_MIN    3   /* bytes: one Chinese character */
#define FAR         999 /* further than anything can be */

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein's distance, a row at a time. */
static size_t
distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), row[LETTERS_MAX + 1];

    if (n > LETTERS_MAX || m > LETTERS_MAX)
        return FAR;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[m];
}

static size_t
how_far(const char *typed, const char *code, const char *name)
{
    size_t len = strlen(typed);

    if (len >= PART_MIN && (strstr(code, typed) != NULL || (name != NULL && strstr(name, typed) != NULL)))
        return 0;
    size_t far = distance(typed, code);
    return far <= 1 + len / 5 && far < len ? far : FAR;
}

void
near_consider(struct near *near, const char *code, const char *name)
{
    size_t far = how_far(near->typed, code, name), at = near->count;

    while (at > 0 && near->found[at - 1].distance > far)
        at--;
    if (far == FAR || at == NEAR_MOST)
        return;
    if (near->count < NEAR_MOST)
        near->count++;
    memmove(&near->found[at + 1], &near->found[at], (near->count - at - 1) * sizeof(near->found[0]));
    near->found[at].code = code;
    near->found[at].name = name;
    near->found[at].distance = far;
}

char *
near_list(const struct near *near, const char *joint)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = near->count == 0 ? NULL : open_memstream(&text, &len);

    if (near->count == 0)
        return NULL;
    if (out == NULL)
        abort();
    for (size_t i = 0; i < near->count; i++)
        fprintf(out, "%s%s%s%s", i == 0 ? "" : joint, near->found[i].code,
                near->found[i].name == NULL ? "" : " ",
                near->found[i].name == NULL ? "" : near->found[i].name);
    if (fclose(out) != 0)
        abort();
    return text;
}
