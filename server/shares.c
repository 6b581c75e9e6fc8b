#include "shares.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct shares {
    struct share **chains;
    size_t n_chains; /* a power of two */
    size_t waiting;
};

struct shares *
shares_new(size_t sessions)
{
    struct shares *shares = calloc(1, sizeof(*shares));

    if (shares == NULL)
        return NULL;
    for (shares->n_chains = 1; shares->n_chains < sessions; shares->n_chains *= 2)
        ;
    shares->chains = calloc(shares->n_chains, sizeof(*shares->chains));
    if (shares->chains == NULL) {
        free(shares);
        return NULL;
    }
    return shares;
}

void
shares_free(struct shares *shares)
{
    if (shares == NULL)
        return;
    for (size_t i = 0; i < shares->n_chains; i++) {
        while (shares->chains[i] != NULL) { /* of reports that were never answered */
            struct share *share = shares->chains[i];
            shares->chains[i] = share->next;
            free(share);
        }
    }
    free(shares->chains);
    free(shares);
}

/* Public keys look like chance, and whoever makes his own has to have them enrolled first. */
static struct share **
chain_of(const struct shares *shares, const uint8_t key[KEY_SIZE])
{
    uint64_t hash;

    memcpy(&hash, key, sizeof(hash));
    return &shares->chains[hash & (shares->n_chains - 1)];
}

static struct share *
share_of(struct shares *shares, const uint8_t key[KEY_SIZE])
{
    struct share **chain = chain_of(shares, key), *share = *chain;

    while (share != NULL && memcmp(share->key, key, KEY_SIZE) != 0)
        share = share->next;
    if (share != NULL)
        return share;
    share = calloc(1, sizeof(*share));
    if (share == NULL)
        return NULL;
    memcpy(share->key, key, KEY_SIZE);
    TAILQ_INIT(&share->seats);
    share->next = *chain;
    *chain = share;
    return share;
}

static void
drop_unused(struct shares *shares, struct share *share)
{
    struct share **place = chain_of(shares, share->key);

    if (share->n_sessions > 0 || share->reports > 0)
        return;
    while (*place != share)
        place = &(*place)->next;
    *place = share->next;
    free(share);
}

struct share *
shares_join(struct shares *shares, const uint8_t key[KEY_SIZE], struct share_seat *seat, bool scarce)
{
    struct share *share = share_of(shares, key);

    if (share == NULL || (scarce && share->n_sessions >= SESSIONS_A_KEY))
        return NULL;
    TAILQ_INSERT_TAIL(&share->seats, seat, next);
    share->n_sessions++;
    return share;
}

void
shares_leave(struct shares *shares, struct share *share, struct share_seat *seat)
{
    TAILQ_REMOVE(&share->seats, seat, next);
    share->n_sessions--;
    drop_unused(shares, share);
}

void
shares_begin(struct shares *shares, struct share *share)
{
    if (share->reports++ == 0)
        shares->waiting++;
}

void
shares_end(struct shares *shares, struct share *share)
{
    assert(share->reports > 0);
    if (--share->reports == 0)
        shares->waiting--;
    drop_unused(shares, share);
}

size_t
shares_waiting(const struct shares *shares)
{
    return shares->waiting;
}
