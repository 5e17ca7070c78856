/* tools/bench_link.c   Records are encoded straight into a batch, a batch becomes one request, and one send takes it:
 * per record there is no system call, no allocation and no lock. What is read is checked (CRC) and walked record by
 * record, as a consumer must. */
#include "bench_link.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/compression.h"
#include "client/codes.h"
#include "client/frame.h"
#include "client/unpack.h"
#include "log/batch.h"
#include "messages/fetch.h"
#include "messages/produce.h"

enum {
    ANSWER_MS = 30000,
    FETCH_WAIT_MS = 500,
    ROOM_LEAST = 64 << 10,
    STAMP_SIZE = 8,
    RECORD_OVERHEAD = 24,
    VALUE_STEP = 37
};

int64_t bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t bench_intended(const struct bench *bench, uint64_t index)
{
    return bench->start_ns + (int64_t)((double)index * 1e9 / (double)bench->settings->rate);
}

uint32_t link_batch_records(const struct bench_settings *settings)
{
    return max_of(settings->batch_size / (settings->record_size + RECORD_OVERHEAD), 1);
}

enum status link_open(struct bench_link *link)
{
    struct client *client = &link->bench->session->client;
    int64_t deadline_ms = clock_ms() + client->timeout_ms;

    enum status status = peer_connect(&link->peer, deadline_ms);
    if (status != STATUS_OK) {
        client_explain(client, "%s", link->peer.why);
        return status;
    }
    link->version = peer_version(&link->peer, link->reads ? API_FETCH : API_PRODUCE, LATEST);
    if (link->version < 0) {
        client_explain(client, "%s:%u does not serve Produce and Fetch", link->peer.host, link->peer.port);
        return STATUS_UNSUPPORTED;
    }
    packer_init(&link->packer, &client->heap, link->bench->settings->codec, COMPRESSION_LEVEL_DEFAULT);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = link };
    return epoll_ctl(link->bench->poll, EPOLL_CTL_ADD, link->peer.socket, &event) == 0 ? STATUS_OK : STATUS_IO_ERROR;
}

void link_close(struct bench_link *link)
{
    struct heap *heap = &link->bench->session->client.heap;

    peer_end(&link->peer);
    packer_end(&link->packer);
    heap_give(heap, (void *)(uintptr_t)link->out.data);
    heap_give(heap, link->in);
    heap_give(heap, link->partitions);
}

bool link_free(const struct bench_link *link)
{
    uint32_t most = link->reads ? 1 : link->bench->settings->in_flight;

    return !link->out.data && link->flight_count < most;
}

static enum status link_gone(struct bench_link *link)
{
    client_explain(&link->bench->session->client, "%s:%u closed the connection (%s)", link->peer.host, link->peer.port,
                   errno ? strerror(errno) : "end");
    return STATUS_CLOSED;
}

/* ---- out ---- */

static void watch_writes(struct bench_link *link, bool watch)
{
    struct epoll_event event = { .events = EPOLLIN | (watch ? EPOLLOUT : 0u), .data.ptr = link };

    if (link->writes_watched == watch) return;
    link->writes_watched = watch;
    (void)epoll_ctl(link->bench->poll, EPOLL_CTL_MOD, link->peer.socket, &event);
}

static void flight_done(struct bench_link *link)
{
    link->flight_first = (link->flight_first + 1) % FLIGHTS_MAX;
    link->flight_count--;
}

static void stored(struct bench_link *link)
{
    struct bench *bench = link->bench;
    const struct flight *flight = &link->flights[link->flight_first];
    int64_t now = bench_now();

    bench->result->stored += flight->count;
    if (bench->settings->mode == BENCH_PRODUCE) {
        for (uint32_t i = 0; i < flight->count; i++) {
            int64_t begun = bench->settings->rate ? bench_intended(bench, flight->first + i) : flight->begun_ns;
            histogram_record(&bench->result->latency, (uint64_t)max_of(now - begun, 0));
        }
    }
    flight_done(link);
}

