#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BLOCK   (256u * 1024u) /* bytes */
#define PLACES_FIRST 1024u
#define KINDS_MAX    16u

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

#define NO_SIBLING UINT32_MAX

/* Its number is its place among the institutions. */
struct institution {
    const char *text;
    uint32_t first; /* school; the others follow by snapshot_school.sibling */
};

struct key_entry {
    uint8_t key[KEY_SIZE];
    int32_t institution;
};

/* A growing array: `size` is that of an element. */
struct rows {
    void *items;
    size_t count, capacity, size;
};

struct snapshot {
    int64_t version;
    struct text_block *texts;
    const char *kinds[KINDS_MAX];
    int32_t today;
    struct rows forms, districts, schools, institutions, keys, windows, catalogues;
    struct index by_code, by_id, by_institution, by_key;
};

static bool
rows_init(struct rows *rows, size_t size, size_t capacity)
{
    *rows = (struct rows){.size = size, .capacity = capacity};
    rows->items = malloc(size * capacity);
    return rows->items != NULL;
}

/* Append a copy of the element. */
static bool
rows_add(struct rows *rows, const void *item)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity + rows->capacity / 2 + 16;
        void *items = realloc(rows->items, capacity * rows->size);
        if (items == NULL)
            return false;
        rows->items = items;
        rows->capacity = capacity;
    }
    memcpy((char *)rows->items + rows->count++ * rows->size, item, rows->size);
    return true;
}

static const void *
rows_at(const struct rows *rows, size_t at)
{
    return (const char *)rows->items + at * rows->size;
}

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
    if (rows_init(&s->forms, sizeof(struct snapshot_form), 64) &&
        rows_init(&s->districts, sizeof(struct snapshot_district), 64) &&
        rows_init(&s->schools, sizeof(struct snapshot_school), schools + 16) &&
        rows_init(&s->institutions, sizeof(struct institution), schools + 16) &&
        rows_init(&s->keys, sizeof(struct key_entry), schools + 16) &&
        rows_init(&s->windows, sizeof(struct registry_window), 64) &&
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
    free(s->forms.items);
    free(s->districts.items);
    free(s->schools.items);
    free(s->institutions.items);
    free(s->keys.items);
    free(s->windows.items);
    free(s->catalogues.items);
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
snapshot_add_form(struct snapshot *s, int16_t id, const char *code, const char *kind,
                  enum frequency frequency)
{
    struct snapshot_form form = {
        .id = id, .frequency = frequency, .code = keep_text(s, code), .kind = keep_kind(s, kind)};

    return form.code != NULL && form.kind != NULL && rows_add(&s->forms, &form);
}

bool
snapshot_add_district(struct snapshot *s, int32_t district, const char *name_zh, const char *name_en)
{
    struct snapshot_district row = {
        .district = district, .name_zh = keep_text(s, name_zh), .name_en = keep_text(s, name_en)};

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
    struct institution institution = {.first = NO_SIBLING};
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

/* Another row of a school that is known: another of its districts. */
static void
add_district_of(struct snapshot *s, struct snapshot_school *known, const struct snapshot_school *row)
{
    if (!is_nearer(s->today, row->district_from, known->district_from))
        return;
    known->district = row->district;
    known->district_from = row->district_from;
}

bool
snapshot_add_school(struct snapshot *s, const struct snapshot_school *school, const char *institution)
{
    struct snapshot_school row = *school, *known = school_of_id(s, school->face.id);
    struct institution *own;

    if (known != NULL) {
        add_district_of(s, known, school);
        return true;
    }
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
    const struct snapshot_form *form = snapshot_form(s, window->form_id);
    struct registry_window row = *window;

    row.catalogue = snapshot_catalogue_of(s, window->catalogue_id);
    if (form == NULL || row.catalogue == NULL)
        return true;
    row.period.frequency = form->frequency;
    return rows_add(&s->windows, &row);
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

    for (uint32_t at = institution->first; at != NO_SIBLING && count < max;
         at = ret_schools[count - 1]->sibling)
        ret_schools[count++] = rows_at(&s->schools, at);
    qsort(ret_schools, count, sizeof(const struct snapshot_school *), by_code);
    return count;
}

const struct snapshot_district *
snapshot_district(const struct snapshot *s, int32_t district)
{
    size_t low = 0, high = s->districts.count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct snapshot_district *row = rows_at(&s->districts, middle);
        if (row->district == district)
            return row;
        if (row->district < district)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct snapshot_form *
snapshot_form(const struct snapshot *s, int16_t id)
{
    for (size_t i = 0; i < s->forms.count; i++) {
        const struct snapshot_form *form = rows_at(&s->forms, i);
        if (form->id == id)
            return form;
    }
    return NULL;
}

const struct snapshot_form *
snapshot_form_of_code(const struct snapshot *s, const char *code)
{
    for (size_t i = 0; i < s->forms.count; i++) {
        const struct snapshot_form *form = rows_at(&s->forms, i);
        if (strcmp(form->code, code) == 0)
            return form;
    }
    return NULL;
}

const struct registry_window *
snapshot_window(const struct snapshot *s, const char *code, struct period period)
{
    const struct snapshot_form *form = snapshot_form_of_code(s, code);
    size_t low = 0, high = s->windows.count;

    if (form == NULL || form->frequency != period.frequency)
        return NULL;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct registry_window *row = rows_at(&s->windows, middle);
        if (row->form_id == form->id && row->period.first_day == period.first_day)
            return row;
        if (row->form_id < form->id || (row->form_id == form->id && row->period.first_day < period.first_day))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct registry_window *
snapshot_windows(const struct snapshot *s, size_t *ret_count)
{
    *ret_count = s->windows.count;
    return s->windows.items;
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
