/* engine/log/log.c   Appends and reads of one log, and the entries that change it without bytes.
 *
 * An append, in this order, because nothing may have changed when it fails: find room in the gathering chunk, copy the
 * batch there and sum it in the same pass, judge it while it is hot in cache, ask the producer's state, and only then
 * stamp it, give it its place in a segment, and let it join chunk, tail and end. A batch that fails simply isn't
 * counted into the chunk. */
#include "log/log.h"

#include "base/canary.h"
#include "base/crc32c.h"
#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/gather.h"
#include "log/segment.h"
#include "log/state.h"
#include "log/stream.h"
#include "log/tail.h"
#include "log/wal.h"

static enum status log_writable(const struct log *log)
{
    if (log->deleted) return STATUS_NOT_FOUND;
    if (log->offline) return STATUS_OFFLINE;
    if (log->store->closing) return STATUS_STOPPING;
    return STATUS_OK;
}

/* Until a truncation is durable, a crash brings back what was cut, and needs its bytes in the segment. */
static bool log_cutting(const struct log *log)
{
    return log->segments && log->segments->cut > log->store->flushed.at;
}

/* ---- entries without batches ---- */

/* The first entry of a log says its name. */
static enum status log_announce(struct log *log)
{
    struct gathers *gathers = log->store->gathers;
    if (log->opened) return STATUS_OK;

    uint8_t *room = gather_room(gathers, log->topic.size);
    if (!room) return STATUS_BUSY;

    memcpy(room, log->topic.data, log->topic.size);
    struct chunk_entry entry = {
        .kind = CHUNK_OPEN,
        .key = log->key,
        .incarnation = log->incarnation,
        .first = log->end,
        .limit = log->end,
        .leader_epoch = log->leader_epoch,
        .crc = crc32c(0, room, log->topic.size),
    };
    draft_add(gathers, &entry, NULL, log->topic.size);
    log->opened = true;
    flush_soon(log->store->flush);
    return STATUS_OK;
}

/* An entry without payload; *sequence is what store->flushed must reach. */
static enum status log_enter(struct log *log, enum chunk_kind kind, int64_t first, int64_t limit, int32_t epoch,
                             int64_t *sequence)
{
    struct gathers *gathers = log->store->gathers;
    enum status status = log_announce(log);
    if (status != STATUS_OK) return status;
    if (!gather_entry_room(gathers, 0)) return STATUS_BUSY;

    struct chunk_entry entry = {
        .kind = kind,
        .key = log->key,
        .incarnation = log->incarnation,
        .first = first,
        .limit = limit,
        .leader_epoch = epoch,
    };
    draft_add(gathers, &entry, NULL, 0);
    *sequence = (int64_t)gathers->open->sequence + 1;
    flush_soon(log->store->flush);
    return STATUS_OK;
}

enum status log_raise_start(struct log *log, int64_t start, int64_t *sequence)
{
    enum status status = log_writable(log);
    if (status != STATUS_OK) return status;
    if (start > log->committed.at) return STATUS_OUT_OF_RANGE;

    status = log_enter(log, CHUNK_START, max_of(start, log->start), log->end, log->leader_epoch, sequence);
    if (status != STATUS_OK) return status;
    log->start = max_of(start, log->start);
    log->last_stable = max_of(log->last_stable, log->start);
    log_state_raised(log);
    return STATUS_OK;
}

enum status log_truncate(struct log *log, int64_t end, int64_t *sequence)
{
    struct store *store = log->store;
    enum status status = log_writable(log);
    if (status != STATUS_OK) return status;
    if (end < log->start || end > log->end) return STATUS_OUT_OF_RANGE;
    if ((log->tail && log->tail->spilling) || log_state_busy(log)) return STATUS_BUSY;
    if (log->stream && stream_busy(log->stream)) return STATUS_BUSY;
    if (log->stream) stream_end(log->stream);

    uint64_t next = prng_u64(&store->shard->prng) | 1;
    status = log_enter(log, CHUNK_TRUNCATE, end, (int64_t)next, log->leader_epoch, sequence);
    if (status != STATUS_OK) return status;

    bool waited = log->tail && log->tail->cut;
    if (end < log->end) checkpoint_outdate(store->checkpoint);
    gather_lower(store->gathers, store->flush->draft, log, end);
    tail_truncate(store->tails, log, end);
    checkpoint_truncated(store->checkpoint, log, waited);
    log->incarnation = next;
    log->end = end;
    if (log->segments) log->segments->cut = *sequence;
    if (log->durable.at > end) watermark_retreat(&log->durable, end);
    if (log->committed.at > end) watermark_retreat(&log->committed, end);
    log->last_stable = min_of(log->last_stable, end);
    return log_state_truncate(log, end);
}

enum status log_begin_epoch(struct log *log, int32_t epoch)
{
    int64_t sequence;
    enum status status = log_writable(log);
    if (status != STATUS_OK) return status;
    if (epoch <= log->leader_epoch) return STATUS_OK;

