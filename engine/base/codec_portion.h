/* engine/base/codec_portion.h   A large message in portions, so that whoever writes or reads it can give way to others
 * between them. The message, and all that it points to, stays as it is from the first portion to the last; so does the
 * frame that is read.
 *
 *     message_portions_begin(&portions, schema, version, flexible, answer);
 *     while (!message_portion(&portions, NULL, 1000)) ...        counts: portions.size
 *     message_portions_begin(&portions, schema, version, flexible, answer);
 *     while (!message_portion(&portions, &writer, 1000)) ...     writes the same bytes as message_write
 *
 *     message_reading_begin(&reading, schema, version, flexible, frame, &ask, &arena);
 *     do status = message_reading_go(&reading, 1000); while (status == STATUS_OK && message_reading_more(&reading));
 */
#ifndef ENGINE_BASE_CODEC_PORTION_H
#define ENGINE_BASE_CODEC_PORTION_H

#include "base/codec.h"

/* Arrays of structs inside arrays of structs: what lies deeper is put whole, with the item that holds it. */
enum { MESSAGE_DEPTH_MAX = 4 };

/* How far the walk has come in one of the structs that lie inside each other. */
struct message_place {
    int32_t item;   /* the next of the array that is being put, */
    uint16_t field; /* which this field is */
    bool begun;     /* its count is put */
};

struct message_portions {
    const struct schema *schema;
    const void *from;
    int16_t version;
    bool flexible;
    struct message_place places[MESSAGE_DEPTH_MAX];
    size_t size; /* of what was counted or written until now, gaps left out */
};

void message_portions_begin(struct message_portions *portions, const struct schema *schema, int16_t version,
                            bool flexible, const void *from);
/* Goes on by at most `item_max` (above 0) items of arrays of structs; true: the message is through. */
must_check bool message_portion(struct message_portions *portions, struct writer *writer, uint32_t item_max);

/* Structs and arrays inside each other, at most, in any message. */
enum { MESSAGE_LEVEL_MAX = 8 };

/* A run of items that is being read: those of an array, or one struct. */
struct message_level {
    const struct schema *schema;
    char *item;                 /* the one that is being read, */
    int32_t items_left;         /* and how many there are from it on */
    uint16_t field;             /* its next row */
    bool in_tags;               /* the fields are read */
    uint32_t tags_left;         /* that have not begun */
    int64_t last_tag;           /* -1: there was none */
    const uint8_t *outer_limit; /* that of the struct, while the value of a tag is read; NULL: none is */
};

/* It may be moved between portions. */
struct message_reading {
    const uint8_t *at, *limit;
    struct arena *arena;
    int16_t version;
    bool flexible;
    uint32_t depth; /* 0: the message is through, and ends at `at` */
    struct message_level levels[MESSAGE_LEVEL_MAX];
};

void message_reading_begin(struct message_reading *reading, const struct schema *schema, int16_t version, bool flexible,
                           struct bytes frame, void *into, struct arena *arena);
/* Goes on by at most `step_max` (above 0) steps: a struct up to its next array or struct, a tag, or 16 items of
 * another kind. What message_read returns, together the same; after anything but STATUS_OK there is no more. */
must_check enum status message_reading_go(struct message_reading *reading, uint32_t step_max);

static inline bool message_reading_more(const struct message_reading *reading)
{
    return reading->depth > 0;
}

#endif
