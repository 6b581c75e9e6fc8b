/* What the courier's errands have in common. Inside the courier's room only. */
#ifndef YUEBAO_COURIER_INSIDE_H
#define YUEBAO_COURIER_INSIDE_H

#include "courier.h"

/* Whether the outbox did it; else it is the courier's trouble. */
bool courier_ok(struct courier *courier, enum outbox_status status);

/* The server does not keep to the contract; false, for the caller to return. */
bool courier_garbage(struct courier *courier, const char *what);

/* One request, one reply of the kind that was asked for. */
bool courier_ask(struct courier *courier, Yuebao__Request *request, Yuebao__Reply__BodyCase wanted,
                 Yuebao__Reply **ret_reply) __attribute__((warn_unused_result));

/* The catalogue of this hash is in the outbox, fetched if need be. */
bool courier_want_catalogue(struct courier *courier, const uint8_t hash[ID_SIZE])
    __attribute__((warn_unused_result));

/* The bytes that stay as proof: the Answer as a message of its own, malloc'd. The signed part is inside,
 * untouched. */
uint8_t *courier_pack_answer(const Yuebao__Answer *answer, size_t *ret_len);

#endif
