/* net/conn/request.c   A slot from whole body to encoded answer.
 *
 *     slot_begin: header -> decode -> authorize -> account -> api->begin       request_answer: encode -> reply.c
 *
 * Decoding is as long as its body has items, and a shard is not to be held for long: what is more than a portion goes
 * on a step each. Records are pointed at, so that no Produce or Fetch but those of a thousand partitions does.
 *
 * Memory of a request: what is left of its slot first, then blocks of the heap up to a bound that no honest request
 * meets; a lower one while the requests that wait hold much together. An answer that does not fit into its slot is
 * written into a block of MEMORY_ANSWER; then the heap's blocks go back at once, so that a slow reader holds no more
 * than the answer. */
#include <string.h>

#include "base/codec_portion.h"
#include "base/heap.h"
#include "conn/reply.h"
#include "conn/slot.h"
#include "messages/apis.h"
#include "messages/header.h"
#include "shard/memory.h"
#include "shard/probe.h"

enum {
    LENGTH_SIZE = 4,
    ANSWER_HEAD_SIZE = LENGTH_SIZE + 5, /* at most */
    ANSWER_GUESS = 512,                 /* most answers are smaller */
    ARENA_SIZE_BASE = 32 << 20,         /* a small request may have a large answer: all topics */
    ARENA_SIZE_MOST = 96 << 20,
    ARENA_PER_FRAME_BYTE = 4,
    ARENA_SIZE_LEAST = 1 << 20, /* when others hold much */
    ENCODE_ROWS = 1000,         /* of a large answer in one step */
    DECODE_STEPS = 2000,        /* of a large body, some 100 us */
};

/* ---- slots ---- */

static struct slot *slot_new(struct face *face)
{
    struct slot *slot = heap_take(&face->shard->heap, SLOT_SIZE);
    list_node_init(&slot->node);
    return slot;
}

struct slot *slot_take(struct connection *connection)
{
    struct face *face = connection->face;
    struct shard *shard = face->shard;

    /* One is everybody's right, so that those who have many can't shut the others out. */
    if (connection->slot_count > 0 && face->slot_count >= face->settings.requests_max) return NULL;
    struct list_node *node = list_take_first(&face->slots_free);
    struct slot *slot = node ? container_of(node, struct slot, node) : slot_new(face);

    uint32_t generation = slot->generation + 1;
    *slot = (struct slot){ .stage = SLOT_ARRIVING, .generation = generation };
    list_node_init(&slot->node);
    arena_init(&slot->request.arena, &shard->heap, slot->memory, SLOT_SIZE - sizeof(*slot), ARENA_SIZE_BASE);
    slot->request.face = face;
    slot->request.shard = shard;
    slot->request.connection = connection;
    slot->request.listener = connection->listener;
    slot->request.principal = TEXT("User:ANONYMOUS");
    face->slot_count++;
    return slot;
}

/* What the slot's arena holds is known anew. */
static void slot_weigh(struct slot *slot)
{
    struct face *face = slot->request.face;

    face->held = face->held - slot->held + slot->request.arena.size;
    slot->held = slot->request.arena.size;
}

void slot_give(struct connection *connection, struct slot *slot)
{
    struct face *face = connection->face;
    invariant(!list_linked(&slot->node));

    if (slot->body_block) block_unpin(slot->body_block);
    if (slot->answer_block) block_unpin(slot->answer_block);
    arena_reset(&slot->request.arena);
    slot_weigh(slot);
    list_prepend(&face->slots_free, &slot->node);
    face->slot_count--;

    struct list_node *node = list_take_first(&face->crowded);
    if (node) shard_ready(face->shard, &container_of(node, struct connection, wait)->wake);
}

/* Told to the connection, which looks at it after the present step, when more may have finished. */
static void slot_finish(struct slot *slot, enum slot_stage stage)
{
    struct request *request = &slot->request;
    invariant(slot->stage == SLOT_BEGUN || slot->stage == SLOT_READING);

    PROBE4(request__finish, request->shard->index, request, request->key, stage);
    slot->stage = stage;
    request->give_up = NULL;
    request->times.answered = shard_now_ns(request->shard);
    shard_ready(request->shard, &request->connection->flush);
}

/* ---- beginning ---- */

/* Who may do what: everybody everything, until there is authentication. Asked once per request, before anything
 * happens. */
