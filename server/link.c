#include "link.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define RESULTS_A_TURN 256 /* so that a long answer (half a million schools) leaves the loop its turns */
#define BACKOFF_MIN_MS 50u

enum link_state {
    LINK_BROKEN,     /* no connection; the timer starts the next try */
    LINK_CONNECTING, /* PQconnectPoll says what it waits for */
    LINK_PREPARING,  /* settings and statements are on their way */
    LINK_IDLE,       /* nothing to do; we listen for notifications and for the end */
    LINK_SENDING,    /* part of the work is still in libpq's buffer; answers are read all the same */
    LINK_RECEIVING,  /* all is sent */
};

struct link {
    struct event_base *base;
    const char *conninfo;
    const struct link_owner *owner;
    void *arg;
    PGconn *conn;
    enum link_state state;
    struct event *io, *timer;
    unsigned backoff_ms, tries;
    int tags[LINK_CALLS_MAX]; /* of the pipeline's calls, in order */
    size_t n_tags, tag_at;
    bool pipeline; /* the work is one; otherwise simple, with tags[0] */
    bool doomed;   /* a call could not be queued, or the owner gave up: breaks in the next turn */
    bool leftover; /* results wait in libpq's buffer: read no more before they are told */
    bool warned;
};

static void link_enter(struct link *link, enum link_state next);
static void link_break(struct link *link);

static void
link_set_timer(struct link *link, unsigned ms)
{
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

    evtimer_add(link->timer, &after);
}

static void
link_doom(struct link *link)
{
    link->doomed = true;
    link_set_timer(link, 0);
}

/* Wait for what the socket that libpq uses now has to do. */
static void link_on_io(evutil_socket_t fd, short what, void *arg);
static void
link_wait(struct link *link, short what)
{
    int fd = PQsocket(link->conn);
    short wanted = (short)(what | EV_PERSIST);

    if (fd < 0) {
        link_doom(link);
        return;
    }
    if (event_pending(link->io, EV_READ | EV_WRITE, NULL) && event_get_fd(link->io) == fd &&
        event_get_events(link->io) == wanted)
        return;
    event_del(link->io);
    event_assign(link->io, link->base, fd, wanted, link_on_io, link);
    if (event_add(link->io, NULL) != 0)
        link_doom(link);
}

/* The only writer of link->state; says what each state waits for, and for how long. */
static void
link_enter(struct link *link, enum link_state next)
{
    bool at_work = link->state >= LINK_PREPARING && link->state != LINK_IDLE;

    link->state = next;
    switch (next) {
    case LINK_BROKEN:
        link_set_timer(link, link->backoff_ms);
        return;
    case LINK_CONNECTING:
        link_set_timer(link, LINK_CONNECT_MS);
        return;
    case LINK_PREPARING:
        return; /* the timer of CONNECTING goes on */
    case LINK_IDLE:
        evtimer_del(link->timer);
        link_wait(link, EV_READ);
        return;
    case LINK_SENDING:
    case LINK_RECEIVING:
        if (!at_work)
            link_set_timer(link, LINK_WORK_MS);
        link_wait(link, next == LINK_SENDING ? EV_READ | EV_WRITE : EV_READ);
        return;
    }
}

/* Hand to the kernel what it takes; the rest waits for EV_WRITE. */
static void
link_flush(struct link *link)
{
    int left = PQflush(link->conn);

    if (left < 0 && PQstatus(link->conn) == CONNECTION_BAD) {
        link_doom(link); /* not at once: answers may still be in the buffer */
    } else if (link->state == LINK_PREPARING) {
        link_wait(link, left != 0 ? EV_READ | EV_WRITE : EV_READ);
    } else {
        link_enter(link, left != 0 ? LINK_SENDING : LINK_RECEIVING);
    }
}

/* ---- connecting --------------------------------------------------------------------------------- */

/*
 * Warnings are not for a log that must not quote rows; but one that the server itself gives at a COMMIT (no
 * standby has confirmed it, or there was nothing to commit) means that it may not hold. What a trigger says
 * has a context, and is no such warning.
 */
