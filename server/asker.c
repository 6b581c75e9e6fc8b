#include "asker.h"

#include <assert.h>
#include <stdlib.h>

#include "log.h"

struct waiting {
    struct ask *first, **last;
    size_t count;
};

struct asker {
    struct link *link;
    struct link_owner owner;                               /* the link's face, with the statements: */
    struct link_statement statements[ASKER_KINDS_MAX + 1]; /* ended by a NULL name */
    struct ask *current;                                   /* on the link */
    struct waiting waiting[ASK_RANKS];
};

static const size_t waiting_max[ASK_RANKS] = {
    [ASK_GREETING] = ASKER_GREETINGS_MAX, [ASK_INQUIRY] = ASKER_INQUIRIES_MAX};

/* Everything that is asked is found by an index, whatever the statistics of this morning say: see store.c. */
static const struct link_setting settings[] = {
    {"plan_cache_mode", "force_generic_plan"},
    {"enable_seqscan", "off"},
    {"enable_hashjoin", "off"},
    {"enable_mergejoin", "off"},
    {"jit", "off"},
    {"synchronous_commit", "on"},
    {"statement_timeout", "5s"},
    {"lock_timeout", "3s"},
    {"search_path", "pg_catalog"},
    {NULL, NULL},
};

/* ---- the queue ---------------------------------------------------------------------------------- */

static void
waiting_push(struct waiting *w, struct ask *ask)
{
    ask->next = NULL;
    *w->last = ask;
    w->last = &ask->next;
    w->count++;
}

/* Take the ask that *place points to. */
static struct ask *
waiting_unlink(struct waiting *w, struct ask **place)
{
    struct ask *ask = *place;

    *place = ask->next;
    if (w->last == &ask->next)
        w->last = place;
    w->count--;
    return ask;
}

static struct ask *
asker_pop(struct asker *asker)
{
    for (size_t i = 0; i < ASK_RANKS; i++)
        if (asker->waiting[i].first != NULL)
            return waiting_unlink(&asker->waiting[i], &asker->waiting[i].first);
    return NULL;
}

static void
ask_send(struct asker *asker, struct ask *ask)
{
    struct link_arguments arguments = {0};

    ask->kind->write(ask, &arguments);
    asker->current = ask;
    link_call(asker->link, 0, ask->kind->statement.name, &arguments);
    link_run(asker->link, false);
    link_arguments_fini(&arguments);
}

static void
asker_next(struct asker *asker)
{
    struct ask *ask;

    while (asker->current == NULL && link_idle(asker->link) && (ask = asker_pop(asker)) != NULL) {
        if (ask->kind->is_moot != NULL && ask->kind->is_moot(ask))
            ask->kind->end(ask, ASK_MOOT);
        else
            ask_send(asker, ask);
    }
}

/* ---- the link ----------------------------------------------------------------------------------- */

static void
asker_on_result(int tag, const PGresult *result, void *arg)
{
    struct asker *asker = arg;
    struct ask *ask = asker->current;

    (void)tag;
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        ask->answered = true;
        ask->kind->read(ask, result);
        return;
    }
    log_event(LOG_WARNING, "ask_failed", "ask", ask->kind->statement.name, "sqlstate",
              PQresultErrorField(result, PG_DIAG_SQLSTATE), NULL);
}

static void
asker_on_idle(void *arg)
{
    struct asker *asker = arg;
    struct ask *ask = asker->current;

    asker->current = NULL;
    if (ask != NULL)
        ask->kind->end(ask, ask->answered ? ASK_ANSWERED : ASK_AWAY);
    asker_next(asker);
}

/* What was on the link may have happened (an enrolment): whoever asked asks again. */
static void
asker_on_broken(bool was_up, void *arg)
{
    struct asker *asker = arg;
    struct ask *ask = asker->current != NULL ? asker->current : asker_pop(asker);

    (void)was_up;
    asker->current = NULL;
    for (; ask != NULL; ask = asker_pop(asker))
        ask->kind->end(ask, ASK_AWAY);
}

/* ---- the face ----------------------------------------------------------------------------------- */

static void
asker_init(struct asker *asker, const struct ask_kind *const *kinds)
{
    size_t count = 0;

    for (; kinds[count] != NULL; count++) {
        assert(count < ASKER_KINDS_MAX);
        asker->statements[count] = kinds[count]->statement;
    }
    for (size_t i = 0; i < ASK_RANKS; i++)
        asker->waiting[i].last = &asker->waiting[i].first;
    asker->owner = (struct link_owner){
        .role = "yuebaod ask",
        .settings = settings,
        .statements = asker->statements,
        .on_idle = asker_on_idle,
        .on_result = asker_on_result,
        .on_broken = asker_on_broken,
    };
}

struct asker *
asker_new(struct event_base *base, const char *conninfo, const struct ask_kind *const *kinds)
{
    struct asker *asker = calloc(1, sizeof(*asker));

    if (asker == NULL)
        return NULL;
    asker_init(asker, kinds);
    asker->link = link_new(base, conninfo, &asker->owner, asker);
    if (asker->link == NULL) {
        free(asker);
        return NULL;
    }
    return asker;
}

void
asker_free(struct asker *asker)
{
    struct ask *ask;

    if (asker == NULL)
        return;
    link_free(asker->link);
    if (asker->current != NULL)
        asker->current->kind->drop(asker->current);
    while ((ask = asker_pop(asker)) != NULL)
        ask->kind->drop(ask);
    free(asker);
}

bool
asker_put(struct asker *asker, struct ask *ask)
{
    enum ask_rank rank = ask->kind->rank;

    if (!link_up(asker->link) || asker->waiting[rank].count >= waiting_max[rank])
        return false;
    ask->answered = false;
    waiting_push(&asker->waiting[rank], ask);
    asker_next(asker);
    return true;
}

bool
asker_take_back(struct asker *asker, struct ask *ask)
{
    struct waiting *w = &asker->waiting[ask->kind->rank];
    struct ask **place = &w->first;

    while (*place != NULL && *place != ask)
        place = &(*place)->next;
    return *place != NULL && waiting_unlink(w, place) == ask;
}
