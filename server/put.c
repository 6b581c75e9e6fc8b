#include "put.h"

#include <stdlib.h>

#include "answer.h"
#include "arrival.h"
#include "batch.h"
#include "busy.h"
#include "clock.h"
#include "envelope.h"
#include "intake.h"
#include "log.h"

/* On its way through batch: by the time it is answered, the session may be gone. */
struct ticket {
    struct hub *hub;
    uint64_t session;
    struct share *share;
    uint32_t number;
};

/* ---- turned away -------------------------------------------------------------------------------- */

/* What Busy says of a report: whose it is, and when it came first. */
struct turned_away {
    const uint8_t *key, *id; /* NULL: no report of anybody's */
    uint64_t came_ms;
    bool returns; /* it had been turned away before, or let in once */
};

static uint8_t *
frame_of_busy(struct session *s, uint32_t number, const struct turned_away *who, size_t *ret_len)
{
    uint32_t retry_ms = busy_retry_ms(s, session_school(s), who->returns);
    Yuebao__Arrival arrival = YUEBAO__ARRIVAL__INIT;
    uint8_t mac[MAC_SIZE];

    if (who->key == NULL || session_protocol(s) < PROTOCOL_ARRIVAL)
        return reply_busy(number, retry_ms, NULL, ret_len);
    arrival_prove(&session_hub(s)->arrivals, who->key, who->id, who->came_ms, mac);
    arrival.at_ms = who->came_ms;
    arrival.mac = (ProtobufCBinaryData){.data = mac, .len = MAC_SIZE};
    return reply_busy(number, retry_ms, &arrival, ret_len);
}

/* Let in, and yet not answered: it keeps the instant at which it came. */
static uint8_t *
frame_of_away(struct session *s, uint32_t number, const struct submission *submission, size_t *ret_len)
{
    const struct turned_away who = {.key = submission->key,
                                    .id = submission->id,
                                    .came_ms = submission->arrived_ms != 0 ? submission->arrived_ms
                                                                           : submission->received_ms,
                                    .returns = true};

    return frame_of_busy(s, number, &who, ret_len);
}

/* A Put as it came. */
struct offer {
    uint32_t number;
    const Yuebao__Envelope *envelope; /* borrowed from the request */
    uint64_t now_ms, arrived_ms;      /* arrived: 0, or when it came first, as proven */
};

static void
turn_away(struct session *s, const struct offer *offer)
{
    const Yuebao__Envelope *envelope = offer->envelope;
    uint8_t id[ID_SIZE], *frame;
    struct turned_away who = {.came_ms = offer->arrived_ms != 0 ? offer->arrived_ms : offer->now_ms,
                              .returns = offer->arrived_ms != 0};
    size_t len = 0;

    if (envelope->key.len == KEY_SIZE &&
        statement_id(envelope->statement.data, envelope->statement.len, id)) {
        who.key = envelope->key.data;
        who.id = id;
    }
    frame = frame_of_busy(s, offer->number, &who, &len);
    session_reply(s, frame, len);
}

/* ---- answers ------------------------------------------------------------------------------------ */

static void
on_recorded(struct submission *submission, enum submission_outcome outcome, void *arg)
{
    (void)submission;
    (void)outcome;
    (void)arg;
}

/* Remember why it was refused, if there is room; nobody waits for it. Takes the submission. */
static void
record(struct hub *hub, struct submission *rejection)
{
    hub->counters.refused++;
    rejection->done = on_recorded;
    if (!batch_submit(hub->batch, rejection))
        submission_free(rejection);
}

static uint8_t *
frame_of_refusal(const struct ticket *t, const struct submission *submission, enum submission_outcome outcome,
                 size_t *ret_len)
{
    struct submission *rejection = intake_rejection_of(t->hub->key, submission, outcome);
    uint8_t *frame;

    if (rejection == NULL)
        return NULL;
    log_peer(LOG_WARNING, "not_stored", "school", rejection->school_code, "form", rejection->form_code,
             "period", rejection->period_text, "reason", rejection->rejection_summary, NULL);
    frame = reply_answer(t->number, rejection->answer, rejection->answer_len, ret_len);
    record(t->hub, rejection);
    return frame;
}

