/*
 * draft: a statement from one line of text, and findings as one line of text, so that a case is a table row.
 *
 * A case's statement is a good one (primary.monthly, 2026-10, revision 1, three names, this catalogue)
 * without figures, changed by words:
 *
 *   1=500             a figure
 *   2=9/10            one with a denominator (scaled integers both)
 *   3?1               missing, with a reason
 *   ~7:a_rule:why     an explanation beside 7 (0: beside none) of a rule (or none): "~7::why",
 * "~0:a_rule:why" period=2026-11    a text or number of the statement; "_" is a space, but in a rule's code
 * filler*121        so many letters; rule and text of an explanation may be "*121" too previous=32       its
 * length; also values=, denominators=, reasons= catalogue=other   another hash; catalogue=31: its length
 */
#ifndef YUEBAO_DRAFT_H
#define YUEBAO_DRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "findings.h"

#define EXPECTED_MAX 1024
#define ROOM         600 /* figures a case may have: more than FIGURES_MAX */
#define EXPLANATIONS 4

struct draft {
    Yuebao__Statement message;
    uint32_t indicator[ROOM], missing[ROOM];
    int64_t value[ROOM], denominator[ROOM];
    Yuebao__MissingReason reason[ROOM];
    Yuebao__Explanation explanation[EXPLANATIONS];
    Yuebao__Explanation *explanations[EXPLANATIONS];
    uint8_t previous[64], hash[ID_SIZE];
    char texts[8192];
    size_t used;
};

/* The message borrows from the draft: do not move it. */
void draft_of(struct draft *draft, const struct catalogue *catalogue, const char *words);

/* "ABOVE_MAX 1 6000 5000; warning: RULE_BROKEN a_rule 7 600 500; NAME_MISSING 0 head -" */
void findings_text(const struct findings *findings, char text[EXPECTED_MAX]);

#endif
