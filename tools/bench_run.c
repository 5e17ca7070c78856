/* tools/bench_run.c   An open loop: record i is due at start + i / rate, whether the broker keeps up or not, and its
 * latency counts from then. So a stall shows in every record that it delayed, not only in the one that met it.
 *
 *     due records -> a link with a free flight -> one batch, one request -> its answer: latencies
 *
 * Flat out, a record is due when there is a free flight for it. Records that wait are numbers, not memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/prng.h"
#include "bench_link.h"
#include "client/codes.h"
#include "client/offsets.h"
#include "output.h"

enum { STUCK_S = 30, EVENTS = 64 };
static const int64_t second_ns = 1000000000;

static int64_t cpu_ns(const struct timeval *time)
{
    return (int64_t)time->tv_sec * second_ns + (int64_t)time->tv_usec * 1000;
}

/* ---- set up ---- */

/* Readers begin at what is there now (end to end), or at the beginning and end there (consume). */
static enum status place_readers(struct bench *bench)
{
    struct offset_query *queries = session_take(bench->session, bench->partition_count * sizeof(*queries));
    bool consume = bench->settings->mode == BENCH_CONSUME;

    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < bench->partition_count; i++) {
            queries[i].topic = bench->settings->topic;
            queries[i].partition = bench->partitions[i].index;
            queries[i].leader = bench->partitions[i].leader;
            queries[i].timestamp_ms = consume && round == 0 ? LIST_OFFSETS_EARLIEST : LIST_OFFSETS_LATEST;
        }
        enum status status = client_offsets(&bench->session->client, queries, bench->partition_count, false);
        if (status != STATUS_OK) return status;
        for (uint32_t i = 0; i < bench->partition_count; i++) {
            struct bench_partition *partition = &bench->partitions[i];
            if (queries[i].error != CODE_NONE) {
                client_explain(&bench->session->client, "%.*s [%d]: %s", TEXT_ARGS(bench->settings->topic),
                               partition->index, code_name(queries[i].error));
                return STATUS_INVALID;
            }
            if (round == 0) partition->next = queries[i].offset;
            partition->limit = consume ? queries[i].offset : INT64_MAX;
            partition->done = partition->next >= partition->limit;
        }
    }
    return STATUS_OK;
}

static enum status add_link(struct bench *bench, int32_t leader, uint32_t part, uint32_t parts, bool reads)
{
    struct client *client = &bench->session->client;
    struct bench_link *link = &bench->links[bench->link_count];
    uint32_t seen = 0;

    *link = (struct bench_link){ .bench = bench, .reads = reads };
    link->partitions = heap_take(&client->heap, bench->partition_count * sizeof(*link->partitions));
    for (uint32_t i = 0; i < bench->partition_count; i++) {
        if (bench->partitions[i].leader != leader) continue;
        if (seen++ % parts == part) link->partitions[link->partition_count++] = i;
    }
    struct peer *known = client_peer(client, leader, clock_ms() + client->timeout_ms);
    if (!known) return STATUS_CLOSED;
    peer_init(&link->peer, &client->heap, "sluice-bench", leader, known->host, known->port);
    bench->link_count++;
    return link->partition_count > 0 ? link_open(link) : STATUS_INVALID;
}

/* `connections` to each leader, but not more than it has partitions to read from; writers may share one. */
static enum status add_links(struct bench *bench)
{
    uint32_t connections = bench->settings->connections;
    uint32_t most = 2 * connections * bench->partition_count;
    int32_t leader = -1;

    bench->links = session_take(bench->session, most * sizeof(*bench->links));
    for (;;) {
        int32_t next = INT32_MAX;
        uint32_t led = 0;
        for (uint32_t i = 0; i < bench->partition_count; i++) {
            if (bench->partitions[i].leader > leader) next = min_of(next, bench->partitions[i].leader);
        }
        if (next == INT32_MAX) return STATUS_OK;
        leader = next;
        for (uint32_t i = 0; i < bench->partition_count; i++) led += bench->partitions[i].leader == leader;
        uint32_t parts = min_of(connections, led);
        for (uint32_t part = 0; part < parts; part++) {
            enum status status = STATUS_OK;
            if (bench->settings->mode != BENCH_CONSUME) status = add_link(bench, leader, part, parts, false);
            if (status == STATUS_OK && bench->settings->mode != BENCH_PRODUCE) {
                status = add_link(bench, leader, part, parts, true);
            }
            if (status != STATUS_OK) return status;
        }
    }
}

/* ---- the loop ---- */

