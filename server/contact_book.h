/*
 * contact_book: writes down which clients said hello, now and then, in one statement on the asker's link,
 * where no batch waits for it.
 *
 * What the database did not take is noted again and tried later; what a crash takes with it is lost.
 */
#ifndef YUEBAO_CONTACT_BOOK_H
#define YUEBAO_CONTACT_BOOK_H

#include <event2/event.h>
#include <stdbool.h>

#include "asker.h"
#include "contacts.h"

#define CONTACT_WRITE_MS 60000u              /* a contact waits about so long to be written ... */
#define CONTACT_WRITE_AT (CONTACTS_MAX / 2u) /* ... or until so many do */

extern const struct ask_kind contact_book_ask; /* for asker_new */

struct contact_book;

/* Both are borrowed; the asker ends first. NULL: no memory. */
struct contact_book *contact_book_new(struct event_base *base, struct asker *asker,
                                      struct contacts *contacts);
void contact_book_free(struct contact_book *book); /* accepts NULL */

/* Before the worker ends: write what there is. Whether nothing is left to wait for: all is written, or the
 * database would not take it. */
bool contact_book_done(struct contact_book *book);

#endif
