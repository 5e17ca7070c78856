/* engine/log/traffic.h   What clients have appended to a log and read of it since the start, for people: counted on its
 * shard by the floors that know what a client is, read by /metrics. */
#ifndef ENGINE_LOG_TRAFFIC_H
#define ENGINE_LOG_TRAFFIC_H

#include <stdint.h>

struct traffic {
    uint64_t appends, appends_failed, records_in, bytes_in;
    uint64_t bytes_refused; /* too large */
    uint64_t reads, reads_failed, bytes_out;
};

static inline void traffic_append(struct traffic *traffic, int32_t records, uint64_t bytes)
{
    traffic->appends++;
    traffic->records_in += (uint64_t)records;
    traffic->bytes_in += bytes;
}

static inline void traffic_append_fail(struct traffic *traffic, uint64_t bytes_refused)
{
    traffic->appends++;
    traffic->appends_failed++;
    traffic->bytes_refused += bytes_refused;
}

static inline void traffic_read(struct traffic *traffic, uint64_t bytes)
{
    traffic->reads++;
    traffic->bytes_out += bytes;
}

static inline void traffic_read_fail(struct traffic *traffic)
{
    traffic->reads++;
    traffic->reads_failed++;
}

#endif
