/* perf/engine_cost.c   What the machine room itself costs, without any broker: the prices in engine/io/README.md and
 * engine/shard/README.md.
 *
 *     engine_cost nop                  an operation that does nothing, in turns of 1, 4, 16, 64
 *     engine_cost echo CONNECTIONS     256 bytes there and back on loopback, one shard each side
 *     engine_cost busy                 a message to a shard that does not sleep
 *     engine_cost sleepy               a message to a shard that sleeps, there and back
 *     engine_cost write DIRECTORY KIB  durable overwrites of written blocks, one at a time
 *     engine_cost idle                 memory of two data shards and a replication shard that do nothing
 *     engine_cost bulk GIB             one connection, 256 KiB sends, received into buffers of the engine
 *
 * Figures are CPU time of the thread named, per operation; the program is run beside perf to count hand-offs to kernel
 * workers. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "io/files.h"
#include "io/uring.h"
#include "shard/jobs.h"
#include "shard/plan.h"
#include "shard/shard.h"

enum { NS_PER_S = 1000000000, SECONDS = 2, CALL_SIZE = 256, CONNECTIONS_MAX = 1024, BULK_SIZE = 256 << 10 };

#define MUST(truth)                                                 \
    do {                                                            \
        if (!(truth)) {                                             \
            fprintf(stderr, "engine_cost: %s is not so\n", #truth); \
            exit(1);                                                \
        }                                                           \
    } while (0)

static int64_t clock_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static const struct plan *memory_planned; /* for `idle` */

static struct io *ring_open(void)
{
    struct uring_settings settings = {
        .entries = 1024, .completion_entries = 8192, .receive_buffer_size = 4096, .receive_buffer_count = 1024
    };
    if (memory_planned != NULL) {
        settings = (struct uring_settings){ .entries = memory_planned->ring_entries,
                                            .completion_entries = memory_planned->completion_entries,
                                            .receive_buffer_size = memory_planned->receive_buffer_size,
                                            .receive_buffer_count = memory_planned->receive_buffer_count };
    }
    struct io *io;
    const char *why = "";
    if (uring_make(&settings, &io, &why) != STATUS_OK) fprintf(stderr, "%s\n", why);
    return io;
}

