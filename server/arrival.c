#include "arrival.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "envelope.h"

_Static_assert(sizeof(((struct arrival_key *)0)->bytes) == crypto_auth_KEYBYTES, "key of the MAC");
_Static_assert(MAC_SIZE == crypto_auth_BYTES, "the MAC");
_Static_assert(SEED_SIZE == crypto_kdf_KEYBYTES, "a seed is a key to derive from");

static const char context[crypto_kdf_CONTEXTBYTES] = {'a', 'r', 'r', 'i', 'v', 'a', 'l', '1'};

void
arrival_key_of(const struct receipt_key *receipt_key, struct arrival_key *ret_key)
{
    /* libsodium's secret begins with its seed */
    crypto_kdf_derive_from_key(ret_key->bytes, sizeof(ret_key->bytes), 1, context, receipt_key->secret);
}

/* What the MAC is over: three parts of fixed size. */
struct proven {
    uint8_t signer[KEY_SIZE], id[ID_SIZE], at_ms[8];
};

static struct proven
proven(const uint8_t signer[KEY_SIZE], const uint8_t id[ID_SIZE], uint64_t at_ms)
{
    struct proven p;

    memcpy(p.signer, signer, KEY_SIZE);
    memcpy(p.id, id, ID_SIZE);
    for (size_t i = 0; i < sizeof(p.at_ms); i++)
        p.at_ms[i] = (uint8_t)(at_ms >> (56 - 8 * i));
    return p;
}

void
arrival_prove(const struct arrival_key *key, const uint8_t signer[KEY_SIZE], const uint8_t id[ID_SIZE],
              uint64_t at_ms, uint8_t ret_mac[MAC_SIZE])
{
    const struct proven p = proven(signer, id, at_ms);

    crypto_auth(ret_mac, (const uint8_t *)&p, sizeof(p), key->bytes);
}

uint64_t
arrival_of(const struct arrival_key *key, const uint8_t signer[KEY_SIZE], const uint8_t id[ID_SIZE],
           const Yuebao__Arrival *arrival, uint64_t now_ms)
{
    struct proven p;

    /* one of the future says nothing (another machine's clock), one too old no longer does */
    if (arrival == NULL || arrival->mac.len != MAC_SIZE || arrival->at_ms >= now_ms ||
        now_ms - arrival->at_ms > ARRIVAL_MS)
        return 0;
    p = proven(signer, id, arrival->at_ms);
    return crypto_auth_verify(arrival->mac.data, (const uint8_t *)&p, sizeof(p), key->bytes) == 0
               ? arrival->at_ms
               : 0;
}
