/*
 * yuebao, the school's command: common options, then one subcommand. See client/yuebao.1.scd.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "envelope.h"

static const struct {
    const char *name;
    int (*run)(struct desk *desk, int argc, char **argv);
    enum message help;
} commands[] = {
    {"enrol", cmd_enrol, MSG_help_enrol},          {"catalogue", cmd_catalogue, MSG_help_catalogue},
    {"template", cmd_template, MSG_help_template}, {"check", cmd_check, MSG_help_check},
    {"submit", cmd_submit, MSG_help_submit},       {"send", cmd_send, MSG_help_send},
    {"conflict", cmd_conflict, MSG_help_conflict}, {"status", cmd_status, MSG_help_status},
    {"receipt", cmd_receipt, MSG_help_receipt},
};

enum common { COMMON_NONE, COMMON_TAKEN, COMMON_BAD, COMMON_HELP, COMMON_VERSION };

/* The value of "--name value" or "--name=value", moving *i over it; NULL: argv[*i] is another option, or the
 * value is missing. */
static const char *
value_of(const char *name, int argc, char **argv, int *i)
{
    size_t len = strlen(name);

    if (strncmp(argv[*i], name, len) != 0)
        return NULL;
    if (argv[*i][len] == '=')
        return argv[*i] + len + 1;
    return argv[*i][len] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

static bool
set_home(struct desk *desk, const char *home)
{
    free(desk->home);
    desk->home = strdup(home);
    return desk->home != NULL && home[0] != '\0';
}

static enum common
take_common(struct desk *desk, int argc, char **argv, int *i)
{
    const char *value;

    if (strcmp(argv[*i], "--json") == 0) {
        desk->json = true;
        return COMMON_TAKEN;
    }
    if (strcmp(argv[*i], "--help") == 0)
        return COMMON_HELP;
    if (strcmp(argv[*i], "--version") == 0)
        return COMMON_VERSION;
    if ((value = value_of("--home", argc, argv, i)) != NULL)
        return set_home(desk, value) ? COMMON_TAKEN : COMMON_BAD;
    if ((value = value_of("--lang", argc, argv, i)) != NULL)
        return language_parse(value, &desk->language) ? COMMON_TAKEN : COMMON_BAD;
    return strcmp(argv[*i], "--home") == 0 || strcmp(argv[*i], "--lang") == 0 ? COMMON_BAD : COMMON_NONE;
}

/* Take the common options out of argv wherever they stand, up to "--". */
static enum common
take_all_common(struct desk *desk, int *argc, char **argv)
{
    enum common special = COMMON_NONE;
    int kept = 1, i = 1;

    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        int at = i;
        enum common taken = take_common(desk, *argc, argv, &i);

        if (taken == COMMON_NONE)
            argv[kept++] = argv[at];
        else if (taken != COMMON_TAKEN && special != COMMON_BAD)
            special = taken;
    }
    for (; i < *argc; i++)
        argv[kept++] = argv[i];
    argv[kept] = NULL;
    *argc = kept;
    return special;
}

static bool
default_home(struct desk *desk)
{
    const char *own = getenv("YUEBAO_HOME"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int rc = -1;

    if (own != NULL && own[0] != '\0')
        rc = asprintf(&path, "%s", own);
    else if (data != NULL && data[0] == '/')
        rc = asprintf(&path, "%s/yuebao", data);
    else if (home != NULL && home[0] != '\0')
        rc = asprintf(&path, "%s/.local/share/yuebao", home);
    desk->home = rc < 0 ? NULL : path;
    return rc >= 0;
}

/* Of the command that is named, or of all. */
static void
help(const struct desk *desk, const char *command)
{
    for (size_t i = 0; command != NULL && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, command) == 0) {
            message_print(stdout, desk->language, commands[i].help, NULL);
            message_print(stdout, desk->language, MSG_help_common, NULL);
            return;
        }
    message_print(stdout, desk->language, MSG_help, NULL);
}

static int
run(struct desk *desk, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, argv[1]) == 0) {
            desk_report(desk, "command", json_string(argv[1]));
            desk->help = commands[i].help;
            return commands[i].run(desk, argc - 1, argv + 1);
        }
    if (argc > 1)
        desk_complain(desk, MSG_unknown_command, "command", argv[1], NULL);
    else
        message_print(stderr, desk->language, MSG_help, NULL);
    return EX_USAGE;
}

/* The report, and the truth about stdout: an answer that could not be written was not given. */
static int
finish(struct desk *desk, int status)
{
    if (desk->json) {
        desk_report(desk, "exit", json_integer(status));
        if (json_dumpf(desk->report, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0 && status == EX_OK)
            status = EX_SOFTWARE;
        putchar('\n');
    }
    if (fflush(stdout) != 0 && status == EX_OK)
        status = EX_CANTCREAT;
    outbox_close(desk->outbox);
    json_decref(desk->report);
    free(desk->home);
    return status;
}

int
main(int argc, char **argv)
{
    struct desk desk = {.language = LANGUAGE_ZH, .report = json_object()};
    enum common special;

    signal(SIGPIPE, SIG_IGN);
    opterr = 0; /* we say it in the clerk's language */
    if (desk.report == NULL || !envelope_init())
        return EX_SOFTWARE;
    special = take_all_common(&desk, &argc, argv);
    if (special == COMMON_BAD || (desk.home == NULL && !default_home(&desk)))
        return finish(&desk, desk_usage(&desk, ""));
    if (special == COMMON_HELP) {
        help(&desk, argv[1]);
        desk.json = false;
        return finish(&desk, EX_OK);
    }
    if (special == COMMON_VERSION) {
        puts("yuebao " YUEBAO_VERSION);
        desk.json = false;
        return finish(&desk, EX_OK);
    }
    return finish(&desk, run(&desk, argc, argv));
}
