#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *name, *word; /* name NULL: free */
};

/* Open addressing, at most half full; capacity a power of two. */
struct names {
    struct entry *entries;
    size_t count, capacity;
};

static void *
need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

struct names *
names_new(void)
{
    struct names *names = need(calloc(1, sizeof(*names)));

    names->capacity = 256;
    names->entries = need(calloc(names->capacity, sizeof(*names->entries)));
    return names;
}

void
names_free(struct names *names)
{
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->capacity; i++) {
        free(names->entries[i].name);
        free(names->entries[i].word);
    }
    free(names->entries);
    free(names);
}

/* FNV-1a: the codes are the administrator's own, nobody floods this table. */
static uint64_t
hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return h;
}

/* Where `name` is, or where it would go. */
static struct entry *
place(const struct names *names, const char *name)
{
    size_t mask = names->capacity - 1, i = hash(name) & mask;

    while (names->entries[i].name != NULL && strcmp(names->entries[i].name, name) != 0)
        i = (i + 1) & mask;
    return &names->entries[i];
}

static void
grow(struct names *names)
{
    struct names bigger = {need(calloc(names->capacity * 2, sizeof(struct entry))), names->count,
                           names->capacity * 2};

    for (size_t i = 0; i < names->capacity; i++)
        if (names->entries[i].name != NULL)
            *place(&bigger, names->entries[i].name) = names->entries[i];
    free(names->entries);
    *names = bigger;
}

bool
names_put(struct names *names, const char *name, const char *word)
{
    if (2 * (names->count + 1) > names->capacity)
        grow(names);
    struct entry *entry = place(names, name);
    if (entry->name != NULL)
        return false;
    entry->name = need(strdup(name));
    entry->word = need(strdup(word));
    names->count++;
    return true;
}

void
names_replace(struct names *names, const char *name, const char *word)
{
    if (names_put(names, name, word))
        return;
    struct entry *entry = place(names, name);
    char *copy = need(strdup(word)); /* before the free: `word` may be the old one */
    free(entry->word);
    entry->word = copy;
}

const char *
names_word(const struct names *names, const char *name)
{
    return place(names, name)->word;
}
