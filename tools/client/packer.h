/* client/packer.h   A record batch (format v2) in the making, for one partition: records are encoded where they will be
 * sent from, and packing them is the last step. */
#ifndef CLIENT_PACKER_H
#define CLIENT_PACKER_H

#include "base/bytes.h"
#include "base/compression.h"
#include "base/heap.h"

struct packer {
    struct heap *heap;
    uint8_t *data; /* space for the header, then the records */
    size_t size, room;
    uint8_t *packed; /* the same, compressed */
    size_t packed_room;
    enum compression codec;
    int level;
    int64_t base_timestamp_ms, max_timestamp_ms;
    int32_t count;
};

/* Who produces, so that a batch that is sent twice is stored once; id -1: nobody in particular. */
struct packer_author {
    int64_t id;
    int16_t epoch;
    int32_t sequence;
};

void packer_init(struct packer *packer, struct heap *heap, enum compression codec, int level);
void packer_end(struct packer *packer);

/* `headers` as they stand in a record behind their count; null key and value are null. */
struct packer_record {
    struct bytes key, value, headers;
    int32_t header_count;
    int64_t timestamp_ms;
};
/* An upper bound of what a record adds. */
size_t packer_cost(const struct packer_record *record);
void packer_add(struct packer *packer, const struct packer_record *record);

/* The finished batch; valid until the next call. The records stay, so that it may be finished again. */
must_check enum status packer_finish(struct packer *packer, const struct packer_author *author, struct bytes *batch);
void packer_empty(struct packer *packer);

/* One header, appended to a piece of memory with room for packer_header_size. */
size_t packer_header_size(struct bytes name, struct bytes value);
uint8_t *packer_header(uint8_t *at, struct bytes name, struct bytes value);

#endif
