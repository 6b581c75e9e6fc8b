#include "catalogues.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "envelope.h"

static const char sql[] =
    "SELECT c.catalogue, pg_catalog.to_char(c.made_at, 'YYYY-MM-DD HH24:MI'), pg_catalog.encode(c.bytes, "
    "'hex') FROM yuebao.catalogue AS c WHERE c.hash = pg_catalog.decode($1, 'hex')";

void
catalogues_fini(struct catalogues *catalogues)
{
    for (size_t i = 0; i < catalogues->count; i++) {
        catalogue_free(catalogues->entries[i].catalogue);
        free(catalogues->entries[i].made);
    }
    free(catalogues->entries);
    *catalogues = (struct catalogues){0};
}

const struct catalogue_entry *
catalogues_held(const struct catalogues *catalogues, const uint8_t *hash)
{
    for (size_t i = catalogues->count; i-- > 0;) /* the newest is asked for most */
        if (memcmp(catalogue_hash(catalogues->entries[i].catalogue), hash, ID_SIZE) == 0)
            return &catalogues->entries[i];
    return NULL;
}

static const struct catalogue_entry *
add(struct catalogues *catalogues, struct catalogue *catalogue, const PGresult *result)
{
    size_t size = (catalogues->count + 1) * sizeof(*catalogues->entries);
    struct catalogue_entry *entries = realloc(catalogues->entries, size);
    char *made = strdup(PQgetvalue(result, 0, 1));

    if (entries == NULL || made == NULL)
        abort();
    catalogues->entries = entries;
    entries[catalogues->count] = (struct catalogue_entry){
        .catalogue = catalogue, .number = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10), .made = made};
    return &entries[catalogues->count++];
}

/* NULL: what the database has is not the catalogue of that hash. */
static struct catalogue *
read_catalogue(const PGresult *result, const uint8_t *hash)
{
    struct catalogue *catalogue = NULL;
    size_t len;
    uint8_t *bytes = db_bytes(result, 0, 2, &len);

    if (catalogue_load(bytes, len, &catalogue) == CATALOGUE_OK &&
        memcmp(catalogue_hash(catalogue), hash, ID_SIZE) != 0) {
        catalogue_free(catalogue);
        catalogue = NULL;
    }
    free(bytes);
    return catalogue;
}

bool
catalogues_load(struct ctl *ctl, struct catalogues *catalogues, const uint8_t *hash,
                const struct catalogue_entry **ret_entry)
{
    char hex[2 * ID_SIZE + 1];
    const char *values[] = {hex};

    *ret_entry = catalogues_held(catalogues, hash);
    if (*ret_entry != NULL)
        return true;
    hex_print(hash, ID_SIZE, hex);
    PGresult *result = db_query(ctl, sql, 1, values);
    if (result == NULL)
        return false;
    struct catalogue *catalogue = PQntuples(result) == 1 ? read_catalogue(result, hash) : NULL;
    if (catalogue != NULL)
        *ret_entry = add(catalogues, catalogue, result);
    PQclear(result);
    return true;
}
