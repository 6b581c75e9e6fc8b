/*
 * cells: the numbers of an edition in the making: read from the database, held back where they must be,
 * written. Inside the transaction of publish_make.c, so all are of one snapshot.
 */
#ifndef YUEBAOCTL_CELLS_H
#define YUEBAOCTL_CELLS_H

#include "holdback.h"
#include "publish.h"

struct cells;

/* What there is to publish of a district's period; NULL: reported. */
struct cells *cells_read(struct ctl *ctl, const char *district, const char *period)
    __attribute__((warn_unused_result));
void cells_free(struct cells *cells); /* accepts NULL */

size_t cells_count(const struct cells *cells);
/* How many of them are held back for this reason. */
size_t cells_held(const struct cells *cells, enum held held);

/* All of them into the edition with this key. false: reported. */
bool cells_write(struct ctl *ctl, const struct cells *cells, const char *publication)
    __attribute__((warn_unused_result));

#endif
