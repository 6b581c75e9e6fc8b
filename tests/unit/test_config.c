/* config: what a file says, and which files are refused, by line and in which words. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define NEEDED                                                                                               \
    "certificate = \"c.pem\"\nprivate_key = \"k.pem\"\nreceipt_key = \"r.key\"\ndatabase = "                 \
    "\"dbname=yuebao\"\n"

static char path[] = "/tmp/test_config.XXXXXX";

static struct config *
read_text(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    return config_read(path, config_log_fault);
}

/* Standard error of config_read, which is where its faults are told. */
static void
read_and_listen(const char *text, struct config **ret_config, char heard[1000])
{
    int ends[2], keep = dup(STDERR_FILENO);
    ssize_t len;

    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    *ret_config = read_text(text);
    dup2(keep, STDERR_FILENO);
    len = read(ends[0], heard, 999);
    heard[len > 0 ? len : 0] = '\0';
    close(keep);
    close(ends[0]);
    close(ends[1]);
}

static void
test_defaults(void **state)
{
    struct config *config = read_text(NEEDED);
    struct session_limits limits = session_limits_default();

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->listen, "127.0.0.1:7443");
    assert_string_equal(config->database, "dbname=yuebao");
    assert_int_equal(config->workers, 2);
    assert_int_equal(config->links, 2);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_int_equal(config->limits.first_byte_ms, 10000);
    assert_int_equal(config->limits.handshake_ms, 10000);
    assert_int_equal(config->limits.hello_ms, 5000);
    assert_int_equal(config->limits.frame_ms, 30000);
    assert_int_equal(config->limits.idle_ms, 120000);
    assert_int_equal(config->limits.unread_ms, 30000);
    assert_memory_equal(&config->limits, &limits, sizeof(limits));
    config_free(config);
}

static void
test_given_values(void **state)
{
    struct config *config = read_text("\xEF\xBB\xBF# with a mark\nlisten = \"[::1]:0\"\nworkers = "
                                      "7\nlog_level = \"debug\"\nidle_ms = 1\n" NEEDED);

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->listen, "[::1]:0");
    assert_int_equal(config->workers, 7);
    assert_int_equal(config->log_level, LOG_DEBUG);
    assert_int_equal(config->limits.idle_ms, 1);
    config_free(config);
}

static const struct {
    const char *what, *text, *heard;
} refused[] = {
    {"an unknown key", NEEDED "wrokers = 2\n", "line=5"},
    {"a key given twice", NEEDED "workers = 2\nworkers = 2\n", "line=6 message=\"workers is given twice\""},
    {"a text given twice", NEEDED "database = \"x\"\n", "line=5 message=\"database is given twice\""},
    {"too many workers", NEEDED "workers = 65\n",
     "line=5 message=\"workers is 65, but must be a number from 1 to 64\""},
    {"no worker", NEEDED "workers = 0\n", "from 1 to 64"},
    {"a negative number", NEEDED "links = -1\n", "line=5"},
    {"not a number", NEEDED "links = many\n", "links is many"},
    {"a number with a tail", NEEDED "links = 2x\n", "links is 2x"},
    {"a number beyond 64 bits", NEEDED "idle_ms = 99999999999999999999\n", "idle_ms is 9999"},
    {"a level that is none", NEEDED "log_level = \"loud\"\n", "log_level is"},
    {"an address without port", NEEDED "listen = \"127.0.0.1\"\n", "listen is"},
    {"an address by name", NEEDED "listen = \"localhost:1\"\n", "listen is"},
    {"a port beyond 65535", NEEDED "listen = \"127.0.0.1:70000\"\n", "listen is"},
    {"a door for balancers without their addresses", NEEDED "proxy_listen = \"*:7444\"\n",
     "proxy_from is not"},
    {"balancers without a door", NEEDED "proxy_from = \"192.0.2.1\"\n", "proxy_listen is not"},
    {"balancers by name", NEEDED "proxy_listen = \"*:7444\"\nproxy_from = \"balancer\"\n", "proxy_from is"},
    {"an empty text", "certificate = \"\"\n", "line=1"},
    {"nothing", "", "certificate is not given"},
    {"an open quote", NEEDED "listen = \"127.0.0.1:1\n", "line="},
    {"a quote at the very end", NEEDED "\"", "line=5 message=\"a quote is opened here and never closed\""},
    {"a quote in the last line", NEEDED "# \"\nlog_level = info \"\n", "line=6 message=\"a quote is opened"},
    {"an unknown option of libpq", "database = \"hosst=geheim\"\n",
     "line=1 message=\"database has the option \\\"hosst\\\", which libpq does not know\""},
    {"no connection string", "database = \"geheim\"\n",
     "line=1 message=\"database must be a connection string"},
    {"two wrong values, the second", NEEDED "workers = 0\nlinks = 99\n", "line=6 message=\"links is 99"},
    {"a wrong value and one not given, the latter", "workers = 0\n", "certificate is not given"},
    {"a missing equals sign", NEEDED "workers 2\n", "line=5"},
};