static bool request_authorize(const struct request *request)
{
    return request->principal.data != NULL;
}

/* Quotas: nobody has one yet. Returns for how long the answer is to be held back, in ms. */
static int32_t request_account(const struct request *request)
{
    (void)request;
    return 0;
}

/* A client keeps its id: compared each time, copied once. */
static void client_note(struct connection_traffic *traffic, struct text client)
{
    size_t size = min_of(client.size, sizeof(traffic->client) - 1);

    traffic->requests++;
    if (size == 0 || (memcmp(traffic->client, client.data, size) == 0 && traffic->client[size] == '\0')) return;
    memcpy(traffic->client, client.data, size);
    traffic->client[size] = '\0';
}

/* The header, and the first portion of what is behind it. */
static enum status request_decode(struct request *request, const uint8_t *at, const uint8_t *limit,
                                  struct message_reading *reading)
{
    const struct api *api = request->api;
    bool flexible = request->version >= api->flexible_from;
    struct request_header header = { 0 };

    enum status status =
        message_read(&request_header_schema, flexible ? 2 : 1, flexible, &at, limit, &header, &request->arena);
    if (status != STATUS_OK) return status;

    request->client_id = header.client_id;
    client_note(&request->connection->traffic, header.client_id);
    request->body = (struct bytes){ at, (size_t)(limit - at) };
    request->ask = arena_take(&request->arena, api->ask->size);
    if (!request->ask) return STATUS_NO_MEMORY;
    message_reading_begin(reading, api->ask, request->version, flexible, request->body, request->ask, &request->arena);
    return message_reading_go(reading, DECODE_STEPS);
}

/* How much the request may take of the heap: those that wait (Fetch) keep what they have, and so does it. */
static void arena_bound(struct slot *slot)
{
    const struct face *face = slot->request.face;
    size_t wanted = ARENA_SIZE_BASE + (size_t)slot->body_size * ARENA_PER_FRAME_BYTE;
    size_t others = face->held - slot->held;
    size_t left = face->settings.requests_size - min_of(others, face->settings.requests_size);

    wanted = min_of(wanted, (size_t)ARENA_SIZE_MOST);
    wanted = min_of(wanted, max_of(left, (size_t)ARENA_SIZE_LEAST));
    slot->request.arena.size_max = max_of(wanted, slot->request.arena.size);
}

/* What was decoded begins; or does not, if that failed. */
static void request_begin(struct slot *slot, enum status status)
{
    struct request *request = &slot->request;

    slot->stage = SLOT_BEGUN;
    if (status != STATUS_OK) {
        request_abort(request, status_text(status));
    } else if (!request_authorize(request)) {
        request_abort(request, "not authorized");
    } else {
        (void)request_account(request);
        request->api->begin(request);
    }
    slot_weigh(slot); /* Also when it is finished: its slot is given back in its turn. */
}

/* ---- large bodies ---- */

/* In the request's arena. The frame stage begins no request of the connection before this one has. */
struct decoding {
    struct ready ready;
    struct slot *slot;
    struct message_reading reading;
};

/* Who would have been told to give up, had it been begun by then, is told now. */
static void decoding_end(struct slot *slot, enum status status)
{
    struct request *request = &slot->request;
    struct connection *connection = request->connection;

    connection->reading = NULL;
    request_begin(slot, status);
    if (connection->stage != CONNECTION_OPEN && slot->stage == SLOT_BEGUN && request->give_up) {
        request->give_up(request);
    }
    if (connection->stage == CONNECTION_OPEN && connection->stalled) shard_ready(request->shard, &connection->wake);
}

static void decoding_go(struct ready *ready)
{
    struct decoding *decoding = container_of(ready, struct decoding, ready);
    struct slot *slot = decoding->slot;
    struct request *request = &slot->request;

    if (request->connection->stage >= CONNECTION_JOINING) {
        request->connection->reading = NULL;
        slot_finish(slot, SLOT_ABORTED);
        return;
    }
    arena_bound(slot); /* Others may have come to hold much meanwhile. */
    enum status status = message_reading_go(&decoding->reading, DECODE_STEPS);
    if (status == STATUS_OK && message_reading_more(&decoding->reading)) {
        slot_weigh(slot);
        shard_ready(request->shard, ready);
    } else {
        decoding_end(slot, status);
    }
}

