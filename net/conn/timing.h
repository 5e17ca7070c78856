/* net/conn/timing.h   Where a request's time went, cut as Kafka cuts it, and who says so when it was long. */
#ifndef NET_CONN_TIMING_H
#define NET_CONN_TIMING_H

#include "conn/request.h"

/* In ns; stages that were not reached are 0. Queue, local, remote, answer queue and send are the total. */
struct request_spans {
    int64_t queue, local, remote, answer_queue, send, total;
};

struct request_spans request_spans(const struct request_times *times);
/* The request is finished and its answer has left, or never will: counts its times, and tells of it when it was
 * slow. */
void timing_note(struct request *request);

#endif
