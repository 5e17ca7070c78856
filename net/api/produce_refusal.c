/* net/api/produce_refusal.c   What the answer says of a batch that its log refused: where the log begins, and of
 * records that broke a rule of their topic each by its place in the batch, so that a client need not give up the others
 * (KIP-467), with a line for people. The words are Kafka's.
 *
 *     records without a key     87, the first three of them quoted in the line
 *     timestamps out of bounds  32, whatever else there was
 *     the batch as a whole      no records, the status's own line */
#include "api/error.h"
#include "api/produce.h"

enum { FAULTS_TOLD_MAX = 10000, FAULTS_QUOTED = 3 };

static struct text fault_text(struct request *request, const struct produce_part *part, const struct batch_fault *fault)
{
    struct arena *arena = &request->arena;

    if (fault->keyless) {
        const struct image_topic *topic = route_by_id(apis_of(request), part->topic, part->index).topic;
        struct text name = topic ? topic->name : TEXT(""); /* Removed since. */
        return text_format(arena, "Compacted topic cannot accept message without key in topic partition %.*s-%d",
                           TEXT_ARGS(name), part->index);
    }
    return text_format(arena,
                       "Timestamp %lld of message with offset %d is out of range. The timestamp should be within "
                       "[%lld, %lld]",
                       (long long)fault->timestamp_ms, fault->index, (long long)part->rules.timestamp_min_ms,
                       (long long)part->rules.timestamp_max_ms);
}

static struct text quoted_text(struct arena *arena, const struct produce_record_error *errors, uint32_t count)
{
    struct text quoted = TEXT("");

    for (uint32_t i = 0; i < count && i < FAULTS_QUOTED; i++) {
        quoted = text_format(arena, "%.*s%sRecordError(batchIndex=%d, message='%.*s')", TEXT_ARGS(quoted),
                             i > 0 ? ", " : "", errors[i].batch_index, TEXT_ARGS(errors[i].message));
        if (!quoted.data) return TEXT_NULL;
    }
    return text_format(arena,
                       "One or more records have been rejected due to %u record errors in total, and only showing the "
                       "first three errors at most: [%.*s]",
                       count, TEXT_ARGS(quoted));
}

/* A batch that had to be opened is closed again by now: one of its records is known. */
static uint32_t faults_of(const struct produce_part *part, const struct batch *batch, struct batch_fault *faults,
                          uint32_t room)
{
    bool closed = (batch->attributes & BATCH_CODEC) != CODEC_NONE;

    if (!closed || part->bad_record < 0) return batch_faults(batch, &part->rules, faults, room);
    if (room > 0) {
        faults[0] =
            (struct batch_fault){ part->bad_record, part->status == STATUS_BAD_RECORD, batch->max_timestamp_ms };
    }
    return 1;
}

static void faults_tell(struct request *request, const struct produce_part *part, const struct batch *batch)
{
    struct arena *arena = &request->arena;
    struct produce_partition_answer *row = part->answer;

    uint32_t count = faults_of(part, batch, NULL, 0), told = min_of(count, FAULTS_TOLD_MAX);
    struct batch_fault *faults = arena_take(arena, told * sizeof(*faults));
    struct produce_record_error *errors = arena_take(arena, told * sizeof(*errors));
    if (count == 0 || !faults || !errors) return;

    (void)faults_of(part, batch, faults, told);
    struct text keyless = TEXT_NULL;
    for (uint32_t i = 0; i < told; i++) {
        struct text said = faults[i].keyless && keyless.data ? keyless : fault_text(request, part, &faults[i]);
        if (faults[i].keyless) keyless = said; /* The same for all: a batch may hold many. */
        errors[i] = (struct produce_record_error){ faults[i].index, said };
    }
    row->record_errors.items = errors;
    row->record_errors.count = (int32_t)told;
    row->error_message = part->status == STATUS_BAD_TIMESTAMP
                             ? TEXT("One or more records have been rejected due to invalid timestamp")
                             : quoted_text(arena, errors, count);
}

void produce_refusal_tell(struct request *request, const struct produce_part *part)
{
    struct batch batch;

    switch (part->status) {
    case STATUS_BAD_RECORD:
    case STATUS_BAD_TIMESTAMP:
        if (batch_read_produced(part->records, &batch) != STATUS_OK) return; /* Kafka sees that before it asks a log. */
        part->answer->log_start_offset = part->start;
        faults_tell(request, part, &batch);
        break;
    case STATUS_OUT_OF_ORDER:
    case STATUS_DUPLICATE:
    case STATUS_FENCED: part->answer->log_start_offset = part->start; break;
    default: break;
    }
}