    status = log_enter(log, CHUNK_EPOCH, log->end, log->end, epoch, &sequence);
    if (status != STATUS_OK) return status;
    log->leader_epoch = epoch;
    log_state_begin_epoch(log, epoch);
    return STATUS_OK;
}

void log_commit(struct log *log, int64_t committed)
{
    invariant(committed <= log->durable.at || log->offline);
    if (committed < log->committed.at) return;

    log->last_stable = min_of(committed, log_state_first_unstable(log, committed));
    watermark_advance(log->store->shard, &log->committed, committed);
}

/* ---- appends ---- */

void log_join(struct log *log, uint8_t *data, uint32_t size, enum append_origin origin, struct stream *stream)
{
    struct store *store = log->store;
    struct gathers *gathers = store->gathers;
    struct gather *gather;
    uint32_t position;
    struct batch batch;

    batch_decode(data, &batch);
    invariant(batch.size == size && batch.base_offset >= log->end);
    struct segment *segment = segments_place(log, &batch, &position);

    struct chunk_entry entry = {
        .kind = CHUNK_APPEND,
        .key = log->key,
        .incarnation = log->incarnation,
        .first = batch.base_offset,
        .limit = batch_limit(&batch),
        .leader_epoch = batch.leader_epoch,
        .segment = segment->base,
        .segment_position = position,
    };
    if (stream) {
        gather = stream_join(stream, &data, &entry, size);
        batch.data = data;
    } else {
        gather = gathers->open->gather;
        if (!draft_grow(gathers, &entry, log, size)) draft_add(gathers, &entry, log, size);
    }

    struct span span = {
        .first = entry.first,
        .limit = entry.limit,
        .gather = gather,
        .at = (uint32_t)(data - gather->block->data),
        .size = size,
        .segment_position = position,
        .direct = stream != NULL,
        .segment = entry.segment,
    };
    tail_add(store->tails, log, &span);
    log_state_apply(log, &batch, origin);
    log->end = entry.limit;
    log->leader_epoch = max_of(log->leader_epoch, batch.leader_epoch);
    log->waiting += size;
}

struct batch_rules log_rules(const struct log *log)
{
    const struct log_settings *settings = log->settings;
    int64_t now = shard_wall_ms(log->store->shard);
    return (struct batch_rules){
        .timestamp_min_ms =
            settings->timestamp_before_max_ms > now ? INT64_MIN : now - settings->timestamp_before_max_ms,
        .timestamp_max_ms =
            settings->timestamp_after_max_ms > INT64_MAX - now ? INT64_MAX : now + settings->timestamp_after_max_ms,
        .append_time = settings->append_time,
        .keys_wanted = settings->compact,
    };
}

/* The topic's rules for a client's batch, on our own copy of it; what Kafka corrects is corrected. */
static enum status batch_admit(struct log *log, uint8_t *data, struct batch *batch, struct log_append *append)
{
    struct batch_rules rules = log_rules(log);
    struct batch_verdict verdict;
    enum status status = batch_judge(batch, &rules, &verdict);
    if (status != STATUS_OK) return status;

    if (log->settings->append_time) {
        append->append_time_ms = shard_wall_ms(log->store->shard);
        batch_stamp_time(data, batch->size, append->append_time_ms);
    } else if (batch->attributes & BATCH_APPEND_TIME || verdict.max_timestamp_ms != batch->max_timestamp_ms) {
        batch_stamp_create_time(data, batch->size, verdict.max_timestamp_ms);
    }
    return STATUS_OK;
}

/* Copies the batch to where it is going to stay, and proves it on the way. */
static enum status batch_copy(uint8_t *to, const struct batch *batch)
{
    memcpy(to, batch->data, BATCH_CRC_FROM);
    uint32_t crc = crc32c_copy(0, to + BATCH_CRC_FROM, batch->data + BATCH_CRC_FROM, batch->size - BATCH_CRC_FROM);
    return crc == batch->crc || CANARY(CANARY_CRC_UNCHECKED) ? STATUS_OK : STATUS_CORRUPT;
}

/* Where the batch is gathered: in the log's own stream, or in the WAL's next chunk, which may have room when there is
 * no memory for a block of the stream's own. NULL: no memory. */
static uint8_t *append_room(struct log *log, uint32_t size, struct stream **stream)
{
    struct store *store = log->store;

    *stream = stream_takes(log, size) ? log->stream : NULL;
    uint8_t *room = *stream ? stream_room(*stream, size) : NULL;
    if (room || (*stream && (stream_busy(*stream) || size > wal_batch_max(store->wal)))) return room;
    if (*stream) stream_end(*stream);
    *stream = NULL;
    return gather_room(store->gathers, size);
}

/* One batch whose offsets are ours to give. */
static enum status append_one(struct log *log, const struct batch *source, struct log_append *append)
{
    struct stream *stream;
    struct batch batch;
    uint8_t *data = append_room(log, source->size, &stream);
    if (!data) return STATUS_BUSY;

    enum status status = batch_copy(data, source);
    if (status != STATUS_OK) return status;

