/* engine/base/codec_row.h   What reading and writing know in common of a row: when it is on the wire, how large its
 * type is, and how its member is reached. Private to the codec. */
#ifndef ENGINE_BASE_CODEC_ROW_H
#define ENGINE_BASE_CODEC_ROW_H

#include "base/codec.h"

enum { TEXT_SIZE_MAX = INT16_MAX, BYTES_SIZE_MAX = INT32_MAX };

/* On the wire and in memory alike; 0 for what has no fixed size. */
static inline size_t fixed_size(enum field_type type)
{
    /* clang-format off */
    static const uint8_t sizes[] = {
        [FIELD_BOOL] = 1, [FIELD_I8] = 1, [FIELD_I16] = 2, [FIELD_U16] = 2, [FIELD_I32] = 4, [FIELD_U32] = 4,
        [FIELD_I64] = 8, [FIELD_F64] = 8, [FIELD_UUID] = 16, [FIELD_STRUCT] = 0,
    };
    /* clang-format on */
    return sizes[type];
}

static inline bool has_version(const struct field *field, int16_t version)
{
    return version >= field->since && version <= field->until;
}

static inline bool may_be_null(const struct field *field, int16_t version)
{
    return field->null_from != NEVER && version >= field->null_from;
}

/* Pointers to structs are moved by memcpy, as arrays are: the table doesn't know their types, the compiler does. */
static inline void *pointer_get(const void *place)
{
    void *pointer;
    memcpy(&pointer, place, sizeof(pointer));
    return pointer;
}

/* Whether a tagged field may be left out. */
bool field_at_fallback(const struct field *field, const void *place);
void field_clear(const struct field *field, void *place);

#endif
