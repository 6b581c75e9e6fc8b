#include "contact_book.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

static const struct timeval look = {1, 0};

struct contact_book {
    struct asker *asker;
    struct contacts *contacts;
    struct event *timer;
    uint64_t written_at; /* steady clock */
    bool writing;
    bool refused; /* what was to be written last */
};

struct contact_ask {
    struct ask ask; /* first */
    struct contact_book *book;
    size_t count;
    struct contact list[];
};

/* ---- on the asker's link ------------------------------------------------------------------------- */

static void
write_contacts(const struct ask *ask, struct link_arguments *a)
{
    const struct contact_ask *c = (const struct contact_ask *)ask;
    struct binary *b = link_argument(a);

    binary_array(b, BINARY_BYTEA, c->count);
    for (size_t i = 0; i < c->count; i++)
        binary_bytes(b, c->list[i].key, KEY_SIZE);
    b = link_argument(a);
    binary_array(b, BINARY_TIMESTAMPTZ, c->count);
    for (size_t i = 0; i < c->count; i++)
        binary_instant(b, c->list[i].at_ms);
    b = link_argument(a);
    binary_array(b, BINARY_TEXT, c->count);
    for (size_t i = 0; i < c->count; i++)
        binary_text(b, c->list[i].software);
}

static void
read_nothing(struct ask *ask, const PGresult *rows)
{
    (void)ask;
    (void)rows;
}

/* What is noted again may have been written all the same: writing it twice has the effect of once. */
static void
end_contacts(struct ask *ask, enum ask_end end)
{
    struct contact_ask *c = (struct contact_ask *)ask;

    c->book->writing = false;
    c->book->refused = end == ASK_AWAY;
    for (size_t i = 0; end == ASK_AWAY && i < c->count; i++)
        contacts_note(c->book->contacts, c->list[i].key, c->list[i].software, c->list[i].at_ms);
    free(c);
}

static void
drop_contacts(struct ask *ask)
{
    free(ask);
}

const struct ask_kind contact_book_ask = {
    .statement = {"note_contacts", "SELECT yuebao.note_contacts($1::bytea[], $2::timestamptz[], $3::text[])"},
    .rank = ASK_INQUIRY,
    .write = write_contacts,
    .read = read_nothing,
    .end = end_contacts,
    .drop = drop_contacts,
};

/* ---- when ---------------------------------------------------------------------------------------- */

static void
book_write(struct contact_book *book)
{
    struct contacts *contacts = book->contacts;
    struct contact_ask *c;

    if (book->writing || contacts->count == 0)
        return;
    book->written_at = clock_steady_ms();
    c = malloc(sizeof(*c) + contacts->count * sizeof(c->list[0]));
    if (c == NULL)
        return;
    *c = (struct contact_ask){.ask = {.kind = &contact_book_ask}, .book = book, .count = contacts->count};
    memcpy(c->list, contacts->list, c->count * sizeof(c->list[0]));
    contacts_clear(contacts);
    book->writing = true;
    if (!asker_put(book->asker, &c->ask))
        end_contacts(&c->ask, ASK_AWAY);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
    struct contact_book *book = arg;

    (void)fd;
    (void)what;
    if (book->contacts->count >= CONTACT_WRITE_AT || clock_steady_ms() - book->written_at >= CONTACT_WRITE_MS)
        book_write(book);
}

bool
contact_book_done(struct contact_book *book)
{
    if (!book->refused)
        book_write(book);
    return !book->writing;
}

/* ---- begin and end ------------------------------------------------------------------------------- */

void
contact_book_free(struct contact_book *book)
{
    if (book != NULL && book->timer != NULL)
        event_free(book->timer);
    free(book);
}

struct contact_book *
contact_book_new(struct event_base *base, struct asker *asker, struct contacts *contacts)
{
    struct contact_book *book = calloc(1, sizeof(*book));

    if (book == NULL)
        return NULL;
    *book = (struct contact_book){.asker = asker, .contacts = contacts, .written_at = clock_steady_ms()};
    book->timer = event_new(base, -1, EV_PERSIST, on_look, book);
    if (book->timer == NULL || event_add(book->timer, &look) != 0) {
        contact_book_free(book);
        return NULL;
    }
    return book;
}
