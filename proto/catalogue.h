/*
 * catalogue: one immutable snapshot of forms, indicators, bounds and rules, decoded and indexed for look-ups.
 *
 * It is named by the SHA-256 of its serialised bytes (message Catalogue). The bytes are made once, by the
 * administrator's import, and travel unchanged; whoever holds them can check the name. Read-only after
 * loading; may be shared.
 */
#ifndef YUEBAO_CATALOGUE_H
#define YUEBAO_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "period.h"
#include "yuebao.pb-c.h"

struct catalogue;

enum catalogue_status {
    CATALOGUE_OK,
    CATALOGUE_NOMEM,
    CATALOGUE_TOO_LARGE, /* over CATALOGUE_MAX or COMPILED_TERMS_MAX */
    CATALOGUE_BAD_BYTES, /* the gate or protobuf-c refuses them */
    CATALOGUE_BROKEN, /* well-formed, but contradicts itself: order, unknown indicators, decimals, bounds ...
                       */
};

/* Checks everything that validate relies on. `bytes` are copied. Needs envelope_init() before. */
enum catalogue_status catalogue_load(const uint8_t *bytes, size_t len, struct catalogue **ret_catalogue)
    __attribute__((warn_unused_result));
void catalogue_free(struct catalogue *catalogue); /* accepts NULL */

const uint8_t *catalogue_hash(const struct catalogue *catalogue); /* ID_SIZE bytes, borrowed */
const uint8_t *catalogue_bytes(const struct catalogue *catalogue, size_t *ret_len); /* borrowed */

/* One form with what its look-ups need. All pointers are borrowed from the catalogue. */
struct form_item {
    const Yuebao__Indicator *indicator;
    uint32_t number; /* the indicator's, at hand */
    bool required;
    int64_t least, most; /* a value within is lawful without a further look: see figure_limits() */
};

struct form_rule; /* rules.h */

struct form {
    const Yuebao__Form *message; /* its code has a third part when it is a one-off form, for chosen schools */
    enum frequency frequency;
    const struct form_item *items; /* required and optional in one list, ascending by number */
    size_t n_items;                /* 1 to FIGURES_MAX */
    const struct form_rule *rules; /* those that are of this form, by code */
    size_t n_rules;
};

/* NULL: no such form, indicator. Form and code look-ups are binary searches; by number it is an array. */
const struct form *catalogue_form(const struct catalogue *catalogue, const char *code);
const Yuebao__Indicator *catalogue_indicator(const struct catalogue *catalogue, uint32_t number);
const Yuebao__Indicator *catalogue_indicator_by_code(const struct catalogue *catalogue, const char *code);

const Yuebao__Rule *catalogue_rule(const struct catalogue *catalogue,
                                   const char *code); /* NULL: no such rule */

/* What the form asks under that number; NULL: nothing. A binary search. */
const struct form_item *catalogue_item(const struct form *form, uint32_t indicator);

enum form_place { FORM_FOREIGN, FORM_REQUIRED, FORM_OPTIONAL };
enum form_place catalogue_place(const struct form *form, uint32_t indicator);

size_t catalogue_rule_count(const struct catalogue *catalogue);
const Yuebao__Rule *catalogue_rule_at(const struct catalogue *catalogue,
                                      size_t index); /* ascending by code */

size_t catalogue_form_count(const struct catalogue *catalogue);
const struct form *catalogue_form_at(const struct catalogue *catalogue, size_t index);

/* Whether figures of the measure carry a denominator. */
bool measure_has_denominator(Yuebao__Measure measure);

#endif