    batch_decode(data, &batch);
    if (append->origin == APPEND_CLIENT) {
        status = batch_admit(log, data, &batch, append);
        if (status == STATUS_OK && batch.size > log->settings->segment_bytes) status = STATUS_BEYOND_SEGMENT;
        if (status != STATUS_OK) return status;
    }
    if (!CANARY(CANARY_SEQUENCE_UNCHECKED)) status = log_state_check(log, &batch, append);
    if (status != STATUS_OK || append->duplicate) return status;

    append->first = log->end;
    append->limit = log->end + batch.last_delta + 1;
    batch_stamp(data, append->first, append->leader_epoch);
    log_join(log, data, batch.size, append->origin, stream);
    return STATUS_OK;
}

/* The leader may have more memory. What never fits is not waited for. */
static enum status replica_no_room(const struct log *log, uint32_t size)
{
    bool never = !log->store->starting && !gather_ever_fits(log->store->gathers, size);
    return never ? STATUS_TOO_LARGE : STATUS_BUSY;
}

/* Whole batches with ascending offsets, as the leader has them. What comes after one that can't be taken is left to the
 * next fetch; so is a batch that is cut off at the end. */
static enum status append_replica(struct log *log, struct log_append *append)
{
    const struct bytes *batches = &append->batches;
    enum status status = STATUS_OK;
    struct stream *stream;
    struct batch batch;
    size_t at = 0;

    append->first = append->limit = log->end;
    for (; at < batches->size; at += batch.size) {
        status = batch_read(batches->data + at, batches->size - at, &batch);
        if (status == STATUS_OK && batch.base_offset < log->end) status = STATUS_OUT_OF_ORDER;
        if (status != STATUS_OK) break;
        uint8_t *data = append_room(log, batch.size, &stream);
        status = data ? batch_copy(data, &batch) : replica_no_room(log, batch.size);
        if (status != STATUS_OK) break;
        if (at == 0) append->first = batch.base_offset;
        log_join(log, data, batch.size, APPEND_REPLICA, stream);
        append->limit = log->end;
    }
    return at > 0 ? STATUS_OK : status;
}

/* What can be said before a byte is copied. */
static enum status append_judge(struct log *log, const struct log_append *append, struct batch *batch)
{
    struct store *store = log->store;
    struct memory *memory = store->shard->memory;
    size_t budget = memory_free(memory, MEMORY_TAIL) + memory_used(memory, MEMORY_TAIL);
    enum status status = log_writable(log);

    if (status == STATUS_OK && log_cutting(log)) status = STATUS_BUSY;
    if (status != STATUS_OK || append->origin == APPEND_REPLICA) return status;
    if (store->full && append->origin == APPEND_CLIENT) return STATUS_NO_SPACE;
    status = append->origin == APPEND_CLIENT ? batch_read_produced(append->batches, batch)
                                             : batch_read(append->batches.data, append->batches.size, batch);
    if (status != STATUS_OK) return status;
    bool large = append->origin == APPEND_CLIENT && batch->size > (uint32_t)log->settings->message_bytes_max;
    return large || batch->size > budget / 4 ? STATUS_TOO_LARGE : STATUS_OK;
}

static enum status append_try(struct log *log, struct log_append *append)
{
    struct batch batch;

    append->append_time_ms = -1;
    append->duplicate = false;
    enum status status = append_judge(log, append, &batch);
    if (status == STATUS_OK) status = log_announce(log);
    if (status != STATUS_OK) return status;
    return append->origin == APPEND_REPLICA ? append_replica(log, append) : append_one(log, &batch, append);
}

/* Without room, room is made: some at once, which nobody would tell of afterwards; hence the second try. */
enum status log_append(struct log *log, struct log_append *append)
{
    struct store *store = log->store;
    enum status status = append_try(log, append);

    if (status == STATUS_BUSY) {
        store_go_on(store);
        status = append_try(log, append);
    }
    if (status == STATUS_OK) flush_soon(store->flush);
    return status;
}

/* ---- reads ---- */

int64_t log_tail_first(const struct log *log)
{
    return log->tail && log->tail->count > 0 ? tail_span(log->tail, 0)->first : log->end;
}

bool log_read_begin(struct log_read *read)
{
    struct log *log = read->log;

    read->extent_count = 0;
    read->size = 0;
    read->work = NULL;
    read->status = STATUS_OK;
    if (log->deleted) {
        read->status = STATUS_NOT_FOUND;
    } else if (log->offline) {
        read->status = STATUS_OFFLINE;
    } else if (read->offset < log->start || read->offset > log->end) {
        read->status = STATUS_OUT_OF_RANGE;
    } else if (read->offset < min_of(read->limit, log->end)) {
        if (read->offset < log_tail_first(log)) return read_cold_begin(read);
        if (!read->ahead) tail_read(log->tail, read);
    }
    return true;
}

void log_read_cancel(struct log_read *read)
{
    read_cold_cancel(read);
}

void log_read_hurry(struct log_read *read)
{
    read_cold_hurry(read);
}
