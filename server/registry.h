/*
 * registry: schools, their keys, the calendar and the catalogues, in a worker's memory.
 *
 * Read from PostgreSQL on a link of its own: whole at the start, whole again whenever yuebao.registry_version
 * rises (LISTEN yuebao_registry; numbers are compared after a reconnect). A new snapshot replaces the old one
 * between two turns of the loop; on any error the old one stays. Nothing borrowed from here outlives the
 * current turn of the loop, except catalogues that were retained. Size: half a million schools in 150 MiB.
 */
#ifndef YUEBAO_REGISTRY_H
#define YUEBAO_REGISTRY_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "catalogue.h"
#include "period.h"

#define REGISTRY_SIBLINGS_MAX 40u /* schools of one institution that are told of */

struct asker;
struct registry;

struct registry_school {
    int32_t id;          /* yuebao.school.school */
    int32_t institution; /* schools with the same number belong together */
    const char *code, *kind;
    int32_t opened_day, closed_day; /* closed_day INT32_MAX while open */
};

struct registry_window {
    int16_t form_id;
    struct period period;
    uint64_t opens_ms, due_ms, closes_ms;
    int32_t zone_minutes;
    int16_t catalogue_id;
    const struct catalogue *catalogue;
    const char *extension; /* why a school has other instants than everybody; "": it has not */
};

/* Told when the first snapshot is in (ready), and whenever one was replaced. */
typedef void registry_on_change(void *arg);

/*
 * Starts connecting at once; conninfo is borrowed for the registry's life, and so is the asker, which must
 * have the kinds of registry_ask.h. NULL: no memory.
 */
struct registry *registry_new(struct event_base *base, const char *conninfo, struct asker *asker,
                              registry_on_change *on_change, void *arg);
void registry_free(struct registry *registry);
bool registry_ready(const struct registry *registry);

/* NULL: unknown. Borrowed until the end of this turn of the loop. */
const struct registry_school *registry_school(const struct registry *registry, const char *code);
/* The numbers of the institution's schools, the school itself among them; how many. */
size_t registry_siblings(const struct registry *registry, const struct registry_school *school,
                         int32_t ret_schools[REGISTRY_SIBLINGS_MAX]);
/* As the school has it, with what the bureau has put off for it or for its district; `school` NULL: as
 * everybody has it. */
const struct registry_window *registry_window(const struct registry *registry, const char *form,
                                              struct period period, const struct registry_school *school);
/* Whether the form went to the school: a one-off form goes to chosen schools, every other (and an unknown
 * one) to all. */
bool registry_form_sent(const struct registry *registry, const char *form,
                        const struct registry_school *school);
/* The form's number, whether or not the calendar has a period of it. false: no form of that frequency has the
 * code. */
bool registry_form(const struct registry *registry, const char *form, enum frequency frequency,
                   int16_t *ret_form_id);
const struct catalogue *registry_catalogue(const struct registry *registry, const uint8_t hash[ID_SIZE]);

/* Whether the key is enrolled, not revoked, for a school of the same institution as `school`. */
bool registry_key_may_sign(const struct registry *registry, const uint8_t key[KEY_SIZE],
                           const struct registry_school *school);

/*
 * The same, for a hello: when memory does not know the key, asks the database (a key enrolled a moment ago at
 * another worker), then answers. `done` is called once, maybe at once, unless cancelled by
 * registry_ask_cancel. NULL: answered already.
 */
enum registry_answer { REGISTRY_YES, REGISTRY_NO, REGISTRY_AWAY };
typedef void registry_on_key(enum registry_answer answer, void *arg);
struct registry_ask;
struct registry_ask *registry_ask_key(struct registry *registry, const uint8_t key[KEY_SIZE],
                                      const char *school, registry_on_key *done, void *arg);

/*
 * Enrol: spend the code's hash for this school and store the key, in one transaction (one use, not expired,
 * at most 5 wrong tries a school and hour, counted in this worker). REGISTRY_NO: wrong, used, expired or
 * tried too often.
 */
struct registry_ask *registry_enrol(struct registry *registry, const uint8_t code_hash[ID_SIZE],
                                    const char *school, const uint8_t key[KEY_SIZE], const char *software,
                                    registry_on_key *done, void *arg);
void registry_ask_cancel(struct registry_ask *ask);

/*
 * The agenda of an institution, as a packed Agenda in malloc'd memory that the caller frees: windows that
 * closed at most 62 days ago or open within 31 days, newest first, at most 400 (daily ones 31 days back),
 * those that not all have alike with their schools' codes. NULL: no memory.
 */
uint8_t *registry_agenda(const struct registry *registry, const struct registry_school *school,
                         uint64_t now_ms, size_t *ret_len);

#endif