static void
link_on_notice(void *arg, const PGresult *result)
{
    struct link *link = arg;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0 &&
        PQresultErrorField(result, PG_DIAG_CONTEXT) == NULL)
        link->warned = true;
}

static void
link_connect(struct link *link)
{
    const char *const words[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
    const char *const values[] = {link->conninfo, link->owner->role, "UTF8", NULL};

    link->tries++;
    link->doomed = link->leftover = link->warned = false;
    link->conn = PQconnectStartParams(words, values, 1);
    if (link->conn == NULL || PQstatus(link->conn) == CONNECTION_BAD) {
        link_break(link);
        return;
    }
    PQsetNoticeReceiver(link->conn, link_on_notice, link);
    link_enter(link, LINK_CONNECTING);
    link_wait(link, EV_WRITE);
}

/* CONNECTING -> PREPARING: everything that a session needs, in one round trip. */
static void
link_prepare(struct link *link)
{
    const struct link_owner *owner = link->owner;
    bool sent = PQsetnonblocking(link->conn, 1) == 0 && PQenterPipelineMode(link->conn) == 1;

    link_enter(link, LINK_PREPARING);
    for (size_t i = 0; sent && owner->settings[i].name != NULL; i++) {
        const char *values[] = {owner->settings[i].name, owner->settings[i].value};
        sent = PQsendQueryParams(link->conn, "SELECT pg_catalog.set_config($1, $2, false)", 2, NULL, values,
                                 NULL, NULL, 0) == 1;
    }
    for (size_t i = 0; sent && owner->statements[i].name != NULL; i++)
        sent = PQsendPrepare(link->conn, owner->statements[i].name, owner->statements[i].sql, 0, NULL) == 1;
    if (!sent || PQpipelineSync(link->conn) != 1) {
        link_doom(link);
        return;
    }
    link->pipeline = true;
    link_flush(link);
}

static void
link_poll_connect(struct link *link)
{
    switch (PQconnectPoll(link->conn)) {
    case PGRES_POLLING_READING:
        link_wait(link, EV_READ);
        return;
    case PGRES_POLLING_WRITING:
        link_wait(link, EV_WRITE);
        return;
    case PGRES_POLLING_OK:
        link_prepare(link);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        link_break(link);
        return;
    }
}

/* One line when the database goes away, not one for each try to reach it. */
static void
link_log_down(const struct link *link, bool was_up)
{
    char text[LOG_VALUE_MAX];
    const char *message = link->conn != NULL ? PQerrorMessage(link->conn) : "no memory";
    size_t len = strcspn(message, "\n");

    if (!was_up && link->tries > 1)
        return;
    /* what libpq says about connecting quotes no rows; about work it may */
    if (link->state != LINK_CONNECTING && link->state != LINK_BROKEN)
        len = 0;
    if (len >= sizeof(text))
        len = sizeof(text) - 1;
    memcpy(text, message, len);
    text[len] = '\0';
    log_event(LOG_WARNING, "database_away", "link", link->owner->role, "reason", len > 0 ? text : NULL, NULL);
}

static void
link_break(struct link *link)
{
    bool was_up = link_up(link);

    link_log_down(link, was_up);
    event_del(link->io);
    PQfinish(link->conn);
    link->conn = NULL;
    link->doomed = link->leftover = link->pipeline = false;
    link->backoff_ms = link->backoff_ms == 0 ? BACKOFF_MIN_MS : link->backoff_ms * 2;
    if (link->backoff_ms > LINK_BACKOFF_MAX_MS)
        link->backoff_ms = LINK_BACKOFF_MAX_MS;
    link_enter(link, LINK_BROKEN);
    link->owner->on_broken(was_up, link->arg);
}

/* ---- results ------------------------------------------------------------------------------------ */

static void
link_take_notifications(struct link *link)
{
    PGnotify *notify;
    bool any = false;

    while ((notify = PQnotifies(link->conn)) != NULL) {
        PQfreemem(notify);
        any = true;
    }
    if (any && link->owner->on_notify != NULL)
        link->owner->on_notify(link->arg);
}

/*
 * The work has ended. A notification that came in the same bytes as its end is still unread, and no further
 * byte may ever announce it.
 */
static void
link_finish(struct link *link)
{
    bool first = link->state == LINK_PREPARING;

    if (link->pipeline && PQexitPipelineMode(link->conn) != 1) {
        link_break(link);
        return;
    }
    link->pipeline = false;
    link->n_tags = link->tag_at = 0;
    link->backoff_ms = 0;
    link->tries = 0;
    link_enter(link, LINK_IDLE);
    if (first)
        log_event(LOG_INFO, "database_up", "link", link->owner->role, NULL);
    link_take_notifications(link);
    link->owner->on_idle(link->arg);
}

/* false: a setting or a statement was refused; the log names the SQLSTATE (42P01: not migrated, 42501: not
 * granted). */
static bool
link_check_prepared(const struct link *link, const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return true;
    if (status != PGRES_PIPELINE_ABORTED && link->tries == 1)
        log_event(LOG_ERROR, "database_unfit", "link", link->owner->role, "sqlstate",
                  PQresultErrorField(result, PG_DIAG_SQLSTATE), "reason",
                  PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), NULL);
    return false;
}

