/* net/conn/metrics.c   What is counted of connections, requests and refusals: one row each, with the labels it is split
 * by. Shards count into their own cells; whoever scrapes adds them up. */
#include "conn/metrics.h"

/* clang-format off */
static const char *const refusals[REFUSAL_COUNT] = {
    [REFUSAL_NODE_FULL]    = "max.connections",
    [REFUSAL_ADDRESS_FULL] = "max.connections.per.ip",
    [REFUSAL_SHARD_FULL]   = "shard",
    [REFUSAL_NO_FILES]     = "files",
    [REFUSAL_ACCEPT]       = "accept",
};

static const char *const ends[END_COUNT] = {
    [END_CLIENT]      = "client",
    [END_FRAME]       = "bad-frame",
    [END_IDLE]        = "idle",
    [END_SLOW_BODY]   = "slow-body",
    [END_SLOW_READER] = "slow-reader",
    [END_API]         = "request",
    [END_ERROR]       = "network",
    [END_NO_MEMORY]   = "memory",
    [END_STOPPING]    = "stopping",
};

static const char *const stalls[STALL_COUNT] = {
    [STALL_IN_FLIGHT] = "in-flight",
    [STALL_SLOTS]     = "slots",
    [STALL_MEMORY]    = "memory",
    [STALL_OWED]      = "unread-answers",
    [STALL_READING]   = "decoding",
};

static const char *const frames[FRAME_REFUSAL_COUNT] = {
    [FRAME_LENGTH]  = "length",
    [FRAME_KEY]     = "key",
    [FRAME_VERSION] = "version",
    [FRAME_MEMORY]  = "memory",
    [FRAME_CUT]     = "cut",
};

#define GAUGE METRIC_GAUGE, METRIC_NO_UNIT, METRIC_SUM, NULL, NULL, 1
#define COUNTER METRIC_COUNTER, METRIC_NO_UNIT, METRIC_SUM, NULL, NULL, 1
#define COUNTER_BY(label, values, count) METRIC_COUNTER, METRIC_NO_UNIT, METRIC_SUM, label, values, count
#define BYTES METRIC_COUNTER, METRIC_BYTES, METRIC_SUM, NULL, NULL, 1
#define COUNTER_BY_API COUNTER_BY("request", conn_metric_apis, CONN_METRIC_APIS)
#define TIME_BY_API METRIC_HISTOGRAM, METRIC_NS_AS_SECONDS, METRIC_SUM, "request", conn_metric_apis, CONN_METRIC_APIS
#define COUNTER_BY_ERROR COUNTER_BY("error", conn_metric_errors, CONN_METRIC_ERROR_CODES)

