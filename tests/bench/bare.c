/*
 * bare: what TLS alone takes: a connection, its handshake, four bytes there and back, good-bye. The same
 * OpenSSL, libevent, certificate and TLS settings as the collector's and the client's, and nothing else.
 *
 *   bare serve CERTIFICATE KEY PROCESSES     prints its port, serves until its standard input ends
 *   bare shake PORT CA CONNECTIONS AT_ONCE
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "gun.h"
#include "tls.h"
#include "wire.h"

#define BACKLOG 1024
#define ECHO    4 /* bytes */

static struct event_base *base;
static SSL_CTX *context;

static void
no_delay(int fd)
{
    int one = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* ---- serve -------------------------------------------------------------------------------------- */

static void
serve_read(struct bufferevent *bev, void *arg)
{
    (void)arg;
    bufferevent_write_buffer(bev, bufferevent_get_input(bev));
}

static void
serve_event(struct bufferevent *bev, short what, void *arg)
{
    (void)arg;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        ERR_clear_error();
        bufferevent_free(bev);
    }
}

static void
serve_accept(evutil_socket_t listener, short what, void *arg)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct bufferevent *bev;

    (void)what;
    (void)arg;
    if (fd < 0)
        return;
    no_delay(fd);
    bev = bufferevent_openssl_socket_new(base, fd, SSL_new(context), BUFFEREVENT_SSL_ACCEPTING,
                                         BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(bev, serve_read, NULL, serve_event, NULL);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static bool
serve_context(const char *certificate, const char *key)
{
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    return SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
           SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
}

static int
listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0)
        exit(EX_OSERR);
    getsockname(fd, (struct sockaddr *)&address, &len);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* The parent waits for the end of its input; the children go with it. */
static int
serve(const char *certificate, const char *key, int processes)
{
    int fd;

    if (!serve_context(certificate, key))
        return EX_NOINPUT;
    fd = listen_somewhere();
    for (int i = 0; i < processes; i++) {
        if (fork() != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        base = event_base_new();
        event_add(event_new(base, fd, EV_READ | EV_PERSIST, serve_accept, NULL), NULL);
        event_base_dispatch(base);
        _exit(EX_OK);
    }
    while (getchar() != EOF)
        ;
    return EX_OK;
}

/* ---- shake -------------------------------------------------------------------------------------- */

static struct wire_house house;
static size_t wanted, begun, done, lost;
static struct gun_times times;

struct shake {
    double began;
    struct tls_failure failure;
};

static void shake_begin(void);

static void
shake_end(struct bufferevent *bev, struct shake *shake)
{
    SSL *session = bufferevent_openssl_get_ssl(bev);

    SSL_set_shutdown(session, SSL_RECEIVED_SHUTDOWN);
    (void)SSL_shutdown(session);
    ERR_clear_error();
    bufferevent_free(bev);
    free(shake);
    shake_begin();
}

static void
shake_read(struct bufferevent *bev, void *arg)
{
    struct shake *shake = arg;

    if (evbuffer_get_length(bufferevent_get_input(bev)) < ECHO)
        return;
    done++;
    gun_times_add(&times, gun_clock() - shake->began);
    shake_end(bev, shake);
}

static void
shake_event(struct bufferevent *bev, short what, void *arg)
{
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        bufferevent_write(bev, "echo", ECHO);
        return;
    }
    lost++;
    shake_end(bev, arg);
}

static void
shake_begin(void)
{
    struct shake *shake;
    struct bufferevent *bev;

    if (begun == wanted)
        return;
    begun++;
    shake = calloc(1, sizeof(*shake));
    if (shake == NULL)
        exit(EX_OSERR);
    shake->began = gun_clock();
    bev = bufferevent_openssl_socket_new(base, -1, tls_session(context, "127.0.0.1", &shake->failure),
                                         BUFFEREVENT_SSL_CONNECTING,
                                         BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    bufferevent_setcb(bev, shake_read, NULL, shake_event, shake);
    if (bufferevent_socket_connect(bev, (const struct sockaddr *)&house.address, sizeof(house.address)) != 0)
        exit(EX_UNAVAILABLE);
    no_delay(bufferevent_getfd(bev));
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static int
shake(const char *port, const char *ca, size_t connections, size_t at_once)
{
    double began;

    base = event_base_new();
    if (!wire_house_init(&house, base, port, ca))
        return EX_NOINPUT;
    context = house.context;
    wanted = connections;
    gun_wait();
    began = gun_clock();
    for (size_t i = 0; i < at_once; i++)
        shake_begin();
    while (done + lost < wanted)
        event_base_loop(base, EVLOOP_ONCE);
    printf("{\"connections\": %zu, \"seconds\": %.4f, \"p50\": %.6f, \"p99\": %.6f, "
           "\"lost_connections\": %zu}\n",
           done, gun_clock() - began, gun_times_at(&times, 0.5), gun_times_at(&times, 0.99), lost);
    gun_end();
    return EX_OK;
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], argv[3], atoi(argv[4]));
    if (argc == 6 && strcmp(argv[1], "shake") == 0)
        return shake(argv[2], argv[3], strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
    fputs("usage: bare serve CERTIFICATE KEY PROCESSES | shake PORT CA CONNECTIONS AT_ONCE\n", stderr);
    return EX_USAGE;
}
