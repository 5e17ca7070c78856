/* client/offsets.h   Where records stand: the offset at an end of a partition or at a time, asked of the leaders. */
#ifndef CLIENT_OFFSETS_H
#define CLIENT_OFFSETS_H

#include "client/client.h"
#include "messages/list_offsets.h"

struct offset_query {
    struct text topic; /* queries of one topic stand together */
    int32_t partition;
    int32_t leader;
    int64_t timestamp_ms; /* or one of enum list_offsets_special */
    int64_t offset;       /* out: -1 when there is no such record */
    int64_t found_ms;     /* out: the record's time, -1 at the ends */
    int16_t error;        /* out */
};

/* One request per leader. A leader below 0 gives LEADER_NOT_AVAILABLE, what its answer leaves out
 * UNKNOWN_SERVER_ERROR. */
must_check enum status client_offsets(struct client *client, struct offset_query *queries, uint32_t count,
                                      bool committed);

#endif
