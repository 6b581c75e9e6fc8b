/*
 * filing: from a filled sheet to a signed statement in the outbox.
 *
 * filing_check() finds everything that is wrong, at once, and sends nothing. filing_save() signs and commits;
 * it decides inside one transaction which revision this is, so that two submits at once cannot both become
 * the first.
 */
#ifndef YUEBAO_FILING_H
#define YUEBAO_FILING_H

#include "agenda.h"
#include "sheet.h"

struct filing_names {
    const char *filler, *reviewer, *head; /* "" where not known */
};

struct filing_request {
    const uint8_t *bytes; /* of the sheet; borrowed */
    size_t len;
    const char *school, *form, *period; /* NULL: as the sheet says */
    struct filing_names names;
    const char *correction; /* "" : none */
    bool draft;             /* only looking: names and the reason for a correction may still be missing */
};

/* What the outbox holds of the slot already, and so what comes next. */
enum filing_base {
    BASE_NEW,       /* nothing: revision 1 */
    BASE_CHANGED,   /* other figures were filed: revision n + 1 */
    BASE_WAITING,   /* the same figures wait to be sent */
    BASE_RECEIPTED, /* the same figures have their receipt */
    BASE_KEPT,      /* the same figures came after close and were kept, and it is still closed */
    BASE_HELD,      /* the same figures are at the centre, from another computer (as far as was fetched) */
};

struct filing {
    struct faults faults;
    Yuebao__Agenda *agenda;
    struct catalogue *catalogue; /* NULL: not known which */
    struct catalogue *older;     /* that the sheet was made by; NULL: the same one, or it is not here */
    const struct form *form;     /* borrowed from catalogue */
    struct draft *draft;
    /* with room for one byte too many: what is too long must not be cut to what is right */
    char school[SCHOOL_CODE_MAX + 2], form_code[FORM_CODE_MAX + 1], period[PERIOD_TEXT_MAX + 2];
    const Yuebao__School *owner; /* borrowed from agenda; NULL: unknown */
    const Yuebao__Window *window;
    enum slot_verdict slot;
    bool is_closed; /* by the agenda that is here */
    enum filing_base base;
    uint32_t revision;      /* of the new statement */
    uint32_t held_revision; /* of the one that is there already */
    bool has_previous;
    uint8_t previous[ID_SIZE];
    uint8_t id[ID_SIZE]; /* of the item that was saved, or is there already */
    enum outbox_status trouble;
};

enum filing_status {
    FILING_OK,           /* checked; see faults */
    FILING_NO_AGENDA,    /* nothing was fetched yet */
    FILING_NO_CATALOGUE, /* the period's catalogue is not here */
    FILING_NOMEM,
    FILING_OUTBOX, /* the outbox cannot be read or written: see trouble */
};

/* `filing` is zeroed first; filing_fini() in any case. */
enum filing_status filing_check(struct outbox *outbox, const struct filing_request *request,
                                struct filing *filing) __attribute__((warn_unused_result));

/* The same of figures that were signed before: to file them on top of what the centre holds. */
enum filing_status filing_check_statement(struct outbox *outbox, const struct filing_request *request,
                                          const Yuebao__Statement *statement, struct filing *filing)
    __attribute__((warn_unused_result));

/*
 * After a check without errors: decide the revision, validate the whole once more, sign, commit. Nothing is
 * saved when `faults` then refuse, or when base says that the same figures are there already. When FILING_OK
 * comes back and base is NEW or CHANGED and faults do not refuse, the report is on disk.
 */
enum filing_status filing_save(struct outbox *outbox, const struct filing_request *request,
                               const struct identity *identity, struct filing *filing)
    __attribute__((warn_unused_result));
void filing_fini(struct filing *filing);

/* A stored statement, decoded; yuebao__statement__free_unpacked(). NULL: damaged, or no memory. */
Yuebao__Statement *filing_statement(const struct item *item);
Yuebao__Statement *filing_unpack(const uint8_t *bytes, size_t len);

#endif
