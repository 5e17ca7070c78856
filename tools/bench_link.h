/* tools/bench_link.h   One connection of the load generator: requests go out as long as there is a free flight, answers
 * are matched to flights in order. Nothing waits here: the loop in bench_run.c does. */
#ifndef TOOLS_BENCH_LINK_H
#define TOOLS_BENCH_LINK_H

#include "bench.h"
#include "client/peer.h"

enum { FLIGHTS_MAX = 64, VALUE_SPREAD = 4096 };

struct bench_partition {
    int32_t index, leader;
    int64_t next, limit; /* of the reader */
    bool done;
};

/* A request without an answer yet: records `first` to first + count, in the order in which they were intended. */
struct flight {
    uint64_t first;
    uint32_t count;
    int64_t begun_ns;
};

struct bench;
struct bench_link {
    struct bench *bench;
    struct peer peer;
    bool reads;
    int16_t version;      /* of Produce or Fetch */
    uint32_t *partitions; /* places in bench->partitions */
    uint32_t partition_count, turn;

    struct packer packer;
    struct bytes out; /* a frame, not yet sent from out_at on */
    size_t out_at;
    uint8_t *in;
    size_t in_size, in_room;
    struct flight flights[FLIGHTS_MAX];
    uint32_t flight_first, flight_count;
    bool writes_watched;
};

struct bench {
    const struct bench_settings *settings;
    struct session *session;
    struct bench_result *result;
    struct uuid topic_id;
    struct bench_partition *partitions;
    uint32_t partition_count;
    struct bench_link *links;
    uint32_t link_count;
    int poll;
    int64_t start_ns;
    uint8_t *value;     /* record_size bytes */
    struct arena arena; /* of one answer or request */
};

int64_t bench_now(void);
/* When record `index` is meant to leave. */
int64_t bench_intended(const struct bench *bench, uint64_t index);

/* Connects to the leader of its partitions. */
must_check enum status link_open(struct bench_link *link);
void link_close(struct bench_link *link);
bool link_free(const struct bench_link *link);
/* One Produce with records made->...; one Fetch of all partitions that are not done. */
must_check enum status link_produce(struct bench_link *link, uint64_t first, uint32_t count);
must_check enum status link_fetch(struct bench_link *link);
/* The socket can take or give bytes. */
must_check enum status link_send(struct bench_link *link);
must_check enum status link_receive(struct bench_link *link);
/* Records that fit in one batch. */
uint32_t link_batch_records(const struct bench_settings *settings);

#endif
