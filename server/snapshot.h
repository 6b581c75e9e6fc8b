/*
 * snapshot: what the register and the calendar held at one moment, laid out in a worker's memory. No I/O.
 *
 * Filled row by row in the order that registry_load reads (forms, districts by number, schools, keys,
 * catalogues, then the calendar's rows as calendar.h wants them), then only looked at; keys alone may still
 * be added. Texts live in blocks that never move. Half a million schools with a key each take about 110 MiB.
 */
#ifndef YUEBAO_SNAPSHOT_H
#define YUEBAO_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar.h"
#include "registry.h"

struct snapshot_school {
    struct registry_school face; /* first: a pointer to it is a pointer to this */
    int32_t district;            /* today's, or the first that it will have; 0: none */
    int32_t district_from;       /* since, a day */
    uint32_t sibling;            /* snapshot's own: next school of the institution */
    uint32_t moves;              /* snapshot's own: its districts, if it was in more than one */
    const char *name_zh, *name_en;
};

struct snapshot_district {
    int32_t district, parent; /* parent 0: none */
    const char *name_zh, *name_en;
};

struct snapshot;

/* `schools`: about how many are expected. NULL: no memory. */
struct snapshot *snapshot_new(int64_t version, size_t schools, int32_t today);
void snapshot_free(struct snapshot *snapshot); /* accepts NULL */
int64_t snapshot_version(const struct snapshot *snapshot);

/*
 * Rows, texts are copied. false: no memory (for all), or a row that fits nothing (unknown form or catalogue:
 * the row is left out and true comes back, for one bad row must not keep the others from reporting).
 */
bool snapshot_add_form(struct snapshot *snapshot, const struct calendar_form *form);
bool snapshot_add_district(struct snapshot *snapshot, const struct snapshot_district *district);
/* Once for each of its districts, in any order. Schools with the same text of institution get one number. */
bool snapshot_add_school(struct snapshot *snapshot, const struct snapshot_school *school,
                         const char *institution);
bool snapshot_add_key(struct snapshot *snapshot, const uint8_t key[KEY_SIZE], int32_t school);
/* In calendar.h's order. */
bool snapshot_add_window(struct snapshot *snapshot, const struct registry_window *window);
bool snapshot_add_extension(struct snapshot *snapshot, const struct calendar_extension *extension);
bool snapshot_add_recipient(struct snapshot *snapshot, int16_t form, int32_t school);

/* Catalogues are shared by the snapshots that know them. Share what `old` (may be NULL) holds under this id
 * and hash. */
bool snapshot_share_catalogue(struct snapshot *snapshot, const struct snapshot *old, int16_t id,
                              const uint8_t hash[ID_SIZE]);
/* Takes `catalogue`, also on failure. */
bool snapshot_add_catalogue(struct snapshot *snapshot, int16_t id, struct catalogue *catalogue);
const struct catalogue *snapshot_catalogue_of(const struct snapshot *snapshot, int16_t id);

/* Look-ups; NULL: unknown. */
const struct snapshot_school *snapshot_school(const struct snapshot *snapshot, const char *code);
/* Up to `max` schools of the institution, by code; how many. */
size_t snapshot_siblings(const struct snapshot *snapshot, const struct registry_school *school,
                         const struct snapshot_school **ret_schools, size_t max);
const struct snapshot_district *snapshot_district(const struct snapshot *snapshot, int32_t district);
const struct calendar *snapshot_calendar(const struct snapshot *snapshot);
/* The calendar's window as this school has it: its own extension's, else that of the nearest district above
 * the one to which it belongs on the period's last day, else the window itself. */
const struct registry_window *snapshot_window_of(const struct snapshot *snapshot,
                                                 const struct registry_window *window,
                                                 const struct registry_school *school);
const struct catalogue *snapshot_catalogue(const struct snapshot *snapshot, const uint8_t hash[ID_SIZE]);
/* false: the key is not known. ret_institution: for whom it may sign. */
bool snapshot_key(const struct snapshot *snapshot, const uint8_t key[KEY_SIZE], int32_t *ret_institution);

size_t snapshot_school_count(const struct snapshot *snapshot);
size_t snapshot_key_count(const struct snapshot *snapshot);

#endif