static uint8_t *
frame_of_conflict(const struct ticket *t, const struct submission *submission, size_t *ret_len)
{
    struct verdict_head head = intake_head(submission);
    size_t len = 0;
    uint8_t *answer =
        answer_conflict(t->hub->key, &head, submission->current_id, submission->current_revision, &len);
    uint8_t *frame = answer != NULL ? reply_answer(t->number, answer, len, ret_len) : NULL;

    free(answer);
    return frame;
}

/* What the school hears of each outcome. s: its session, or NULL. */
static uint8_t *
frame_of_outcome(const struct ticket *t, struct session *s, const struct submission *submission,
                 enum submission_outcome outcome, size_t *ret_len)
{
    switch (outcome) {
    case SUBMISSION_ACCEPTED:
    case SUBMISSION_REFUSED:
        return reply_answer(t->number, submission->answer, submission->answer_len, ret_len);
    case SUBMISSION_REPEATED:
        return reply_answer(t->number, submission->first_answer, submission->first_answer_len, ret_len);
    case SUBMISSION_CONFLICT:
        return frame_of_conflict(t, submission, ret_len);
    case SUBMISSION_WAITS:
        return reply_wait(t->number, submission->id, batch_retry_ms(t->hub->batch), ret_len);
    case SUBMISSION_MOVED:
    case SUBMISSION_POISON:
        return frame_of_refusal(t, submission, outcome, ret_len);
    case SUBMISSION_AWAY:
        return s != NULL ? frame_of_away(s, t->number, submission, ret_len) : NULL;
    }
    return NULL;
}

/* What whoever keeps the collector should be able to find: two computers of a school that disagree, a report
 * that waits for a person, and one that has heard from him. */
static void
log_outcome(const struct submission *s, enum submission_outcome outcome)
{
    const Yuebao__Statement *st = s->statement;

    if (outcome == SUBMISSION_CONFLICT)
        log_peer(LOG_INFO, "conflict", "school", st->school, "form", st->form, "period", st->period,
                 "revision", LOG_NUMBER(st->revision), "current", LOG_NUMBER(s->current_revision), NULL);
    else if (outcome == SUBMISSION_ACCEPTED && s->kind == SUBMISSION_KEPT)
        log_peer(LOG_INFO, "kept", "school", st->school, "form", st->form, "period", st->period, "revision",
                 LOG_NUMBER(st->revision), NULL);
    else if (outcome == SUBMISSION_REPEATED && s->decided)
        log_peer(LOG_INFO, "decided", "school", st != NULL ? st->school : s->school_code, "form",
                 st != NULL ? st->form : s->form_code, "period", st != NULL ? st->period : s->period_text,
                 "revision", LOG_NUMBER(s->revision), NULL);
}

static void
log_refused(const struct session *s, const struct submission *rejection)
{
    log_peer(LOG_INFO, "refused", "peer", s != NULL ? session_peer(s) : NULL, "school",
             rejection->school_code, "form", rejection->form_code, "period", rejection->period_text,
             "findings", rejection->rejection_summary, NULL);
}

/* Sessions of the key that stopped reading because of its share look again. */
static void
wake_held(struct hub *hub, struct share *share)
{
    if (share->held)
        for (struct share_seat *seat = TAILQ_FIRST(&share->seats); seat != NULL;
             seat = TAILQ_NEXT(seat, next))
            hub_wake(hub, seat->session);
    share->held = false;
}

/* Room for another report: of everybody's, and of its key's. */
static void
give_back(const struct ticket *t, const struct submission *submission, bool drained)
{
    admission_leave(&t->hub->admission, submission->envelope_len, drained, clock_steady_ms());
    wake_held(t->hub, t->share);
    shares_end(t->hub->shares, t->share);
}

