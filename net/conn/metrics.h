/* net/conn/metrics.h   What the net floor counts, one row each. Refusals have a reason each, so that none is silent. */
#ifndef NET_CONN_METRICS_H
#define NET_CONN_METRICS_H

#include "base/metrics.h"

enum conn_metric {
    CONN_METRIC_OPEN,
    CONN_METRIC_ACCEPTED,
    CONN_METRIC_CLOSED,
    CONN_METRIC_REFUSED,
    CONN_METRIC_ABORTED,
    CONN_METRIC_STALLED,
    CONN_METRIC_REQUESTS,
    CONN_METRIC_ERRORS,
    CONN_METRIC_ERROR_CODE,
    CONN_METRIC_FRAMES_REFUSED,
    CONN_METRIC_SLOW,
    CONN_METRIC_BYTES_IN,
    CONN_METRIC_BYTES_OUT,
    CONN_METRIC_SENDS,
    CONN_METRIC_ZERO_COPY_SENDS,
    CONN_METRIC_ZERO_COPY_COPIED,
    CONN_METRIC_ZERO_COPY_OFF,
    CONN_METRIC_FETCH_SESSIONS,
    CONN_METRIC_FETCH_SESSIONS_EVICTED,
    /* Where a request's time went: timing.h. */
    CONN_METRIC_REQUEST_TIME,
    CONN_METRIC_QUEUE_TIME,
    CONN_METRIC_LOCAL_TIME,
    CONN_METRIC_REMOTE_TIME,
    CONN_METRIC_ANSWER_QUEUE_TIME,
    CONN_METRIC_SEND_TIME,
    /* Of partitions, not of requests; counted where they live. */
    CONN_METRIC_PRODUCES,
    CONN_METRIC_PRODUCES_FAILED,
    CONN_METRIC_FETCHES,
    CONN_METRIC_FETCHES_FAILED,
    CONN_METRIC_RECORDS_IN,
    CONN_METRIC_RECORD_BYTES_IN,
    CONN_METRIC_RECORD_BYTES_OUT,
    CONN_METRIC_RECORD_BYTES_REFUSED,
    CONN_METRIC_COUNT,
};

/* Series of CONN_METRIC_REQUESTS, _ERRORS, _SLOW and of the times: an API's key. */
enum { CONN_METRIC_APIS = 128 };
/* Series of CONN_METRIC_ERROR_CODE. */
enum { CONN_METRIC_ERROR_CODES = 135 };
#define CONN_METRIC_ERROR(code) ((code) + 1)

/* Series of CONN_METRIC_FRAMES_REFUSED. */
enum frame_refusal { FRAME_LENGTH, FRAME_KEY, FRAME_VERSION, FRAME_MEMORY, FRAME_CUT, FRAME_REFUSAL_COUNT };

/* Series of CONN_METRIC_REFUSED. */
enum conn_refusal {
    REFUSAL_NODE_FULL,
    REFUSAL_ADDRESS_FULL,
    REFUSAL_SHARD_FULL,
    REFUSAL_NO_FILES,
    REFUSAL_ACCEPT,
    REFUSAL_COUNT
};

/* Series of CONN_METRIC_CLOSED. */
enum conn_end {
    END_CLIENT,      /* the client has finished */
    END_FRAME,       /* a frame that can't be: length, key, version, body */
    END_IDLE,        /* connections.max.idle.ms */
    END_SLOW_BODY,   /* a body that came too slowly */
    END_SLOW_READER, /* answers that nobody read */
    END_API,         /* an API had no other way to complain */
    END_ERROR,       /* the network failed */
    END_NO_MEMORY,   /* not even for what had come before it was told to wait */
    END_STOPPING,
    END_COUNT,
};

/* Series of CONN_METRIC_STALLED: why a socket was not read for a while. */
enum conn_stall { STALL_IN_FLIGHT, STALL_SLOTS, STALL_MEMORY, STALL_OWED, STALL_READING, STALL_COUNT };

extern const struct metric conn_metric_rows[CONN_METRIC_COUNT];
/* Kafka's names: of the APIs by key, of the errors by CONN_METRIC_ERROR. NULL: there is none. */
extern const char *const conn_metric_apis[CONN_METRIC_APIS];
extern const char *const conn_metric_errors[CONN_METRIC_ERROR_CODES];

const char *conn_refusal_text(enum conn_refusal refusal);
const char *conn_end_text(enum conn_end end);

#endif