static uint64_t due(const struct bench *bench, int64_t now)
{
    const struct bench_settings *settings = bench->settings;
    int64_t elapsed = now - bench->start_ns, most_ns = (int64_t)settings->seconds * second_ns;
    uint64_t limit = settings->record_count ? settings->record_count : UINT64_MAX;

    if (settings->mode == BENCH_CONSUME) return 0;
    if (settings->rate == 0) return most_ns > 0 && elapsed >= most_ns ? bench->result->made : limit;
    if (most_ns > 0) elapsed = min_of(elapsed, most_ns);
    return min_of(limit, (uint64_t)((double)elapsed * (double)settings->rate / 1e9));
}

static bool has_ended(const struct bench *bench, int64_t now)
{
    const struct bench_settings *settings = bench->settings;
    const struct bench_result *result = bench->result;
    bool late = settings->seconds > 0 && now - bench->start_ns >= (int64_t)settings->seconds * second_ns;

    if (settings->mode == BENCH_CONSUME) {
        bool all = true;
        for (uint32_t i = 0; i < bench->partition_count; i++) all = all && bench->partitions[i].done;
        return all || late || (settings->record_count > 0 && result->read >= settings->record_count);
    }
    bool made = late || (settings->record_count > 0 && result->made >= settings->record_count);
    if (!made || result->made < due(bench, now) || result->stored < result->made) return false;
    return settings->mode == BENCH_PRODUCE || result->read >= result->stored;
}

/* A batch leaves when it is full or the first record in it is older than the linger. */
static bool is_ripe(const struct bench *bench, uint64_t waiting, int64_t now)
{
    if (waiting >= link_batch_records(bench->settings)) return true;
    if (waiting == 0) return false;
    if (bench->settings->rate == 0) return true;
    return now - bench_intended(bench, bench->result->made) >= bench->settings->linger_ns;
}

/* A reader that keeps a rate asks again when what it has is used up: when the first record that it lacks is due. */
static int64_t fetch_due_ns(const struct bench *bench)
{
    bool paced = bench->settings->mode == BENCH_CONSUME && bench->settings->rate > 0;

    return paced ? bench_intended(bench, bench->result->read) : bench->start_ns;
}

static enum status feed(struct bench *bench, uint32_t *turn)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < bench->link_count; i++) {
        struct bench_link *link = &bench->links[(i + *turn) % bench->link_count];
        if (!link_free(link)) continue;
        int64_t now = bench_now();
        if (link->reads) {
            if (fetch_due_ns(bench) <= now) status = link_fetch(link);
            continue;
        }
        uint64_t made = bench->result->made, limit = due(bench, now);
        uint64_t waiting = limit > made ? limit - made : 0;
        if (!is_ripe(bench, waiting, now)) continue;
        status = link_produce(link, made, (uint32_t)min_of(waiting, link_batch_records(bench->settings)));
    }
    ++*turn;
    return status;
}

/* Until the next batch is ripe; a long while when only answers can change anything. */
static struct timespec patience(const struct bench *bench, int64_t now)
{
    const struct bench_settings *settings = bench->settings;
    int64_t wait_ns = second_ns / 10;
    bool free = false, reader_free = false;

    for (uint32_t i = 0; i < bench->link_count; i++) {
        bool *which = bench->links[i].reads ? &reader_free : &free;
        *which = *which || link_free(&bench->links[i]);
    }
    if (reader_free && settings->mode == BENCH_CONSUME) wait_ns = min_of(wait_ns, fetch_due_ns(bench) - now);
    if (free && settings->rate == 0) wait_ns = due(bench, now) > bench->result->made ? 0 : wait_ns;
    if (free && settings->rate > 0 && settings->mode != BENCH_CONSUME) {
        wait_ns = min_of(wait_ns, bench_intended(bench, bench->result->made + 1) + settings->linger_ns - now);
    }
    wait_ns = max_of(wait_ns, 0);
    return (struct timespec){ .tv_sec = wait_ns / second_ns, .tv_nsec = wait_ns % second_ns };
}

static void progress(const struct bench *bench, int64_t now, int64_t *told_ns, uint64_t *told_count)
{
    const struct bench_result *result = bench->result;
    uint64_t count = bench->settings->mode == BENCH_PRODUCE ? result->stored : result->read;

    if (!bench->settings->progress || now - *told_ns < second_ns) return;
    double rate = (double)(count - *told_count) * 1e9 / (double)(now - *told_ns);
    fprintf(stderr, "%4lld s  %10.0f records/s  %8.1f MiB/s  p99 %.3f ms\n",
            (long long)((now - bench->start_ns) / second_ns), rate, rate * bench->settings->record_size / (1 << 20),
            (double)histogram_percentile(&result->latency, 99) / 1e6);
    *told_ns = now;
    *told_count = count;
}

