#include "registry_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "enrol_tries.h"
#include "link.h"
#include "log.h"

enum ask_kind { ASK_KEY, ASK_ENROL };

struct registry_ask {
    struct asker *asker;
    struct registry_ask *next;
    enum ask_kind kind;
    uint8_t key[KEY_SIZE], code_hash[ID_SIZE];
    char school[SCHOOL_CODE_MAX + 1], software[SOFTWARE_MAX + 1];
    registry_on_key *done; /* NULL: cancelled */
    void *arg;
    enum registry_answer answer;
    int32_t key_school;
};

struct asker {
    struct link *link;
    asker_on_yes *on_yes;
    void *arg;
    struct registry_ask *current; /* on the link */
    struct registry_ask *first, **last;
    size_t waiting;
    struct enrol_tries tries;
};

static const struct link_setting settings[] = {
    {"jit", "off"},         {"synchronous_commit", "on"},  {"statement_timeout", "5s"},
    {"lock_timeout", "3s"}, {"search_path", "pg_catalog"}, {NULL, NULL},
};

/*
 * "enrol" is one statement, so all of it happens or nothing: the code is locked, the key stored (or found:
 * enrolled before for the same school), the code spent. It answers as well when just this code was spent on
 * just this key before: the client that asks again has lost our answer. Foreign keys are checked at the
 * statement's end.
 */
static const struct link_statement statements[] = {
    [ASK_KEY] =
        {"key",
         "SELECT k.school FROM yuebao.school_key AS k JOIN yuebao.school AS own ON own.school = k.school"
         " JOIN yuebao.school AS s ON s.institution = own.institution"
         " WHERE k.key = $1::bytea AND k.revoked_at IS NULL AND s.code = $2::text"},
    [ASK_ENROL] =
        {"enrol",
         "WITH code AS (SELECT e.code_hash, e.school FROM yuebao.enrolment AS e JOIN yuebao.school AS s "
         "USING (school)"
         " WHERE e.code_hash = $1::bytea AND s.code = $2::text AND e.used_at IS NULL AND e.expires_at > now()"
         " FOR UPDATE OF e),"
         " made AS (INSERT INTO yuebao.school_key AS k (key, school, software)"
         " SELECT $3::bytea, c.school, $4::text FROM code AS c"
         " ON CONFLICT ON CONSTRAINT school_key_pk DO NOTHING RETURNING k.key),"
         " usable AS (SELECT m.key FROM made AS m UNION ALL SELECT k.key FROM yuebao.school_key AS k"
         " JOIN code AS c USING (school) WHERE k.key = $3::bytea AND k.revoked_at IS NULL),"
         " spent AS (UPDATE yuebao.enrolment AS e SET used_at = now(), used_key = u.key FROM code AS c, "
         "usable AS u"
         " WHERE e.code_hash = c.code_hash RETURNING e.school)"
         " SELECT p.school FROM spent AS p UNION ALL"
         " SELECT e.school FROM yuebao.enrolment AS e JOIN yuebao.school AS s USING (school)"
         " JOIN yuebao.school_key AS k ON k.key = e.used_key"
         " WHERE e.code_hash = $1::bytea AND e.used_key = $3::bytea AND s.code = $2::text AND k.revoked_at "
         "IS NULL"},
    {NULL, NULL},
};

/* ---- one ask ------------------------------------------------------------------------------------ */

/* The ask is in no list any more. */
static void
ask_finish(struct registry_ask *ask)
{
    struct asker *asker = ask->asker;

    if (ask->answer == REGISTRY_YES)
        asker->on_yes(ask->key, ask->key_school, asker->arg);
    if (ask->answer == REGISTRY_NO && ask->kind == ASK_ENROL)
        enrol_tries_wrong(&asker->tries, ask->school, clock_steady_ms());
    if (ask->done != NULL)
        ask->done(ask->answer, ask->arg);
    free(ask);
}

static void
ask_send(struct registry_ask *ask)
{
    struct link_arguments a = {0};

    if (ask->kind == ASK_ENROL)
        binary_raw(link_argument(&a), ask->code_hash, ID_SIZE);
    else
        binary_raw(link_argument(&a), ask->key, KEY_SIZE);
    binary_raw(link_argument(&a), ask->school, strlen(ask->school));
    if (ask->kind == ASK_ENROL) {
        binary_raw(link_argument(&a), ask->key, KEY_SIZE);
        binary_raw(link_argument(&a), ask->software, strlen(ask->software));
    }
    link_call(ask->asker->link, (int)ask->kind, statements[ask->kind].name, &a);
    link_run(ask->asker->link, false);
    link_arguments_fini(&a);
}

/* ---- the queue ---------------------------------------------------------------------------------- */

static struct registry_ask *
asker_pop(struct asker *asker)
{
    struct registry_ask *ask = asker->first;

    if (ask == NULL)
        return NULL;
    asker->first = ask->next;
    if (asker->first == NULL)
        asker->last = &asker->first;
    asker->waiting--;
    return ask;
}

/* Guesses that came together were let in before any of them was known to be wrong: those left are not asked.
 */
