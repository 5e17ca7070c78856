/* tests/sim/machine.h   One computer: its disk, its sockets, a ring per shard and helper threads that are none, all in
 * one thread over the world's clock. A program (the toy, a store, a whole node) is started on it, runs in turns, and is
 * stopped by a kill or a power cut, after which the disk is what is left.
 *
 *     program -- io_write, io_send ... --> operation --(event after a latency)--> done list --> turn: io_turn -->
 *         resume
 *
 * Each ring has one turn event; what completes, a poke and the program's own deadline bring it forward. The turn calls
 * the program's `turn`, which calls io_turn and returns its next deadline. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "io/io.h"
#include "shard/jobs.h"
#include "sim/disk.h"
#include "sim/network.h"

enum { SIM_SOCKET_FIRST = 1000000, SIM_IOS_MAX = 16 };

struct sim_machine;
struct sim_lent;

enum sim_kind { SIM_READ = 1, SIM_WRITE, SIM_ACCEPT, SIM_CONNECT, SIM_RECEIVE, SIM_EXACT, SIM_SEND, SIM_CLOSE };

/* An operation between begin and its last resume. */
struct sim_operation {
    struct list_node node; /* in the ring's active list */
    struct sim_event event;
    struct sim_io *ring;
    struct completion *completion;
    uint64_t position;
    struct sim_write write;
    struct sim_lent *lent; /* of a zero-copy send, until the notice; NULL */
    bool ended;            /* its last event is in the done list */
};

/* One resume to come. */
struct sim_done {
    struct list_node node;
    struct sim_operation *operation;
    int64_t result;
    enum status status;
    int16_t buffer; /* -1: none */
    bool more;
};

struct sim_socket {
    struct list_node node;
    struct sim_io *ring;
    int number;
    bool listening;
    struct sim_listener listener;
    struct sim_end *end;
    struct sim_end *backlog[64]; /* not accepted yet */
    uint32_t backlog_count;
    struct sim_operation *accept, *receive, *send;
    uint32_t lent_count; /* zero-copy sends whose memory is held */
};

struct sim_io {
    struct io io;
    struct sim_machine *machine;
    uint32_t index;
    struct list active, done;
    struct sim_event turn;
    int64_t busy_until_ns;
    uint8_t *buffers;
    uint32_t buffer_size, buffer_count, buffers_free;
    uint8_t *buffer_taken;
    /* The program's step: takes completions and does what follows; returns when it wants the next turn at the
     * latest. */
    int64_t (*step)(struct sim_io *ring, void *context);
    void *context;
};

struct sim_job {
    struct list_node node;
    struct sim_event event;
    struct sim_machine *machine;
    struct job *job;
    bool worked;
};

struct sim_jobs {
    struct jobs jobs;
    struct sim_machine *machine;
    struct list waiting, running;
    uint32_t thread_count, running_count, waiting_count;
};

struct sim_machine {
    struct sim_world *world;
    struct sim_network *network;
    struct prng prng;
    uint32_t number;
    uint32_t starts;
    struct sim_disk disk;
    struct sim_io *ios[SIM_IOS_MAX];
    uint32_t io_count;
    struct list sockets;
    int next_socket;
    uint16_t next_port;
    struct sim_jobs jobs;
    /* Latencies: means, and operations in a million that are slow (up to slow_ns). */
    int64_t read_ns, write_ns, durable_ns, turn_ns, job_ns, slow_ns;
    uint32_t slow_ppm;
};

void sim_machine_init(struct sim_machine *machine, struct sim_world *world, struct sim_network *network,
                      uint32_t number, uint64_t blocks_max);
/* A ring for one shard of the program; lives until the stop. */
struct sim_io *sim_io_make(struct sim_machine *machine, uint32_t buffer_size, uint32_t buffer_count);
/* From now on the program runs in turns. */
void sim_io_run(struct sim_io *ring, int64_t (*step)(struct sim_io *ring, void *context), void *context);
/* The step of a shard, with the shard as context. */
int64_t sim_shard_step(struct sim_io *ring, void *context);
struct jobs *sim_jobs_make(struct sim_machine *machine, uint32_t thread_count);
/* Everything that is in flight is forgotten and all connections are reset; with `crash`, the disk decides what is left.
 * The program's memory is the caller's to free, afterwards. */
enum sim_stop { SIM_STOP_CLEAN, SIM_STOP_KILL, SIM_STOP_POWER };
void sim_machine_stop(struct sim_machine *machine, enum sim_stop how);

/* Between machine.c, ring.c and sockets.c. */
void sim_io_wake(struct sim_io *ring, int64_t at_ns);
struct sim_operation *sim_operation_begin(struct sim_io *ring, struct completion *completion);
static inline struct sim_operation *sim_operation_of(const struct completion *completion)
{
    return (struct sim_operation *)(uintptr_t)completion->position;
}
void sim_operation_done(struct sim_operation *operation, enum status status, int64_t result, int buffer, bool more);
int64_t sim_latency(struct sim_machine *machine, int64_t mean_ns);
int sim_buffer_take(struct sim_io *ring);

void sim_socket_accept(struct io *io, struct completion *completion);
void sim_socket_connect(struct io *io, struct completion *completion, const struct sockaddr_storage *address);
void sim_socket_receive(struct io *io, struct completion *completion);
void sim_socket_receive_exact(struct io *io, struct completion *completion);
void sim_socket_send(struct io *io, struct completion *completion);
enum status sim_socket_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *number);
enum status sim_socket_name(struct io *io, int number, bool peer, struct sockaddr_storage *address);
/* Forgets an operation that waits on a socket, so that it can be told that it was cancelled. */
void sim_socket_forget(struct sim_operation *operation);
void sim_socket_close(struct sim_machine *machine, int number);
void sim_socket_end(struct sim_socket *socket, bool hard);

#endif
