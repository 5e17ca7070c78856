/* net/api/scram.c   StoredKey = H(HMAC(SaltedPassword, "Client Key")), ServerKey = HMAC(SaltedPassword, "Server Key").
 * Hashes are libcrypto's. */
#include "api/scram.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static bool keyed(const EVP_MD *hash, struct bytes key, const char *words, uint8_t *to, unsigned *size)
{
    return HMAC(hash, key.data, (int)key.size, (const uint8_t *)words, strlen(words), to, size) != NULL;
}

bool scram_keys_make(enum scram_mechanism mechanism, struct bytes salted, struct scram_keys *keys)
{
    const EVP_MD *hash = mechanism == SCRAM_SHA_512 ? EVP_sha512() : EVP_sha256();
    uint8_t client[SCRAM_KEY_SIZE_MAX];
    unsigned size = 0;

    if (salted.size == 0 || salted.size > INT_MAX) return false;
    bool made = keyed(hash, salted, "Client Key", client, &size) &&
                EVP_Digest(client, size, keys->stored, &size, hash, NULL) == 1 &&
                keyed(hash, salted, "Server Key", keys->server, &size);
    OPENSSL_cleanse(client, sizeof(client));
    keys->size = size;
    return made;
}