/* Tell one result; false: the link is broken or at rest, and there is nothing more to read. */
static bool
link_tell(struct link *link, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        link_finish(link);
        return false;
    }
    if (link->state == LINK_PREPARING) {
        if (!link_check_prepared(link, result))
            link_doom(link);
    } else {
        link->owner->on_result(link->tags[link->tag_at], result, link->arg);
    }
    PQclear(result);
    return true;
}

/* NULL from PQgetResult ends a call of a pipeline, and a simple text as a whole. */
static bool
link_end_call(struct link *link)
{
    if (!link->pipeline) {
        link_finish(link);
        return false;
    }
    if (link->tag_at + 1 < link->n_tags)
        link->tag_at++;
    return true;
}

/* Tell what has arrived, until libpq needs more bytes, the work ends or the turn's budget is spent. */
static void
link_drain(struct link *link)
{
    link->leftover = false;
    for (int budget = RESULTS_A_TURN; link->state >= LINK_PREPARING && link->state != LINK_IDLE;) {
        PGresult *result;

        if (link->doomed || PQisBusy(link->conn))
            break;
        if (budget-- == 0) {
            link->leftover = true;
            event_active(link->io, EV_READ, 0);
            break;
        }
        result = PQgetResult(link->conn);
        if (PQstatus(link->conn) == CONNECTION_BAD && result == NULL)
            break;
        if (!(result == NULL ? link_end_call(link) : link_tell(link, result)))
            return;
    }
    if (PQstatus(link->conn) == CONNECTION_BAD)
        link_break(link);
}

static void
link_on_io(evutil_socket_t fd, short what, void *arg)
{
    struct link *link = arg;

    (void)fd;
    if (link->state == LINK_CONNECTING) {
        link_poll_connect(link);
    } else if (link->state != LINK_BROKEN) {
        if (what & EV_WRITE)
            link_flush(link);
        /* a failure shows in PQstatus, after the answers that came before it have been told */
        if ((what & EV_READ) && !link->leftover)
            (void)PQconsumeInput(link->conn);
        if (link_up(link))
            link_take_notifications(link);
        link_drain(link);
    }
    ERR_clear_error(); /* libpq's TLS leaves errors that would be taken for a session's */
}

static void
link_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct link *link = arg;

    (void)fd;
    (void)what;
    if (link->state == LINK_BROKEN)
        link_connect(link);
    else
        link_break(link); /* doomed, or over its deadline */
    ERR_clear_error();
}

/* ---- the face ----------------------------------------------------------------------------------- */

