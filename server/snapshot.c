#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BLOCK         (256u * 1024u) /* bytes */
#define PLACES_FIRST       1024u
#define KINDS_MAX          16u
#define DISTRICT_STEPS_MAX 16u /* up the tree: it has four levels, and the database refuses circles */

/* ---- texts: blocks that never move -------------------------------------------------------------- */

struct text_block {
    struct text_block *next;
    size_t used;
    char bytes[TEXT_BLOCK];
};

/* ---- index: open addressing, from a hash to a position in an array of rows ---------------------- */

struct index {
    uint32_t *places; /* position + 1; 0: free */
    size_t capacity, count;
};

struct held_catalogue {
    struct catalogue *catalogue;
    unsigned holders; /* snapshots */
};

struct catalogue_entry {
    int16_t id;
    struct held_catalogue *held;
};

#define NO_ROW UINT32_MAX

/* Its number is its place among the institutions. */
struct institution {
    const char *text;
    uint32_t first; /* school; the others follow by snapshot_school.sibling */
};

struct key_entry {
    uint8_t key[KEY_SIZE];
    int32_t institution;
};

/* A district of a school that was in several; they hang on the school, in no order. */
struct move {
    int32_t from_day, district;
    uint32_t next; /* move */
};

struct snapshot {
    int64_t version;
    struct text_block *texts;
    const char *kinds[KINDS_MAX];
    int32_t today;
    struct rows districts, schools, moves, institutions, keys, catalogues;
    struct calendar calendar;
    struct index by_code, by_id, by_institution, by_key;
};

