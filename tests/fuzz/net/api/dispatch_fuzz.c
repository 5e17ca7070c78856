/* tests/fuzz/net/api/dispatch_fuzz.c   A client's bytes, from the socket through framing, the dispatch table and the
 * decoders of each API and version, to the answer on its way back. The table is the one that a node serves; only what a
 * request does is taken out: each is answered at once, later, out of turn, with silence or with the end of the
 * connection, as its bytes say.
 *
 * The input is a list of {kind, key, version, size, bytes}: mostly well-framed requests of a version that is served or
 * just not, sometimes bytes as they are. Nothing is left over at the end: no memory, no request, no connection. */
#include <stdlib.h>

#include "api/api.h"
#include "conn/connection.h"
#include "conn/metrics.h"
#include "shard/memory.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    APIS_MAX = 128,
    STREAM_MAX = 64 << 10,
    REQUEST_SIZE_MAX = 16 << 10,
    BUDGET = 4 << 20,
    TURNS_MAX = 200000,
    LATER_MAX = 8,
    LATER_TURNS = 32, /* so long a request waits at most */
    HEAD_SIZE = 5,
};

struct later {
    struct request *requests[LATER_MAX];
    uint32_t count, finished;
};

/* What the requests' `begin`, which has no context, finds through their shard. */
struct rig {
    struct wire wire;
    struct shard shard, *shards[1];
    struct later later;
    struct ready closed;
    bool is_closed;
};

static void finish(struct request *request, uint8_t how)
{
    void *answer = arena_take(&request->arena, request->api->answer->size);

    container_of(request->shard, struct rig, shard)->later.finished++;
    if (!answer || how == 1) {
        request_abort(request, "as its bytes say");
    } else if (how == 2) {
        request_silence(request);
    } else {
        message_clear(request->api->answer, answer);
        request_answer(request, answer, NULL, 0, NULL);
    }
}

static void let_go(struct later *later, uint32_t index)
{
    struct request *request = later->requests[index];
    later->requests[index] = later->requests[--later->count];
    finish(request, 0);
}

static void give_up(struct request *request)
{
    struct later *later = &container_of(request->shard, struct rig, shard)->later;
    for (uint32_t i = 0; i < later->count; i++) {
        if (later->requests[i] != request) continue;
        let_go(later, i);
        return;
    }
}

static void begin(struct request *request)
{
    struct later *later = &container_of(request->shard, struct rig, shard)->later;
    uint8_t how = request->body.size > 0 ? request->body.data[request->body.size - 1] % 6 : 0;

    if (how < 4 || later->count == LATER_MAX) {
        finish(request, how);
        if (later->count > 0) let_go(later, 0);
        return;
    }
    request->give_up = give_up;
    later->requests[later->count++] = request;
}

/* ---- the bytes ---- */

static size_t put_request(uint8_t *to, size_t room, const uint8_t *head, const uint8_t *bytes, size_t size)
{
    const struct api *api = &served_apis[head[1] % served_api_count];
    int16_t version = (int16_t)(api->since - 1 + head[2] % (api->until - api->since + 3));
    bool flexible = version >= api->flexible_from;
    size_t at = 4;

    if (room < size + 16) return 0;
    store_i16(to + at, api->key);
    store_i16(to + at + 2, version);
    store_i32(to + at + 4, head[0]);
    store_i16(to + at + 8, -1);
    at += 10;
    if (flexible) to[at++] = 0;
    memcpy(to + at, bytes, size);
    at += size;
    store_u32(to, (uint32_t)(at - 4));
    return at;
}

/* Returns the size of the stream. */
static size_t put_stream(uint8_t *stream, const uint8_t *data, size_t size)
{
    size_t at = 0;

    while (size >= HEAD_SIZE) {
        size_t wanted = min_of((size_t)load_u16(data + 3), size - HEAD_SIZE);
        if (data[0] % 8 == 0) {
            size_t raw = min_of(wanted, STREAM_MAX - at);
            memcpy(stream + at, data + HEAD_SIZE, raw);
            at += raw;
        } else {
            at += put_request(stream + at, STREAM_MAX - at, data, data + HEAD_SIZE, wanted);
        }
        data += HEAD_SIZE + wanted;
        size -= HEAD_SIZE + wanted;
    }
    return at;
}