struct link *
link_new(struct event_base *base, const char *conninfo, const struct link_owner *owner, void *arg)
{
    struct link *link = calloc(1, sizeof(*link));

    if (link == NULL)
        return NULL;
    *link = (struct link){.base = base, .conninfo = conninfo, .owner = owner, .arg = arg};
    link->io = event_new(base, -1, EV_READ, link_on_io, link);
    link->timer = evtimer_new(base, link_on_timer, link);
    if (link->io == NULL || link->timer == NULL) {
        link_free(link);
        return NULL;
    }
    link_enter(link, LINK_BROKEN);
    return link;
}

void
link_free(struct link *link)
{
    if (link == NULL)
        return;
    if (link->io != NULL)
        event_free(link->io);
    if (link->timer != NULL)
        event_free(link->timer);
    PQfinish(link->conn);
    ERR_clear_error();
    free(link);
}

bool
link_up(const struct link *link)
{
    return link->state >= LINK_IDLE;
}

bool
link_idle(const struct link *link)
{
    return link->state == LINK_IDLE && !link->doomed;
}

bool
link_in_transaction(const struct link *link)
{
    return link->conn != NULL && PQtransactionStatus(link->conn) != PQTRANS_IDLE;
}

bool
link_warned(const struct link *link)
{
    return link->warned;
}

void
link_reconnect(struct link *link)
{
    if (link_up(link))
        link_doom(link);
}

void
link_arguments_fini(struct link_arguments *arguments)
{
    binary_fini(&arguments->binary);
    arguments->count = 0;
}

struct binary *
link_argument(struct link_arguments *arguments)
{
    assert(arguments->count < LINK_ARGUMENTS_MAX);
    arguments->start[arguments->count++] = arguments->binary.len;
    return &arguments->binary;
}

static bool
link_send_call(struct link *link, const char *statement, const struct link_arguments *arguments)
{
    const char *values[LINK_ARGUMENTS_MAX];
    int lengths[LINK_ARGUMENTS_MAX], formats[LINK_ARGUMENTS_MAX];
    size_t count = arguments != NULL ? arguments->count : 0;

    if (count > 0 && arguments->binary.failed)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t end = i + 1 < count ? arguments->start[i + 1] : arguments->binary.len;
        values[i] = (const char *)arguments->binary.bytes + arguments->start[i];
        lengths[i] = (int)(end - arguments->start[i]);
        formats[i] = 1;
    }
    return PQsendQueryPrepared(link->conn, statement, (int)count, values, lengths, formats, 1) == 1;
}

void
link_call(struct link *link, int tag, const char *statement, const struct link_arguments *arguments)
{
    assert(link->state == LINK_IDLE && link->n_tags < LINK_CALLS_MAX);
    if (!link->pipeline && PQenterPipelineMode(link->conn) != 1)
        link_doom(link);
    link->pipeline = true;
    link->warned = false;
    link->tags[link->n_tags++] = tag;
    if (!link->doomed && !link_send_call(link, statement, arguments))
        link_doom(link);
}

void
link_run(struct link *link, bool rows)
{
    assert(link->state == LINK_IDLE && link->pipeline);
    assert(!rows || link->n_tags == 1);
    if (!link->doomed && PQpipelineSync(link->conn) != 1)
        link_doom(link);
    if (!link->doomed && rows && PQsetSingleRowMode(link->conn) != 1)
        link_doom(link);
    if (link->doomed) {
        link_enter(link, LINK_RECEIVING);
        link_doom(link); /* the timer of the work was set: now, instead */
        return;
    }
    link_flush(link);
}

void
link_simple(struct link *link, int tag, const char *sql)
{
    assert(link->state == LINK_IDLE && !link->pipeline);
    link->warned = false;
    link->tags[0] = tag;
    link->n_tags = 1;
    if (PQsendQuery(link->conn, sql) != 1) {
        link_enter(link, LINK_RECEIVING);
        link_doom(link);
        return;
    }
    link_flush(link);
}

void
link_copy(struct link *link, const struct binary *stream)
{
    assert(stream->len <= INT32_MAX);
    if (stream->failed || PQputCopyData(link->conn, (const char *)stream->bytes, (int)stream->len) != 1 ||
        PQputCopyEnd(link->conn, NULL) != 1) {
        link_doom(link);
        return;
    }
    link_flush(link);
}
