#include "config.h"

#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "address_ranges.h"

#define SECOND       1000
#define DEADLINE_MAX (600 * SECOND)
#define FILE_MAX     (64u * 1024u) /* bytes; with every comment of the manual it is a tenth of that */

/* One row a key: where it lands, what holds without it, what is allowed. */
struct key {
    const char *name;
    enum { TEXT, NUMBER } type;
    size_t offset;                     /* in struct config: char * or unsigned */
    const char *text;                  /* default of a TEXT; NULL: must be given */
    long number, low, high;            /* default and range of a NUMBER */
    bool (*allowed)(const char *text); /* may be NULL */
    const char *shape;                 /* what `allowed` wants, in words */
};

static bool
is_address(const char *text)
{
    struct address address;

    return address_parse(text, &address);
}

static bool
is_ranges(const char *text)
{
    struct address_ranges ranges;

    return address_ranges_parse(text, &ranges);
}

static bool
is_level(const char *text)
{
    enum log_level level;

    return log_level_parse(text, &level);
}

static bool
is_conninfo(const char *text)
{
    PQconninfoOption *parsed = PQconninfoParse(text, NULL);

    PQconninfoFree(parsed);
    return parsed != NULL;
}

#define AT(member) offsetof(struct config, member)
#define DEADLINE(name, seconds)                                                                              \
    {                                                                                                        \
#name, NUMBER, AT(limits.name), NULL, (seconds)*SECOND, 1, DEADLINE_MAX, NULL, NULL                  \
    }

static const struct key keys[] = {
    {"listen", TEXT, AT(listen), "127.0.0.1:7443", 0, 0, 0, is_address,
     "an address in double quotes such as \"127.0.0.1:7443\", \"[::]:7443\" or \"*:7443\""},
    {"proxy_listen", TEXT, AT(proxy_listen), "", 0, 0, 0, is_address,
     "an address in double quotes such as \"192.0.2.1:7444\" or \"*:7444\""},
    {"proxy_from", TEXT, AT(proxy_from), "", 0, 0, 0, is_ranges,
     "addresses of balancers in double quotes such as \"192.0.2.10, 192.0.2.64/26\", at most 16"},
    {"workers", NUMBER, AT(workers), NULL, 2, 1, 64, NULL, NULL},
    {"certificate", TEXT, AT(certificate), NULL, 0, 0, 0, NULL, NULL},
    {"private_key", TEXT, AT(private_key), NULL, 0, 0, 0, NULL, NULL},
    {"receipt_key", TEXT, AT(receipt_key), NULL, 0, 0, 0, NULL, NULL},
    {"database", TEXT, AT(database), NULL, 0, 0, 0, is_conninfo,
     "a connection string of libpq such as \"host=/run/postgresql dbname=yuebao\""},
    {"links", NUMBER, AT(links), NULL, 2, 1, 16, NULL, NULL},
    {"log_level", TEXT, AT(log_level_text), "info", 0, 0, 0, is_level,
     "error, warning, notice, info or debug"},
    {"drain_ms", NUMBER, AT(drain_ms), NULL, 5 * SECOND, 0, DEADLINE_MAX, NULL, NULL},
    DEADLINE(first_byte_ms, 10),
    DEADLINE(handshake_ms, 10),
    DEADLINE(hello_ms, 5),
    DEADLINE(frame_ms, 30),
    DEADLINE(idle_ms, 120),
    DEADLINE(unread_ms, 30),
    {"in_flight", NUMBER, AT(limits.in_flight), NULL, 64, 1, 1000, NULL, NULL},
    {"connections", NUMBER, AT(limits.connections), NULL, 4000, 1, 100000, NULL, NULL},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static char **
text_at(const struct config *config, const struct key *key)
{
    return (char **)(void *)((uint8_t *)(uintptr_t)config + key->offset);
}

static unsigned *
number_at(const struct config *config, const struct key *key)
{
    return (unsigned *)(void *)((uint8_t *)(uintptr_t)config + key->offset);
}

static const struct key *
key_named(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

struct session_limits
session_limits_default(void)
{
    struct config config = {0};

    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].type == NUMBER)
            *number_at(&config, &keys[i]) = (unsigned)keys[i].number;
    }
    return config.limits;
}

void
config_log_fault(const char *file, int line, const char *message)
{
    log_event(LOG_ERROR, "config_error", "file", file, "line", line > 0 ? LOG_NUMBER(line) : NULL, "message",
              message, NULL);
}

void
config_say_fault(const char *file, int line, const char *message)
{
    if (line > 0)
        fprintf(stderr, "yuebaod: %s:%d: %s.\n", file, line, message);
    else
        fprintf(stderr, "yuebaod: %s: %s.\n", file, message);
}

/* The file being read; not parameters, because libconfuse's callbacks carry none. */
static struct {
    const char *path;
    config_fault *fault;
    unsigned faults;
    bool given[KEY_COUNT];
} reading;

static void
report(cfg_t *cfg, const char *format, va_list args)
{
    char message[400];

    vsnprintf(message, sizeof(message), format, args);
    reading.faults++;
    reading.fault(reading.path, cfg->line, message);
}