/* ---- the run ---- */

static void closed(struct ready *ready)
{
    container_of(ready, struct rig, closed)->is_closed = true;
}

static void turn(struct rig *rig)
{
    int64_t deadline_ns = shard_step(&rig->shard);
    io_turn(&rig->wire.io, deadline_ns);
}

static void run(struct rig *rig, const struct face_settings *settings)
{
    struct face *face;
    uint16_t port = 0;

    invariant(face_make(&rig->shard, settings, &face) == STATUS_OK);
    invariant(face_listen(face, 0, &port) == STATUS_OK);
    face_begin(face);
    int turns = 0;
    while (!rig->wire.closed && turns++ < TURNS_MAX) {
        turn(rig);
        bool due = turns % LATER_TURNS == 0 || rig->wire.at == rig->wire.size;
        if (due && rig->later.count > 0) let_go(&rig->later, rig->later.count - 1);
    }
    invariant(rig->wire.closed); /* The client has finished, so the connection ends. */
    invariant(metric_read(settings->metrics, &face->cells, 1, CONN_METRIC_OPEN, 0) >= 0);

    ready_init(&rig->closed, closed);
    face_close(face, &rig->closed);
    for (int i = 0; i < TURNS_MAX && !rig->is_closed; i++) turn(rig);
    invariant(rig->is_closed && rig->later.count == 0);
    face_end(face);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t stream[STREAM_MAX];
    struct rig *rig = calloc(1, sizeof(*rig));
    struct api apis[APIS_MAX];
    struct memory_plan plan = { .budget = { BUDGET, BUDGET, BUDGET, BUDGET } };
    struct admission admission;
    struct metrics metrics;

    if (size < 1 || !rig) {
        free(rig);
        return 0;
    }
    invariant(served_api_count <= APIS_MAX);
    memcpy(apis, served_apis, served_api_count * sizeof(apis[0]));
    for (uint32_t i = 0; i < served_api_count; i++) apis[i].begin = begin;

    rig->wire = (struct wire){ .io = { .engine = &wire_engine, .now_ns = 1, .wall_ms = 1 },
                               .data = stream,
                               .piece = data[0] + 1U,
                               .size = put_stream(stream, data + 1, size - 1) };
    rig->shards[0] = &rig->shard;
    shard_init(&rig->shard, 0, 1, rig->shards, &rig->wire.io, NULL, NULL, 1);
    invariant(memory_make(&rig->shard, &plan, &rig->shard.memory) == STATUS_OK);
    admission_init(&admission, 10, UINT32_MAX, 1, &rig->shard.heap);
    metrics_init(&metrics, conn_metric_rows, CONN_METRIC_COUNT, &rig->shard.heap);
    struct face_listener listener = { .name = TEXT("PLAINTEXT"), .callers = API_CLIENTS };
    listener.address.ss_family = AF_INET;
    struct face_settings settings = {
        .apis = apis,
        .api_count = served_api_count,
        .listeners = &listener,
        .listener_count = 1,
        .admission = &admission,
        .metrics = &metrics,
        .connections_max = 4,
        .requests_max = 8,
        .request_size_max = REQUEST_SIZE_MAX,
        .fetch_session_max = 4,
        .idle_ms = 600000,
    };
    run(rig, &settings);

    invariant(memory_used(rig->shard.memory, MEMORY_RECEIVE) == 0 &&
              memory_used(rig->shard.memory, MEMORY_ANSWER) == 0);
    memory_end(rig->shard.memory);
    heap_end(&rig->shard.heap);
    free(rig);
    return 0;
}
