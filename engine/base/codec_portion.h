/* engine/base/codec_portion.h   A large message in portions, so that whoever writes it can give way to others between
 * them. The message, and all that it points to, stays as it is from the first portion to the last.
 *
 *     message_portions_begin(&portions, schema, version, flexible, answer);
 *     while (!message_portion(&portions, NULL, 1000)) ...        counts: portions.size
 *     message_portions_begin(&portions, schema, version, flexible, answer);
 *     while (!message_portion(&portions, &writer, 1000)) ...     writes the same bytes as message_write */
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

#endif