static void
report_at(int line, const char *message)
{
    reading.faults++;
    reading.fault(reading.path, line, message);
}

static bool
is_first(cfg_t *cfg, const struct key *key)
{
    bool *given = &reading.given[key - keys];

    if (*given) {
        cfg_error(cfg, "%s is given twice", key->name);
        return false;
    }
    return *given = true;
}

/* What libpq finds wrong with a connection string, where that is the name of an option: all else may quote a
 * password. */
static void
report_conninfo(cfg_t *cfg, const struct key *key, const char *value)
{
    char *error = NULL;
    const char *begin, *end;

    PQconninfoFree(PQconninfoParse(value, &error));
    begin = error != NULL ? strstr(error, "invalid connection option \"") : NULL;
    begin = begin != NULL ? strchr(begin, '"') + 1 : NULL;
    end = begin != NULL ? strchr(begin, '"') : NULL;
    if (end != NULL)
        cfg_error(cfg, "%s has the option \"%.*s\", which libpq does not know", key->name, (int)(end - begin),
                  begin);
    else
        cfg_error(cfg, "%s must be %s", key->name, key->shape);
    PQfreemem(error);
}

/*
 * libconfuse calls these for each value in the file, not for defaults. A value that is refused is told and
 * counted, and the reading goes on, so that all of them are told at once.
 */
static int
take_text(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct key *key = key_named(opt->name);

    *(const char **)result = value;
    if (!is_first(cfg, key))
        return 0;
    if (value[0] == '\0')
        cfg_error(cfg, "%s is empty, but must be %s", key->name, key->shape != NULL ? key->shape : "a text");
    else if (key->allowed == is_conninfo && !is_conninfo(value))
        report_conninfo(cfg, key, value);
    else if (key->allowed != NULL && !key->allowed(value))
        cfg_error(cfg, "%s is \"%s\", but must be %s", key->name, value, key->shape);
    return 0;
}

static int
take_number(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct key *key = key_named(opt->name);
    char *end = NULL;
    long number;

    *(long *)result = key->number;
    if (!is_first(cfg, key))
        return 0;
    errno = 0;
    number = strtol(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 || number < key->low ||
        number > key->high)
        cfg_error(cfg, "%s is %s, but must be a number from %ld to %ld", key->name, value, key->low,
                  key->high);
    else
        *(long *)result = number;
    return 0;
}

static void
make_options(cfg_opt_t options[KEY_COUNT + 1])
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].type == TEXT)
            options[i] = (cfg_opt_t)CFG_STR_CB(keys[i].name, keys[i].text, CFGF_NONE, take_text);
        else
            options[i] = (cfg_opt_t)CFG_INT_CB(keys[i].name, keys[i].number, CFGF_NONE, take_number);
    }
    options[KEY_COUNT] = (cfg_opt_t)CFG_END();
}

/* false: no memory. */
static bool
copy_values(cfg_t *cfg, struct config *config)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].type == NUMBER)
            *number_at(config, &keys[i]) = (unsigned)cfg_getint(cfg, keys[i].name);
        else if ((*text_at(config, &keys[i]) = strdup(cfg_getstr(cfg, keys[i].name))) == NULL)
            return false;
    }
    return log_level_parse(config->log_level_text, &config->log_level);
}

/* A door for balancers is nothing without the list of who may use it, and the other way round. */
static void
report_half_a_door(cfg_t *cfg)
{
    bool listens = cfg_getstr(cfg, "proxy_listen")[0] != '\0',
         from = cfg_getstr(cfg, "proxy_from")[0] != '\0';

    if (listens && !from)
        report_at(0, "proxy_listen is given, but proxy_from is not: which addresses are balancers?");
    else if (from && !listens)
        report_at(0, "proxy_from is given, but proxy_listen is not");
}

static void
report_what_is_not_given(void)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        char message[100];

        if (keys[i].type == NUMBER || keys[i].text != NULL || reading.given[i])
            continue;
        snprintf(message, sizeof(message), "%s is not given", keys[i].name);
        report_at(0, message);
    }
}

/* The character behind a quoted text that begins at `p`; NULL: it never ends. */
static const char *
skip_quoted(const char *p)
{
    char quote = *p++;

    while (*p != '\0' && *p != quote)
        p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
    return *p == quote ? p + 1 : NULL;
}

/* The line in which a quote opens that nothing closes, which libconfuse takes for the end of the file; 0:
 * none. */
static int
line_of_open_quote(const char *text)
{
    int line = 1;

    for (const char *p = text; *p != '\0';) {
        const char *from = p;

        if (*p == '#' || (p[0] == '/' && p[1] == '/'))
            p += strcspn(p, "\n");
        else if (*p == '"' || *p == '\'')
            p = skip_quoted(p);
        else
            p++;
        if (p == NULL)
            return line;
        for (; from < p; from++)
            line += *from == '\n';
    }
    return 0;
}

