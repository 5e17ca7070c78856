/* engine/log/batch.h   The record batch, format v2 (magic 2), as bytes: 61 bytes of header, then records, one
 * compressed block or not. Batches are opaque: the header is read, checked and stamped; records are only walked (not
 * decoded) when they are uncompressed. The byte table stands in batch.c. */
#ifndef ENGINE_LOG_BATCH_H
#define ENGINE_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

enum {
    BATCH_HEADER_SIZE = 61,
    BATCH_PREFIX_SIZE = 12, /* base offset and length: what must be there to know the size */
    BATCH_CRC_FROM = 21,    /* the CRC covers this byte to the end */
};

enum batch_attributes {
    BATCH_CODEC = 0x07,
    BATCH_APPEND_TIME = 0x08,
    BATCH_TRANSACTIONAL = 0x10,
    BATCH_CONTROL = 0x20,
    BATCH_DELETE_HORIZON = 0x40,
};

enum batch_codec { CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD };

/* A header, decoded. */
struct batch {
    const uint8_t *data;
    uint32_t size; /* of the whole batch, its first 12 bytes included */
    int64_t base_offset;
    int32_t leader_epoch;
    uint32_t crc;
    uint16_t attributes;
    int32_t last_delta; /* last offset = base_offset + last_delta */
    int64_t base_timestamp_ms, max_timestamp_ms;
    int64_t producer_id; /* -1: none */
    int16_t producer_epoch;
    int32_t base_sequence;
    int32_t record_count;
};

static inline int64_t batch_limit(const struct batch *batch)
{
    return batch->base_offset + batch->last_delta + 1;
}

/* Decodes the header at `data`; looks at no byte past `size` and does not check the CRC. STATUS_TRUNCATED: less than
 * a whole batch; STATUS_MALFORMED: a length below the header's; STATUS_BAD_MAGIC: not v2. */
must_check enum status batch_read(const uint8_t *data, size_t size, struct batch *batch);
/* The same where the caller knows that a whole v2 header stands there (a batch of our own, read before). */
void batch_decode(const uint8_t *data, struct batch *batch);
must_check enum status batch_check_crc(const struct batch *batch);

/* The rules for a batch that a client produces (record-for-record Kafka 4.3.1's, but for compressed payloads, which
 * stay closed): base offset 0, counts that agree, no control bit, a sequence where there is a producer, known codec,
 * record lengths that add up when uncompressed. STATUS_BAD_RECORD, STATUS_BAD_MAGIC, STATUS_UNSUPPORTED (codec). The
 * CRC is checked elsewhere, while the batch is copied. */
must_check enum status batch_check_produced(const struct batch *batch);

/* What a topic asks of a produced batch on top of that. */
struct batch_rules {
    int64_t timestamp_min_ms, timestamp_max_ms; /* each record's (compressed: the batch's largest); -1 always passes */
    bool append_time;                           /* the broker stamps: timestamps are not looked at */
    bool keys_wanted;                           /* compacted: a null key is refused, where records are open */
};
struct batch_verdict {
    int64_t max_timestamp_ms; /* the records' own largest where they are open, else the header's */
    int32_t bad_record;       /* index of the record that broke a rule; -1: none, or the batch as a whole */
};
/* batch_check_produced and the rules in one walk. Also STATUS_BAD_TIMESTAMP. */
must_check enum status batch_judge(const struct batch *batch, const struct batch_rules *rules,
                                   struct batch_verdict *verdict);
/* The same for a batch whose records were opened. */
must_check enum status batch_judge_opened(const struct batch *batch, struct bytes records,
                                          const struct batch_rules *rules, struct batch_verdict *verdict);
struct batch_fault {
    int32_t index;        /* of the record in its batch */
    bool keyless;         /* else its timestamp is out of bounds */
    int64_t timestamp_ms; /* compressed: of the batch */
};
/* The records that break a rule, the first `room` of them; gives how many there are. None when batch_judge refuses the
 * batch as a whole. */
uint32_t batch_faults(const struct batch *batch, const struct batch_rules *rules, struct batch_fault *faults,
                      uint32_t room);
/* The one batch of a produced partition: STATUS_CORRUPT (Kafka's 2) for a length below a header's or an unknown magic,
 * STATUS_BAD_MAGIC for formats 0 and 1, STATUS_BAD_RECORD for none, a cut one or more than one (87). Stray bytes
 * behind it that are no batch are left out. */
must_check enum status batch_read_produced(struct bytes records, struct batch *batch);

/* Writes into the bytes of a batch that we own; only what lies outside the CRC. */
void batch_stamp(uint8_t *data, int64_t base_offset, int32_t leader_epoch);
/* LogAppendTime: sets the bit, the maximum timestamp and the CRC. */
void batch_stamp_time(uint8_t *data, uint32_t size, int64_t append_time_ms);
/* CreateTime: clears the bit, sets the true maximum timestamp and the CRC, as Kafka does for a client that got them
 * wrong. Both take the old CRC for right and work on the header alone. */
void batch_stamp_create_time(uint8_t *data, uint32_t size, int64_t max_timestamp_ms);

/* Sequences wrap from 2^31-1 to 0. */
static inline int32_t sequence_add(int32_t sequence, int32_t count)
{
    return (int32_t)(((uint32_t)sequence + (uint32_t)count) & INT32_MAX);
}
static inline int32_t batch_last_sequence(const struct batch *batch)
{
    return sequence_add(batch->base_sequence, batch->last_delta);
}

/* A batch in the making, for control records and our own logs: header space first, then records. */
struct batch_builder {
    uint8_t *data;
    size_t size, capacity;
    struct batch batch;
    bool overrun;
};
void batch_begin(struct batch_builder *builder, uint8_t *memory, size_t capacity, uint16_t attributes,
                 int64_t timestamp_ms);
void batch_add(struct batch_builder *builder, struct bytes key, struct bytes value, int64_t timestamp_ms);
/* The finished batch with base offset 0 and its CRC; size 0 when it did not fit. */
struct bytes batch_end(struct batch_builder *builder);

/* Walks the records of an uncompressed batch (or of decompressed records). */
struct record {
    int64_t timestamp_ms;
    int64_t offset;
    struct bytes key, value;
    struct bytes headers; /* undecoded: count and pairs */
};
/* A record as it was walked over, under the next offset; and the bytes that it will take. */
void batch_add_record(struct batch_builder *builder, const struct record *record);
size_t batch_record_size(const struct batch *batch, const struct record *record);
struct record_walk {
    const uint8_t *at, *limit;
    const struct batch *batch;
    int32_t left;
};
void record_walk_begin(struct record_walk *walk, const struct batch *batch, struct bytes records);
/* False at the end; STATUS_BAD_RECORD in *status when the records do not parse. */
bool record_walk_next(struct record_walk *walk, struct record *record, enum status *status);

/* The record of a control batch: abort and commit markers end a transaction. STATUS_BAD_RECORD. */
enum control_type { CONTROL_ABORT, CONTROL_COMMIT, CONTROL_OTHER };
must_check enum status batch_control(const struct batch *batch, enum control_type *type, int32_t *coordinator_epoch);

#endif
