/*
 * submission: what check, submit and conflict have in common: say what was found; save, send, and say what
 * became of it. Each gives the exit status.
 */
#ifndef YUEBAO_SUBMISSION_H
#define YUEBAO_SUBMISSION_H

#include "desk.h"
#include "filing.h"

/* Settings of the outbox that remember the three names: filler, reviewer, head. */
extern const char *const submission_name_settings[3];

/* Names and reason come from a terminal of any encoding: what is not clean text is not signed. false:
 * explained. */
bool submission_texts_are_clean(struct desk *desk, const struct filing_request *request);

/* Explain why nothing could be checked. */
int submission_failed(struct desk *desk, enum filing_status status, const struct filing *filing);

/* Whose report it is, and an extension that the school has: said before anything else. */
void submission_report_slot(struct desk *desk, const struct filing *filing);

/* What was found, and the sum of it. EX_DATAERR when it must be corrected first. `file` names the sheet. */
int submission_report_faults(struct desk *desk, const char *file, const struct filing *filing);

/* Whether a date speaks against it, by this computer's clock and the agenda that it has. */
bool submission_is_out_of_time(const struct filing *filing);

/* After a check without errors: sign, save, send, and say what became of it. */
int submission_file(struct desk *desk, const char *file, const struct filing_request *request,
                    const struct identity *identity, struct filing *filing);

#endif
