/* tests/sim/host.h   The storage engine alone on a simulated machine: the logs of a few shards, opened and written as
 * the floors above would do it, while the machine is cut off, killed, or stopped. host.c starts and stops it, actor.c
 * does the work on it, model.c knows what must be true.
 *
 * The host plays those who stand above engine/log: the metadata (which logs exist, durable the moment it is decided)
 * and a quorum of one (what is durable is committed at once). */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "base/arena.h"
#include "log/store.h"
#include "shard/plan.h"
#include "sim/machine.h"
#include "sim/model.h"

enum { HOST_SHARDS_MAX = 4, HOST_LOGS_MAX = 32, HOST_EXTENTS = 24 };

struct host;

/* A log that is open in this start. */
struct host_log {
    struct list_node node;
    struct host *host;
    struct model_log *model;
    struct log *log; /* NULL once it was deleted */
    uint32_t shard;
    struct ready removed;
};

enum ticket_kind { TICKET_BATCH, TICKET_START, TICKET_TRUNCATION };

/* Somebody waits: for a batch to be durable, or for an entry of the WAL. */
struct host_ticket {
    struct list_node node;
    struct host_log *log;
    struct watermark_wait wait;
    int64_t limit;
    enum ticket_kind kind;
};

struct host_read {
    struct list_node node;
    struct host_log *log;
    struct log_read read;
    struct extent extents[HOST_EXTENTS];
    int64_t committed;  /* when it was begun */
    int64_t give_at_ns; /* the pins */
    bool finished;
};

struct host_shard {
    struct host *host;
    struct shard shard;
    struct store *store;
    struct sim_io *ring;
    int64_t act_at_ns;
    struct ready closed;
    bool is_closed;
};

/* How often, in a thousand actions. */
struct host_weights {
    uint32_t append, burst, again, bad, read, raise, truncate, search, remove, settings;
};

struct host {
    struct sim_world *world;
    struct sim_network network;
    struct sim_machine machine;
    struct model model;
    struct prng prng;
    /* Drawn once. */
    struct directory_settings settings;
    struct plan plan;
    struct host_weights weights;
    uint32_t names, producers;
    uint32_t value_size_max, records_max;
    uint64_t actions_left;
    int64_t action_gap_ns;
    bool errors;  /* of the device are drawn */
    bool damaged; /* a bit of the WAL was flipped at rest: a start may refuse, in so many words, and nothing else */
    bool refused; /* it did */
    /* One start. */
    uint32_t shard_count;
    struct host_shard shards[HOST_SHARDS_MAX];
    struct shard *shard_list[HOST_SHARDS_MAX];
    struct heap heap;
    struct arena arena;
    struct directory *directory;
    struct list logs, tickets, reads;
    uint32_t searches; /* under way */
    bool failed;       /* the directory is out of service */
    bool quiet;        /* no new actions */
    uint64_t starts;
};

void host_init(struct host *host, struct sim_world *world);
/* False: power was cut, or the device failed, before it was up. */
bool host_start(struct host *host);
/* False: the same, before it had stopped. */
bool host_stop_clean(struct host *host);
void host_stop_hard(struct host *host, bool power);
void host_end(struct host *host);
/* Flips a bit in a chunk of the WAL that later chunks say was durable. */
void host_damage(struct host *host);
/* On a shard that is drawn. NULL: the device failed. */
struct host_log *host_open(struct host *host, struct model_log *model, const struct log_found *found);
struct model_log *host_log_draw(struct host *host, uint32_t name);
/* Everything asked for was answered, and every read came back. */
bool host_at_rest(const struct host *host);
_Noreturn void host_fail_waiting(struct host *host);

/* actor.c: one action on a shard, in its turn. */
void actor_act(struct host_shard *at);
/* Gives pins back; `all` also those that are not due. */
void actor_give(struct host_shard *at, bool all);
/* When the next pins are due. */
int64_t actor_due(const struct host_shard *at, bool all);
/* Reads every log of this shard from its start to its end. */
void actor_read_all(struct host_shard *at);

#endif
