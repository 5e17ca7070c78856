/* net/node/node.h   A whole node from settings, and its start and stop, in one place for `sluice serve` and for the
 * simulator.
 *
 * Start (on one thread, before any shard runs): settings -> plan -> shards -> directory (lock, guard, recovery) ->
 * metadata image -> logs -> directory_begin -> sockets bound.  Then each shard runs (a thread each, or the simulator's
 * loop), the node leads its quorum and registers, every shard applies that, and clients are accepted: node_serving.
 * Stop: listeners close -> requests finish or are given up -> partitions leave -> stores close -> directory_close. */
#ifndef NET_NODE_NODE_H
#define NET_NODE_NODE_H

#include "base/arena.h"
#include "base/metrics.h"
#include "base/settings.h"
#include "base/text.h"
#include "shard/plan.h"
#include "shard/shard.h"

struct jobs;
struct node;
struct settings; /* cluster/configs.h */
struct sockaddr_storage;
struct trace;

/* What a node stands on: the kernel's, or the simulator's. */
struct node_platform {
    struct files *files;
    /* The shard's io, made on the thread that will run it (before it runs) or by the simulator. */
    enum status (*make_io)(struct node_platform *platform, const struct plan *plan, uint32_t shard, struct io **io,
                           const char **why);
    enum status (*make_jobs)(struct node_platform *platform, uint32_t thread_count, struct jobs **jobs);
    uint64_t seed;
    int64_t wall_ms;
    void (*say)(struct node_platform *platform, const char *line); /* lines for people, from any thread */

    uint64_t memory_size;  /* for settings that leave it open: a share of the machine or its cgroup */
    uint32_t core_count;   /* cores that this process may use */
    uint64_t file_count;   /* descriptors that it may have; 0: as many as it likes */
    uint64_t locked_size;  /* bytes of memory that it may lock; 0: as many as it likes */
    bool threads;          /* node_make starts a thread per shard; else the caller turns and steps them */
    bool memory_from_heap; /* memory_plan.from_heap */
    bool recover_only; /* no sockets and no controller: what a crash left is recovered, written out and closed, and the
                            * node stops by itself */
    /* Sockets of ours share their ports, so a second node would get them too: whether somebody listens there. May be
     * NULL. */
    bool (*port_taken)(struct node_platform *platform, const struct sockaddr_storage *address);
    struct trace *trace; /* for complaints about clients; may be NULL */
    char why[512];       /* node_make's words when it fails */
    /* node_serving, node_stopped or node_status has changed; from any thread; may be NULL. */
    void (*changed)(struct node_platform *platform);
};

struct node {
    struct node_platform *platform;
    struct heap heap;
    struct plan plan;
    uint32_t shard_count; /* data shards + 1 */
    struct shard **shards;
    struct metrics metrics; /* of all faces (conn/metrics.h): each has its cells, shards[i]->face->cells */
    void *work;             /* node.c's own */
};

/* Everything up to the point where shards may run, and with platform->threads their running. `why` says what is wrong,
 * for people; it lives in the platform. The settings must live as long as the node. */
must_check enum status node_make(struct node_platform *platform, const struct settings *settings, struct node **node,
                                 const char **why);
/* The plan alone, for `sluice serve --plan`. */
must_check enum status node_plan(const struct node_platform *platform, const struct settings *settings,
                                 struct plan *plan, struct arena *arena, const char **why);
/* True once clients are accepted, until the stop. */
bool node_serving(const struct node *node);
/* A stop was asked for, or the node died: its shards may end, and answer no mail any more. */
bool node_stopping(const struct node *node);
/* The log directory's file system has no O_DIRECT: writes are buffered. */
bool node_buffered(const struct node *node);
/* STATUS_OK, or what the node died of: then it stops by itself, without Kafka's clean marker. */
enum status node_status(const struct node *node);
/* Asks for a clean stop; from any thread or signal handler's helper. node_stopped becomes true when every shard has
 * come to rest; then node_end finishes the directory and frees everything. */
void node_stop(struct node *node);
bool node_stopped(const struct node *node);
must_check enum status node_end(struct node *node);
/* Forgets a node whose machine was switched off (the simulator): nothing is written, memory is given back. */
void node_abandon(struct node *node);
/* The port that listener `index` is bound to (tests listen on port 0). */
uint16_t node_port(const struct node *node, uint32_t index);
/* What clients are told of listener `index`, unless it is the address that they reached; false: there is no such
 * listener. */
bool node_told(const struct node *node, uint32_t index, struct text *name, struct text *host, uint16_t *port);

#endif
