#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system_words.h"

static uint8_t *
refuse(struct ctl *ctl, const char *path, const char *reason)
{
    ctl_fail(ctl, EX_NOINPUT, MSG_ctl_cannot_read, "file", path, "reason",
             system_words(ctl->language, reason), NULL);
    return NULL;
}

static bool
read_all(int fd, uint8_t *bytes, size_t len)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = read(fd, bytes + have, len - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

uint8_t *
file_read(struct ctl *ctl, const char *path, size_t max, size_t *ret_len)
{
    struct stat st;
    uint8_t *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) {
        refuse(ctl, path, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        refuse(ctl, path, strerror(S_ISDIR(st.st_mode) ? EISDIR : EINVAL));
    } else if ((uintmax_t)st.st_size > max) {
        refuse(ctl, path, strerror(EFBIG));
    } else {
        bytes = malloc((size_t)st.st_size + 1);
        if (bytes == NULL || !read_all(fd, bytes, (size_t)st.st_size)) {
            free(bytes);
            bytes = refuse(ctl, path, strerror(errno != 0 ? errno : EIO));
        } else {
            bytes[st.st_size] = 0;
            *ret_len = (size_t)st.st_size;
        }
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}
