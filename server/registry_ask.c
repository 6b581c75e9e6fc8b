#include "registry_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "enrol_tries.h"

struct registry_ask {
    struct ask ask; /* first */
    struct key_asker *owner;
    uint8_t key[KEY_SIZE], code_hash[ID_SIZE];
    char school[SCHOOL_CODE_MAX + 1], software[SOFTWARE_MAX + 1];
    registry_on_key *done; /* NULL: cancelled */
    void *arg;
    bool found;
    int32_t key_school; /* when found */
};

struct key_asker {
    struct asker *asker;
    key_asker_on_yes *on_yes;
    void *arg;
    struct enrol_tries tries;
};

#define SQL_KEY                                                                                              \
    "SELECT k.school FROM yuebao.school_key AS k JOIN yuebao.school AS own ON own.school = k.school"         \
    " JOIN yuebao.school AS s ON s.institution = own.institution"                                            \
    " WHERE k.key = $1::bytea AND k.revoked_at IS NULL AND s.code = $2::text"

/*
 * "enrol" is one statement, so all of it happens or nothing: the code is locked, the key stored (or found:
 * enrolled before for the same school), the code spent. It answers as well when just this code was spent on
 * just this key before: the client that asks again has lost our answer. Foreign keys are checked at the
 * statement's end.
 */
#define SQL_ENROL                                                                                            \
    "WITH code AS (SELECT e.code_hash, e.school FROM yuebao.enrolment AS e JOIN yuebao.school AS s "         \
    "USING (school)"                                                                                         \
    " WHERE e.code_hash = $1::bytea AND s.code = $2::text AND e.used_at IS NULL AND e.expires_at > now()"    \
    " FOR UPDATE OF e),"                                                                                     \
    " made AS (INSERT INTO yuebao.school_key AS k (key, school, software)"                                   \
    " SELECT $3::bytea, c.school, $4::text FROM code AS c"                                                   \
    " ON CONFLICT ON CONSTRAINT school_key_pk DO NOTHING RETURNING k.key),"                                  \
    " usable AS (SELECT m.key FROM made AS m UNION ALL SELECT k.key FROM yuebao.school_key AS k"             \
    " JOIN code AS c USING (school) WHERE k.key = $3::bytea AND k.revoked_at IS NULL),"                      \
    " spent AS (UPDATE yuebao.enrolment AS e SET used_at = now(), used_key = u.key FROM code AS c, "         \
    "usable AS u"                                                                                            \
    " WHERE e.code_hash = c.code_hash RETURNING e.school)"                                                   \
    " SELECT p.school FROM spent AS p UNION ALL"                                                             \
    " SELECT e.school FROM yuebao.enrolment AS e JOIN yuebao.school AS s USING (school)"                     \
    " JOIN yuebao.school_key AS k ON k.key = e.used_key"                                                     \
    " WHERE e.code_hash = $1::bytea AND e.used_key = $3::bytea AND s.code = $2::text AND k.revoked_at "      \
    "IS NULL"

/* ---- on the link -------------------------------------------------------------------------------- */

static void
write_key(const struct ask *ask, struct link_arguments *a)
{
    const struct registry_ask *r = (const struct registry_ask *)ask;

    binary_raw(link_argument(a), r->key, KEY_SIZE);
    binary_raw(link_argument(a), r->school, strlen(r->school));
}

static void
write_enrol(const struct ask *ask, struct link_arguments *a)
{
    const struct registry_ask *r = (const struct registry_ask *)ask;

    binary_raw(link_argument(a), r->code_hash, ID_SIZE);
    binary_raw(link_argument(a), r->school, strlen(r->school));
    binary_raw(link_argument(a), r->key, KEY_SIZE);
    binary_raw(link_argument(a), r->software, strlen(r->software));
}

static void
read_school(struct ask *ask, const PGresult *rows)
{
    struct registry_ask *r = (struct registry_ask *)ask;

    r->found = PQntuples(rows) > 0;
    if (r->found)
        r->key_school = binary_get32(PQgetvalue(rows, 0, 0));
}

