/* tests/unit/tools/client/pair.h   A client between two scripted brokers: the one where it begins, which tells it that
 * the partitions 0 and 1 of "t" are led by the other. */
#ifndef TESTS_UNIT_TOOLS_CLIENT_PAIR_H
#define TESTS_UNIT_TOOLS_CLIENT_PAIR_H

#include "broker.h"

#include "client/client.h"
#include "messages/metadata.h"

enum { PAIR_LEADER = 7 };

struct pair {
    struct broker first, leader;
    struct client client;
    struct arena arena;
    struct metadata_broker brokers[1];
    struct metadata_partition_answer partitions[2];
    struct metadata_topic_answer topic;
    struct metadata_answer metadata; /* for the steps of `first` */
};

static struct api_versions_api pair_rows[] = {
    { API_PRODUCE, 3, 8 }, { API_FETCH, 4, 11 }, { API_LIST_OFFSETS, 1, 5 }, { API_METADATA, 1, 9 }
};
static const struct api_versions_answer pair_versions = { .api_keys = { pair_rows, array_count(pair_rows) } };

/* Before the steps are made, which point to it. */
static inline void pair_init(struct pair *pair)
{
    *pair = (struct pair){ .topic = { .name = TEXT("t"), .partitions = { pair->partitions, 2 } },
                           .partitions = { { .index = 0, .leader_id = PAIR_LEADER },
                                           { .index = 1, .leader_id = PAIR_LEADER } },
                           .brokers = { { .node_id = PAIR_LEADER, .host = TEXT("127.0.0.1") } },
                           .metadata = { .topics = { &pair->topic, 1 }, .brokers = { pair->brokers, 1 } } };
}

static inline void pair_begin(struct pair *pair, const struct broker_step *first, size_t first_count,
                              const struct broker_step *leader, size_t leader_count)
{
    char servers[64];

    broker_begin(&pair->first, first, first_count);
    broker_begin(&pair->leader, leader, leader_count);
    pair->brokers[0].port = pair->leader.port;
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", pair->first.port);
    assert_int_equal(client_open(&pair->client, servers, "test", 2000), STATUS_OK);
    arena_init(&pair->arena, &pair->client.heap, NULL, 0, 1 << 20);
}

static inline void pair_end(struct pair *pair)
{
    arena_reset(&pair->arena);
    client_close(&pair->client);
    broker_end(&pair->first);
    broker_end(&pair->leader);
}

#define ANSWER(with)                             \
    {                                            \
        .does = BROKER_ANSWERS, .answer = (with) \
    }

#endif
