/* What the parts of filing have in common. Inside the filing's room only. */
#ifndef YUEBAO_FILING_INSIDE_H
#define YUEBAO_FILING_INSIDE_H

#include "filing.h"

/* Set base, revision and previous from what is there of the slot. */
enum filing_status filing_find_base(struct outbox *outbox, struct filing *filing);

/* The same figures are there already: nothing will be signed. */
bool filing_is_held(const struct filing *filing);

/* Remember the trouble, and give its status. */
enum filing_status filing_outbox_failed(struct filing *filing, enum outbox_status status);

#endif
