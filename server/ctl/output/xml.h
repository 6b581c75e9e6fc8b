/*
 * xml: the little of XML that is written here.
 */
#ifndef YUEBAOCTL_XML_H
#define YUEBAOCTL_XML_H

#include <stdio.h>

/* Text as the content of an element or, without its quotes, of an attribute; what XML cannot hold (control
 * characters) is a blank. */
void xml_text(FILE *out, const char *text);

/* A blank, name="text". */
void xml_attribute(FILE *out, const char *name, const char *text);

/* This instant: 2026-11-26T00:40:00Z. */
void xml_now(FILE *out);

#endif
