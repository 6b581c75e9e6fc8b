#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4000u /* below PIPE_BUF: a line is written at once or not at all */

/* A line being made; what does not fit is left out, room for the newline stays. */
struct line {
    size_t len;
    char text[LINE_MAX_BYTES + 1];
};

static enum log_level threshold = LOG_INFO;
static int worker = -1;

static const struct {
    enum log_level level;
    const char *name;
} level_names[] = {
    {LOG_ERROR, "error"}, {LOG_WARNING, "warning"}, {LOG_NOTICE, "notice"},
    {LOG_INFO, "info"},   {LOG_DEBUG, "debug"},
};

bool
log_level_parse(const char *name, enum log_level *ret_level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(name, level_names[i].name) == 0) {
            *ret_level = level_names[i].level;
            return true;
        }
    }
    return false;
}

void
log_set_level(enum log_level level)
{
    threshold = level;
}

void
log_set_worker(int number)
{
    worker = number;
}

static void
line_add(struct line *line, const char *text, size_t len)
{
    if (line->len + len > LINE_MAX_BYTES - 1)
        return;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void
line_add_text(struct line *line, const char *text)
{
    line_add(line, text, strlen(text));
}

static bool
is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("._:/@+,-[]*%", c) != NULL);
}

static void
line_add_escaped(struct line *line, unsigned char c)
{
    char hex[5];

    if (c == '"' || c == '\\')
        line_add_text(line, "\\");
    if (c >= 0x20 && c < 0x7f) {
        line_add(line, (const char *)&c, 1);
    } else {
        snprintf(hex, sizeof(hex), "\\x%02x", c);
        line_add_text(line, hex);
    }
}

static void
line_add_value(struct line *line, const char *value)
{
    size_t len = strnlen(value, LOG_VALUE_MAX);
    bool plain = len > 0 && value[len] == '\0';

    for (size_t i = 0; i < len && plain; i++)
        plain = is_plain((unsigned char)value[i]);
    if (plain) {
        line_add(line, value, len);
        return;
    }
    line_add_text(line, "\"");
    for (size_t i = 0; i < len; i++)
        line_add_escaped(line, (unsigned char)value[i]);
    line_add_text(line, value[len] == '\0' ? "\"" : "...\"");
}

static void
line_add_pair(struct line *line, const char *key, const char *value)
{
    if (value == NULL)
        return;
    line_add_text(line, " ");
    line_add_text(line, key);
    line_add_text(line, "=");
    line_add_value(line, value);
}

static void
log_pairs(enum log_level level, const char *event, va_list pairs)
{
    struct line line = {.len = 0};
    const char *key;

    line.len = (size_t)snprintf(line.text, sizeof(line.text), "<%d>event=%s", (int)level, event);
    if (worker >= 0)
        line_add_pair(&line, "worker", LOG_NUMBER(worker));
    while ((key = va_arg(pairs, const char *)) != NULL)
        line_add_pair(&line, key, va_arg(pairs, const char *));
    line.text[line.len++] = '\n';
    /* nobody left to tell when standard error is gone */
    if (write(STDERR_FILENO, line.text, line.len) < 0)
        return;
}

void
log_event(enum log_level level, const char *event, ...)
{
    va_list pairs;

    if (level > threshold)
        return;
    va_start(pairs, event);
    log_pairs(level, event, pairs);
    va_end(pairs);
}

/* Whether this second still has room; tells at the next second's first line how many had none. */
static bool
peer_line_allowed(void)
{
    static time_t second;
    static unsigned used, suppressed;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_sec != second) {
        if (suppressed > 0)
            log_event(LOG_WARNING, "suppressed", "lines", LOG_NUMBER(suppressed), NULL);
        second = now.tv_sec;
        used = suppressed = 0;
    }
    if (used >= LOG_PEER_BURST) {
        suppressed++;
        return false;
    }
    used++;
    return true;
}

void
log_peer(enum log_level level, const char *event, ...)
{
    va_list pairs;

    if (level > threshold || !peer_line_allowed())
        return;
    va_start(pairs, event);
    log_pairs(level, event, pairs);
    va_end(pairs);
}

const char *
log_number(struct log_number *into, int64_t number)
{
    snprintf(into->text, sizeof(into->text), "%" PRId64, number);
    return into->text;
}