enum status link_send(struct bench_link *link)
{
    while (link->out.data) {
        ssize_t sent =
            send(link->peer.socket, link->out.data + link->out_at, link->out.size - link->out_at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch_writes(link, true);
            return STATUS_OK;
        }
        if (sent < 0 && errno != EINTR) return link_gone(link);
        if (sent > 0) link->out_at += (size_t)sent;
        if (link->out_at < link->out.size) continue;
        heap_give(&link->bench->session->client.heap, (void *)(uintptr_t)link->out.data);
        link->out = BYTES_NULL;
        if (!link->reads && link->bench->settings->acks == 0) stored(link);
    }
    watch_writes(link, false);
    return STATUS_OK;
}

static enum status launch(struct bench_link *link, int16_t key, const void *ask, uint64_t first, uint32_t count)
{
    struct heap *heap = &link->bench->session->client.heap;
    bool paced = link->reads && link->bench->settings->mode == BENCH_CONSUME && link->bench->settings->rate > 0;
    int64_t begun_ns = paced ? bench_intended(link->bench, link->bench->result->read) : bench_now();
    uint32_t place = (link->flight_first + link->flight_count++) % FLIGHTS_MAX;

    link->flights[place] = (struct flight){ first, count, begun_ns };
    link->out = frame_make(heap, api_find(key), link->version, ++link->peer.correlation, link->peer.client_id, ask);
    link->out_at = 0;
    link->bench->result->requests++;
    return link_send(link);
}

/* ---- producing ---- */

static struct bench_partition *next_partition(struct bench_link *link)
{
    return &link->bench->partitions[link->partitions[link->turn++ % link->partition_count]];
}

enum status link_produce(struct bench_link *link, uint64_t first, uint32_t count)
{
    const struct packer_author nobody = { -1, -1, -1 };
    struct bench *bench = link->bench;
    bool stamped = bench->settings->mode == BENCH_END_TO_END;
    struct packer_record record = {
        .value.size = bench->settings->record_size,
        .timestamp_ms = wall_ms(),
    };
    int64_t now = bench_now();
    struct bytes batch;

    packer_empty(&link->packer);
    for (uint32_t i = 0; i < count; i++) {
        /* Not the same value twice in a row: codecs would make nothing of it. */
        uint8_t *value = bench->value + (first + i) * VALUE_STEP % VALUE_SPREAD;
        record.value.data = value;
        if (stamped) {
            store_u64(value, (uint64_t)(bench->settings->rate ? bench_intended(bench, first + i) : now));
        }
        packer_add(&link->packer, &record);
    }
    enum status status = packer_finish(&link->packer, &nobody, &batch);
    if (status != STATUS_OK) return status;

    struct produce_partition_ask partition = {
        .index = next_partition(link)->index,
        .records = { .data = batch.data, .size = (int32_t)batch.size },
    };
    struct produce_topic_ask topic = {
        .name = bench->settings->topic,
        .topic_id = bench->topic_id,
        .partitions = { &partition, 1 },
    };
    const struct produce_ask ask = {
        .transactional_id = TEXT_NULL,
        .acks = bench->settings->acks,
        .timeout_ms = ANSWER_MS,
        .topics = { &topic, 1 },
    };
    bench->result->made += count;
    return launch(link, API_PRODUCE, &ask, first, count);
}

static enum status hear_produce(struct bench_link *link, const struct produce_answer *answer)
{
    for (int32_t t = 0; t < answer->topics.count; t++) {
        for (int32_t p = 0; p < answer->topics.items[t].partitions.count; p++) {
            const struct produce_partition_answer *partition = &answer->topics.items[t].partitions.items[p];
            if (partition->error == CODE_NONE) continue;
            client_explain(&link->bench->session->client, "%.*s [%d]: %s%s%.*s",
                           TEXT_ARGS(link->bench->settings->topic), partition->index, code_name(partition->error),
                           partition->error_message.size ? ": " : "", TEXT_ARGS(partition->error_message));
            return STATUS_INVALID;
        }
    }
    stored(link);
    return STATUS_OK;
}