/* The whole file as text, without a byte-order mark; NULL: told why. Freed by the caller. */
static char *
read_file(const char *path)
{
    static const char mark[] = "\xEF\xBB\xBF";
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(FILE_MAX + 1) : NULL;
    size_t len = text != NULL ? fread(text, 1, FILE_MAX, file) : 0;
    const char *why = text == NULL || ferror(file) ? strerror(errno) : NULL;

    if (why == NULL && (len == FILE_MAX || memchr(text, '\0', len) != NULL))
        why = "is not a text of less than 64 KiB";
    if (file != NULL)
        fclose(file);
    if (why != NULL) {
        report_at(0, why);
        free(text);
        return NULL;
    }
    text[len] = '\0';
    if (strncmp(text, mark, sizeof(mark) - 1) == 0)
        memmove(text, text + sizeof(mark) - 1, len - (sizeof(mark) - 1) + 1);
    return text;
}

static struct config *
parse(cfg_t *cfg, const char *text)
{
    struct config *config;

    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
        if (reading.faults == 0)
            report_at(0, "cannot be read as a configuration");
        return NULL;
    }
    report_what_is_not_given();
    report_half_a_door(cfg);
    if (reading.faults > 0)
        return NULL;
    config = calloc(1, sizeof(*config));
    if (config == NULL || !copy_values(cfg, config)) {
        report_at(0, "not enough memory");
        config_free(config);
        return NULL;
    }
    return config;
}

static struct config *
parse_text(const char *text)
{
    cfg_opt_t options[KEY_COUNT + 1];
    struct config *config = NULL;
    int open_quote = line_of_open_quote(text);
    cfg_t *cfg;

    if (open_quote > 0) {
        report_at(open_quote, "a quote is opened here and never closed");
        return NULL;
    }
    make_options(options);
    cfg = cfg_init(options, CFGF_NONE);
    if (cfg == NULL)
        return NULL;
    cfg_set_error_function(cfg, report);
    config = parse(cfg, text);
    cfg_free(cfg);
    return config;
}

struct config *
config_read(const char *path, config_fault *fault)
{
    struct config *config = NULL;
    char *text;

    memset(&reading, 0, sizeof(reading));
    reading.path = path;
    reading.fault = fault;
    text = read_file(path);
    if (text != NULL)
        config = parse_text(text);
    free(text);
    return config;
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].type == TEXT)
            free(*text_at(config, &keys[i]));
    }
    free(config);
}

/* How long a value of a conninfo is: of a URI up to "&"; else in quotes or up to a space, and a backslash
 * takes the next character along. */
static size_t
value_len(const char *text, bool uri)
{
    bool quoted = text[0] == '\'';
    size_t len = quoted ? 1 : 0;

    if (uri)
        return strcspn(text, "&");
    while (text[len] != '\0' && (quoted ? text[len] != '\'' : !isspace((unsigned char)text[len])))
        len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
    return len + (quoted && text[len] == '\'' ? 1 : 0);
}

/* Where in a conninfo the first password begins, and how long it is; 0: none. "password=x", "password = 'a
 * b'" and
 * "//user:x@host". */
static size_t
find_password(const char *text, bool uri, const char **ret_begin)
{
    const char *slashes = strstr(text, "://");
    const char *at = slashes != NULL ? strchr(slashes + 3, '@') : NULL;
    const char *p = at != NULL ? memchr(slashes + 3, ':', (size_t)(at - slashes - 3)) : NULL;

    if (p != NULL) {
        *ret_begin = p + 1;
        return (size_t)(at - p - 1);
    }
    p = strcasestr(text, "password");
    if (p != NULL && (p += strcspn(p, "="), *p == '=')) {
        p += 1 + strspn(p + 1, " \t\n\r\f\v");
        *ret_begin = p;
        return value_len(p, uri);
    }
    return 0;
}

static void
print_text(const char *text, size_t len, FILE *out)
{
    for (size_t i = 0; i < len && text[i] != '\0'; i++) {
        if (text[i] == '"' || text[i] == '\\')
            putc('\\', out);
        putc(text[i], out);
    }
}

static void
print_conninfo(const char *text, bool uri, FILE *out)
{
    const char *secret = NULL;
    size_t len = find_password(text, uri, &secret);

    if (len == 0) {
        print_text(text, strlen(text), out);
        return;
    }
    print_text(text, (size_t)(secret - text), out);
    fputs("***", out);
    if (strlen(secret) > len)
        print_conninfo(secret + len, uri, out);
}

void
config_print(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].type == NUMBER) {
            fprintf(out, "%s = %u\n", keys[i].name, *number_at(config, &keys[i]));
            continue;
        }
        if ((*text_at(config, &keys[i]))[0] == '\0')
            continue; /* not given, and nothing without being given */
        fprintf(out, "%s = \"", keys[i].name);
        if (keys[i].offset == AT(database))
            print_conninfo(config->database, strstr(config->database, "://") != NULL, out);
        else
            print_text(*text_at(config, &keys[i]), SIZE_MAX, out);
        fputs("\"\n", out);
    }
}
