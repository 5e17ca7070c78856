/* engine/log/traffic.h   What clients have appended to a log and read of it since the start, for people: counted on its
 * shard by the floors that know what a client is, read by /metrics. */
#ifndef ENGINE_LOG_TRAFFIC_H
#define ENGINE_LOG_TRAFFIC_H

#include <stdint.h>

struct traffic {
    uint64_t appends, records_in, bytes_in;
    uint64_t reads, bytes_out;
};

static inline void traffic_append(struct traffic *traffic, int32_t records, uint64_t bytes)
{
    traffic->appends++;
    traffic->records_in += (uint64_t)records;
    traffic->bytes_in += bytes;
}

static inline void traffic_read(struct traffic *traffic, uint64_t bytes)
{
    traffic->reads++;
    traffic->bytes_out += bytes;
}

#endif