/* ---- consuming ---- */

/* At a rate, what is due in a hundredth of a second: a broker gives whole batches, and one at least. */
static int32_t fetch_bytes(const struct bench_settings *settings)
{
    enum { PACES_PER_SECOND = 100 };
    uint64_t most = max_of((uint64_t)settings->batch_size * 4, 1 << 20);
    uint64_t due = settings->rate / PACES_PER_SECOND * settings->record_size;

    if (settings->mode != BENCH_CONSUME || settings->rate == 0) return (int32_t)most;
    return (int32_t)min_of(max_of(due, 1), most);
}

enum status link_fetch(struct bench_link *link)
{
    struct bench *bench = link->bench;
    struct fetch_topic_ask topic = { .name = bench->settings->topic, .topic_id = bench->topic_id };
    const struct fetch_ask ask = {
        .cluster_id = TEXT_NULL,
        .replica_id = -1,
        .max_wait_ms = FETCH_WAIT_MS,
        .min_bytes = 1,
        .max_bytes = fetch_bytes(bench->settings),
        .session_epoch = -1,
        .topics = { &topic, 1 },
        .rack_id = TEXT(""),
    };

    topic.partitions.items = arena_take(&bench->arena, link->partition_count * sizeof(*topic.partitions.items));
    if (!topic.partitions.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < link->partition_count; i++) {
        const struct bench_partition *partition =
            &bench->partitions[link->partitions[(i + link->turn) % link->partition_count]];
        if (partition->done) continue;
        topic.partitions.items[topic.partitions.count++] = (struct fetch_partition_ask){
            .index = partition->index,
            .current_leader_epoch = -1,
            .fetch_offset = partition->next,
            .last_fetched_epoch = -1,
            .log_start_offset = -1,
            .max_bytes = ask.max_bytes,
            .high_watermark = INT64_MAX,
        };
    }
    link->turn++;
    enum status status = topic.partitions.count > 0 ? launch(link, API_FETCH, &ask, 0, 0) : STATUS_OK;
    arena_reset(&bench->arena);
    return status;
}

static void count_records(struct bench *bench, struct bench_partition *partition, const struct batch *batch,
                          struct bytes records, enum status *status)
{
    bool stamped = bench->settings->mode == BENCH_END_TO_END;
    int64_t now = stamped ? bench_now() : 0;
    struct record_walk walk;
    struct record record;

    record_walk_begin(&walk, batch, records);
    while (record_walk_next(&walk, &record, status)) {
        if (record.offset < partition->next) continue;
        bench->result->read++;
        if (!stamped || record.value.size < STAMP_SIZE) continue;
        int64_t intended = (int64_t)load_u64(record.value.data);
        histogram_record(&bench->result->latency, (uint64_t)max_of(now - intended, 0));
    }
}

static enum status read_batch(struct bench *bench, struct bench_partition *partition, const struct batch *batch)
{
    struct bytes records;

    enum status status = batch_check_crc(batch);
    if (status == STATUS_OK) {
        status = unpack_records(batch, &bench->arena, &bench->session->client.heap, &records);
    }
    if (status == STATUS_OK && !(batch->attributes & BATCH_CONTROL)) {
        count_records(bench, partition, batch, records, &status);
    }
    partition->next = max_of(partition->next, batch_limit(batch));
    return status;
}

static enum status read_partition(struct bench *bench, const struct fetch_partition_answer *answer)
{
    const uint8_t *at = answer->records.data;
    size_t left = at ? (size_t)max_of(answer->records.size, 0) : 0;
    struct bench_partition *partition = NULL;