/* Batch has committed, or knows that it will not: only now may the school hear of it. */
static void
on_stored(struct submission *submission, enum submission_outcome outcome, void *arg)
{
    struct ticket *t = arg;
    struct session *s = hub_find(t->hub, t->session);
    size_t len = 0;
    uint8_t *frame;

    give_back(t, submission, outcome != SUBMISSION_AWAY);
    frame = frame_of_outcome(t, s, submission, outcome, &len);

    log_outcome(submission, outcome);
    if (outcome == SUBMISSION_REFUSED) {
        t->hub->counters.refused++;
        log_refused(s, submission);
    }
    if (s != NULL) {
        session_work_ends(s);
        session_reply(s, frame, len);
    } else {
        free(frame);
    }
    free(t);
}

/* ---- let in ------------------------------------------------------------------------------------- */

/* Not kept waiting after all: no memory, or batch has no room. Takes the submission. */
static void
turn_away_again(struct session *s, const struct offer *offer, struct submission *submission)
{
    submission_free(submission);
    turn_away(s, offer);
}

static void
store(struct session *s, const struct offer *offer, struct submission *submission)
{
    struct hub *hub = session_hub(s);
    struct ticket *t = malloc(sizeof(*t));

    if (t == NULL) {
        turn_away_again(s, offer, submission);
        return;
    }
    *t = (struct ticket){
        .hub = hub, .session = session_id(s), .share = session_share(s), .number = offer->number};
    submission->done = on_stored;
    submission->arg = t;
    if (!batch_submit(hub->batch, submission)) {
        free(t);
        turn_away_again(s, offer, submission);
        return;
    }
    session_work_begins(s);
    shares_begin(hub->shares, t->share);
    admission_enter(&hub->admission, submission->envelope_len, offer->arrived_ms != 0, clock_steady_ms());
}

static void
refuse(struct session *s, uint32_t number, struct submission *rejection)
{
    size_t len = 0;
    uint8_t *frame = reply_answer(number, rejection->answer, rejection->answer_len, &len);

    log_refused(s, rejection);
    record(session_hub(s), rejection);
    session_reply(s, frame, len);
}

/* Whether there is anybody and any room to take it. */
static bool
has_room(const struct hub *hub, const struct offer *offer)
{
    return registry_ready(hub->registry) && batch_up(hub->batch) &&
           admission_room(&hub->admission, offer->arrived_ms != 0, clock_steady_ms());
}

/* When it came first, if it was turned away then and proves it. */
static uint64_t
arrived_ms(const struct session *s, const Yuebao__Put *put, uint64_t now_ms)
{
    const Yuebao__Envelope *envelope = put->envelope;
    uint8_t id[ID_SIZE];
    uint64_t at_ms;

    if (put->arrival == NULL || envelope->key.len != KEY_SIZE ||
        !statement_id(envelope->statement.data, envelope->statement.len, id))
        return 0;
    at_ms = arrival_of(&session_hub(s)->arrivals, envelope->key.data, id, put->arrival, now_ms);
    if (at_ms == 0)
        log_peer(LOG_INFO, "arrival_ignored", "peer", session_peer(s), "school", session_school(s), NULL);
    return at_ms;
}

void
put_take(struct session *s, uint32_t number, const Yuebao__Put *put)
{
    struct hub *hub = session_hub(s);
    struct offer offer = {.number = number, .envelope = put->envelope, .now_ms = clock_now_ms()};
    struct intake intake = {
        .registry = hub->registry, .key = hub->key, .arena = hub->statements, .school = session_school(s)};
    struct submission *submission = NULL;

    if (put->envelope == NULL) {
        session_fault(s, number, YUEBAO__FAULT_CODE__FAULT_FRAME, "a Put without envelope");
        return;
    }
    hub->counters.puts++;
    intake.arrived_ms = offer.arrived_ms = arrived_ms(s, put, offer.now_ms);
    hub->counters.returned += offer.arrived_ms != 0;
    if (!has_room(hub, &offer)) {
        turn_away(s, &offer);
        return;
    }
    switch (intake_judge(&intake, put->envelope, offer.now_ms, &submission)) {
    case INTAKE_STORE:
        store(s, &offer, submission);
        return;
    case INTAKE_REFUSE:
        refuse(s, number, submission);
        return;
    case INTAKE_NOMEM:
        turn_away(s, &offer);
        return;
    }
}
