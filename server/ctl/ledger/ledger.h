/*
 * ledger: one row of the ledger (accepted, kept or refused), decoded anew, and whether it is what the school
 * signed, what the server answered, and what stands in the books.
 */
#ifndef YUEBAOCTL_LEDGER_H
#define YUEBAOCTL_LEDGER_H

#include "answered.h"
#include "booked.h"
#include "catalogues.h"
#include "findings.h"
#include "stated.h"

/* Columns of the row, in this order, texts as PostgreSQL prints them; NULL where the table has no such one.
 */
enum ledger_column {
    LEDGER_TABLE,    /* report, kept, rejection */
    LEDGER_DISTRICT, /* number */
    LEDGER_DAY,      /* first day of the period */
    LEDGER_FORM_NUMBER,
    LEDGER_SCHOOL,
    LEDGER_FORM,
    LEDGER_PERIOD,
    LEDGER_REVISION,
    LEDGER_ID, /* hex, as key, hash, envelope and answer */
    LEDGER_KEY,
    LEDGER_KEY_IS_OF_SCHOOL,
    LEDGER_DISTRICT_OUGHT, /* the school's on the period's last day */
    LEDGER_CATALOGUE,      /* hash */
    LEDGER_RECEIVED,       /* microseconds since 1970, as decided */
    LEDGER_LATE,
    LEDGER_ADMITTED,
    LEDGER_FILLER,
    LEDGER_REVIEWER,
    LEDGER_HEAD,
    LEDGER_CORRECTION,
    LEDGER_ENVELOPE,
    LEDGER_ANSWER,
    LEDGER_BEFORE, /* id of the revision before */
    LEDGER_IS_NEWEST,
    LEDGER_BOOKED, /* BOOKED_ARRAYS columns: the slot's figures, or what history has of the revision */
    LEDGER_REPLACED_BY =
        LEDGER_BOOKED + BOOKED_ARRAYS, /* ids in the history of the revision before, by commas */
    LEDGER_REMARKS,                    /* JSON: what kept_remarks_json() makes, but for blanks */
    LEDGER_DECISION,                   /* the answer by which it was admitted or declined */
    LEDGER_DECIDED,
    LEDGER_AWAY,    /* the month's figures are put away: LEDGER_BOOKED and LEDGER_REPLACED_BY are empty */
    LEDGER_ARRIVED, /* as LEDGER_RECEIVED: when it first came, if it was turned away then */
    LEDGER_COLUMNS
};

/* SELECT … FROM yuebao.report AS r …, with s and f, its school and form: a condition may follow. */
extern const char ledger_reports_sql[];

/* SQL: an instant as LEDGER_RECEIVED has it. */
#define LEDGER_INSTANT(at) "(extract(epoch FROM " at ") * 1000000)::bigint"
/* SQL: whether `key` could sign for the school s at `received`: of its institution, and not revoked before.
 */
#define LEDGER_KEY_IS_OF(key, received)                                                                      \
    "EXISTS (SELECT FROM yuebao.school_key AS y JOIN yuebao.school AS o ON o.school = y.school WHERE y.key " \
    "= " key " AND o.institution = s.institution AND (y.revoked_at IS NULL OR y.revoked_at > " received      \
    " - interval '1 minute'))" /* collectors hear of it a moment later */

struct ledger {
    const char *cells[LEDGER_COLUMNS]; /* borrowed from the result */
    struct stated stated;
    struct answered answered, decision;
    bool is_signed;                          /* it can be read, and the school's signature holds */
    uint8_t id[ID_SIZE];                     /* of what was signed; the row's where that cannot be told */
    bool id_known;                           /* id is set */
    const struct catalogue_entry *catalogue; /* borrowed, by which it was made; NULL: not known here */
    struct findings findings;                /* what it finds now */
    struct booked_list booked, stands;       /* what the statement says, what the books say */
    bool trusted;                            /* it is signed, of this slot, and lawful by its catalogue */
};

/* Decode a row. The catalogue is for the caller to set: ledger_hash(). */
void ledger_read(const PGresult *result, int row, struct ledger *ret_ledger);
void ledger_fini(struct ledger *ledger);

/* Hash of the catalogue that the statement names, or NULL. */
const uint8_t *ledger_hash(const struct ledger *ledger);

/* Tell all that does not agree. `before` is the id of the revision before, as it was signed (NULL: take the
 * row's). Sets trusted, findings and booked. */
void ledger_check(struct ledger *ledger, const uint8_t *before, const struct listener *listener);

bool ledger_is(const struct ledger *ledger, enum ledger_column column); /* a boolean cell is true */

/* An instant in microseconds since 1970, as ISO 8601 with China's offset: "2026-11-01T00:00:00.000000+08:00".
 */
#define LEDGER_INSTANT_MAX 40
const char *ledger_print_instant(int64_t microseconds, char text[LEDGER_INSTANT_MAX]);

/* "receipt", "kept" …; NULL: none that is known here. */
const char *verdict_outcome(const Yuebao__Verdict *verdict);

#endif
