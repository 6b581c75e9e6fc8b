/*
 * yuebaoctl, the administrator's command: the list of subcommands and the way to them.
 */
#include <locale.h>
#include <string.h>

#include "ctl.h"
#include "envelope.h"

static const struct command commands[] = {
    {"migrate", cmd_migrate, MSG_ctl_sum_migrate, MSG_ctl_help_migrate},
    {"import", cmd_import, MSG_ctl_sum_import, MSG_ctl_help_import},
    {"calendar", cmd_calendar, MSG_ctl_sum_calendar, MSG_ctl_help_calendar},
    {"enrol", cmd_enrol, MSG_ctl_sum_enrol, MSG_ctl_help_enrol},
    {"schools", cmd_schools, MSG_ctl_sum_schools, MSG_ctl_help_schools},
    {"progress", cmd_progress, MSG_ctl_sum_progress, MSG_ctl_help_progress},
    {"missing", cmd_missing, MSG_ctl_sum_missing, MSG_ctl_help_missing},
    {"rejections", cmd_rejections, MSG_ctl_sum_rejections, MSG_ctl_help_rejections},
    {"key", cmd_key, MSG_ctl_sum_key, MSG_ctl_help_key},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command top = {"yuebaoctl", NULL, MSG_ctl_help, MSG_ctl_help};

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void
list_commands(const struct ctl *ctl, FILE *out)
{
    message_print(out, ctl->language, MSG_ctl_help, NULL);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-11s ", commands[i].name);
        message_print(out, ctl->language, commands[i].summary, NULL);
        fputc('\n', out);
    }
    message_print(out, ctl->language, MSG_ctl_help_common, NULL);
}

/* The top's own --help needs the list of commands, which options.c does not know. */
static bool
wants_top_help(int argc, char **argv)
{
    return argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0);
}

static int
dispatch(struct ctl *ctl, int argc, char **argv)
{
    int first = ctl_options(ctl, argc, argv, NULL);

    if (first < 0)
        return ctl->status;
    if (first == argc) {
        list_commands(ctl, stderr);
        return EX_USAGE;
    }
    const struct command *command = find_command(argv[first]);
    if (command == NULL)
        return ctl_usage(ctl, MSG_ctl_unknown_command, "command", argv[first], NULL);
    ctl->command = command;
    return command->run(ctl, argc - first, argv + first);
}

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    struct ctl ctl = {.language = language_of_environment(LANGUAGE_EN), .talk = stdout, .command = &top};

    if (!envelope_init())
        return ctl_fail(&ctl, EX_SOFTWARE, MSG_ctl_no_crypto, NULL);
    if (wants_top_help(argc, argv)) {
        list_commands(&ctl, stdout);
        return EX_OK;
    }
    int status = dispatch(&ctl, argc, argv);
    PQfinish(ctl.db);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_CANTCREAT;
    return status;
}