static enum registry_answer
answer_of(const struct registry_ask *r, enum ask_end end)
{
    switch (end) {
    case ASK_ANSWERED:
        return r->found ? REGISTRY_YES : REGISTRY_NO;
    case ASK_MOOT:
        return REGISTRY_NO;
    case ASK_AWAY:
        break;
    }
    return REGISTRY_AWAY;
}

static void
end_key(struct ask *ask, enum ask_end end)
{
    struct registry_ask *r = (struct registry_ask *)ask;
    enum registry_answer answer = answer_of(r, end);

    if (answer == REGISTRY_YES)
        r->owner->on_yes(r->key, r->key_school, r->owner->arg);
    if (r->done != NULL)
        r->done(answer, r->arg);
    free(r);
}

static void
end_enrol(struct ask *ask, enum ask_end end)
{
    struct registry_ask *r = (struct registry_ask *)ask;

    if (answer_of(r, end) == REGISTRY_NO)
        enrol_tries_wrong(&r->owner->tries, r->school, clock_steady_ms());
    end_key(ask, end);
}

static void
drop(struct ask *ask)
{
    free(ask);
}

/* Guesses that came together were let in before any of them was known to be wrong: those left are not asked.
 */
static bool
is_guess_too_many(const struct ask *ask)
{
    const struct registry_ask *r = (const struct registry_ask *)ask;

    return enrol_tries_exceeded(&r->owner->tries, r->school, clock_steady_ms());
}

const struct ask_kind registry_ask_of_key = {
    .statement = {"key", SQL_KEY},
    .rank = ASK_GREETING,
    .write = write_key,
    .read = read_school,
    .end = end_key,
    .drop = drop,
};

const struct ask_kind registry_ask_of_enrolment = {
    .statement = {"enrol", SQL_ENROL},
    .rank = ASK_GREETING,
    .write = write_enrol,
    .read = read_school,
    .end = end_enrol,
    .drop = drop,
    .is_moot = is_guess_too_many,
};

/* ---- the face ----------------------------------------------------------------------------------- */

struct key_asker *
key_asker_new(struct asker *asker, key_asker_on_yes *on_yes, void *arg)
{
    struct key_asker *keys = calloc(1, sizeof(*keys));

    if (keys == NULL)
        return NULL;
    keys->asker = asker;
    keys->on_yes = on_yes;
    keys->arg = arg;
    return keys;
}

void
key_asker_free(struct key_asker *keys)
{
    free(keys);
}

/* Takes `draft`'s content; answers at once when nobody can be asked. */
static struct registry_ask *
put(struct key_asker *keys, const struct registry_ask *draft)
{
    struct registry_ask *r = malloc(sizeof(*r));

    if (r != NULL) {
        *r = *draft;
        r->owner = keys;
        if (asker_put(keys->asker, &r->ask))
            return r;
    }
    free(r);
    draft->done(REGISTRY_AWAY, draft->arg);
    return NULL;
}

struct registry_ask *
key_asker_find(struct key_asker *keys, const uint8_t key[KEY_SIZE], const char *school, registry_on_key *done,
               void *arg)
{
    struct registry_ask draft = {.ask.kind = &registry_ask_of_key, .done = done, .arg = arg};

    memcpy(draft.key, key, KEY_SIZE);
    snprintf(draft.school, sizeof(draft.school), "%s", school);
    return put(keys, &draft);
}

struct registry_ask *
key_asker_enrol(struct key_asker *keys, const uint8_t code_hash[ID_SIZE], const char *school,
                const uint8_t key[KEY_SIZE], const char *software, registry_on_key *done, void *arg)
{
    struct registry_ask draft = {.ask.kind = &registry_ask_of_enrolment, .done = done, .arg = arg};

    if (enrol_tries_exceeded(&keys->tries, school, clock_steady_ms())) {
        done(REGISTRY_NO, arg);
        return NULL;
    }
    memcpy(draft.key, key, KEY_SIZE);
    memcpy(draft.code_hash, code_hash, ID_SIZE);
    snprintf(draft.school, sizeof(draft.school), "%s", school);
    snprintf(draft.software, sizeof(draft.software), "%s", software);
    return put(keys, &draft);
}

/* What is on the link already runs to its end, unheard. */
void
registry_ask_cancel(struct registry_ask *r)
{
    r->done = NULL;
    if (asker_take_back(r->owner->asker, &r->ask))
        free(r);
}