static void decoding_begin(struct slot *slot, const struct message_reading *reading)
{
    struct request *request = &slot->request;
    struct decoding *decoding = arena_take(&request->arena, sizeof(*decoding));

    if (!decoding) {
        request_begin(slot, STATUS_NO_MEMORY);
        return;
    }
    ready_init(&decoding->ready, decoding_go);
    decoding->slot = slot;
    decoding->reading = *reading;
    slot->stage = SLOT_READING;
    request->connection->reading = slot;
    slot_weigh(slot);
    shard_ready(request->shard, &decoding->ready);
}

void slot_begin(struct connection *connection, struct slot *slot)
{
    struct request *request = &slot->request;
    const struct api *api = request->api;

    request->key = load_i16(slot->body);
    request->version = load_i16(slot->body + 2);
    request->correlation = load_i32(slot->body + 4);
    arena_bound(slot);
    request->times.received = request->times.begun = shard_now_ns(request->shard);
    PROBE4(request__begin, request->shard->index, request, request->key, request->version);
    list_append(&connection->slots, &slot->node);
    connection->slot_count++;
    metric_add(&request->face->cells, CONN_METRIC_REQUESTS, (uint32_t)request->key, 1);

    bool served = request->version >= api->since && request->version <= api->until;
    enum status status = STATUS_OK;
    struct message_reading reading;
    reading.depth = 0;
    if (served) status = request_decode(request, slot->body, slot->body + slot->body_size, &reading);
    if (status == STATUS_OK && message_reading_more(&reading)) {
        decoding_begin(slot, &reading);
    } else {
        request_begin(slot, status);
    }
}

/* ---- ending ---- */

static bool answer_flexible(const struct request *request)
{
    return request->version >= request->api->flexible_from;
}

/* A client whose version of ApiVersions nobody knows must be able to read the answer: never tags in its header. */
static void answer_head_write(const struct request *request, struct writer *writer)
{
    bool flexible = answer_flexible(request) && request->key != API_API_VERSIONS;
    struct response_header header = { request->correlation };

    writer->at += LENGTH_SIZE;
    message_write(&response_header_schema, flexible ? 1 : 0, flexible, &header, writer);
}

static size_t answer_write(struct slot *slot, const void *answer, uint8_t *memory, size_t size)
{
    struct request *request = &slot->request;
    struct writer writer = { .start = memory,
                             .at = memory,
                             .limit = memory + size,
                             .gaps = slot->gaps,
                             .gap_max = slot->gaps ? slot->extent_count : 0 };

    answer_head_write(request, &writer);
    message_write(request->api->answer, request->version, answer_flexible(request), answer, &writer);
    slot->gap_count = writer.gap_count;
    return writer.overrun ? 0 : (size_t)(writer.at - memory);
}

static uint8_t *answer_memory(struct slot *slot, size_t size)
{
    struct arena *arena = &slot->request.arena;

    if (size <= (size_t)(arena->end - arena->at)) return arena_take_raw(arena, size);
    slot->answer_block = block_take(slot->request.shard->memory, MEMORY_ANSWER, size);
    return slot->answer_block ? slot->answer_block->data : arena_take_raw(arena, size);
}

/* False: no memory for it. */
static bool answer_encode(struct slot *slot, const void *answer)
{
    const struct request *request = &slot->request;
    struct arena *arena = &slot->request.arena;

    if ((size_t)(arena->end - arena->at) >= ANSWER_GUESS) {
        slot->answer = arena_take_raw(arena, ANSWER_GUESS);
        slot->answer_size = (uint32_t)answer_write(slot, answer, slot->answer, ANSWER_GUESS);
        if (slot->answer_size > 0) return true;
    }
    size_t size =
        ANSWER_HEAD_SIZE + message_size(request->api->answer, request->version, answer_flexible(request), answer);
    slot->answer = answer_memory(slot, size);
    if (!slot->answer) return false;
    slot->answer_size = (uint32_t)answer_write(slot, answer, slot->answer, size);
    invariant(slot->answer_size > 0);
    return true;
}

static void answer_fail(struct slot *slot)
{
    struct request *request = &slot->request;

    face_complain(request->face, request->connection, "no memory for an answer", request->api->name);
    slot->stage = SLOT_ABORTED;
}

