/*
 * yuebaoctl, the administrator's command: the list of subcommands and the way to them.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"
#include "envelope.h"
#include "near.h"
#include "output.h"

#define PIPE_COLUMNS 120

static const struct command commands[] = {
    {"migrate", cmd_migrate, MSG_ctl_sum_migrate, MSG_ctl_help_migrate, NULL},
    {"import", cmd_import, MSG_ctl_sum_import, MSG_ctl_help_import, import_columns_help},
    {"calendar", cmd_calendar, MSG_ctl_sum_calendar, MSG_ctl_help_calendar, NULL},
    {"ask", cmd_ask, MSG_ctl_sum_ask, MSG_ctl_help_ask, NULL},
    {"enrol", cmd_enrol, MSG_ctl_sum_enrol, MSG_ctl_help_enrol, NULL},
    {"districts", cmd_districts, MSG_ctl_sum_districts, MSG_ctl_help_districts, NULL},
    {"plans", cmd_plans, MSG_ctl_sum_plans, MSG_ctl_help_plans, NULL},
    {"indicators", cmd_indicators, MSG_ctl_sum_indicators, MSG_ctl_help_indicators, NULL},
    {"schools", cmd_schools, MSG_ctl_sum_schools, MSG_ctl_help_schools, NULL},
    {"areas", cmd_areas, MSG_ctl_sum_areas, MSG_ctl_help_areas, NULL},
    {"progress", cmd_progress, MSG_ctl_sum_progress, MSG_ctl_help_progress, NULL},
    {"result", cmd_result, MSG_ctl_sum_result, MSG_ctl_help_result, NULL},
    {"snapshot", cmd_snapshot, MSG_ctl_sum_snapshot, MSG_ctl_help_snapshot, NULL},
    {"missing", cmd_missing, MSG_ctl_sum_missing, MSG_ctl_help_missing, NULL},
    {"completeness", cmd_completeness, MSG_ctl_sum_completeness, MSG_ctl_help_completeness, NULL},
    {"coverage", cmd_coverage, MSG_ctl_sum_coverage, MSG_ctl_help_coverage, NULL},
    {"review", cmd_review, MSG_ctl_sum_review, MSG_ctl_help_review, NULL},
    {"kept", cmd_kept, MSG_ctl_sum_kept, MSG_ctl_help_kept, NULL},
    {"publish", cmd_publish, MSG_ctl_sum_publish, MSG_ctl_help_publish, NULL},
    {"breaches", cmd_breaches, MSG_ctl_sum_breaches, MSG_ctl_help_breaches, NULL},
    {"outliers", cmd_outliers, MSG_ctl_sum_outliers, MSG_ctl_help_outliers, NULL},
    {"alerts", cmd_alerts, MSG_ctl_sum_alerts, MSG_ctl_help_alerts, NULL},
    {"totals", cmd_totals, MSG_ctl_sum_totals, MSG_ctl_help_totals, NULL},
    {"trend", cmd_trend, MSG_ctl_sum_trend, MSG_ctl_help_trend, NULL},
    {"rank", cmd_rank, MSG_ctl_sum_rank, MSG_ctl_help_rank, NULL},
    {"distribution", cmd_distribution, MSG_ctl_sum_distribution, MSG_ctl_help_distribution, NULL},
    {"profile", cmd_profile, MSG_ctl_sum_profile, MSG_ctl_help_profile, NULL},
    {"drill", cmd_drill, MSG_ctl_sum_drill, MSG_ctl_help_drill, NULL},
    {"figure", cmd_figure, MSG_ctl_sum_figure, MSG_ctl_help_figure, NULL},
    {"punctuality", cmd_punctuality, MSG_ctl_sum_punctuality, MSG_ctl_help_punctuality, NULL},
    {"balance", cmd_balance, MSG_ctl_sum_balance, MSG_ctl_help_balance, NULL},
    {"circular", cmd_circular, MSG_ctl_sum_circular, MSG_ctl_help_circular, NULL},
    {"export", cmd_export, MSG_ctl_sum_export, MSG_ctl_help_export, NULL},
    {"rejections", cmd_rejections, MSG_ctl_sum_rejections, MSG_ctl_help_rejections, NULL},
    {"replay", cmd_replay, MSG_ctl_sum_replay, MSG_ctl_help_replay, NULL},
    {"check-totals", cmd_check_totals, MSG_ctl_sum_check, MSG_ctl_help_check, NULL},
    {"maintain", cmd_maintain, MSG_ctl_sum_maintain, MSG_ctl_help_maintain, NULL},
    {"key", cmd_key, MSG_ctl_sum_key, MSG_ctl_help_key, NULL},
    {"keys", cmd_keys, MSG_ctl_sum_keys, MSG_ctl_help_keys, NULL},
    {"access", cmd_access, MSG_ctl_sum_access, MSG_ctl_help_access, NULL},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int
refuse_command(struct ctl *ctl, const char *name)
{
    struct near near = {.typed = name};

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        near_consider(&near, commands[i].name, NULL);
    char *list = near_list(&near, message_text(ctl->language, MSG_ctl_near_joint));
    ctl_usage(ctl, list == NULL ? MSG_ctl_unknown_command : MSG_ctl_unknown_command_near, "command", name,
              "near", list, NULL);
    free(list);
    return ctl->status;
}

static void
list_commands(const struct ctl *ctl, FILE *out)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-12s ", commands[i].name);
        message_print(out, ctl->language, commands[i].summary, NULL);
        fputc('\n', out);
    }
}

static const struct command top = {"yuebaoctl", NULL, MSG_ctl_help, MSG_ctl_help, list_commands};

static void
print_all(const struct ctl *ctl, FILE *out)
{
    message_print(out, ctl->language, MSG_ctl_help, NULL);
    list_commands(ctl, out);
    message_print(out, ctl->language, MSG_ctl_help_common, NULL);
}

/* Columns of the terminal; what goes into a pipe or a file may take as many as a wide one has. */
static size_t
table_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;

    if (!isatty(STDOUT_FILENO))
        return PIPE_COLUMNS;
    if (columns != NULL && strtoul(columns, NULL, 10) > 0)
        return strtoul(columns, NULL, 10);
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : PIPE_COLUMNS;
}

/* Whether an error shall be JSON, even one that was found before --json was reached. */
static enum output_format
format_of_errors(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return OUTPUT_JSON;
    return OUTPUT_TEXT;
}

static int
dispatch(struct ctl *ctl, int argc, char **argv)
{
    int first = ctl_options(ctl, argc, argv, NULL);

    if (first < 0)
        return ctl->status;
    if (first == argc) {
        print_all(ctl, stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[first], "help") == 0 && first + 1 == argc) {
        print_all(ctl, stdout);
        return EX_OK;
    }
    const struct command *command = find_command(argv[first]);
    if (command == NULL)
        return refuse_command(ctl, argv[first]);
    ctl->command = command;
    return command->run(ctl, argc - first, argv + first);
}

int
main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    struct ctl ctl = {.language = language_of_environment(LANGUAGE_EN),
                      .talk = stdout,
                      .command = &top,
                      .width = table_width()};

    if (!envelope_init())
        return ctl_fail(&ctl, EX_SOFTWARE, MSG_ctl_no_crypto, NULL);
    int status = output_end(&ctl, dispatch(&ctl, argc, argv));
    PQfinish(ctl.db);
    if (status != EX_OK && format_of_errors(argc, argv) == OUTPUT_JSON)
        ctl.format = OUTPUT_JSON;
    ctl_end(&ctl, status);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_CANTCREAT;
    return status;
}
