/* tests/sim/parity.c   The simulated disk is worth what it has in common with the real one: one random script of file
 * operations runs on both, kernel and uring on one side, the simulated ring without faults on the other. Every status,
 * every size, every listing and every byte read must be equal.
 *
 *     sim_parity [SEED_FIRST:SEED_LAST [DIRECTORY]]      the directory is made, used and removed; default /tmp */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "io/uring.h"
#include "sim/machine.h"

enum { NAMES = 8, STEPS = 400, MEMORY = 64 * 1024, SPAN = 48, PARTS_MAX = 4 };

struct side {
    struct files *files;
    struct io *io;
    struct sim_world *world; /* NULL: the kernel's side */
    int directory;
    int file[NAMES]; /* -1: not open */
    uint8_t *memory;
    struct completion completion;
    bool resumed;
    struct heap heap;
    struct arena arena;
};

struct parity {
    uint64_t seed;
    uint32_t step;
    struct prng prng;
    struct side sides[2];
};

static void differ(const struct parity *parity, const char *what, uint64_t kernel, uint64_t simulated)
{
    fprintf(stderr, "parity: seed %lu step %u: %s: the kernel says %lu, the simulator %lu\n", parity->seed,
            parity->step, what, kernel, simulated);
    exit(1);
}

static void agree(const struct parity *parity, const char *what, uint64_t kernel, uint64_t simulated)
{
    if (kernel != simulated) differ(parity, what, kernel, simulated);
}

static void side_resume(struct completion *completion)
{
    container_of(completion, struct side, completion)->resumed = true;
}

static int64_t side_step(struct sim_io *ring, void *context)
{
    (void)context;
    io_turn(&ring->io, 0);
    return INT64_MAX;
}

static enum status side_wait(struct side *side)
{
    while (!side->resumed) {
        if (side->world)
            invariant(sim_world_step(side->world, INT64_MAX));
        else
            io_turn(side->io, INT64_MAX);
    }
    return side->completion.status;
}

static void try_open(struct parity *parity, uint32_t name, const char *path)
{
    static const int choices[] = { FILES_WRITE, FILES_WRITE | FILES_CREATE,
                                   FILES_WRITE | FILES_CREATE | FILES_EXCLUSIVE,
                                   FILES_WRITE | FILES_CREATE | FILES_DIRECT };
    int flags = choices[prng_below(&parity->prng, array_count(choices))];
    enum status status[2];

    for (int i = 0; i < 2; i++) {
        struct side *side = &parity->sides[i];
        if (side->file[name] >= 0) files_close(side->files, side->file[name]);
        status[i] = files_open(side->files, side->directory, path, flags, &side->file[name]);
        if (status[i] != STATUS_OK) side->file[name] = -1;
    }
    agree(parity, "open", status[0], status[1]);
}

static void try_write(struct parity *parity, uint32_t name, bool by_ring)
{
    struct prng *prng = &parity->prng;
    uint64_t position = prng_below(prng, SPAN) * 4096;
    uint32_t count = 1 + (uint32_t)prng_below(prng, PARTS_MAX);
    uint64_t fill = prng_u64(prng), flags = prng_below(prng, 2);
    enum status status[2];

    for (int i = 0; i < 2; i++) {
        struct side *side = &parity->sides[i];
        struct iovec parts[PARTS_MAX];
        struct prng bytes;

        prng_seed(&bytes, fill);
        prng_fill(&bytes, side->memory, (size_t)4096 * count);
        for (uint32_t k = 0; k < count; k++) parts[k] = (struct iovec){ side->memory + (size_t)k * 4096, 4096 };
        if (by_ring) {
            side->resumed = false;
            side->completion.resume = side_resume;
            io_write(side->io, &side->completion, side->file[name], parts, count, position, flags ? IO_DURABLE : 0);
            status[i] = side_wait(side);
        } else {
            status[i] = files_write(side->files, side->file[name], side->memory, (size_t)4096 * count, position,
                                    flags ? FILES_DURABLE : 0);
        }
    }
    agree(parity, by_ring ? "write by ring" : "write", status[0], status[1]);
}

