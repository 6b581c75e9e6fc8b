/*
 * file: a whole file in memory.
 */
#ifndef YUEBAOCTL_FILE_H
#define YUEBAOCTL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ctl.h"

/*
 * malloc'd bytes with a NUL behind them (not counted), the caller frees. NULL: reported, ctl->status is set
 * (EX_NOINPUT). At most `max` bytes.
 */
uint8_t *file_read(struct ctl *ctl, const char *path, size_t max, size_t *ret_len)
    __attribute__((warn_unused_result));

#endif
