/* tools/pack_spec.c   One token after the other eats from the front of the bytes. */
#include "pack_spec.h"

#include <inttypes.h>
#include <string.h>

static const char numbers[] = "bBhHiIqQ"; /* two letters per power of two: signed, unsigned */

bool pack_spec_read(const char *spec, char *bad)
{
    size_t good = strspn(spec, "<>bBhHiIqQcs$ ");

    *bad = spec[good];
    return *spec && !spec[good];
}

/* `size` bytes as a number, the sign in the topmost bit. */
static uint64_t number_read(const uint8_t *data, size_t size, bool little)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++) number = number << 8 | data[little ? size - 1 - i : i];
    return number;
}

static void number_print(uint64_t number, size_t size, bool is_signed, FILE *out)
{
    invariant(size >= 1 && size <= sizeof(number));
    uint64_t sign = UINT64_C(1) << (8 * size - 1);

    if (is_signed) {
        fprintf(out, "%" PRId64, (int64_t)((number ^ sign) - sign));
    } else {
        fprintf(out, "%" PRIu64, number);
    }
}

bool pack_spec_print(const char *spec, struct bytes bytes, FILE *out)
{
    bool little = false;

    for (; *spec; spec++) {
        const char *letter = strchr(numbers, *spec);
        size_t size = letter ? (size_t)1 << ((letter - numbers) / 2) : 0;
        switch (*spec) {
        case '<': little = true; continue;
        case '>': little = false; continue;
        case ' ': fputc(' ', out); continue;
        case '$':
            if (bytes.size > 0) return false;
            continue;
        case 's': size = bytes.size; break;
        case 'c': size = 1; break;
        default: break;
        }
        if (size > bytes.size) return false;
        if (letter) {
            number_print(number_read(bytes.data, size, little), size, (letter - numbers) % 2 == 0, out);
        } else if (size > 0) {
            fwrite(bytes.data, 1, size, out);
        }
        bytes.data += size;
        bytes.size -= size;
    }
    return true;
}
