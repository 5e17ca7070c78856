/* engine/base/uuid.h   Kafka's 128-bit ids: topic ids, directory ids, cluster ids. Text form: URL-safe base64 without
 * padding, 22 characters. The ids 0 (none) and 1 (the metadata topic, and "lost directory") are reserved. */
#ifndef ENGINE_BASE_UUID_H
#define ENGINE_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

struct uuid {
    uint8_t byte[16];
};

enum { UUID_TEXT_SIZE = 22 };

#define UUID_NONE           ((struct uuid){ { 0 } })
#define UUID_METADATA_TOPIC ((struct uuid){ { [15] = 1 } })

static inline bool uuid_equal(struct uuid a, struct uuid b)
{
    return memcmp(a.byte, b.byte, 16) == 0;
}
static inline bool uuid_none(struct uuid id)
{
    return uuid_equal(id, UUID_NONE);
}

/* Version 4 from 16 random bytes; like Kafka, never one whose text begins with '-'. Draws until it fits. */
struct prng;
struct uuid uuid_draw(struct prng *prng);
void uuid_print(struct uuid id, char text[UUID_TEXT_SIZE + 1]);
bool uuid_parse(struct text text, struct uuid *id);
uint64_t uuid_hash(struct uuid id);

#endif
