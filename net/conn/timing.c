/* net/conn/timing.c   Stages of a request, between the readings in struct request_times:
 *
 *       head known   whole, begun        waited            answered        sending            sent
 *           |--queue---|-------local--------|------remote------|--answer queue-|------send------|
 *
 *     queue          its frame found no slot or no memory: the socket was left unread
 *     local          decoded, looked at, placed or read; by an API that never waits for a mark: all of it
 *     remote         at a mark: for the device, for replicas, or (Fetch) for records to come
 *     answer queue   ready, but behind answers that are not, or that the socket has not taken yet
 *     send           until the socket has taken the last byte
 *
 * The readings are those of the loop's turns (shard_now_ns), so a request costs no clock reading, and what takes less
 * than a turn is 0 long. `waited` is read where the partition lives; its turn may be some microseconds ahead of ours,
 * so that spans are clamped.
 *
 * A client that asks to wait is not served slowly: its remote time (Fetch: fetch.max.wait.ms) does not make a request
 * slow. */
#include "conn/timing.h"

#include <arpa/inet.h>

#include "conn/connection.h"
#include "shard/probe.h"

enum { NS_PER_MS = 1000000, CLIENT_SHOWN_MAX = 80 };

static int64_t span(int64_t from, int64_t to)
{
    return from > 0 && to > from ? to - from : 0;
}

struct request_spans request_spans(const struct request_times *times)
{
    int64_t waited = times->waited > 0 ? min_of(times->waited, times->answered) : times->answered;
    struct request_spans spans = {
        .queue = times->queued,
        .local = span(times->begun, waited),
        .remote = span(waited, times->answered),
        .answer_queue = span(times->answered, times->sending),
        .send = span(times->sending, times->sent),
    };

    spans.total = spans.queue + spans.local + spans.remote + spans.answer_queue + spans.send;
    return spans;
}

static void tell_slow(const struct request *request, const struct request_spans *spans)
{
    struct face *face = request->face;
    char peer[INET6_ADDRSTRLEN] = "?";

    if (!face->settings.trace) return;
    (void)inet_ntop(AF_INET6, &request->connection->peer, peer, sizeof(peer));
    trace_limited(face->settings.trace, &face->slow_limit, shard_wall_ms(face->shard), TRACE_WARN, "net",
                  "slow request: %s v%d took %lld ms: queue %lld, local %lld, remote %lld, answer queue %lld, "
                  "send %lld (client '%.*s' at %s:%u)",
                  request->api->name, request->version, (long long)(spans->total / NS_PER_MS),
                  (long long)(spans->queue / NS_PER_MS), (long long)(spans->local / NS_PER_MS),
                  (long long)(spans->remote / NS_PER_MS), (long long)(spans->answer_queue / NS_PER_MS),
                  (long long)(spans->send / NS_PER_MS), (int)min_of(request->client_id.size, (size_t)CLIENT_SHOWN_MAX),
                  request->client_id.data ? request->client_id.data : "", peer, request->connection->peer_port);
}

void timing_note(struct request *request)
{
    const struct metric_cells *cells = &request->face->cells;
    struct request_spans spans = request_spans(&request->times);
    uint32_t key = (uint32_t)request->key;

    PROBE7(request__done, request, request->key, spans.queue, spans.local, spans.remote, spans.answer_queue,
           spans.send);
    metric_record(cells, CONN_METRIC_REQUEST_TIME, key, (uint64_t)spans.total);
    metric_record(cells, CONN_METRIC_QUEUE_TIME, key, (uint64_t)spans.queue);
    metric_record(cells, CONN_METRIC_LOCAL_TIME, key, (uint64_t)spans.local);
    metric_record(cells, CONN_METRIC_REMOTE_TIME, key, (uint64_t)spans.remote);
    metric_record(cells, CONN_METRIC_ANSWER_QUEUE_TIME, key, (uint64_t)spans.answer_queue);
    metric_record(cells, CONN_METRIC_SEND_TIME, key, (uint64_t)spans.send);

    int64_t slow_ns = request->face->settings.slow_ms * NS_PER_MS;
    int64_t blamed_ns = request->patient ? spans.total - spans.remote : spans.total;
    if (slow_ns <= 0 || blamed_ns < slow_ns) return;
    metric_add(cells, CONN_METRIC_SLOW, key, 1);
    tell_slow(request, &spans);
}