static void
asker_refuse_guesses(struct asker *asker)
{
    struct registry_ask *ask;

    while ((ask = asker->first) != NULL && ask->kind == ASK_ENROL &&
           enrol_tries_exceeded(&asker->tries, ask->school, clock_steady_ms())) {
        asker_pop(asker)->answer = REGISTRY_NO;
        ask_finish(ask);
    }
}

static void
asker_next(struct asker *asker)
{
    if (asker->current != NULL || !link_idle(asker->link))
        return;
    asker->current = asker_pop(asker);
    if (asker->current != NULL)
        ask_send(asker->current);
}

static void
asker_on_result(int tag, const PGresult *result, void *arg)
{
    struct asker *asker = arg;
    struct registry_ask *ask = asker->current;

    (void)tag;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        ask->answer = REGISTRY_AWAY;
        log_event(LOG_WARNING, "ask_failed", "ask", statements[ask->kind].name, "sqlstate",
                  PQresultErrorField(result, PG_DIAG_SQLSTATE), NULL);
    } else if (PQntuples(result) > 0) {
        ask->answer = REGISTRY_YES;
        ask->key_school = binary_get32(PQgetvalue(result, 0, 0));
    } else {
        ask->answer = REGISTRY_NO;
    }
}

static void
asker_on_idle(void *arg)
{
    struct asker *asker = arg;
    struct registry_ask *ask = asker->current;

    asker->current = NULL;
    if (ask != NULL)
        ask_finish(ask);
    asker_refuse_guesses(asker);
    asker_next(asker);
}

/* An enrolment may have happened; the client asks again with the same code and key. */
static void
asker_on_broken(bool was_up, void *arg)
{
    struct asker *asker = arg;
    struct registry_ask *ask = asker->current;

    (void)was_up;
    asker->current = NULL;
    for (; ask != NULL; ask = asker_pop(asker)) {
        ask->answer = REGISTRY_AWAY;
        ask_finish(ask);
    }
}

static const struct link_owner owner = {
    .role = "yuebaod ask",
    .settings = settings,
    .statements = statements,
    .on_idle = asker_on_idle,
    .on_result = asker_on_result,
    .on_broken = asker_on_broken,
};

/* ---- the face ----------------------------------------------------------------------------------- */

struct asker *
asker_new(struct event_base *base, const char *conninfo, asker_on_yes *on_yes, void *arg)
{
    struct asker *asker = calloc(1, sizeof(*asker));

    if (asker == NULL)
        return NULL;
    asker->on_yes = on_yes;
    asker->arg = arg;
    asker->last = &asker->first;
    asker->link = link_new(base, conninfo, &owner, asker);
    if (asker->link == NULL) {
        free(asker);
        return NULL;
    }
    return asker;
}

void
asker_free(struct asker *asker)
{
    struct registry_ask *ask;

    if (asker == NULL)
        return;
    link_free(asker->link);
    free(asker->current);
    while ((ask = asker_pop(asker)) != NULL)
        free(ask);
    free(asker);
}

/* Takes `draft`'s content; answers at once when nobody can be asked. */
static struct registry_ask *
asker_put(struct asker *asker, const struct registry_ask *draft)
{
    struct registry_ask *ask = NULL;

    if (link_up(asker->link) && asker->waiting < REGISTRY_ASKS_MAX)
        ask = malloc(sizeof(*ask));
    if (ask == NULL) {
        draft->done(REGISTRY_AWAY, draft->arg);
        return NULL;
    }
    *ask = *draft;
    ask->asker = asker;
    ask->answer = REGISTRY_AWAY;
    *asker->last = ask;
    asker->last = &ask->next;
    asker->waiting++;
    asker_next(asker);
    return ask;
}

struct registry_ask *
asker_key(struct asker *asker, const uint8_t key[KEY_SIZE], const char *school, registry_on_key *done,
          void *arg)
{
    struct registry_ask draft = {.kind = ASK_KEY, .done = done, .arg = arg};

    memcpy(draft.key, key, KEY_SIZE);
    snprintf(draft.school, sizeof(draft.school), "%s", school);
    return asker_put(asker, &draft);
}

struct registry_ask *
asker_enrol(struct asker *asker, const uint8_t code_hash[ID_SIZE], const char *school,
            const uint8_t key[KEY_SIZE], const char *software, registry_on_key *done, void *arg)
{
    struct registry_ask draft = {.kind = ASK_ENROL, .done = done, .arg = arg};

    if (enrol_tries_exceeded(&asker->tries, school, clock_steady_ms())) {
        done(REGISTRY_NO, arg);
        return NULL;
    }
    memcpy(draft.key, key, KEY_SIZE);
    memcpy(draft.code_hash, code_hash, ID_SIZE);
    snprintf(draft.school, sizeof(draft.school), "%s", school);
    snprintf(draft.software, sizeof(draft.software), "%s", software);
    return asker_put(asker, &draft);
}

/* What is on the link already runs to its end, unheard. */
void
registry_ask_cancel(struct registry_ask *ask)
{
    struct asker *asker = ask->asker;
    struct registry_ask **place = &asker->first;

    ask->done = NULL;
    if (ask == asker->current)
        return;
    while (*place != NULL && *place != ask)
        place = &(*place)->next;
    if (*place == NULL)
        return;
    *place = ask->next;
    if (asker->last == &ask->next)
        asker->last = place;
    asker->waiting--;
    free(ask);
}
