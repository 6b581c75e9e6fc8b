/*
 * registry_ask: questions about keys that memory cannot answer, and enrolments, one after the other on a link
 * of their own.
 */
#ifndef YUEBAO_REGISTRY_ASK_H
#define YUEBAO_REGISTRY_ASK_H

#include "registry.h"

#define REGISTRY_ASKS_MAX 64u /* that wait; more are answered REGISTRY_AWAY */

struct asker;

/* Told of every key that was found or enrolled, before the asker's own callback: yuebao.school.school of the
 * key. */
typedef void asker_on_yes(const uint8_t key[KEY_SIZE], int32_t school, void *arg);

/* conninfo is borrowed. NULL: no memory. */
struct asker *asker_new(struct event_base *base, const char *conninfo, asker_on_yes *on_yes, void *arg);
void asker_free(struct asker *asker); /* accepts NULL; who still waits is told nothing */

/* NULL: `done` was called already. */
struct registry_ask *asker_key(struct asker *asker, const uint8_t key[KEY_SIZE], const char *school,
                               registry_on_key *done, void *arg);
struct registry_ask *asker_enrol(struct asker *asker, const uint8_t code_hash[ID_SIZE], const char *school,
                                 const uint8_t key[KEY_SIZE], const char *software, registry_on_key *done,
                                 void *arg);

#endif
