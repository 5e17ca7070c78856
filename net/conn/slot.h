/* net/conn/slot.h   A request's place in the order of its connection, and its memory: inside the room only.
 *
 *     ARRIVING --whole--> BEGUN --+--request_answer---> ANSWERED --all in a window--> GATHERED --sent--> given back
 *         |                 ^     +--request_silence--> SILENT ---- its turn --------------------------> given back
 *         |              decoded  +--request_abort----> ABORTED --- its turn: the connection ends -----> given back
 *         +--large---> READING ----the socket closes-----^ */
#ifndef NET_CONN_SLOT_H
#define NET_CONN_SLOT_H

#include "conn/connection.h"

enum slot_stage { SLOT_ARRIVING, SLOT_READING, SLOT_BEGUN, SLOT_ANSWERED, SLOT_GATHERED, SLOT_SILENT, SLOT_ABORTED };

/* With the heap's head it fills an allocator's class of 4 KiB. */
enum { SLOT_SIZE = 4096 - 32 };

/* How far an answer has gone into windows. */
struct slot_cursor {
    uint32_t position;  /* in the encoded bytes */
    uint32_t gap;       /* the next gap */
    uint32_t gap_left;  /* bytes of the gap we are in; 0: in the encoded bytes */
    uint32_t extent;    /* the extent we are in */
    uint32_t extent_at; /* bytes of it that have gone */
};

struct slot {
    struct request request;
    struct list_node node; /* in connection->slots or face->slots_free */
    struct block *body_block, *answer_block;
    uint8_t *body;
    uint32_t body_size, body_have;
    enum slot_stage stage;
    uint32_t generation; /* tells the tenants of one slot apart */
    size_t held;         /* of face->held */
    uint8_t *answer;     /* the frame, length included, without what fills the gaps */
    uint32_t answer_size;
    uint32_t gap_count, extent_count;
    struct gap *gaps;
    struct extent *extents;
    uint64_t owed;   /* bytes of the answer that are not in a window yet */
    uint64_t window; /* GATHERED: the number of the one that holds its end */
    struct slot_cursor cursor;
    void (*sent)(struct request *request);
    uint8_t memory[];
};

static inline struct slot *slot_of(struct request *request)
{
    return container_of(request, struct slot, request);
}

/* NULL: the shard has no slot for a connection that has some already. */
struct slot *slot_take(struct connection *connection);
/* Everything but the struct is given back; the caller has taken it out of its connection. */
void slot_give(struct connection *connection, struct slot *slot);
/* The body is whole: header, rules, decoding, then its API begins it; a large one later (connection->reading). */
void slot_begin(struct connection *connection, struct slot *slot);

#endif
