#include "outfile.h"
#include "system_words.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".unfinished-XXXXXX"

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};

static char *volatile unfinished; /* what a deadly signal removes */

static void
on_deadly(int number)
{
    if (unfinished != NULL)
        unlink(unfinished);
    signal(number, SIG_DFL);
    raise(number);
}

static void
guard(char *temporary)
{
    unfinished = temporary;
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        if (signal(deadly[i], temporary != NULL ? on_deadly : SIG_DFL) == SIG_IGN)
            signal(deadly[i], SIG_IGN); /* nohup means it */
}

static int
refuse(struct ctl *ctl, const char *path, int reason)
{
    return ctl_fail(ctl, EX_CANTCREAT, MSG_ctl_cannot_write, "file", path, "reason",
                    system_words(ctl->language, strerror(reason)), NULL);
}

static void
forget(struct outfile *file)
{
    guard(NULL);
    free(file->path);
    free(file->temporary);
    *file = (struct outfile){0};
}

/* mkstemp's file is for its owner alone; this one is like any other that a person makes. */
static int
make(char *temporary)
{
    mode_t mask = umask(0);
    int fd = mkostemp(temporary, O_CLOEXEC);

    umask(mask);
    if (fd >= 0 && fchmod(fd, 0666 & ~mask) != 0) {
        close(fd);
        unlink(temporary);
        fd = -1;
    }
    return fd;
}

int
outfile_open(struct ctl *ctl, const char *path, struct outfile *ret_file)
{
    struct outfile file = {.path = realpath(path, NULL)};
    struct stat st;
    int fd = -1;

    if (file.path == NULL)
        file.path = strdup(path);
    if (file.path == NULL || asprintf(&file.temporary, "%s" SUFFIX, file.path) < 0)
        abort();
    if (stat(file.path, &st) == 0 && !S_ISREG(st.st_mode))
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    else
        fd = make(file.temporary);
    if (fd < 0) {
        refuse(ctl, path, errno);
        free(file.path);
        free(file.temporary);
        return -1;
    }
    guard(file.temporary);
    *ret_file = file;
    return fd;
}

static bool
sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

/* The new name is on the disk too. A file system that cannot sync a folder is no reason to fail. */
static void
sync_folder(const char *path)
{
    char *copy = strdup(path);

    if (copy != NULL)
        (void)sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
    free(copy);
}

int
outfile_commit(struct ctl *ctl, struct outfile *file)
{
    if (!sync_path(file->temporary, O_RDONLY) || rename(file->temporary, file->path) != 0) {
        int status = refuse(ctl, file->path, errno);
        outfile_drop(file);
        return status;
    }
    sync_folder(file->path);
    forget(file);
    return EX_OK;
}

void
outfile_drop(struct outfile *file)
{
    if (file->temporary == NULL)
        return;
    unlink(file->temporary);
    forget(file);
}
