#include "config.h"

#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

#define SECOND       1000
#define DEADLINE_MAX (600 * SECOND)

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
is_level(const char *text)
{
    enum log_level level;

    return log_level_parse(text, &level);
}

#define AT(member) offsetof(struct config, member)
#define DEADLINE(name, seconds)                                                                              \
    {                                                                                                        \
#name, NUMBER, AT(limits.name), NULL, (seconds)*SECOND, 1, DEADLINE_MAX, NULL, NULL                  \
    }

static const struct key keys[] = {
    {"listen", TEXT, AT(listen), "127.0.0.1:7443", 0, 0, 0, is_address,
     "an address such as 127.0.0.1:7443 or [::]:7443"},
    {"workers", NUMBER, AT(workers), NULL, 2, 1, 64, NULL, NULL},
    {"certificate", TEXT, AT(certificate), NULL, 0, 0, 0, NULL, NULL},
    {"private_key", TEXT, AT(private_key), NULL, 0, 0, 0, NULL, NULL},
    {"receipt_key", TEXT, AT(receipt_key), NULL, 0, 0, 0, NULL, NULL},
    {"database", TEXT, AT(database), NULL, 0, 0, 0, NULL, NULL},
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

static void
report(cfg_t *cfg, const char *format, va_list args)
{
    char message[400];

    vsnprintf(message, sizeof(message), format, args);
    log_event(LOG_ERROR, "config_error", "file", cfg->filename, "line",
              cfg->line > 0 ? LOG_NUMBER(cfg->line) : NULL, "message", message, NULL);
}

/* Which keys the file has had so far; not a parameter, because libconfuse's callbacks carry none. */
static bool given[KEY_COUNT];

static int
refuse_twice(cfg_t *cfg, const struct key *key)
{
    if (given[key - keys]) {
        cfg_error(cfg, "%s is given twice", key->name);
        return -1;
    }
    given[key - keys] = true;
    return 0;
}

/* libconfuse calls this for each value in the file, not for defaults. */
static int
take_text(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct key *key = key_named(opt->name);

    if (refuse_twice(cfg, key) != 0)
        return -1;
    if (value[0] == '\0' || (key->allowed != NULL && !key->allowed(value))) {
        cfg_error(cfg, "%s is \"%s\", but must be %s", key->name, value,
                  key->shape != NULL ? key->shape : "a text");
        return -1;
    }
    *(const char **)result = value;
    return 0;
}

static int
take_number(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct key *key = key_named(opt->name);
    char *end = NULL;
    long number;

    if (refuse_twice(cfg, key) != 0)
        return -1;
    errno = 0;
    number = strtol(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 || number < key->low ||
        number > key->high) {
        cfg_error(cfg, "%s is %s, but must be a number from %ld to %ld", key->name, value, key->low,
                  key->high);
        return -1;
    }
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

/* Whether everything that has no default was given, and memory sufficed. */
static bool
copy_values(cfg_t *cfg, struct config *config)
{
    bool ok = true;

    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *text;

        if (keys[i].type == NUMBER) {
            *number_at(config, &keys[i]) = (unsigned)cfg_getint(cfg, keys[i].name);
            continue;
        }
        text = cfg_getstr(cfg, keys[i].name);
        if (text == NULL) {
            cfg->line = 0;
            cfg_error(cfg, "%s is not given", keys[i].name);
            ok = false;
        } else if ((*text_at(config, &keys[i]) = strdup(text)) == NULL) {
            ok = false;
        }
    }
    return ok && log_level_parse(config->log_level_text, &config->log_level);
}

static void
skip_byte_order_mark(FILE *file)
{
    unsigned char mark[3];

    if (fread(mark, 1, sizeof(mark), file) != sizeof(mark) || memcmp(mark, "\xEF\xBB\xBF", sizeof(mark)) != 0)
        rewind(file);
}

static struct config *
parse(cfg_t *cfg, FILE *file)
{
    struct config *config;

    skip_byte_order_mark(file);
    if (cfg_parse_fp(cfg, file) != CFG_SUCCESS)
        return NULL;
    config = calloc(1, sizeof(*config));
    if (config == NULL || !copy_values(cfg, config)) {
        config_free(config);
        return NULL;
    }
    return config;
}

struct config *
config_read(const char *path)
{
    cfg_opt_t options[KEY_COUNT + 1];
    struct config *config = NULL;
    FILE *file = fopen(path, "re");
    cfg_t *cfg;

    if (file == NULL) {
        log_event(LOG_ERROR, "config_error", "file", path, "message", strerror(errno), NULL);
        return NULL;
    }
    make_options(options);
    cfg = cfg_init(options, CFGF_NONE);
    if (cfg != NULL) {
        cfg_set_error_function(cfg, report);
        memset(given, 0, sizeof(given));
        cfg->filename = strdup(path);
        config = parse(cfg, file);
        cfg_free(cfg);
    }
    fclose(file);
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
        fprintf(out, "%s = \"", keys[i].name);
        if (keys[i].offset == AT(database))
            print_conninfo(config->database, strstr(config->database, "://") != NULL, out);
        else
            print_text(*text_at(config, &keys[i]), SIZE_MAX, out);
        fputs("\"\n", out);
    }
}
