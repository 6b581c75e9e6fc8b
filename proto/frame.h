/*
 * frame: cuts a byte stream into length-prefixed protobuf messages, and makes such frames. No I/O here.
 *
 * Shape on the wire: 4-byte big-endian length N, then N bytes, one packed Request or Reply; 1 <= N <=
 * FRAME_BODY_MAX.
 */
#ifndef YUEBAO_FRAME_H
#define YUEBAO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "yuebao.pb-c.h"

enum frame_status {
    FRAME_OK,         /* ret_body and ret_len are set */
    FRAME_MORE,       /* not all here yet */
    FRAME_BAD_LENGTH, /* N == 0 or N > FRAME_BODY_MAX: hang up, never allocate N */
};

/*
 * Find the first whole frame in `len` bytes; consumes nothing. The frame takes FRAME_HEADER + *ret_len bytes.
 *
 * ret_body  borrowed from `bytes`; set with FRAME_OK only
 * ret_len   set with FRAME_OK, and with FRAME_MORE once the header is here (then the body's length, else 0)
 */
enum frame_status frame_peek(const uint8_t *bytes, size_t len, const uint8_t **ret_body, size_t *ret_len)
    __attribute__((warn_unused_result));

/* Write N big-endian. */
void frame_put_header(uint8_t header[FRAME_HEADER], size_t body_len);

/*
 * One whole frame (header and body) of a request or reply, in malloc'd memory that the caller frees.
 * NULL: no memory, or the body would be over FRAME_BODY_MAX (a programmer's mistake: callers stay below).
 */
uint8_t *frame_of_request(const Yuebao__Request *request, size_t *ret_len);
uint8_t *frame_of_reply(const Yuebao__Reply *reply, size_t *ret_len);

#endif
