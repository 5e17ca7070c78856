/* client/sender.h   Records to one topic: gathered per partition, sent in batches, each stored once even when it has
 * to be sent twice (KIP-98, where the broker gives out producer ids and acks is all). */
#ifndef CLIENT_SENDER_H
#define CLIENT_SENDER_H

#include "base/prng.h"
#include "client/client.h"
#include "client/packer.h"

enum { SENDER_ANY_PARTITION = -1, SENDER_BATCH_SIZE = 900 << 10 };

struct sender_settings {
    const char *topic;
    int16_t acks; /* 0, 1, -1 */
    enum compression codec;
    int level;
    size_t batch_size;
};

struct sender_partition {
    int32_t index, leader;
    int32_t sequence;
    bool sending; /* in the request that is being made */
    bool settled; /* its answer is here and final */
    struct packer packer;
};

struct sender {
    struct client *client;
    struct sender_settings settings;
    struct uuid topic_id;
    struct sender_partition *partitions;
    int32_t partition_count;
    int32_t sticky; /* where records without a key go until the next flush */
    struct packer_author author;
    struct prng prng;
    size_t waiting_size;
    uint64_t stored_count;
    int16_t error; /* the first error that a broker answered with, and made a flush fail */

    /* Called for each batch that was stored, when it is set; base_offset -1: not known (acks 0). */
    void (*stored)(struct sender *sender, int32_t partition, int64_t base_offset, int32_t count);
};

/* Learns the topic's partitions, and has it made where the brokers do that. `why` in the client. */
must_check enum status sender_open(struct sender *sender, struct client *client, const struct sender_settings *settings,
                                   uint64_t seed);
void sender_close(struct sender *sender);

/* The partition of a key, as Kafka's own producer chooses it. */
int32_t sender_partition_of(struct sender *sender, struct bytes key);
/* Sends first what waits when there is enough of it. STATUS_INVALID: no such partition. */
must_check enum status sender_add(struct sender *sender, int32_t partition, const struct packer_record *record);
/* Until everything is stored, or refused for good, or the timeout is over. */
must_check enum status sender_flush(struct sender *sender);

#endif
