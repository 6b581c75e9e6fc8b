#include "arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Under AddressSanitizer what is not handed out is poisoned, with a gap behind every piece, so that an
 * overflow inside the block is seen as one on the heap would be.
 */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_GAP ALIGNMENT
#else
#define ASAN_POISON_MEMORY_REGION(start, size)   ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ARENA_GAP                                0u
#endif

#define ALIGNMENT _Alignof(max_align_t)

struct arena {
    ProtobufCAllocator allocator; /* its allocator_data is this arena */
    uint8_t *block;
    size_t size;
    size_t used; /* a multiple of ALIGNMENT */
};

static void *
allocate(void *data, size_t size)
{
    return arena_alloc(data, size);
}

/* Nothing is freed singly. */
static void
ignore(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

struct arena *
arena_new(size_t size)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena == NULL)
        return NULL;
    arena->block = malloc(size > 0 ? size : 1);
    if (arena->block == NULL) {
        free(arena);
        return NULL;
    }
    arena->size = size;
    arena->allocator = (ProtobufCAllocator){.alloc = allocate, .free = ignore, .allocator_data = arena};
    ASAN_POISON_MEMORY_REGION(arena->block, size);
    return arena;
}

void
arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    ASAN_UNPOISON_MEMORY_REGION(arena->block, arena->size);
    free(arena->block);
    free(arena);
}

void
arena_reset(struct arena *arena)
{
    arena->used = 0;
    ASAN_POISON_MEMORY_REGION(arena->block, arena->size);
}

ProtobufCAllocator *
arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    size_t left = arena->size - arena->used;
    size_t step;
    uint8_t *piece;

    assert(arena->used <= arena->size);
    if (size > left)
        return NULL;
    piece = arena->block + arena->used;
    step = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ARENA_GAP;
    if (step == 0)
        step = ALIGNMENT; /* two pieces of no bytes are still two */
    arena->used += step < left ? step : left;
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    return piece;
}