/* The encoded answer goes out in its turn. */
static void answer_queue(struct slot *slot)
{
    if (slot->answer_block && !slot->sent) arena_reset(&slot->request.arena);

    slot->owed = slot->answer_size;
    for (uint32_t i = 0; i < slot->gap_count; i++) slot->owed += (uint64_t)slot->gaps[i].size;
    invariant(slot->owed - LENGTH_SIZE <= INT32_MAX);
    store_u32(slot->answer, (uint32_t)(slot->owed - LENGTH_SIZE));
    slot->request.connection->owed += slot->owed;
}

void request_answer(struct request *request, const void *answer, struct extent *extents, uint32_t extent_count,
                    void (*sent)(struct request *request))
{
    struct slot *slot = slot_of(request);

    slot->sent = sent;
    slot->extents = extents;
    slot->extent_count = extent_count;
    slot_finish(slot, SLOT_ANSWERED);
    if (request->connection->stage >= CONNECTION_JOINING) return;

    if (extent_count > 0) slot->gaps = arena_take(&request->arena, extent_count * sizeof(*slot->gaps));
    if ((extent_count > 0 && !slot->gaps) || !answer_encode(slot, answer)) {
        answer_fail(slot);
        return;
    }
    answer_queue(slot);
}

/* ---- large answers ---- */

/* In the request's arena:
 *
 *     COUNTING --portion by portion--> memory --> WRITING --portion by portion--> the slot is answered
 */
enum encoding_stage { ENCODING_COUNTING, ENCODING_WRITING };

struct encoding {
    struct ready ready;
    struct slot *slot;
    const void *answer;
    enum encoding_stage stage;
    struct message_portions portions;
    struct writer writer;
};

static void encoding_portions(struct encoding *encoding, enum encoding_stage stage)
{
    const struct request *request = &encoding->slot->request;

    encoding->stage = stage;
    message_portions_begin(&encoding->portions, request->api->answer, request->version, answer_flexible(request),
                           encoding->answer);
}

/* Everything is counted; false: no memory for it. */
static bool encoding_write(struct encoding *encoding)
{
    struct slot *slot = encoding->slot;
    size_t size = ANSWER_HEAD_SIZE + encoding->portions.size;

    slot->answer = answer_memory(slot, size);
    if (!slot->answer) return false;
    encoding->writer = (struct writer){ .start = slot->answer, .at = slot->answer, .limit = slot->answer + size };
    answer_head_write(&slot->request, &encoding->writer);
    encoding_portions(encoding, ENCODING_WRITING);
    return true;
}

static void encoding_go(struct ready *ready)
{
    struct encoding *encoding = container_of(ready, struct encoding, ready);
    struct slot *slot = encoding->slot;
    bool writing = encoding->stage == ENCODING_WRITING;

    if (slot->request.connection->stage >= CONNECTION_JOINING) {
        slot_finish(slot, SLOT_ANSWERED);
        return;
    }
    bool all = message_portion(&encoding->portions, writing ? &encoding->writer : NULL, ENCODE_ROWS);
    if (!all || (!writing && encoding_write(encoding))) {
        shard_ready(slot->request.shard, &encoding->ready);
    } else if (writing) {
        invariant(!encoding->writer.overrun);
        slot->answer_size = (uint32_t)(encoding->writer.at - slot->answer);
        slot_finish(slot, SLOT_ANSWERED);
        answer_queue(slot);
    } else {
        slot_finish(slot, SLOT_ANSWERED);
        answer_fail(slot);
    }
}

void request_answer_rows(struct request *request, const void *answer, uint32_t row_count)
{
    struct encoding *encoding = row_count > ENCODE_ROWS ? arena_take(&request->arena, sizeof(*encoding)) : NULL;

    if (!encoding) {
        request_answer(request, answer, NULL, 0, NULL);
        return;
    }
    ready_init(&encoding->ready, encoding_go);
    encoding->slot = slot_of(request);
    encoding->answer = answer;
    encoding_portions(encoding, ENCODING_COUNTING);
    request->give_up = NULL; /* It ends by itself, soon. */
    shard_ready(request->shard, &encoding->ready);
}

void request_silence(struct request *request)
{
    slot_finish(slot_of(request), SLOT_SILENT);
}

void request_abort(struct request *request, const char *why)
{
    struct connection *connection = request->connection;

    face_count(request->face, CONN_METRIC_ABORTED, 1);
    face_complain(request->face, connection, request->api->name, why);
    slot_finish(slot_of(request), SLOT_ABORTED);
    connection_drain(connection, END_API);
}