static enum status turn_once(struct bench *bench)
{
    struct epoll_event events[EVENTS];
    struct timespec wait = patience(bench, bench_now());
    int count = epoll_pwait2(bench->poll, events, EVENTS, &wait, NULL);
    enum status status = STATUS_OK;

    if (count < 0 && errno != EINTR) return STATUS_IO_ERROR;
    for (int i = 0; status == STATUS_OK && i < count; i++) {
        struct bench_link *link = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) status = link_send(link);
        if (status == STATUS_OK && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) status = link_receive(link);
    }
    return status;
}

/* Is there an answer that must come, or a record? */
static bool is_owed(const struct bench *bench)
{
    const struct bench_result *result = bench->result;
    bool asked = false;

    for (uint32_t i = 0; i < bench->link_count; i++) asked = asked || bench->links[i].flight_count > 0;
    if (bench->settings->mode == BENCH_CONSUME) return asked;
    return result->stored < result->made ||
           (bench->settings->mode == BENCH_END_TO_END && result->read < result->stored);
}

static enum status loop(struct bench *bench)
{
    int64_t told_ns = bench->start_ns, moved_ns = bench->start_ns;
    uint64_t told_count = 0, moved = 0;
    uint32_t turn = 0;

    for (;;) {
        int64_t now = bench_now();
        uint64_t count = bench->result->made + bench->result->stored + bench->result->read;
        if (has_ended(bench, now)) return STATUS_OK;
        if (count != moved) moved_ns = now;
        moved = count;
        if (!is_owed(bench)) moved_ns = now;
        if (now - moved_ns > STUCK_S * second_ns) {
            client_explain(&bench->session->client, "nothing was answered for %d s", STUCK_S);
            return STATUS_TIMED_OUT;
        }
        progress(bench, now, &told_ns, &told_count);
        enum status status = feed(bench, &turn);
        if (status == STATUS_OK) status = turn_once(bench);
        if (status != STATUS_OK) return status;
    }
}

/* ---- all of it ---- */

static enum status measure(struct bench *bench)
{
    struct rusage before, after;

    getrusage(RUSAGE_SELF, &before);
    bench->start_ns = bench_now();
    enum status status = loop(bench);
    bench->result->wall_ns = bench_now() - bench->start_ns;
    getrusage(RUSAGE_SELF, &after);
    bench->result->user_ns = cpu_ns(&after.ru_utime) - cpu_ns(&before.ru_utime);
    bench->result->system_ns = cpu_ns(&after.ru_stime) - cpu_ns(&before.ru_stime);
    bench->result->whole = status == STATUS_OK;
    return status;
}

enum status bench_run(const struct bench_settings *settings, struct session *session,
                      const struct metadata_topic_answer *topic, struct bench_result *result)
{
    struct bench bench = { .settings = settings, .session = session, .result = result, .topic_id = topic->topic_id };
    struct prng prng;

    histogram_init(&result->latency);
    arena_init(&bench.arena, &session->client.heap, NULL, 0, INT32_MAX);
    bench.poll = epoll_create1(EPOLL_CLOEXEC);
    if (bench.poll < 0) return STATUS_TOO_MANY;
    size_t value_size = VALUE_SPREAD + max_of(settings->record_size, sizeof(uint64_t));
    bench.value = session_take(session, value_size);
    prng_seed(&prng, 1);
    prng_fill(&prng, bench.value, value_size);
    for (size_t i = 0; i < value_size; i++) bench.value[i] = (uint8_t)('a' + bench.value[i] % 26);
    bench.partition_count = (uint32_t)topic->partitions.count;
    bench.partitions = session_take(session, bench.partition_count * sizeof(*bench.partitions));
    for (uint32_t i = 0; i < bench.partition_count; i++) {
        bench.partitions[i].index = topic->partitions.items[i].index;
        bench.partitions[i].leader = topic->partitions.items[i].leader_id;
    }
    enum status status = settings->mode == BENCH_PRODUCE ? STATUS_OK : place_readers(&bench);
    if (status == STATUS_OK) status = add_links(&bench);
    if (status == STATUS_OK) status = measure(&bench);
    for (uint32_t i = 0; i < bench.link_count; i++) link_close(&bench.links[i]);
    close(bench.poll);
    arena_reset(&bench.arena);
    return status;
}
