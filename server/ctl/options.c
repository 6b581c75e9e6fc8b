#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define OWN_MAX 16

enum {
    COMMON_DB = 256,
    COMMON_LANG,
    COMMON_SQL,
    COMMON_CSV,
    COMMON_JSON,
    COMMON_XLSX,
    COMMON_HELP,
    COMMON_VERSION,
    OWN_FIRST
};

static const struct option common[] = {
    /* in the order of their numbers */
    {"db", required_argument, NULL, COMMON_DB},   {"lang", required_argument, NULL, COMMON_LANG},
    {"sql", required_argument, NULL, COMMON_SQL}, {"csv", no_argument, NULL, COMMON_CSV},
    {"json", no_argument, NULL, COMMON_JSON},     {"xlsx", required_argument, NULL, COMMON_XLSX},
    {"help", no_argument, NULL, COMMON_HELP},     {"version", no_argument, NULL, COMMON_VERSION},
};
#define COMMON_COUNT (sizeof(common) / sizeof(common[0]))

/* Common and own options in getopt's shape; own ones are numbered from OWN_FIRST. */
static void
merge(const struct ctl_option *own, struct option merged[COMMON_COUNT + OWN_MAX + 1])
{
    memcpy(merged, common, sizeof(common));
    size_t n = COMMON_COUNT;
    for (size_t i = 0; own != NULL && own[i].name != NULL && i < OWN_MAX; i++)
        merged[n++] = (struct option){own[i].name, own[i].value != NULL ? required_argument : no_argument,
                                      NULL, OWN_FIRST + (int)i};
    merged[n] = (struct option){0};
}

/* false: the option was there before; reported. */
static bool
is_first(struct ctl *ctl, unsigned *given, int bit, const char *name)
{
    bool first = (*given & 1u << bit) == 0;

    *given |= 1u << bit;
    if (!first)
        ctl_usage(ctl, MSG_ctl_option_twice, "option", name, NULL);
    return first;
}

/* One more word of what was asked: "--district 220200", or an operand. */
static void
note_asked(struct ctl *ctl, const char *dashes, const char *name, const char *value)
{
    char *asked = NULL;

    if (asprintf(&asked, "%s%s%s%s%s%s", ctl->asked == NULL ? "" : ctl->asked, ctl->asked == NULL ? "" : " ",
                 dashes, name, value == NULL ? "" : " ", value == NULL ? "" : value) < 0)
        abort();
    free(ctl->asked);
    ctl->asked = asked;
}

static void
take_own(struct ctl *ctl, const struct ctl_option *own)
{
    if (own->value != NULL)
        *own->value = optarg;
    else
        *own->flag = true;
    note_asked(ctl, "--", own->name, own->value != NULL ? optarg : NULL);
}

/* One format: nothing that was asked for is forgotten. */
static bool
choose_format(struct ctl *ctl, enum output_format format)
{
    if (ctl->format != OUTPUT_TEXT) {
        ctl_usage(ctl, MSG_ctl_two_formats, NULL);
        return false;
    }
    ctl->format = format;
    if (format != OUTPUT_XLSX)
        ctl->talk = stderr;
    return true;
}

/* false: ctl->status is set and nothing is left to do. */
static bool
take_common(struct ctl *ctl, int option, const char *text)
{
    switch (option) {
    case COMMON_DB:
        ctl->conninfo = optarg;
        return true;
    case COMMON_SQL:
        ctl->sql = optarg;
        return true;
    case COMMON_CSV:
        return choose_format(ctl, OUTPUT_CSV);
    case COMMON_JSON:
        return choose_format(ctl, OUTPUT_JSON);
    case COMMON_XLSX:
        ctl->xlsx = optarg;
        return choose_format(ctl, OUTPUT_XLSX);
    case COMMON_LANG:
        if (language_parse(optarg, &ctl->language))
            return true;
        ctl_usage(ctl, MSG_ctl_bad_language, "value", optarg, NULL);
        return false;
    case COMMON_VERSION:
        puts("yuebaoctl " YUEBAO_VERSION);
        ctl->status = EX_OK;
        return false;
    case ':':
        ctl_usage(ctl, MSG_ctl_option_wants_value, "option", text, NULL);
        return false;
    default: /* getopt's '?' */
        ctl_usage(ctl, MSG_ctl_unknown_option, "option", text, NULL);
        return false;
    }
}

