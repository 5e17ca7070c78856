/* net/api/topics_named.h   Topics that a request names, each in a row of the answer: one that it names in several rows
 * is told in one, as Kafka does it in some APIs, and one without partitions in none.
 *
 *     topics_named_count (each row of the request) --> topics_named_furnish --> topics_named_row: partitions are added
 */
#ifndef NET_API_TOPICS_NAMED_H
#define NET_API_TOPICS_NAMED_H

#include "api/seen.h"

struct topics_named {
    void *topics; /* the answer's: an ARRAY_OF structs of `item_size` bytes */
    size_t item_size;
    size_t place, partition_size; /* in these: an ARRAY_OF partitions */
    struct numbered numbers;      /* of the rows, from 1, by the hash of their topic; */
    uint32_t only;                /* that of the only one, which needs no hash */
    bool single;
    uint32_t partition_count; /* that are named, of all topics */
    char *room;               /* for partitions: what is not given to a topic yet */
};

/* Of the answer's ARRAY_OF topics and their ARRAY_OF partitions. */
#define TOPICS_NAMED(answer, type)                               \
    ((struct topics_named){ .topics = (answer),                  \
                            .item_size = sizeof(type),           \
                            .place = offsetof(type, partitions), \
                            .partition_size = sizeof(*((type *)0)->partitions.items) })

/* Of a request with so many rows of topics. False: no memory. */
must_check bool topics_named_begin(struct topics_named *named, struct arena *arena, uint32_t count);
/* The same in the `begin` of a walk's pass: however many topics, no step is long. */
must_check bool topics_named_prepare(struct topics_named *named, struct walk *walk, uint32_t count);
/* A row of the request; NULL: of no partitions. Else the topic's, which is cleared when it is new. */
void *topics_named_count(struct topics_named *named, uint64_t hash, int32_t partitions);
/* All are counted: takes room for their partitions, which is not cleared. False: no memory. */
must_check bool topics_named_furnish(struct topics_named *named, struct arena *arena);
/* The row of a topic that was counted: it has no partitions yet, and room for as many as were named. */
void *topics_named_row(struct topics_named *named, uint64_t hash);

#endif
