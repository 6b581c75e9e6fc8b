/*
 * registry_ask: questions about keys that memory cannot answer, and enrolments, on the asker's link.
 */
#ifndef YUEBAO_REGISTRY_ASK_H
#define YUEBAO_REGISTRY_ASK_H

#include "asker.h"
#include "registry.h"

/* What is asked, for the asker's table. */
extern const struct ask_kind registry_ask_of_key, registry_ask_of_enrolment;

struct key_asker;

/* Told of every key that was found or enrolled, before the asker's own callback: yuebao.school.school of the
 * key. */
typedef void key_asker_on_yes(const uint8_t key[KEY_SIZE], int32_t school, void *arg);

/* `asker` is borrowed. NULL: no memory. */
struct key_asker *key_asker_new(struct asker *asker, key_asker_on_yes *on_yes, void *arg);
void key_asker_free(struct key_asker *keys); /* accepts NULL; the asker's loop must not run any more */

/* NULL: `done` was called already. */
struct registry_ask *key_asker_find(struct key_asker *keys, const uint8_t key[KEY_SIZE], const char *school,
                                    registry_on_key *done, void *arg);
struct registry_ask *key_asker_enrol(struct key_asker *keys, const uint8_t code_hash[ID_SIZE],
                                     const char *school, const uint8_t key[KEY_SIZE], const char *software,
                                     registry_on_key *done, void *arg);

#endif
