/*
 * catalogues: those by which statements were made, read from the database once each, by hash.
 */
#ifndef YUEBAOCTL_CATALOGUES_H
#define YUEBAOCTL_CATALOGUES_H

#include <stdint.h>

#include "catalogue.h"
#include "ctl.h"
#include "yuebao.pb-c.h"

struct catalogue_entry {
    struct catalogue *catalogue; /* owned; its hash is the one that was asked for */
    int number;                  /* yuebao.catalogue.catalogue */
    char *made;                  /* when, for people; owned */
};

/* A zeroed struct is empty. */
struct catalogues {
    struct catalogue_entry *entries;
    size_t count;
};

void catalogues_fini(struct catalogues *catalogues);

/* What is held already; NULL: not yet asked for. `hash` has ID_SIZE bytes. Borrowed until the next load. */
const struct catalogue_entry *catalogues_held(const struct catalogues *catalogues, const uint8_t *hash);

/*
 * Ask the database when it is not held. false: reported. *ret_entry is NULL when the database has none of
 * that hash, or what it has cannot be read or is another one.
 */
bool catalogues_load(struct ctl *ctl, struct catalogues *catalogues, const uint8_t *hash,
                     const struct catalogue_entry **ret_entry) __attribute__((warn_unused_result));

#endif