static void
test_refused(void **state)
{
    char heard[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct config *config = NULL;

        read_and_listen(refused[i].text, &config, heard);
        print_message("%s: %s", refused[i].what, heard);
        assert_null(config);
        assert_non_null(strstr(heard, "event=config_error"));
        assert_non_null(strstr(heard, path));
        assert_non_null(strstr(heard, refused[i].heard));
        assert_null(strstr(heard, "geheim"));
    }
    assert_null(config_read("/tmp", config_log_fault));
    assert_null(config_read("/nonexistent/yuebaod.conf", config_log_fault));
}

static const struct {
    const char *database, *printed;
} conninfos[] = {
    {"dbname=yuebao", "database = \"dbname=yuebao\""},
    {"password=geheim dbname=y", "database = \"password=*** dbname=y\""},
    {"dbname=y password = 'ge heim' user=u", "database = \"dbname=y password = *** user=u\""},
    {"postgresql://u:geheim@h/y", "database = \"postgresql://u:***@h/y\""},
    {"postgresql://h/y?password=geheim&connect_timeout=1",
     "database = \"postgresql://h/y?password=***&connect_timeout=1\""},
    {"sslpassword=geheim password=geheim", "database = \"sslpassword=*** password=***\""},
    {"password='x\\\\'geheim' dbname=y", "database = \"password=*** dbname=y\""},
    {"password=x\\\\ geheim dbname=y", "database = \"password=*** dbname=y\""},
    {"password=x&geheim dbname=y", "database = \"password=*** dbname=y\""},
    {"postgresql://u:geheim@h/y?sslpassword=geheim&connect_timeout=1",
     "database = \"postgresql://u:***@h/y?sslpassword=***&connect_timeout=1\""},
};

static void
test_passwords_are_not_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(conninfos) / sizeof(conninfos[0]); i++) {
        char *text = NULL, printed[4000] = "";
        struct config *config;
        FILE *out = fmemopen(printed, sizeof(printed), "w");

        assert_true(asprintf(&text,
                             "certificate=\"c\"\nprivate_key=\"k\"\nreceipt_key=\"r\"\ndatabase=\"%s\"\n",
                             conninfos[i].database) > 0);
        config = read_text(text);
        assert_non_null(config);
        config_print(config, out);
        fclose(out);
        assert_non_null(strstr(printed, conninfos[i].printed));
        assert_null(strstr(printed, "geheim"));
        config_free(config);
        free(text);
    }
}

static void
print_and_read(const char *text)
{
    struct config *config = read_text(text), *again;
    char printed[4000] = "", printed_again[4000] = "";
    FILE *out = fmemopen(printed, sizeof(printed), "w");

    assert_non_null(config);
    config_print(config, out);
    fclose(out);
    again = read_text(printed);
    assert_non_null(again);
    out = fmemopen(printed_again, sizeof(printed_again), "w");
    config_print(again, out);
    fclose(out);
    assert_string_equal(printed, printed_again);
    config_free(config);
    config_free(again);
}

/* What is printed is a file that says the same. */
static void
test_printed_is_readable(void **state)
{
    static const char *const texts[] = {
        "listen = \"*:1\"\ndrain_ms = 7\n" NEEDED,
        "proxy_listen = \"*:7444\"\nproxy_from = \"192.0.2.10, ::1\"\n" NEEDED,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        print_and_read(texts[i]);
}

static int
make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_given_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_passwords_are_not_printed),
        cmocka_unit_test(test_printed_is_readable),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
