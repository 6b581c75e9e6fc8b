/*
 * enrol_tries: how often a wrong enrolment code was tried for a school in the last hour, in this worker. No
 * I/O.
 *
 * A small table; when it is full the oldest entry makes room. Codes have 60 bits, so this slows guessing that
 * was hopeless anyway.
 */
#ifndef YUEBAO_ENROL_TRIES_H
#define YUEBAO_ENROL_TRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "limit.h"

#define ENROL_TRIES_MAX     5u /* wrong ones a school and hour */
#define ENROL_TRIES_SCHOOLS 256u

struct enrol_tries {
    struct enrol_try {
        char school[SCHOOL_CODE_MAX + 1];
        uint64_t since_ms; /* steady clock; the first wrong try of the hour */
        unsigned count;
    } schools[ENROL_TRIES_SCHOOLS];
};

/* A zeroed struct is empty. */
bool enrol_tries_exceeded(const struct enrol_tries *tries, const char *school, uint64_t now_ms);
void enrol_tries_wrong(struct enrol_tries *tries, const char *school, uint64_t now_ms);

#endif