const struct metric conn_metric_rows[CONN_METRIC_COUNT] = {
    [CONN_METRIC_OPEN]     = { "sluice_connections", GAUGE, "connections that are open" },
    [CONN_METRIC_ACCEPTED] = { "sluice_connections_accepted_total", COUNTER, "connections taken" },
    [CONN_METRIC_CLOSED]   = { "sluice_connections_closed_total", COUNTER_BY("reason", ends, END_COUNT),
                               "connections that ended, and why" },
    [CONN_METRIC_REFUSED]  = { "sluice_connections_refused_total", COUNTER_BY("limit", refusals, REFUSAL_COUNT),
                               "connections closed at once because a limit was reached" },
    [CONN_METRIC_ABORTED]  = { "sluice_requests_aborted_total", COUNTER, "requests that closed their connection" },
    [CONN_METRIC_STALLED]  = { "sluice_connections_stalled_total", COUNTER_BY("reason", stalls, STALL_COUNT),
                               "times a socket was left unread for want of room" },
    [CONN_METRIC_REQUESTS] = { "sluice_requests_total", COUNTER_BY_API, "requests begun" },
    [CONN_METRIC_ERRORS]   = { "sluice_request_errors_total", COUNTER_BY_API, "rows of answers that carry an error" },
    [CONN_METRIC_ERROR_CODE] = { "sluice_errors_total", COUNTER_BY_ERROR, "rows of answers, by their error" },
    [CONN_METRIC_FRAMES_REFUSED] = { "sluice_frames_refused_total",
                                     COUNTER_BY("reason", frames, FRAME_REFUSAL_COUNT),
                                     "frames that can't be, or are not served" },
    [CONN_METRIC_SLOW]     = { "sluice_slow_requests_total", COUNTER_BY_API,
                               "requests that took sluice.slow.request.ms or longer, without what they asked to wait" },
    [CONN_METRIC_BYTES_IN] = { "sluice_network_received_bytes_total", BYTES, "bytes received in frames" },
    [CONN_METRIC_BYTES_OUT] = { "sluice_network_sent_bytes_total", BYTES, "bytes sent in answers" },
    [CONN_METRIC_SENDS]    = { "sluice_network_sends_total", COUNTER, "gathered sends; one may carry several answers" },
    [CONN_METRIC_ZERO_COPY_SENDS] = { "sluice_zero_copy_sends_total", COUNTER,
                                      "of them: sends that asked the kernel to send large parts without a copy" },
    [CONN_METRIC_ZERO_COPY_COPIED] = { "sluice_zero_copy_copied_total", COUNTER,
                                       "of these: sends that the kernel copied after all" },
    [CONN_METRIC_ZERO_COPY_OFF] = { "sluice_zero_copy_off_total", COUNTER,
                                    "connections that gave zero copy up at the first of these" },
    [CONN_METRIC_FETCH_SESSIONS] = { "sluice_fetch_sessions", GAUGE, "incremental fetch sessions" },
    [CONN_METRIC_FETCH_SESSIONS_EVICTED] = { "sluice_fetch_sessions_evicted_total", COUNTER,
                                             "fetch sessions that made room for others" },
    [CONN_METRIC_REQUEST_TIME] = { "sluice_request_duration_seconds", TIME_BY_API,
                                   "from a whole request to the last byte of its answer" },
    [CONN_METRIC_QUEUE_TIME] = { "sluice_request_queue_seconds", TIME_BY_API,
                                 "of it: waiting for room, before it begins" },
    [CONN_METRIC_LOCAL_TIME] = { "sluice_request_local_seconds", TIME_BY_API,
                                 "of it: until it is done, or waits for a mark" },
    [CONN_METRIC_REMOTE_TIME] = { "sluice_request_remote_seconds", TIME_BY_API,
                                  "of it: waiting for the device, for replicas or for records" },
    [CONN_METRIC_ANSWER_QUEUE_TIME] = { "sluice_response_queue_seconds", TIME_BY_API,
                                        "of it: until answers before it were sent" },
    [CONN_METRIC_SEND_TIME] = { "sluice_response_send_seconds", TIME_BY_API,
                                "of it: until the socket has taken all" },
    [CONN_METRIC_PRODUCES] = { "sluice_appends_total", COUNTER, "partitions asked to append" },
    [CONN_METRIC_PRODUCES_FAILED] = { "sluice_appends_failed_total", COUNTER, "appends that were refused or failed" },
    [CONN_METRIC_FETCHES]  = { "sluice_reads_total", COUNTER, "partitions asked to read" },
    [CONN_METRIC_FETCHES_FAILED] = { "sluice_reads_failed_total", COUNTER, "reads that were refused or failed" },
    [CONN_METRIC_RECORDS_IN] = { "sluice_records_in_total", COUNTER, "records appended by clients" },
    [CONN_METRIC_RECORD_BYTES_IN] = { "sluice_record_bytes_in_total", BYTES,
                                      "bytes of record batches appended by clients" },
    [CONN_METRIC_RECORD_BYTES_OUT] = { "sluice_record_bytes_out_total", BYTES,
                                       "bytes of record batches read for clients" },
    [CONN_METRIC_RECORD_BYTES_REFUSED] = { "sluice_record_bytes_refused_total", BYTES,
                                           "bytes of record batches that were too large" },
};
/* clang-format on */

const char *conn_refusal_text(enum conn_refusal refusal)
{
    invariant(refusal < REFUSAL_COUNT);
    return refusals[refusal];
}

const char *conn_end_text(enum conn_end end)
{
    invariant(end < END_COUNT);
    return ends[end];
}
