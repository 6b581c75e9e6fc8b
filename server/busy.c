#include "busy.h"

#include "answer.h"
#include "clock.h"
#include "log.h"

#define RETRY_AFTER_START_MS 2000u  /* while the registry is not there yet */
#define SAID_AGAIN_AFTER_MS  60000u /* the log hears of it once, and again when it had been over so long */

/* How long nothing at all will be taken; 0: something is. */
static uint32_t
away_ms(const struct hub *hub)
{
    if (!registry_ready(hub->registry))
        return RETRY_AFTER_START_MS;
    return batch_up(hub->batch) ? 0 : batch_retry_ms(hub->batch);
}

static void
log_busy(struct hub *hub, uint64_t now_ms)
{
    bool said = hub->busy_at_ms != 0 && now_ms - hub->busy_at_ms < SAID_AGAIN_AFTER_MS;

    hub->busy_at_ms = now_ms;
    if (!said)
        log_event(LOG_NOTICE, "turning_away", "waiting", LOG_NUMBER(hub->admission.waiting), "us_a_report",
                  LOG_NUMBER(hub->admission.us_a_report), NULL);
}

/* Whoever knocks on and on is told his last turn again: he makes nobody else's later. */
static uint32_t
turn_of_key(struct hub *hub, struct share *share, const char *school, bool returns, uint64_t now_ms)
{
    uint32_t turn_ms;

    if (share->turn_ms < now_ms + ADMISSION_TURN_MIN_MS)
        share->turns = 0;
    if (share->turns >= TURNS_A_KEY)
        return (uint32_t)(share->turn_ms - now_ms);
    turn_ms = admission_turn(&hub->admission, school, returns, away_ms(hub), now_ms);
    share->turns++;
    if (now_ms + turn_ms > share->turn_ms)
        share->turn_ms = now_ms + turn_ms;
    return turn_ms;
}

uint32_t
busy_retry_ms(struct session *s, const char *school, bool returns)
{
    struct hub *hub = session_hub(s);
    struct share *share = session_share(s);
    uint64_t now_ms = clock_steady_ms();

    hub->counters.busy++;
    log_busy(hub, now_ms);
    return share != NULL ? turn_of_key(hub, share, school, returns, now_ms)
                         : admission_turn(&hub->admission, school, returns, away_ms(hub), now_ms);
}

void
busy_reply(struct session *s, uint32_t number)
{
    size_t len = 0;
    uint8_t *frame = reply_busy(number, busy_retry_ms(s, session_school(s), false), NULL, &len);

    session_reply(s, frame, len);
}

void
busy_part(struct session *s, uint32_t number, const char *school, const char *reason)
{
    size_t len = 0;
    uint8_t *frame = reply_busy(number, busy_retry_ms(s, school, false), NULL, &len);

    session_part(s, frame, len, reason);
}
