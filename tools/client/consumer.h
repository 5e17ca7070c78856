/* client/consumer.h   Records from partitions that the caller names, without a group: where each begins and where it
 * may end are numbers, and what comes is handed over record by record, unpacked, without control records and, unless
 * asked, without what an aborted transaction wrote. */
#ifndef CLIENT_CONSUMER_H
#define CLIENT_CONSUMER_H

#include "client/client.h"
#include "log/batch.h"

struct consumer_partition {
    struct text topic;
    struct uuid topic_id;
    int32_t index, leader;
    int64_t next;           /* the offset to be read */
    int64_t limit;          /* reading ends before it; INT64_MAX: never */
    int64_t high_watermark; /* as the last answer had it */
    bool done;
};

struct consumer_record {
    const struct consumer_partition *partition;
    struct record record;
    bool append_time; /* the broker's clock */
};

struct consumer {
    struct client *client;
    struct consumer_partition *partitions;
    uint32_t partition_count;
    bool committed; /* only what is decided */
    int32_t fetch_size, wait_ms;
    int64_t stale_since_ms; /* since when a leader is missing; 0: none is */
    uint32_t turn;          /* which partition comes first: all get their share of an answer */

    /* False: enough, stop. */
    bool (*deliver)(struct consumer *consumer, const struct consumer_record *record);
    bool stopped;
};

/* One round: a fetch from each leader, at most `wait_ms` long where nothing new is there. Leaders that moved are looked
 * up again. STATUS_OUT_OF_RANGE, STATUS_CORRUPT, ... with `why` in the client. */
must_check enum status consumer_round(struct consumer *consumer);
bool consumer_done(const struct consumer *consumer); /* every partition is at its limit, or it was stopped */

#endif
