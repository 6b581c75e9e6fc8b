/*
 * sample: a small catalogue and honest messages made with it, for seeds and for the fuzz targets that need a
 * catalogue.
 *
 * Two forms, primary.monthly and district.yearly; an indicator of each way to be checked: a count, a ratio, a
 * quotient with bounds, an amount with decimals.
 */
#ifndef YUEBAO_FUZZ_SAMPLE_H
#define YUEBAO_FUZZ_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "yuebao.pb-c.h"

/* Packed into malloc'd memory that the caller frees; never NULL. */
uint8_t *sample_catalogue(size_t *ret_len);

/* Of catalogue `hash` (ID_SIZE bytes, borrowed): all figures right. Borrowed, valid until the next call. */
const Yuebao__Statement *sample_statement(const uint8_t *hash);

uint8_t *sample_pack(const ProtobufCMessage *message, size_t *ret_len);

#endif
