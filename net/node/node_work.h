/* net/node/node_work.h   What the files of this room share. Private to it.
 *
 *     STARTING --controller active, everywhere applied--> SERVING --node_stop--> CLOSING (faces)
 *     --> LEAVING (the controller says farewell) --> STORING (stores close) --> STOPPED
 *
 * A failed log directory skips LEAVING and STORING: nothing more can be written. The stages move on the replication
 * shard; what each shard has to do is mail to it and back. */
#ifndef NET_NODE_NODE_WORK_H
#define NET_NODE_NODE_WORK_H

#include <pthread.h>

#include "conn/admission.h"
#include "conn/face.h"
#include "log/store.h"
#include "node/node.h"
#include "replica/bootstrap.h"
#include "replica/controller.h"
#include "replica/metadata_log.h"
#include "replica/replicas.h"

enum node_stage { NODE_STARTING, NODE_SERVING, NODE_CLOSING, NODE_LEAVING, NODE_STORING, NODE_STOPPED };

/* One shard's part of the stages. */
struct node_shard {
    struct node *node;
    struct shard shard;
    struct store *store;
    struct mail mail;  /* an order out, its answer back */
    struct mail end;   /* the last order */
    struct ready done; /* a face or a store has closed */
    bool face_open;
    _Atomic bool ended; /* its loop is over */
    pthread_t thread;
    bool thread_started;
    enum status status; /* of making its io */
    const char *why;
};

struct node_work {
    struct arena arena; /* as long as the node */
    const struct settings *settings;
    struct jobs *jobs;
    struct directory *directory;
    struct node_identity identity;
    struct face_listener *listeners;
    uint32_t listener_count;
    uint16_t *ports;
    struct admission admission;
    struct metadata_log metadata;
    struct controller *controller;
    int metadata_handle;
    struct map found; /* struct log_found, by key */
    struct node_shard *parts;

    /* Moved on the replication shard. */
    enum node_stage stage;
    uint32_t pending; /* shards that have not answered the present order */
    uint32_t ending;  /* shards that have not answered the last one */
    struct ready start, active, failed, farewell;
    struct mail stop, failure;
    _Atomic bool stop_posted, failure_posted;

    _Atomic bool serving;
    _Atomic int status;

    /* threads.c */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t made; /* threads that have made their io, or failed to */
    bool released, cancelled;
};

static inline struct node_work *node_work(const struct node *node)
{
    return node->work;
}
static inline struct node_shard *replication_part(const struct node *node)
{
    return &node_work(node)->parts[node->shard_count - 1];
}

/* listeners.c: from listeners and advertised.listeners to sockets' addresses and to what is registered. */
must_check enum status listeners_read(struct node *node, const char **why);
/* Sockets of all data shards; what is registered gets its port. */
must_check enum status listeners_bind(struct node *node, const char **why);

/* boot.c: directory, metadata, logs. */
must_check enum status boot(struct node *node, const char **why);

/* stages.c */
void stages_init(struct node *node);
void stages_fail(struct node *node, enum status status);

/* threads.c */
must_check enum status threads_make(struct node *node, const char **why);
void threads_release(struct node *node, bool go);
void threads_join(struct node *node);

#endif
