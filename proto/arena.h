/*
 * arena: a bounded bump allocator for unpacking one message with protobuf-c.
 *
 * One block of fixed size; nothing is freed singly; when it is full, allocation fails and protobuf-c cleans
 * up and returns NULL. Reset makes all of it free again at once.
 */
#ifndef YUEBAO_ARENA_H
#define YUEBAO_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#define ARENA_SIZE                                                                                           \
    (1024u * 1024u) /* bytes; 64 KiB of what the gate lets through unpacks into 800 KiB at worst */

struct arena;

struct arena *arena_new(size_t size); /* owned by the caller; NULL: no memory */
void arena_free(struct arena *arena); /* accepts NULL */
void arena_reset(struct arena *arena);

/* The allocator to hand to yuebao__…__unpack(); borrowed, valid as long as the arena. */
ProtobufCAllocator *arena_allocator(struct arena *arena);

/* `size` bytes, aligned for any type, or NULL when the arena is full. */
void *arena_alloc(struct arena *arena, size_t size);

#endif
