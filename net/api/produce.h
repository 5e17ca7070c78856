/* net/api/produce.h   Inside Produce: the request (produce.c) and what happens to each batch where its partition lives
 * (produce_part.c), also when it gets another codec there (produce_repack.c). */
#ifndef NET_API_PRODUCE_H
#define NET_API_PRODUCE_H

#include "api/hint.h"
#include "api/route.h"
#include "api/topics_named.h"
#include "log/repack.h"
#include "messages/produce.h"

/* On the shard of the partition:
 *
 *     arrives --another codec, or behind such a one--> PART_LINE (in the partition's line, in order)
 *        |                                                 | the first of its line, and made anew
 *        v                                                 v
 *        +--appended--> PART_MARK --the mark of acks is reached--> returns
 *        |                 ^
 *        +--no room--> PART_ROOM (in the shard's queue, in order)
 *        +--refused, or acks=0--> returns at once */
enum produce_stage { PART_HOME, PART_LINE, PART_ROOM, PART_MARK };

struct produce_repack;

struct produce_part {
    struct route_part route;
    enum produce_stage stage;
    int16_t acks;
    struct uuid topic;
    int32_t index;
    struct bytes records;
    struct list_node node; /* in a line, or in the shard's queue */
    struct shard *owner;
    struct produce_repack *repack; /* NULL: it is appended as it came */
    struct watermark_wait wait;
    /* out */
    enum status status;
    int32_t bad_record;       /* of a compressed batch that was opened: the first at fault; -1 */
    struct batch_rules rules; /* where the log refused it */
    int64_t base_offset, append_time_ms, start;
    int64_t placed_ns;                       /* when it began to wait at its mark; 0: it did not */
    struct produce_partition_answer *answer; /* home's */
};

struct produce {
    struct request *request;
    struct route route;
    struct produce_part *parts;
    uint32_t part_count;
    struct topics_named named;
    uint64_t *hashes; /* of the request's topics */
    bool refused;     /* some partition has an error: with acks=0 the connection is closed */
    struct produce_answer answer;
    struct leader_hints hints;
};

void produce_part_arrive(struct route_part *route, struct shard *owner);
/* To the partition, behind those that wait for room. */
void produce_part_enter(struct produce_part *part);

static inline struct produce_queue *produce_queue_of(const struct shard *owner)
{
    struct apis *apis = owner->face->apis;
    return &apis->produce;
}

/* False: nothing is to be done to it and nobody is before it. True: produce_part_enter will be called. `log` NULL:
 * there is no such partition. */
bool produce_line_join(struct produce_part *part, const struct log *log);
/* What is to be appended instead, and which record was bad; or why not. */
must_check enum status produce_repack_take(struct produce_part *part, struct bytes *batches);
/* The part is appended or refused. Nothing when it came as it is wanted. */
void produce_repack_end(struct produce_part *part);
/* What an answer tells of a refusal beyond its code, in Kafka's words; without memory for it less. */
void produce_refusal_tell(struct request *request, const struct produce_part *part);

#endif
