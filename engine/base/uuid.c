/* engine/base/uuid.c   Ids as Kafka prints them: 16 bytes in URL-safe base64, 22 characters, no padding. The last
 * character carries 2 bits; like Kafka's reader, ours ignores the 4 bits below them, because widely copied cluster ids
 * ("MkU3OEVBNTcwNTJENDM2Qk") have them set. */
#include "base/uuid.h"

#include "base/bytes.h"
#include "base/prng.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct uuid uuid_draw(struct prng *prng)
{
    for (;;) {
        struct uuid id;
        prng_fill(prng, id.byte, sizeof(id.byte));
        id.byte[6] = (uint8_t)((id.byte[6] & 0x0f) | 0x40); /* version 4, */
        id.byte[8] = (uint8_t)((id.byte[8] & 0x3f) | 0x80); /* variant of RFC 4122: never one of the reserved ids */

        char text[UUID_TEXT_SIZE + 1];
        uuid_print(id, text);
        if (text[0] != '-') return id;
    }
}

void uuid_print(struct uuid id, char text[UUID_TEXT_SIZE + 1])
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    char *at = text;

    for (unsigned i = 0; i < sizeof(id.byte); i++) {
        bits = bits << 8 | id.byte[i];
        bit_count += 8;
        for (; bit_count >= 6; bit_count -= 6) *at++ = letters[bits >> (bit_count - 6) & 0x3f];
    }
    *at++ = letters[bits << (6 - bit_count) & 0x3f];
    *at = '\0';
    invariant(at == text + UUID_TEXT_SIZE);
}

static int letter_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

bool uuid_parse(struct text text, struct uuid *id)
{
    if (text.size != UUID_TEXT_SIZE) return false;

    struct uuid parsed = UUID_NONE;
    uint32_t bits = 0;
    unsigned bit_count = 0, byte_count = 0;
    for (unsigned i = 0; i < UUID_TEXT_SIZE; i++) {
        int value = letter_value(text.data[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            parsed.byte[byte_count++] = (uint8_t)(bits >> bit_count);
        }
    }
    invariant(byte_count == sizeof(parsed.byte));
    *id = parsed;
    return true;
}

uint64_t uuid_hash(struct uuid id)
{
    uint64_t hash = (load_u64(id.byte) ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 32 ^ load_u64(id.byte + 8)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 32;
}