static void try_read(struct parity *parity, uint32_t name, bool by_ring)
{
    struct prng *prng = &parity->prng;
    uint64_t position = prng_below(prng, SPAN) * 4096, size = (1 + prng_below(prng, 8)) * 4096;
    enum status status[2];
    size_t done[2] = { 0, 0 };

    for (int i = 0; i < 2; i++) {
        struct side *side = &parity->sides[i];
        memset(side->memory, 0x11, size);
        if (by_ring) {
            side->resumed = false;
            side->completion.resume = side_resume;
            io_read(side->io, &side->completion, side->file[name], side->memory, size, position);
            status[i] = side_wait(side);
            done[i] = status[i] == STATUS_OK ? size : 0;
        } else {
            status[i] = files_read(side->files, side->file[name], side->memory, size, position, &done[i]);
        }
    }
    agree(parity, by_ring ? "read by ring" : "read", status[0], status[1]);
    agree(parity, "bytes read", done[0], done[1]);
    if (memcmp(parity->sides[0].memory, parity->sides[1].memory, done[0]) != 0) differ(parity, "what was read", 0, 1);
}

static void try_size(struct parity *parity, uint32_t name, uint64_t kind)
{
    uint64_t size = (1 + prng_below(&parity->prng, SPAN)) * 4096, at = prng_below(&parity->prng, SPAN) * 4096;
    enum status status[2];
    uint64_t sizes[2] = { 0, 0 };

    if (kind == 0) size += prng_below(&parity->prng, 4096);
    for (int i = 0; i < 2; i++) {
        struct side *side = &parity->sides[i];
        int file = side->file[name];
        status[i] = kind == 0   ? files_truncate(side->files, file, size)
                    : kind == 1 ? files_allocate(side->files, file, at, size)
                                : files_sync(side->files, file);
        if (files_size(side->files, file, &sizes[i]) != STATUS_OK) differ(parity, "size failed", 0, 0);
    }
    agree(parity, kind == 0 ? "truncate" : kind == 1 ? "allocate" : "sync", status[0], status[1]);
    agree(parity, "size", sizes[0], sizes[1]);
}

static void try_name(struct parity *parity, uint64_t kind, const char *path, const char *other)
{
    enum status status[2];
    struct files_entry entry[2] = { { 0 }, { 0 } };

    for (int i = 0; i < 2; i++) {
        struct side *side = &parity->sides[i];
        switch (kind) {
        case 0: status[i] = files_rename(side->files, side->directory, path, other); break;
        case 1: status[i] = files_remove(side->files, side->directory, path); break;
        case 2: status[i] = files_make_directory(side->files, side->directory, path); break;
        case 3: status[i] = files_remove_directory(side->files, side->directory, path); break;
        case 4: status[i] = files_sync_directory(side->files, side->directory); break;
        default: status[i] = files_entry(side->files, side->directory, path, &entry[i]); break;
        }
    }
    static const char *const names[] = { "rename",           "remove",         "make directory",
                                         "remove directory", "sync directory", "entry" };
    agree(parity, names[min_of(kind, 5u)], status[0], status[1]);
    if (kind >= 5 && status[0] == STATUS_OK) {
        agree(parity, "entry: directory", entry[0].directory, entry[1].directory);
        if (!entry[0].directory) agree(parity, "entry: size", entry[0].size, entry[1].size);
    }
}

static void check_list(struct parity *parity)
{
    struct files_entry *entries[2];
    uint32_t count[2];

    for (int i = 0; i < 2; i++) {
        struct side *side = &parity->sides[i];
        arena_reset(&side->arena);
        if (files_list(side->files, side->directory, &side->arena, &entries[i], &count[i]) != STATUS_OK)
            differ(parity, "list failed", 0, 0);
    }
    agree(parity, "count of names", count[0], count[1]);
    for (uint32_t i = 0; i < count[0]; i++) {
        if (strcmp(entries[0][i].name, entries[1][i].name) != 0) differ(parity, "name", i, i);
        agree(parity, "directory", entries[0][i].directory, entries[1][i].directory);
        if (!entries[0][i].directory) agree(parity, "size in list", entries[0][i].size, entries[1][i].size);
    }
}

