/*
 * yuebaod, the collector: takes signed reports over TLS, books them in PostgreSQL, answers with signed
 * receipts.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "address.h"
#include "config.h"
#include "envelope.h"
#include "listener.h"
#include "log.h"
#include "receipt_key.h"
#include "supervisor.h"
#include "tls.h"

#define CONFIG_PATH "/etc/yuebao/yuebaod.conf"

enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT };

static const char usage_text[] =
    "Usage: yuebaod [--config FILE] [--check | --print-config]\n"
    "\n"
    "  -c, --config FILE    read FILE instead of " CONFIG_PATH "\n"
    "      --check          check configuration, certificate and keys, then end\n"
    "      --print-config   print the configuration with all defaults, then end\n"
    "  -V, --version        print the version\n"
    "  -h, --help           print this\n";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
    {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

/* false: *ret_status is the exit status. */
static bool
read_arguments(int argc, char **argv, const char **ret_path, enum mode *ret_mode, int *ret_status)
{
    int option;

    *ret_status = EX_OK;
    while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            *ret_path = optarg;
            break;
        case 'k':
            *ret_mode = MODE_CHECK;
            break;
        case 'p':
            *ret_mode = MODE_PRINT;
            break;
        case 'V':
            puts("yuebaod " YUEBAO_VERSION);
            return false;
        case 'h':
            fputs(usage_text, stdout);
            return false;
        default:
            fputs(usage_text, stderr);
            *ret_status = EX_USAGE;
            return false;
        }
    }
    if (optind == argc)
        return true;
    fprintf(stderr, "yuebaod: \"%s\" is not expected here\n%s", argv[optind], usage_text);
    *ret_status = EX_USAGE;
    return false;
}

/* Whether the files that the configuration names can be used; all that is wrong is told. */
static bool
files_are_good(const struct config *config, const char *path, config_fault *fault)
{
    struct receipt_key key;
    char error[300] = "";
    bool good = receipt_key_read(config->receipt_key, &key, error, sizeof(error));
    SSL_CTX *tls;

    receipt_key_wipe(&key);
    if (!good)
        fault(path, 0, error);
    tls = tls_context_new(config->certificate, config->private_key, error, sizeof(error));
    if (tls == NULL)
        fault(path, 0, error);
    SSL_CTX_free(tls);
    return good && tls != NULL;
}

/* A person reads sentences; a service's log has events. */
static config_fault *
fault_of(enum mode mode)
{
    return mode != MODE_RUN || isatty(STDERR_FILENO) ? config_say_fault : config_log_fault;
}

/* Hold the port for all workers; false: it cannot be had. */
static bool
hold_port(const char *listen, struct address *address)
{
    if (!address_parse(listen, address) || listener_hold(address) < 0) {
        log_event(LOG_ERROR, "cannot_listen", "address", listen, "errno", strerrorname_np(errno), NULL);
        return false;
    }
    return true;
}

static void
log_listening(const char *event, const struct address *address, unsigned workers)
{
    char text[ADDRESS_TEXT_MAX];

    address_print((const struct sockaddr *)&address->socket, address->len, text);
    *strrchr(text, ':') = '\0';
    log_event(LOG_NOTICE, event, "address", text, "port", LOG_NUMBER(address_port(address)), "workers",
              LOG_NUMBER(workers), "version", YUEBAO_VERSION, NULL);
}

int
main(int argc, char **argv)
{
    const char *path = CONFIG_PATH;
    enum mode mode = MODE_RUN;
    struct address address, proxy_address;
    struct config *config;
    bool proxied;
    int status;

    if (!read_arguments(argc, argv, &path, &mode, &status))
        return status;
    config = config_read(path, fault_of(mode));
    if (config == NULL)
        return EX_CONFIG;
    if (mode == MODE_PRINT) {
        config_print(config, stdout);
        config_free(config);
        return EX_OK;
    }
    log_set_level(config->log_level);
    if (!envelope_init() || !files_are_good(config, path, fault_of(mode))) {
        config_free(config);
        return EX_CONFIG;
    }
    if (mode == MODE_CHECK) {
        printf("%s: the configuration is sound.\n", path);
        config_free(config);
        return EX_OK;
    }
    proxied = config->proxy_listen[0] != '\0';
    if (!hold_port(config->listen, &address) ||
        (proxied && !hold_port(config->proxy_listen, &proxy_address))) {
        config_free(config);
        return EX_CONFIG;
    }
    log_listening("listening", &address, config->workers);
    if (proxied)
        log_listening("listening_for_balancers", &proxy_address, config->workers);
    return supervisor_run(path, config, &address, proxied ? &proxy_address : NULL);
}
