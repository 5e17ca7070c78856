/* engine/base/codec.h   One codec for every message of Kafka's protocol: requests, responses, headers, metadata records
 * and coordinator records. A message is an ordinary C struct and a table with one row per field; the codec walks the
 * table. It is fuzzed once and serves every version of everything.
 *
 *     struct topic_ask { struct text name; ARRAY_OF(int32_t) partitions; };
 *     static const struct field topic_ask_fields[] = {
 *         FIELD(topic_ask, name,       0, LATEST, NEVER, NO_TAG, 0),
 *         ARRAY(topic_ask, partitions, 0, LATEST, NEVER, NO_TAG, &schema_i32),
 *     };
 *     const struct schema topic_ask_schema = SCHEMA(topic_ask, topic_ask_fields);
 *
 * Rows stand in wire order. A row outside its versions is neither read nor written: reading leaves its fallback.
 * Strings, bytes and record bytes that were read point into the frame; arrays are taken from the arena. Writing takes
 * null for empty where the version has no null (but a POINTER must be there), so a zeroed struct is a message.
 * Formats: KIP-482 (flexible versions, compact types, tagged fields), KIP-893 (nullable structs). */
#ifndef ENGINE_BASE_CODEC_H
#define ENGINE_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "base/uuid.h"

struct arena;

/* clang-format off */
enum { LATEST = INT16_MAX, NEVER = INT16_MAX, NO_TAG = -1 };

enum field_type {
    FIELD_BOOL, FIELD_I8, FIELD_I16, FIELD_U16, FIELD_I32, FIELD_U32, FIELD_I64, FIELD_F64,
    FIELD_UUID, FIELD_TEXT, FIELD_BYTES, FIELD_RECORDS, FIELD_ARRAY, FIELD_STRUCT,
};

/* An array that was read has items in the arena; null is count -1 (and items NULL). */
#define ARRAY_OF(type) struct { type *items; int32_t count; }

/* Record bytes. Null is size -1. Read: `data` points into the frame. Written: from `data`, or, when data is NULL and
 * size is above 0, left out of the buffer: the writer notes a gap, and the sender fills it with extents (`source` says
 * which). */
struct records { const uint8_t *data; int32_t size; const void *source; };

/* A struct that is not an array, held by pointer when nullable or tagged: NULL is null or absent. */
struct schema {
    const char *name;
    const struct field *fields;
    uint16_t field_count;
    uint16_t size;              /* of the C struct, or of the item of a primitive array */
    enum field_type item;       /* FIELD_STRUCT, or the type of a primitive item */
};

struct field {
    const char *name;
    uint16_t place;             /* offset in the C struct */
    uint8_t type;               /* enum field_type */
    bool by_pointer;            /* FIELD_STRUCT: the member is a pointer */
    int16_t since, until;       /* versions, both included */
    int16_t null_from;          /* may be null from this version; NEVER */
    int16_t tag;                /* NO_TAG, or its number: then written only when it differs from the fallback */
    uint16_t item_size;         /* arrays: sizeof the item, must equal items->size */
    bool plain;                 /* a text with an int16 length in flexible versions too (request header, client id) */
    int64_t fallback;           /* numbers; for texts, bytes and arrays: 0 empty, FALLBACK_NULL null */
    const struct schema *items; /* arrays and structs */
};

#define FALLBACK_NULL INT64_MIN

#define FIELD_TYPE_OF(member)                                                                                          \
    _Generic((member), bool: FIELD_BOOL, int8_t: FIELD_I8, int16_t: FIELD_I16, uint16_t: FIELD_U16,                    \
             int32_t: FIELD_I32, uint32_t: FIELD_U32, int64_t: FIELD_I64, double: FIELD_F64, struct uuid: FIELD_UUID,  \
             struct text: FIELD_TEXT, struct bytes: FIELD_BYTES, struct records: FIELD_RECORDS)

#define FIELD(type, member, since, until, null_from, tag, fallback)                                                    \
    { #member, offsetof(struct type, member), FIELD_TYPE_OF(((struct type *)0)->member), false, since, until,          \
      null_from, tag, 0, false, fallback, NULL }
/* A text that is never compact. */
#define PLAIN(type, member, since, until, null_from, tag, fallback)                                                    \
    { #member, offsetof(struct type, member), FIELD_TYPE_OF(((struct type *)0)->member), false, since, until,          \
      null_from, tag, 0, true, fallback, NULL }
#define ARRAY(type, member, since, until, null_from, tag, schema)                                                      \
    { #member, offsetof(struct type, member), FIELD_ARRAY, false, since, until,                                        \
      null_from, tag, sizeof(*((struct type *)0)->member.items), false, 0, schema }
/* An array whose fallback is null, not empty. */
#define ARRAY_OR_NULL(type, member, since, until, null_from, tag, schema)                                              \
    { #member, offsetof(struct type, member), FIELD_ARRAY, false, since, until,                                        \
      null_from, tag, sizeof(*((struct type *)0)->member.items), false, FALLBACK_NULL, schema }
#define STRUCT(type, member, since, until, null_from, tag, schema)                                                     \
    { #member, offsetof(struct type, member), FIELD_STRUCT, false, since, until,                                       \
      null_from, tag, sizeof(((struct type *)0)->member), false, 0, schema }
#define POINTER(type, member, since, until, null_from, tag, schema)                                                    \
    { #member, offsetof(struct type, member), FIELD_STRUCT, true, since, until,                                        \
      null_from, tag, sizeof(*((struct type *)0)->member), false, FALLBACK_NULL, schema }

#define SCHEMA(type, rows)                                                                                             \
    { #type, rows, array_count(rows), sizeof(struct type), FIELD_STRUCT }

/* clang-format on */

extern const struct schema schema_i8, schema_i16, schema_i32, schema_i64, schema_text, schema_bytes, schema_uuid;

/* Reads one message that starts at `*at`, moves `*at` behind it; never looks past `limit`. `into` is a C struct of the
 * schema; fields that are not on the wire get their fallback. STATUS_TRUNCATED, STATUS_MALFORMED (a length or count
 * that cannot fit in what is left, null where null is not allowed, tags out of order), STATUS_NO_MEMORY (arena at its
 * limit). */
must_check enum status message_read(const struct schema *schema, int16_t version, bool flexible, const uint8_t **at,
                                    const uint8_t *limit, void *into, struct arena *arena);

/* A place where record bytes were left out: `size` bytes from `source` belong at `position` of the buffer. */
struct gap {
    uint32_t position;
    int32_t size;
    const void *source;
};

struct writer {
    uint8_t *start, *at, *limit;
    struct gap *gaps; /* room for gap_max; NULL when no gaps may be left */
    uint32_t gap_count, gap_max;
    bool overrun; /* something did not fit: the content is not valid */
};

/* The number of bytes message_write puts into the buffer (gaps not counted). */
size_t message_size(const struct schema *schema, int16_t version, bool flexible, const void *from);
/* Writes at writer->at. A field outside its versions that differs from its fallback is dropped. */
void message_write(const struct schema *schema, int16_t version, bool flexible, const void *from,
                   struct writer *writer);

/* Sets every field of a C struct to its fallback. */
void message_clear(const struct schema *schema, void *into);
/* The lowest version that carries every field of this struct (not of its items) that differs from its fallback. */
int16_t message_version(const struct schema *schema, const void *from);

#endif
