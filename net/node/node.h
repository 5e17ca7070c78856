/* net/node/node.h   A whole node from settings, and its start and stop, in one place for `sluice serve` and for the simulator.
 *
 * Start (on one thread, before any shard runs): settings -> plan -> shards -> directory (lock, guard, recovery) -> metadata image ->
 * logs -> directory_begin -> listeners.  Then each shard runs (a thread each, or the simulator's loop).
 * Stop: listeners close -> requests finish or are given up -> partitions leave -> stores close -> directory_close. */
#ifndef NET_NODE_NODE_H
#define NET_NODE_NODE_H

#include "base/arena.h"
#include "base/settings.h"
#include "shard/plan.h"
#include "shard/shard.h"

struct node;

/* What a node stands on: the kernel's, or the simulator's. */
struct node_platform {
    struct files *files;
    /* The shard's io, made on the thread that will run it (before it runs) or by the simulator. */
    enum status (*make_io)(struct node_platform *platform, const struct plan *plan, uint32_t shard, struct io **io, const char **why);
    enum status (*make_jobs)(struct node_platform *platform, uint32_t thread_count, struct jobs **jobs);
    uint64_t seed;
    int64_t wall_ms;
    void (*say)(struct node_platform *platform, const char *line); /* lines for people */
};

struct node {
    struct node_platform *platform;
    struct heap heap;
    struct plan plan;
    uint32_t shard_count;         /* data shards + 1 */
    struct shard **shards;
    void *work;                   /* node.c's own */
};

/* Everything up to the point where shards may run. `why` says what is wrong, for people. */
must_check enum status node_make(struct node_platform *platform, const struct settings *settings, struct node **node,
                                 const char **why);
/* Asks for a clean stop; from any thread or signal handler's helper. node_stopped becomes true when every shard has come to rest;
 * then node_end finishes the directory and frees everything. */
void node_stop(struct node *node);
bool node_stopped(const struct node *node);
must_check enum status node_end(struct node *node);
/* The port that listener `index` is bound to (tests listen on port 0). */
uint16_t node_port(const struct node *node, uint32_t index);

#endif