static void script(struct parity *parity)
{
    static const char *const paths[NAMES] = { "a", "b", "c", "d/a", "d/b", "e", "d/e/a", "f" };
    static const char *const directories[] = { "d", "d/e", "g", "e" };
    struct prng *prng = &parity->prng;

    for (parity->step = 0; parity->step < STEPS; parity->step++) {
        uint32_t name = (uint32_t)prng_below(prng, NAMES);
        uint64_t kind = prng_below(prng, 20);
        bool open = parity->sides[0].file[name] >= 0;

        if (kind < 4 || (kind < 15 && !open))
            try_open(parity, name, paths[name]);
        else if (kind < 9)
            try_write(parity, name, kind < 7);
        else if (kind < 12)
            try_read(parity, name, kind < 11);
        else if (kind < 15)
            try_size(parity, name, kind - 12);
        else if (kind < 17)
            try_name(parity, kind == 15 ? 2 + prng_below(prng, 2) : 4,
                     directories[prng_below(prng, array_count(directories))], NULL);
        else
            try_name(parity, kind == 17 ? 0 : kind == 18 ? 1 : 5, paths[name], paths[prng_below(prng, NAMES)]);
        if (parity->step % 16 == 0) check_list(parity);
    }
}

static void side_begin(struct side *side)
{
    heap_init(&side->heap);
    arena_init(&side->arena, &side->heap, NULL, 0, 1 << 20);
    for (int i = 0; i < NAMES; i++) side->file[i] = -1;
    side->completion = (struct completion){ 0 };
    if (posix_memalign((void **)&side->memory, 4096, MEMORY)) abort();
}

static void side_end(struct side *side)
{
    for (int i = 0; i < NAMES; i++)
        if (side->file[i] >= 0) files_close(side->files, side->file[i]);
    files_close(side->files, side->directory);
    heap_end(&side->heap);
    free(side->memory);
}

static void tree_remove(const char *path)
{
    char command[600];

    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0) perror(command); /* NOLINT(cert-env33-c): the path is ours */
}

static void play(uint64_t seed, const char *where)
{
    static struct sim_trace trace;
    struct sim_world world;
    struct sim_network network;
    struct sim_machine machine;
    struct parity parity = { .seed = seed };
    char path[512];
    const char *why;

    prng_seed(&parity.prng, seed);
    sim_world_init(&world, seed, &trace);
    sim_network_init(&network, &world);
    sim_machine_init(&machine, &world, &network, 0, 1 << 16);
    struct sim_io *ring = sim_io_make(&machine, 4096, 1);
    sim_io_run(ring, side_step, NULL);
    struct side *kernel = &parity.sides[0], *simulated = &parity.sides[1];
    struct uring_settings settings = {
        .entries = 16, .completion_entries = 64, .receive_buffer_size = 4096, .receive_buffer_count = 1
    };

    snprintf(path, sizeof path, "%s/sim-parity-XXXXXX", where);
    if (!mkdtemp(path)) perror(path), exit(2);
    side_begin(kernel);
    side_begin(simulated);
    kernel->files = files_kernel();
    simulated->files = &machine.disk.files;
    simulated->io = &ring->io;
    simulated->world = &world;
    if (uring_make(&settings, &kernel->io, &why) != STATUS_OK) fprintf(stderr, "parity: %s\n", why), exit(2);
    if (files_open_directory(kernel->files, FILES_HERE, path, &kernel->directory) != STATUS_OK) abort();
    if (files_open_directory(simulated->files, FILES_HERE, ".", &simulated->directory) != STATUS_OK) abort();

    script(&parity);

    side_end(kernel);
    side_end(simulated);
    io_end(kernel->io);
    sim_machine_stop(&machine, SIM_STOP_CLEAN);
    sim_network_end(&network);
    sim_world_end(&world);
    tree_remove(path);
}

int main(int count, char **arguments)
{
    int64_t first = 1, last = 20;
    struct text seeds = count > 1 ? text_of(arguments[1]) : TEXT_NULL, from = text_cut(&seeds, ':');
    const char *where = count > 2 ? arguments[2] : "/tmp";

    if (count > 1 && (!text_to_i64(from, &first) || !text_to_i64(seeds, &last) || first < 0)) return 2;
    for (int64_t seed = first; seed <= last; seed++) play((uint64_t)seed, where);
    printf("parity: %ld scripts of %d steps gave the same on both\n", last - first + 1, STEPS);
    return 0;
}