static void pin(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

/* ---- two shards, each on its core ---- */

struct side {
    struct shard *shard;
    void (*begin)(struct side *side);
    struct bench *bench;
    uint64_t count;
    int64_t cpu_ns, wall_ns;
    uint64_t calls;
};

struct bench {
    struct shard *by_index[2];
    struct shard shards[2];
    struct side sides[2];
    pthread_barrier_t ready;
    struct sockaddr_storage address;
    unsigned connections;
    uint64_t limit;
    bool keep_awake;
};

static struct side *side_of(const struct shard *shard)
{
    return (struct side *)shard->face;
}

struct awake {
    struct ready ready;
    struct shard *shard;
};

static void stay_awake(struct ready *ready)
{
    struct shard *shard = container_of(ready, struct awake, ready)->shard;
    if (!shard->stopping) shard_ready(shard, ready);
}

static void *side_run(void *argument)
{
    struct side *side = argument;
    struct bench *bench = side->bench;
    uint32_t index = (uint32_t)(side - bench->sides);
    struct awake awake = { .shard = side->shard };

    pin(index);
    struct io *io = ring_open();
    shard_init(side->shard, index, 2, bench->by_index, io, files_kernel(), NULL, index);
    side->shard->face = (struct face *)side;
    ready_init(&awake.ready, stay_awake);
    if (bench->keep_awake) shard_ready(side->shard, &awake.ready);
    pthread_barrier_wait(&bench->ready);
    if (index == 0) side->begin(side);
    pthread_barrier_wait(&bench->ready);
    if (index == 1) side->begin(side);
    int64_t cpu_ns = clock_of(CLOCK_THREAD_CPUTIME_ID), wall_ns = clock_of(CLOCK_MONOTONIC);
    uint64_t calls = io->submit_count;
    shard_run(side->shard);
    side->cpu_ns = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    side->wall_ns = clock_of(CLOCK_MONOTONIC) - wall_ns;
    side->calls = io->submit_count - calls;
    pthread_barrier_wait(&bench->ready);
    return NULL;
}

static struct bench *bench_run(void (*first)(struct side *), void (*second)(struct side *), unsigned connections,
                               uint64_t limit, bool keep_awake)
{
    struct bench *bench = calloc(1, sizeof *bench);
    pthread_t threads[2];
    bench->connections = connections;
    bench->limit = limit;
    bench->keep_awake = keep_awake;
    pthread_barrier_init(&bench->ready, NULL, 2);
    for (int i = 0; i < 2; i++) {
        bench->by_index[i] = &bench->shards[i];
        bench->sides[i] = (struct side){ .shard = &bench->shards[i], .bench = bench, .begin = i == 0 ? first : second };
    }
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, side_run, &bench->sides[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    return bench;
}

static void side_print(const char *name, const struct side *side, uint64_t count)
{
    printf("%-22s %9llu ops %8.2f us CPU each %8.2f us wall each %6.2f system calls each\n", name,
           (unsigned long long)count, (double)side->cpu_ns / 1e3 / (double)count,
           (double)side->wall_ns / 1e3 / (double)count, (double)side->calls / (double)count);
}

static void stop_delivered(struct mail *mail, struct shard *at)
{
    free(mail);
    shard_stop(at);
}

static void both_stop(struct shard *at)
{
    mail_post(at, 1 - at->index, calloc(1, sizeof(struct mail)), stop_delivered);
    shard_stop(at);
}

/* ---- nop ---- */

struct nops {
    struct completion io;
    uint64_t *count;
};

static void nop_resume(struct completion *completion)
{
    ++*container_of(completion, struct nops, io)->count;
}

static void bench_nop(void)
{
    struct io *io = ring_open();
    uint64_t count = 0;
    static struct nops nops[64];

    for (unsigned batch = 1; batch <= 64; batch *= 4) {
        int64_t start_ns = clock_of(CLOCK_THREAD_CPUTIME_ID);
        uint64_t calls = io->submit_count;
        for (count = 0; count < 2000000;) {
            for (unsigned i = 0; i < batch; i++) {
                nops[i] = (struct nops){ .io.resume = nop_resume, .count = &count };
                uring_nop(io, &nops[i].io);
            }
            io_turn(io, INT64_MAX);
        }
        int64_t spent_ns = clock_of(CLOCK_THREAD_CPUTIME_ID) - start_ns;
        printf("nop, %2u per turn        %6.0f ns CPU each %6.3f system calls each\n", batch,
               (double)spent_ns / (double)count, (double)(io->submit_count - calls) / (double)count);
    }
    io_end(io);
}

/* ---- echo ---- */

struct talk {
    struct side *side;
    struct completion receive, send, close;
    struct iovec part;
    int socket;
    size_t missing;
    uint8_t bytes[CALL_SIZE];
};

static struct completion accepting;
static int listener;

static void talk_closed(struct completion *completion)
{
    free(container_of(completion, struct talk, close));
}

static void talk_close(struct talk *talk)
{
    talk->close.resume = talk_closed;
    io_close(talk->side->shard->io, &talk->close, talk->socket);
}

static void talk_sent(struct completion *completion)
{
    MUST(completion->status == STATUS_OK);
}

static void talk_send(struct talk *talk)
{
    talk->part = (struct iovec){ talk->bytes, CALL_SIZE };
    io_send(talk->side->shard->io, &talk->send, talk->socket, &talk->part, 1, 0);
}

static void talk_received(struct completion *completion)
{
    struct talk *talk = container_of(completion, struct talk, receive);
    struct io *io = talk->side->shard->io;
    if (completion->status != STATUS_OK) {
        if (completion->status == STATUS_CLOSED || completion->status == STATUS_CANCELLED) talk_close(talk);
        return;
    }
    memcpy(talk->bytes, completion->buffer, min_of((size_t)completion->result, (size_t)CALL_SIZE));
    talk->missing -= (size_t)completion->result;
    io_buffer_give(io, completion->buffer_index);
    if (talk->missing > 0) return;
    talk->missing = CALL_SIZE;
    talk->side->count++;
    if (talk->side->shard->index == 1 && talk->side->count >= talk->side->bench->limit) {
        if (!talk->side->shard->stopping) shard_stop(talk->side->shard);
        io_cancel(io, completion);
        return;
    }
    talk_send(talk);
}

static void talk_begin(struct side *side, int socket)
{
    struct talk *talk = calloc(1, sizeof *talk);
    talk->side = side;
    talk->socket = socket;
    talk->missing = CALL_SIZE;
    talk->receive.resume = talk_received;
    talk->send.resume = talk_sent;
    io_receive(side->shard->io, &talk->receive, socket, IO_MANY);
    if (side->shard->index == 1) talk_send(talk);
}

static struct side *server_side;
static unsigned accepted_count;

static void listener_closed(struct completion *completion)
{
    (void)completion;
    shard_stop(server_side->shard);
}

static void server_accepted(struct completion *completion)
{
    static struct completion closing = { .resume = listener_closed };
    if (completion->status == STATUS_CANCELLED) {
        io_close(server_side->shard->io, &closing, listener);
        return;
    }
    MUST(completion->status == STATUS_OK);
    talk_begin(server_side, (int)completion->result);
    if (++accepted_count == server_side->bench->connections) io_cancel(server_side->shard->io, completion);
}

static void server_begin(struct side *side, void (*accepted)(struct completion *), uint8_t flags)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&side->bench->address;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server_side = side;
    accepting.resume = accepted;
    MUST(io_listen(side->shard->io, &side->bench->address, 1024, &listener) == STATUS_OK);
    MUST(io_name(side->shard->io, listener, false, &side->bench->address) == STATUS_OK);
    io_accept(side->shard->io, &accepting, listener, flags);
}

static void echo_server_begin(struct side *side)
{
    server_begin(side, server_accepted, IO_MANY);
}

static struct completion connecting[CONNECTIONS_MAX];
static struct side *client_side;

static void client_connected(struct completion *completion)
{
    MUST(completion->status == STATUS_OK);
    talk_begin(client_side, (int)completion->result);
}

static void echo_client_begin(struct side *side)
{
    client_side = side;
    for (unsigned i = 0; i < side->bench->connections; i++) {
        connecting[i].resume = client_connected;
        io_connect(side->shard->io, &connecting[i], &side->bench->address);
    }
}

static void bench_echo(unsigned connections)
{
    MUST(connections > 0 && connections <= CONNECTIONS_MAX);
    uint64_t limit = connections == 1 ? 50000 : 400000;
    struct bench *bench = bench_run(echo_server_begin, echo_client_begin, connections, limit, false);
    char name[32];
    (void)snprintf(name, sizeof name, "echo server, %u", connections);
    side_print(name, &bench->sides[0], bench->sides[0].count);
    (void)snprintf(name, sizeof name, "echo client, %u", connections);
    side_print(name, &bench->sides[1], bench->sides[1].count);
}

/* ---- mail ---- */

enum { LETTERS = 100 };

struct letter {
    struct mail mail;
};

static struct letter letters[LETTERS];

static void letter_read(struct mail *mail, struct shard *at)
{
    struct side *side = side_of(at);
    if (side->count++ == side->bench->limit) {
        both_stop(at);
        return;
    }
    if (!at->stopping) mail_post(at, 1 - at->index, mail, letter_read);
}

static void nothing_begin(struct side *side)
{
    (void)side;
}

static void busy_begin(struct side *side)
{
    for (unsigned i = 0; i < LETTERS; i++) mail_post(side->shard, 0, &letters[i].mail, letter_read);
}

static void sleepy_begin(struct side *side)
{
    mail_post(side->shard, 0, &letters[0].mail, letter_read);
}

static void bench_mail(bool busy)
{
    struct bench *bench = bench_run(nothing_begin, busy ? busy_begin : sleepy_begin, 0, busy ? 20000000 : 100000, busy);
    side_print(busy ? "busy, one way" : "sleepy, there and back", &bench->sides[0], bench->sides[0].count);
    uint64_t pokes = bench->shards[0].mailbox.pokes + bench->shards[1].mailbox.pokes;
    printf("pokes %llu\n", (unsigned long long)pokes);
}

/* ---- durable overwrites ---- */

static int compare_i64(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void note_done(struct completion *completion)
{
    MUST(completion->status == STATUS_OK);
}

static void bench_write(const char *path, size_t size)
{
    enum { FILE_SIZE = 64 << 20, WRITES = 3000, MEDIAN = WRITES / 2, LAST_PERCENT = WRITES * 99 / 100 };
    static const struct {
        const char *name;
        uint8_t flags;
    } rows[] = {
        { "write", 0 },
        { "write, durable", IO_DURABLE },
        { "write, then flush", IO_DURABLE | IO_FLUSH },
    };
    struct files *files = files_kernel();
    struct io *io = ring_open();
    uint8_t *memory = aligned_alloc(4096, FILE_SIZE);
    static int64_t latencies[WRITES];
    int directory, file;

    MUST(files_open_directory(files, FILES_HERE, path, &directory) == STATUS_OK);
    MUST(files_open(files, directory, "engine_cost.tmp", FILES_WRITE | FILES_CREATE | FILES_DIRECT, &file) ==
         STATUS_OK);
    MUST(files_remove(files, directory, "engine_cost.tmp") == STATUS_OK);
    memset(memory, 1, FILE_SIZE);
    MUST(files_allocate(files, file, 0, FILE_SIZE) == STATUS_OK);
    MUST(files_write(files, file, memory, FILE_SIZE, 0, FILES_DURABLE) == STATUS_OK);
    for (size_t row = 0; row < array_count(rows); row++) {
        int64_t cpu_ns = clock_of(CLOCK_THREAD_CPUTIME_ID);
        for (unsigned i = 0; i < WRITES; i++) {
            struct completion completion = { .resume = note_done };
            struct iovec part = { memory, size };
            int64_t start_ns = clock_of(CLOCK_MONOTONIC);
            io_write(io, &completion, file, &part, 1, (uint64_t)i * size % FILE_SIZE, rows[row].flags);
            while (completion.submitted) io_turn(io, INT64_MAX);
            latencies[i] = clock_of(CLOCK_MONOTONIC) - start_ns;
        }
        cpu_ns = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
        qsort(latencies, WRITES, sizeof latencies[0], compare_i64);
        printf("%-18s %5zu KiB  p50 %6.0f us  p99 %6.0f us  %6.1f us CPU of the thread each\n", rows[row].name,
               size >> 10, (double)latencies[MEDIAN] / 1e3, (double)latencies[LAST_PERCENT] / 1e3,
               (double)cpu_ns / 1e3 / WRITES);
    }
    io_end(io);
}

/* ---- bulk ---- */

static struct completion bulk_io;
static struct iovec bulk_part;
static uint8_t bulk_bytes[BULK_SIZE];
static uint64_t bulk_size, bulk_limit;
static int bulk_socket;

static void bulk_received(struct completion *completion)
{
    if (completion->status == STATUS_CLOSED) {
        shard_stop(server_side->shard);
        return;
    }
    MUST(completion->status == STATUS_OK);
    server_side->count += (uint64_t)completion->result;
    io_buffer_give(server_side->shard->io, completion->buffer_index);
}

static void bulk_accepted(struct completion *completion)
{
    MUST(completion->status == STATUS_OK);
    bulk_io.resume = bulk_received;
    io_receive(server_side->shard->io, &bulk_io, (int)completion->result, IO_MANY);
}

static void bulk_server_begin(struct side *side)
{
    server_begin(side, bulk_accepted, 0);
}

static void bulk_sent(struct completion *completion)
{
    static struct completion closing = { .resume = note_done };
    MUST(completion->status == STATUS_OK);
    if (bulk_size == 0 && bulk_socket == 0) bulk_socket = (int)completion->result;
    if (bulk_size >= bulk_limit) {
        io_close(client_side->shard->io, &closing, bulk_socket);
        shard_stop(client_side->shard);
        return;
    }
    bulk_size += BULK_SIZE;
    bulk_part = (struct iovec){ bulk_bytes, BULK_SIZE };
    io_send(client_side->shard->io, completion, bulk_socket, &bulk_part, 1, 0);
}

static void bulk_client_begin(struct side *side)
{
    static struct completion sending = { .resume = bulk_sent };
    client_side = side;
    io_connect(side->shard->io, &sending, &side->bench->address);
}

static void bench_bulk(uint64_t gib)
{
    bulk_limit = gib << 30;
    struct bench *bench = bench_run(bulk_server_begin, bulk_client_begin, 1, 0, false);
    double gb = (double)bulk_size / 1e9;
    printf("bulk: send %.3f s CPU per GB, receive %.3f s CPU per GB\n", (double)bench->sides[1].cpu_ns / 1e9 / gb,
           (double)bench->sides[0].cpu_ns / 1e9 / gb);
}

/* ---- idle ---- */

static void resident_print(const char *when)
{
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    MUST(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmRSS", 5) == 0 || strncmp(line, "RssAnon", 7) == 0) printf("%-28s %s", when, line);
    fclose(status);
}

static void idle_begin(struct side *side)
{
    const struct memory_plan *plan = &memory_planned->data;
    MUST(memory_make(side->shard, plan, &side->shard->memory) == STATUS_OK);
    for (unsigned budget = 0; budget < MEMORY_BUDGETS; budget++)
        block_unpin(block_take(side->shard->memory, budget, 4096));
    if (side->shard->index == 1) both_stop(side->shard);
}

static void bench_idle(void)
{
    struct plan_input input = { .memory_size = UINT64_C(8) << 30,
                                .core_count = 2,
                                .connections_max = INT32_MAX,
                                .partition_count = 1000,
                                .request_size_max = 100 << 20 };
    struct heap heap;
    struct arena arena;
    struct plan plan;
    const char *why;
    struct jobs *jobs;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 20);
    MUST(plan_make(&input, &plan, &arena, &why) == STATUS_OK);
    fputs(plan_print(&plan, &arena), stdout);
    resident_print("before");
    MUST(jobs_threads_make(plan.job_thread_count, &jobs) == STATUS_OK);
    memory_planned = &plan;
    (void)bench_run(idle_begin, idle_begin, 0, 0, false);
    resident_print("two shards, idle");
    memory_planned = NULL;
}

static uint64_t number(const char *word)
{
    char *end;
    uint64_t n = strtoull(word, &end, 10);
    MUST(*end == 0 && n > 0);
    return n;
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "";
    if (strcmp(what, "nop") == 0) {
        bench_nop();
    } else if (strcmp(what, "echo") == 0 && count > 2) {
        bench_echo((unsigned)number(words[2]));
    } else if (strcmp(what, "busy") == 0 || strcmp(what, "sleepy") == 0) {
        bench_mail(what[0] == 'b');
    } else if (strcmp(what, "write") == 0 && count > 3) {
        bench_write(words[2], (size_t)number(words[3]) << 10);
    } else if (strcmp(what, "idle") == 0) {
        bench_idle();
    } else if (strcmp(what, "bulk") == 0 && count > 2) {
        bench_bulk(number(words[2]));
    } else {
        fprintf(stderr, "engine_cost nop | echo CONNECTIONS | busy | sleepy | write DIRECTORY KIB | bulk GIB | idle\n");
        return 2;
    }
    return 0;
}
