#include <getopt.h>
#include <string.h>

#include "ctl.h"

#define OWN_MAX 16

enum {
    COMMON_DB = 256,
    COMMON_LANG,
    COMMON_SQL,
    COMMON_CSV,
    COMMON_JSON,
    COMMON_HELP,
    COMMON_VERSION,
    OWN_FIRST
};

static const struct option common[] = {
    {"db", required_argument, NULL, COMMON_DB},     {"lang", required_argument, NULL, COMMON_LANG},
    {"sql", required_argument, NULL, COMMON_SQL},   {"csv", no_argument, NULL, COMMON_CSV},
    {"json", no_argument, NULL, COMMON_JSON},       {"help", no_argument, NULL, COMMON_HELP},
    {"version", no_argument, NULL, COMMON_VERSION},
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

static void
take_own(const struct ctl_option *own)
{
    if (own->value != NULL)
        *own->value = optarg;
    else
        *own->flag = true;
}

static void
choose_format(struct ctl *ctl, enum output_format format)
{
    ctl->format = format;
    ctl->talk = stderr;
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
        choose_format(ctl, OUTPUT_CSV);
        return true;
    case COMMON_JSON:
        choose_format(ctl, OUTPUT_JSON);
        return true;
    case COMMON_LANG:
        if (language_parse(optarg, &ctl->language))
            return true;
        ctl_usage(ctl, MSG_ctl_bad_language, "value", optarg, NULL);
        return false;
    case COMMON_HELP:
        message_print(stdout, ctl->language, ctl->command->help, NULL);
        message_print(stdout, ctl->language, MSG_ctl_help_common, NULL);
        ctl->status = EX_OK;
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

int
ctl_options(struct ctl *ctl, int argc, char **argv, const struct ctl_option *own)
{
    struct option merged[COMMON_COUNT + OWN_MAX + 1];
    /* before the subcommand's name, options end at the first operand: the rest is the subcommand's */
    const char *order = own == NULL && ctl->command->run == NULL ? "+:" : ":";
    int option;

    merge(own, merged);
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, order, merged, NULL)) != -1) {
        if (option >= OWN_FIRST)
            take_own(&own[option - OWN_FIRST]);
        else if (!take_common(ctl, option, argv[optind - 1]))
            return -1;
    }
    return optind;
}

int
ctl_point_to_help(const struct ctl *ctl)
{
    bool top = ctl->command->run == NULL;

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

bool
ctl_district_is_sound(struct ctl *ctl, const char *text)
{
    if (text == NULL || (strlen(text) == 6 && strspn(text, "0123456789") == 6))
        return true;
    ctl_usage(ctl, MSG_ctl_bad_district, "value", text, NULL);
    return false;
}
