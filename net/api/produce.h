/* net/api/produce.h   Inside Produce: the request (produce.c) and what happens to each batch where its partition lives
 * (produce_part.c). */
#ifndef NET_API_PRODUCE_H
#define NET_API_PRODUCE_H

#include "api/hint.h"
#include "api/route.h"
#include "messages/produce.h"

/* On the shard of the partition:
 *
 *     arrives --appended--> PART_MARK --the mark of acks is reached--> returns
 *        |                     ^
 *        +--no room--> PART_ROOM (in the shard's queue, in order)
 *        +--refused, or acks=0--> returns at once */
enum produce_stage { PART_HOME, PART_ROOM, PART_MARK };

struct produce_part {
    struct route_part route;
    enum produce_stage stage;
    int16_t acks;
    struct uuid topic;
    int32_t index;
    struct bytes records;
    struct list_node node; /* in the shard's queue */
    struct shard *owner;
    struct watermark_wait wait;
    /* out */
    enum status status;
    int32_t bad_record; /* of which record; -1 */
    int64_t base_offset, append_time_ms, start;
    int64_t placed_ns;                       /* when it began to wait at its mark; 0: it did not */
    struct produce_partition_answer *answer; /* home's */
};

struct produce {
    struct request *request;
    struct route route;
    struct produce_part *parts;
    uint32_t part_count;
    bool refused; /* some partition has an error: with acks=0 the connection is closed */
    struct produce_answer answer;
    struct leader_hints hints;
};

void produce_part_arrive(struct route_part *route, struct shard *owner);

#endif
