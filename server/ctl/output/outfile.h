/*
 * outfile: a file that is there whole or not at all. It is written under another name beside its own, then
 * synced and renamed; what stood there before stays until that moment.
 *
 * A symbolic link is followed; what exists and is no regular file is refused. While one is open, INT, TERM
 * and HUP remove the unfinished file before they end the program. One at a time.
 */
#ifndef YUEBAOCTL_OUTFILE_H
#define YUEBAOCTL_OUTFILE_H

#include "ctl.h"

struct outfile {
    char *path, *temporary; /* owned; NULL: none is open */
};

/* The unfinished file's descriptor, the caller's to close. -1: reported (EX_CANTCREAT), and nothing is open.
 */
int outfile_open(struct ctl *ctl, const char *path, struct outfile *ret_file)
    __attribute__((warn_unused_result));

/* Everything is written and closed: let it appear. EX_OK or reported; nothing is open any more. */
int outfile_commit(struct ctl *ctl, struct outfile *file) __attribute__((warn_unused_result));

/* Leave no trace. Does nothing when none is open. */
void outfile_drop(struct outfile *file);

#endif
