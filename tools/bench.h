/* tools/bench.h   The load that `sluice bench` makes, and what it measured. */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include "base/histogram.h"
#include "client/packer.h"
#include "session.h"

enum bench_mode { BENCH_PRODUCE, BENCH_CONSUME, BENCH_END_TO_END };

struct bench_settings {
    enum bench_mode mode;
    struct text topic;
    uint64_t rate;                  /* records per second; 0: flat out */
    uint64_t record_count, seconds; /* whichever ends first; 0: no limit of this kind */
    uint32_t record_size, batch_size, connections, in_flight;
    int64_t linger_ns;
    int16_t acks;
    enum compression codec;
    bool progress;
};

struct bench_result {
    struct histogram latency;    /* produce: from the intended time to the acknowledgement; consume: of a Fetch,
                                 at a rate from when the first of its records was due;
                                 end to end: from the intended time until it was read */
    uint64_t made, stored, read; /* records */
    uint64_t requests;
    int64_t wall_ns, user_ns, system_ns;
    bool whole; /* nothing was lost on the way */
};

/* `topic` of the cluster's metadata is there. What went wrong is in the session's client. */
must_check enum status bench_run(const struct bench_settings *settings, struct session *session,
                                 const struct metadata_topic_answer *topic, struct bench_result *result);

void bench_report(const struct bench_settings *settings, const struct bench_result *result, bool json);

#endif