/* FNV-1a and a last mix, for texts that administrators chose and keys that are random. */
static uint64_t
hash_bytes(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ b[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

typedef uint64_t hash_row(const void *row);

static uint64_t
hash_code(const void *row)
{
    const struct snapshot_school *school = row;

    return hash_bytes(school->face.code, strlen(school->face.code));
}

static uint64_t
hash_id(const void *row)
{
    const struct snapshot_school *school = row;

    return hash_bytes(&school->face.id, sizeof(school->face.id));
}

static uint64_t
hash_institution(const void *row)
{
    const struct institution *institution = row;

    return hash_bytes(institution->text, strlen(institution->text));
}

static uint64_t
hash_key(const void *row)
{
    const struct key_entry *entry = row;

    return hash_bytes(entry->key, KEY_SIZE);
}

static bool
index_init(struct index *index, size_t rows)
{
    *index = (struct index){.capacity = PLACES_FIRST};
    while (index->capacity < rows * 2)
        index->capacity *= 2;
    index->places = calloc(index->capacity, sizeof(*index->places));
    return index->places != NULL;
}

static void
index_set(struct index *index, uint64_t hash, size_t position)
{
    size_t place = hash & (index->capacity - 1);

    while (index->places[place] != 0)
        place = (place + 1) & (index->capacity - 1);
    index->places[place] = (uint32_t)position + 1;
    index->count++;
}

/* The next position that may hold what hashes so, or -1 at the end; start with *place = hash. */
static int64_t
index_probe(const struct index *index, uint64_t *place)
{
    uint32_t found = index->places[*place & (index->capacity - 1)];

    ++*place;
    return (int64_t)found - 1;
}

/* Index the last row of `rows`. */
static bool
index_add(struct index *index, const struct rows *rows, hash_row *hash)
{
    if (index->count * 3 >= index->capacity * 2) {
        struct index larger;
        if (!index_init(&larger, index->capacity))
            return false;
        for (size_t i = 0; i + 1 < rows->count; i++)
            index_set(&larger, hash(rows_at(rows, i)), i);
        free(index->places);
        *index = larger;
    }
    index_set(index, hash(rows_at(rows, rows->count - 1)), rows->count - 1);
    return true;
}

/* ---- life --------------------------------------------------------------------------------------- */

struct snapshot *
snapshot_new(int64_t version, size_t schools, int32_t today)
{
    struct snapshot *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->version = version;
    s->today = today;
    if (calendar_init(&s->calendar) && rows_init(&s->districts, sizeof(struct snapshot_district), 64) &&
        rows_init(&s->schools, sizeof(struct snapshot_school), schools + 16) &&
        rows_init(&s->moves, sizeof(struct move), 64) &&
        rows_init(&s->institutions, sizeof(struct institution), schools + 16) &&
        rows_init(&s->keys, sizeof(struct key_entry), schools + 16) &&
        rows_init(&s->catalogues, sizeof(struct catalogue_entry), 8) && index_init(&s->by_code, schools) &&
        index_init(&s->by_id, schools) && index_init(&s->by_institution, schools) &&
        index_init(&s->by_key, schools))
        return s;
    snapshot_free(s);
    return NULL;
}

static void
held_release(struct held_catalogue *held)
{
    if (--held->holders > 0)
        return;
    catalogue_free(held->catalogue);
    free(held);
}

void
snapshot_free(struct snapshot *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->catalogues.count; i++)
        held_release(((struct catalogue_entry *)s->catalogues.items)[i].held);
    while (s->texts != NULL) {
        struct text_block *block = s->texts;
        s->texts = block->next;
        free(block);
    }
    calendar_fini(&s->calendar);
    rows_fini(&s->districts);
    rows_fini(&s->schools);
    rows_fini(&s->moves);
    rows_fini(&s->institutions);
    rows_fini(&s->keys);
    rows_fini(&s->catalogues);
    free(s->by_code.places);
    free(s->by_id.places);
    free(s->by_institution.places);
    free(s->by_key.places);
    free(s);
}

int64_t
snapshot_version(const struct snapshot *s)
{
    return s->version;
}

/* A copy that lives as long as the snapshot; NULL: no memory, or longer than a block. */
static const char *
keep_text(struct snapshot *s, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy;

    if (size == 1)
        return "";
    if (size > TEXT_BLOCK)
        return NULL;
    if (s->texts == NULL || s->texts->used + size > TEXT_BLOCK) {
        struct text_block *block = malloc(sizeof(*block));
        if (block == NULL)
            return NULL;
        block->next = s->texts;
        block->used = 0;
        s->texts = block;
    }
    copy = s->texts->bytes + s->texts->used;
    memcpy(copy, text, size);
    s->texts->used += size;
    return copy;
}

/* The same text once: there are seven kinds of schools. */
static const char *
keep_kind(struct snapshot *s, const char *kind)
{
    for (size_t i = 0; i < KINDS_MAX; i++) {
        if (s->kinds[i] == NULL)
            s->kinds[i] = keep_text(s, kind);
        if (s->kinds[i] == NULL || strcmp(s->kinds[i], kind) == 0)
            return s->kinds[i];
    }
    return keep_text(s, kind);
}

/* ---- rows --------------------------------------------------------------------------------------- */

bool
snapshot_add_form(struct snapshot *s, const struct calendar_form *form)
{
    struct calendar_form row = *form;

    row.code = keep_text(s, form->code);
    row.kind = keep_kind(s, form->kind);
    return row.code != NULL && row.kind != NULL && calendar_add_form(&s->calendar, &row);
}

bool
snapshot_add_district(struct snapshot *s, const struct snapshot_district *district)
{
    struct snapshot_district row = *district;

    row.name_zh = keep_text(s, district->name_zh);
    row.name_en = keep_text(s, district->name_en);
    return row.name_zh != NULL && row.name_en != NULL && rows_add(&s->districts, &row);
}

static struct snapshot_school *
school_of_id(const struct snapshot *s, int32_t id)
{
    uint64_t place = hash_bytes(&id, sizeof(id));
    int64_t at;

    while ((at = index_probe(&s->by_id, &place)) >= 0) {
        struct snapshot_school *school = (struct snapshot_school *)s->schools.items + at;
        if (school->face.id == id)
            return school;
    }
    return NULL;
}

/* The number of the institution with this text, or -1: no memory. Often the text is the school's own code. */
static int32_t
number_institution(struct snapshot *s, const char *text, const char *code)
{
    uint64_t place = hash_bytes(text, strlen(text));
    struct institution institution = {.first = NO_ROW};
    int64_t at;

    while ((at = index_probe(&s->by_institution, &place)) >= 0)
        if (strcmp(((struct institution *)s->institutions.items)[at].text, text) == 0)
            return (int32_t)at;
    institution.text = strcmp(text, code) == 0 ? code : keep_text(s, text);
    if (institution.text == NULL || !rows_add(&s->institutions, &institution) ||
        !index_add(&s->by_institution, &s->institutions, hash_institution))
        return -1;
    return (int32_t)s->institutions.count - 1;
}

/* Whether district `a` is nearer to today's than `b`: the last that has begun, else the first that will. */
static bool
is_nearer(int32_t today, int32_t a_from, int32_t b_from)
{
    if ((a_from <= today) != (b_from <= today))
        return a_from <= today;
    return a_from <= today ? a_from > b_from : a_from < b_from;
}

static bool
add_move(struct snapshot *s, struct snapshot_school *school, int32_t from_day, int32_t district)
{
    struct move move = {.from_day = from_day, .district = district, .next = school->moves};

    school->moves = (uint32_t)s->moves.count;
    return rows_add(&s->moves, &move);
}

/* Another row of a school that is known: another of its districts. */
static bool
add_district_of(struct snapshot *s, struct snapshot_school *known, const struct snapshot_school *row)
{
    if (known->moves == NO_ROW && !add_move(s, known, known->district_from, known->district))
        return false;
    if (!add_move(s, known, row->district_from, row->district))
        return false;
    if (is_nearer(s->today, row->district_from, known->district_from)) {
        known->district = row->district;
        known->district_from = row->district_from;
    }
    return true;
}

bool
snapshot_add_school(struct snapshot *s, const struct snapshot_school *school, const char *institution)
{
    struct snapshot_school row = *school, *known = school_of_id(s, school->face.id);
    struct institution *own;

    if (known != NULL)
        return add_district_of(s, known, school);
    row.moves = NO_ROW;
    row.face.code = keep_text(s, school->face.code);
    row.face.kind = keep_kind(s, school->face.kind);
    row.name_zh = keep_text(s, school->name_zh);
    row.name_en = keep_text(s, school->name_en);
    if (row.face.code == NULL || row.face.kind == NULL || row.name_zh == NULL || row.name_en == NULL)
        return false;
    row.face.institution = number_institution(s, institution, row.face.code);
    if (row.face.institution < 0)
        return false;
    own = (struct institution *)s->institutions.items + row.face.institution;
    row.sibling = own->first;
    own->first = (uint32_t)s->schools.count;
    return rows_add(&s->schools, &row) && index_add(&s->by_code, &s->schools, hash_code) &&
           index_add(&s->by_id, &s->schools, hash_id);
}

bool
snapshot_add_key(struct snapshot *s, const uint8_t key[KEY_SIZE], int32_t school_id)
{
    const struct snapshot_school *school = school_of_id(s, school_id);
    struct key_entry entry;
    int32_t known;

    if (school == NULL || snapshot_key(s, key, &known))
        return true;
    entry.institution = school->face.institution;
    memcpy(entry.key, key, KEY_SIZE);
    return rows_add(&s->keys, &entry) && index_add(&s->by_key, &s->keys, hash_key);
}

bool
snapshot_add_window(struct snapshot *s, const struct registry_window *window)
{
    struct registry_window row = *window;

    row.extension = "";
    row.catalogue = snapshot_catalogue_of(s, window->catalogue_id);
    return row.catalogue == NULL || calendar_add_window(&s->calendar, &row);
}

bool
snapshot_add_extension(struct snapshot *s, const struct calendar_extension *extension)
{
    struct calendar_extension row = *extension;

    row.window.extension = keep_text(s, extension->window.extension);
    return row.window.extension != NULL && calendar_add_extension(&s->calendar, &row);
}

bool
snapshot_add_recipient(struct snapshot *s, int16_t form, int32_t school)
{
    return calendar_add_recipient(&s->calendar, form, school);
}

static bool
add_held(struct snapshot *s, int16_t id, struct held_catalogue *held)
{
    struct catalogue_entry entry = {.id = id, .held = held};

    held->holders++;
    if (rows_add(&s->catalogues, &entry))
        return true;
    held_release(held);
    return false;
}

bool
snapshot_share_catalogue(struct snapshot *s, const struct snapshot *old, int16_t id,
                         const uint8_t hash[ID_SIZE])
{
    for (size_t i = 0; old != NULL && i < old->catalogues.count; i++) {
        const struct catalogue_entry *entry = rows_at(&old->catalogues, i);
        if (entry->id == id && memcmp(catalogue_hash(entry->held->catalogue), hash, ID_SIZE) == 0)
            return add_held(s, id, entry->held);
    }
    return true;
}

bool
snapshot_add_catalogue(struct snapshot *s, int16_t id, struct catalogue *catalogue)
{
    struct held_catalogue *held = calloc(1, sizeof(*held));

    if (held == NULL) {
        catalogue_free(catalogue);
        return false;
    }
    held->catalogue = catalogue;
    return add_held(s, id, held);
}

/* ---- look-ups ----------------------------------------------------------------------------------- */

const struct catalogue *
snapshot_catalogue_of(const struct snapshot *s, int16_t id)
{
    for (size_t i = 0; i < s->catalogues.count; i++) {
        const struct catalogue_entry *entry = rows_at(&s->catalogues, i);
        if (entry->id == id)
            return entry->held->catalogue;
    }
    return NULL;
}

const struct catalogue *
snapshot_catalogue(const struct snapshot *s, const uint8_t hash[ID_SIZE])
{
    for (size_t i = 0; i < s->catalogues.count; i++) {
        const struct catalogue_entry *entry = rows_at(&s->catalogues, i);
        if (memcmp(catalogue_hash(entry->held->catalogue), hash, ID_SIZE) == 0)
            return entry->held->catalogue;
    }
    return NULL;
}

const struct snapshot_school *
snapshot_school(const struct snapshot *s, const char *code)
{
    uint64_t place = hash_bytes(code, strlen(code));
    int64_t at;

    while ((at = index_probe(&s->by_code, &place)) >= 0) {
        const struct snapshot_school *school = rows_at(&s->schools, (size_t)at);
        if (strcmp(school->face.code, code) == 0)
            return school;
    }
    return NULL;
}

static int
by_code(const void *left, const void *right)
{
    const struct snapshot_school *a = *(const struct snapshot_school *const *)left;
    const struct snapshot_school *b = *(const struct snapshot_school *const *)right;

    return strcmp(a->face.code, b->face.code);
}

size_t
snapshot_siblings(const struct snapshot *s, const struct registry_school *school,
                  const struct snapshot_school **ret_schools, size_t max)
{
    const struct institution *institution = rows_at(&s->institutions, (size_t)school->institution);
    size_t count = 0;

    for (uint32_t at = institution->first; at != NO_ROW && count < max; at = ret_schools[count - 1]->sibling)
        ret_schools[count++] = rows_at(&s->schools, at);
    qsort(ret_schools, count, sizeof(const struct snapshot_school *), by_code);
    return count;
}

static int
compare_districts(const void *key, const void *row)
{
    int32_t a = *(const int32_t *)key, b = ((const struct snapshot_district *)row)->district;

    return (a > b) - (a < b);
}

const struct snapshot_district *
snapshot_district(const struct snapshot *s, int32_t district)
{
    return rows_find(&s->districts, &district, compare_districts);
}

const struct calendar *
snapshot_calendar(const struct snapshot *s)
{
    return &s->calendar;
}

/* Where the school was on that day; 0: nowhere. As the books ask: yuebao.school_district_on. */
static int32_t
district_on(const struct snapshot *s, const struct snapshot_school *school, int32_t day)
{
    const struct move *last = NULL;

    if (school->moves == NO_ROW)
        return school->district_from <= day ? school->district : 0;
    for (uint32_t at = school->moves; at != NO_ROW;) {
        const struct move *move = rows_at(&s->moves, at);
        if (move->from_day <= day && (last == NULL || move->from_day > last->from_day))
            last = move;
        at = move->next;
    }
    return last != NULL ? last->district : 0;
}

/* What the nearest district has that has anything, from this one upwards. */
static const struct registry_window *
district_window(const struct snapshot *s, const struct registry_window *window, int32_t district)
{
    const struct snapshot_district *at = snapshot_district(s, district);
    const struct registry_window *own = NULL;

    for (unsigned steps = 0; at != NULL && own == NULL && steps < DISTRICT_STEPS_MAX; steps++) {
        own = calendar_extension_for(&s->calendar, window, at->district, 0);
        at = snapshot_district(s, at->parent);
    }
    return own;
}

const struct registry_window *
snapshot_window_of(const struct snapshot *s, const struct registry_window *window,
                   const struct registry_school *school)
{
    const struct snapshot_school *row = (const struct snapshot_school *)school;
    const struct registry_window *own;

    if (!calendar_is_extended(&s->calendar, window))
        return window;
    own = calendar_extension_for(&s->calendar, window, 0, school->id);
    if (own == NULL)
        own = district_window(s, window, district_on(s, row, period_last_day(window->period)));
    return own != NULL ? own : window;
}

bool
snapshot_key(const struct snapshot *s, const uint8_t key[KEY_SIZE], int32_t *ret_institution)
{
    uint64_t place = hash_bytes(key, KEY_SIZE);
    int64_t at;

    while ((at = index_probe(&s->by_key, &place)) >= 0) {
        const struct key_entry *entry = rows_at(&s->keys, (size_t)at);
        if (memcmp(entry->key, key, KEY_SIZE) == 0) {
            *ret_institution = entry->institution;
            return true;
        }
    }
    return false;
}

size_t
snapshot_school_count(const struct snapshot *s)
{
    return s->schools.count;
}

size_t
snapshot_key_count(const struct snapshot *s)
{
    return s->keys.count;
}