    for (uint32_t i = 0; i < bench->partition_count; i++) {
        if (bench->partitions[i].index == answer->index) partition = &bench->partitions[i];
    }
    if (!partition) return STATUS_MALFORMED;
    if (answer->error != CODE_NONE) {
        client_explain(&bench->session->client, "%.*s [%d]: %s", TEXT_ARGS(bench->settings->topic), answer->index,
                       code_name(answer->error));
        return STATUS_INVALID;
    }
    while (left > 0) {
        struct batch batch;
        enum status status = batch_read(at, left, &batch);
        if (status == STATUS_TRUNCATED) break; /* The answer's byte limit cut it off. */
        if (status == STATUS_OK) status = read_batch(bench, partition, &batch);
        if (status != STATUS_OK) return status;
        at += batch.size;
        left -= batch.size;
    }
    partition->done = partition->next >= partition->limit;
    return STATUS_OK;
}

static enum status hear_fetch(struct bench_link *link, const struct fetch_answer *answer)
{
    struct bench *bench = link->bench;
    enum status status = STATUS_OK;

    if (bench->settings->mode == BENCH_CONSUME) {
        int64_t taken = bench_now() - link->flights[link->flight_first].begun_ns;
        histogram_record(&bench->result->latency, (uint64_t)max_of(taken, 0));
    }
    for (int32_t t = 0; status == STATUS_OK && t < answer->topics.count; t++) {
        for (int32_t p = 0; status == STATUS_OK && p < answer->topics.items[t].partitions.count; p++) {
            status = read_partition(bench, &answer->topics.items[t].partitions.items[p]);
            if (status != STATUS_OK && status != STATUS_INVALID) {
                client_explain(&bench->session->client, "records that can't be read: %s", status_text(status));
            }
        }
    }
    flight_done(link);
    return status;
}

/* ---- in ---- */

static enum status hear(struct bench_link *link, struct bytes body)
{
    struct bench *bench = link->bench;
    int16_t key = link->reads ? API_FETCH : API_PRODUCE;
    int32_t correlation;
    union {
        struct produce_answer produce;
        struct fetch_answer fetch;
    } answer;

    if (link->flight_count == 0) return STATUS_MALFORMED;
    enum status status = frame_read(api_find(key), link->version, body, &correlation, &answer, &bench->arena);
    if (status != STATUS_OK) {
        client_explain(&bench->session->client, "%s:%u sent an answer that can't be read", link->peer.host,
                       link->peer.port);
    } else if (link->reads) {
        status = hear_fetch(link, &answer.fetch);
    } else {
        status = hear_produce(link, &answer.produce);
    }
    arena_reset(&bench->arena);
    return status;
}

/* Room for the whole of the frame that is coming. */
static void make_room(struct bench_link *link)
{
    size_t wanted = ROOM_LEAST;

    if (link->in_size >= 4) wanted = max_of(wanted, 4 + (size_t)load_u32(link->in));
    if (link->in_room >= wanted) return;
    link->in = heap_resize(&link->bench->session->client.heap, link->in, wanted);
    link->in_room = wanted;
}

enum status link_receive(struct bench_link *link)
{
    make_room(link);
    ssize_t got = recv(link->peer.socket, link->in + link->in_size, link->in_room - link->in_size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return STATUS_OK;
    if (got == 0) errno = 0;
    if (got <= 0) return link_gone(link);
    link->in_size += (size_t)got;

    size_t at = 0;
    while (link->in_size - at >= 4) {
        size_t size = load_u32(link->in + at);
        if (size > PEER_ANSWER_MAX) return STATUS_MALFORMED;
        if (link->in_size - at < 4 + size) break;
        enum status status = hear(link, (struct bytes){ link->in + at + 4, size });
        if (status != STATUS_OK) return status;
        at += 4 + size;
    }
    link->in_size -= at;
    if (at > 0) memmove(link->in, link->in + at, link->in_size);
    return STATUS_OK;
}
