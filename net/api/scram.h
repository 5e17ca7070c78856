/* net/api/scram.h   What a server keeps of a SCRAM password (RFC 5802, section 3): two keys, from neither of which the
 * password, nor what a client proves itself with, can be made. */
#ifndef NET_API_SCRAM_H
#define NET_API_SCRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "cluster/access.h"

enum { SCRAM_KEY_SIZE_MAX = 64 };

struct scram_keys {
    uint8_t stored[SCRAM_KEY_SIZE_MAX], server[SCRAM_KEY_SIZE_MAX];
    size_t size;
};

/* `salted`: the password after salt and iterations, not empty. False: the library refused. */
bool scram_keys_make(enum scram_mechanism mechanism, struct bytes salted, struct scram_keys *keys);

#endif