static void
print_help(struct ctl *ctl)
{
    message_print(stdout, ctl->language, ctl->command->help, NULL);
    if (ctl->command->more != NULL)
        ctl->command->more(ctl, stdout);
    message_print(stdout, ctl->language, MSG_ctl_help_common, NULL);
    ctl->has_written = true;
    ctl->status = EX_OK;
}

/* Which own option -o stands for; -1: none here. */
static int
own_output(const struct ctl_option *own)
{
    for (int i = 0; own != NULL && own[i].name != NULL; i++)
        if (strcmp(own[i].name, CTL_OPTION_OUTPUT) == 0)
            return i;
    return -1;
}

int
ctl_options(struct ctl *ctl, int argc, char **argv, const struct ctl_option *own)
{
    struct option merged[COMMON_COUNT + OWN_MAX + 1];
    unsigned given = 0;
    bool help = false;
    /* before the subcommand's name, options end at the first operand: the rest is the subcommand's */
    int output = own_output(own);
    const char *order = own == NULL && ctl->command->run == NULL ? "+:" : output >= 0 ? ":o:" : ":";
    int option;

    merge(own, merged);
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, order, merged, NULL)) != -1) {
        if (option == 'o' && output >= 0)
            option = OWN_FIRST + output;
        bool first = option >= OWN_FIRST
                         ? is_first(ctl, &given, option - OWN_FIRST, own[option - OWN_FIRST].name)
                         : option < COMMON_DB || is_first(ctl, &ctl->given, option - COMMON_DB,
                                                          common[option - COMMON_DB].name);
        if (!first)
            return -1;
        if (option >= OWN_FIRST)
            take_own(ctl, &own[option - OWN_FIRST]);
        else if (option == COMMON_HELP)
            help = true; /* in the language that a later --lang names */
        else if (!take_common(ctl, option, argv[optind - 1]))
            return -1;
    }
    if (help)
        print_help(ctl);
    for (int i = optind; ctl->command->run != NULL && i < argc; i++)
        note_asked(ctl, "", argv[i], NULL);
    return help ? -1 : optind;
}

/* How a command is called: the first paragraph of its help, unless it has several ways, of which one cannot
 * tell which was meant. */
static void
print_usage(const struct ctl *ctl)
{
    static const char program[] = "yuebaoctl ";
    const char *help = message_text(ctl->language, ctl->command->help);
    const char *end = strstr(help, "\n\n"), *once = strstr(help, program);
    const char *again = once == NULL ? NULL : strstr(once + 1, program);

    if (end != NULL && (again == NULL || again > end))
        fprintf(stderr, "%.*s\n", (int)(end - help), help);
}

int
ctl_point_to_help(const struct ctl *ctl)
{
    bool top = ctl->command->run == NULL;

    if (!top)
        print_usage(ctl);
    message_print(stderr, ctl->language, top ? MSG_ctl_see_help : MSG_ctl_see_command_help, "command",
                  ctl->command->name, NULL);
    fputc('\n', stderr);
    return EX_USAGE;
}

const char *
ctl_word(const struct ctl *ctl, enum message word)
{
    return message_text(ctl->format == OUTPUT_TEXT ? ctl->language : LANGUAGE_EN, word);
}

void
ctl_say_count(const struct ctl *ctl, long count, enum message one, enum message many)
{
    char text[24];

    snprintf(text, sizeof(text), "%ld", count);
    ctl_say(ctl, count == 1 ? one : many, "count", text, NULL);
}

int
ctl_failed(struct ctl *ctl, int code, char *sentence)
{
    char *errors = NULL;

    if (sentence == NULL || asprintf(&errors, "%s%s%s", ctl->errors == NULL ? "" : ctl->errors,
                                     ctl->errors == NULL ? "" : "\n", sentence) < 0)
        abort();
    fprintf(stderr, "yuebaoctl: %s\n", sentence);
    free(sentence);
    free(ctl->errors);
    ctl->errors = errors;
    return ctl->status = code;
}

void
ctl_end(struct ctl *ctl, int status)
{
    if (ctl->format == OUTPUT_JSON && !ctl->has_written && ctl->errors != NULL) {
        json_t *object = json_pack("{s:s, s:i}", "error", ctl->errors, "status", status);
        if (object == NULL)
            abort();
        json_dumpf(object, stdout, 0);
        putchar('\n');
        json_decref(object);
    }
    free(ctl->errors);
    free(ctl->asked);
    ctl->errors = ctl->asked = NULL;
}
