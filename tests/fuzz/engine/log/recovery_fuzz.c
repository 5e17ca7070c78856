/* tests/fuzz/engine/log/recovery_fuzz.c   A log directory in which anything was changed. Two are made by a real node
 * when the fuzzer starts, one left by a crash and one stopped cleanly; each run puts one of them on a simulated disk,
 * changes it as the bytes say (bytes overwritten, files cut, removed, blocks moved, sums put right again), and starts
 * on it.
 *
 * A start ends in a status, with words for what it refuses. What it accepts are logs with start <= committed <= end,
 * and each can be read through, or is refused for damage. */
#include <ftw.h>

#include "../../../unit/engine/log/node_end.h"
#include "../../../unit/engine/log/node_records.h"
#include "mend.h"
#include "sim/disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

enum { IMAGE_FILES_MAX = 64, DISK_BLOCKS = 1 << 18, CHANGE_SIZE = 8, CHANGES_MAX = 32, LOAD_SIZE_MAX = 8 << 20 };

struct image_file {
    char path[128];
    uint8_t *data;
    bool *stands; /* by block: it isn't all zeros */
    size_t size;
    bool directory;
};

struct image {
    struct image_file files[IMAGE_FILES_MAX];
    uint32_t count;
};

/* ---- making the two directories, once ---- */

/* What nftw's callback, which has no argument of its own, works on. */
static struct {
    struct image *image;
    size_t root_size;
} taking;

static int take_file(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    struct image *image = taking.image;

    if (walk->level == 0) return 0;
    invariant(image->count < IMAGE_FILES_MAX);
    struct image_file *file = &image->files[image->count++];
    snprintf(file->path, sizeof(file->path), "/data%s", path + taking.root_size);
    file->directory = kind == FTW_D;
    if (file->directory) return 0;

    FILE *from = fopen(path, "rb");
    file->size = (size_t)entry->st_size;
    file->data = malloc(max_of(file->size, (size_t)1));
    invariant(from && file->data && fread(file->data, 1, file->size, from) == file->size);
    fclose(from);
    file->stands = calloc(file->size / SIM_BLOCK + 1, sizeof(*file->stands));
    invariant(file->stands);
    for (size_t i = 0; i < file->size; i++) file->stands[i / SIM_BLOCK] |= file->data[i] != 0;
    return 0;
}

static void image_take(struct image *image, const struct node *node)
{
    taking.image = image;
    taking.root_size = strlen(node->path);
    invariant(nftw(node->path, take_file, 8, FTW_PHYS) == 0);
}

/* Three logs on two shards; some of what they hold is in segments, some in the write-ahead log only. */
static void fill(struct node *node)
{
    struct log *logs[3];

    for (uint32_t i = 0; i < 3; i++) {
        char topic[] = { 't', (char)('a' + i), '\0' };
        logs[i] = node_log(node, i % 2, topic, (int32_t)i);
    }
    node_begin(node);
    for (uint32_t i = 0; i < 12; i++) {
        invariant(node_append(logs[i % 3], 1 + i % 4, 100 * i + 8, (uint64_t)logs[i % 3]->end) == STATUS_OK);
        node_settle(node);
    }
}

static struct image *images(void)
{
    static struct image two[2];
    struct node node;

    if (two[0].count > 0) return two;
    node_init(&node, 2);
    node.plan.wal_size = 4 << 20;
    node.plan.wal_file_size = 2 << 20;
    node_start(&node);
    fill(&node);
    node_stop(&node);
    node_start(&node); /* Now there are segments. */
    fill(&node);
    node_crash(&node);
    image_take(&two[0], &node);
    node_start(&node);
    fill(&node);
    node_stop(&node);
    image_take(&two[1], &node);
    node_remove(&node);
    return two;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    (void)images();
    return 0;
}

/* ---- putting one on the disk ---- */

/* Blocks of zeros are allocated only: most of the write-ahead log is. */
static void file_put(struct files *files, const struct image_file *from)
{
    int file;

    if (from->directory) {
        invariant(files_make_directory(files, FILES_HERE, from->path) == STATUS_OK);
        return;
    }
    invariant(files_open(files, FILES_HERE, from->path, FILES_WRITE | FILES_CREATE, &file) == STATUS_OK);
    if (from->size > 0) invariant(files_allocate(files, file, 0, from->size) == STATUS_OK);
    for (size_t at = 0; at < from->size; at += SIM_BLOCK) {
        size_t size = min_of(from->size - at, (size_t)SIM_BLOCK);
        if (!from->stands[at / SIM_BLOCK]) continue;
        invariant(files_write(files, file, from->data + at, size, at, 0) == STATUS_OK);
    }
    files_close(files, file);
}

/* ---- changing it ---- */

enum change_kind {
    CHANGE_BYTE,
    CHANGE_WORD,
    CHANGE_CUT,
    CHANGE_REMOVE,
    CHANGE_MOVE,
    CHANGE_MEND,
    CHANGE_GROW,
    CHANGE_KINDS
};

struct change {
    enum change_kind kind;
    const struct image_file *file;
    uint64_t position;
    uint32_t value;
};

/* Where something stands, more often than where zeros do. */
static uint64_t place_of(const struct image_file *file, uint32_t wanted)
{
    uint64_t position = file->size > 0 ? wanted % file->size : 0;
    while (position >= SIM_BLOCK && !file->stands[position / SIM_BLOCK]) position /= 2;
    return position;
}

static struct change change_read(const struct image *image, const uint8_t *at)
{
    const struct image_file *file = &image->files[at[1] % image->count];

    return (struct change){ .kind = (enum change_kind)(at[0] % CHANGE_KINDS),
                            .file = file,
                            .position = place_of(file, load_u32(at + 2) >> 8),
                            .value = load_u32(at + 4) & 0xffffff };
}

/* The sums of the chunk or slot in the block of that position. */
static void change_mend(struct files *files, int file, const struct change *change)
{
    static uint8_t block[1 << 16];
    uint64_t at = round_down(change->position, (uint64_t)SIM_BLOCK);
    size_t size;

    if (files_read(files, file, block, sizeof(block), at, &size) != STATUS_OK || size < SIM_BLOCK) return;
    if (memcmp(block, "SLUICEWL", 8) == 0) mend_chunk(block, size);
    if (memcmp(block, "SLUICECP", 8) == 0) mend_slot(block, size);
    invariant(files_write(files, file, block, size, at, 0) == STATUS_OK);
}

static void change_move(struct files *files, int file, const struct change *change)
{
    uint8_t block[SIM_BLOCK];
    uint64_t from = round_down(change->position, (uint64_t)SIM_BLOCK);
    uint64_t to = round_down(place_of(change->file, change->value), (uint64_t)SIM_BLOCK);
    size_t size;

    if (files_read(files, file, block, sizeof(block), from, &size) != STATUS_OK || size < sizeof(block)) return;
    invariant(files_write(files, file, block, size, to, 0) == STATUS_OK);
}

static void change_make(struct files *files, const struct change *change)
{
    uint8_t word[4];
    int file;

    if (change->file->directory) {
        (void)files_remove_directory(files, FILES_HERE, change->file->path);
        return;
    }
    if (files_open(files, FILES_HERE, change->file->path, FILES_WRITE, &file) != STATUS_OK) return; /* removed */
    store_u32(word, change->value);
    enum status status = STATUS_OK;
    switch (change->kind) {
    case CHANGE_BYTE: status = files_write(files, file, word + 3, 1, change->position, 0); break;
    case CHANGE_WORD: status = files_write(files, file, word, 4, change->position, 0); break;
    case CHANGE_CUT: status = files_truncate(files, file, change->position); break;
    case CHANGE_REMOVE: status = files_remove(files, FILES_HERE, change->file->path); break;
    case CHANGE_MOVE: change_move(files, file, change); break;
    case CHANGE_MEND: change_mend(files, file, change); break;
    case CHANGE_GROW: status = files_allocate(files, file, change->file->size, change->value % 100000 + 1); break;
    case CHANGE_KINDS: break;
    }
    invariant(status == STATUS_OK);
    files_close(files, file);
}

/* ---- starting on it ---- */

static void found_look(struct directory *directory, const struct log_found *found, struct heap *heap)
{
    struct bytes batches;
    struct arena arena;
    struct batch batch;
    const char *why = NULL;

    invariant(found->start <= found->committed && found->committed <= found->end);
    arena_init(&arena, heap, NULL, 0, LOAD_SIZE_MAX);
    enum status status = log_load(directory, found, &arena, &batches, &why);
    if (status == STATUS_OK) {
        for (size_t at = 0; at < batches.size; at += batch.size) {
            invariant(batch_read(batches.data + at, batches.size - at, &batch) == STATUS_OK);
            invariant(batch_check_crc(&batch) == STATUS_OK);
        }
    } else {
        invariant(status == STATUS_NO_MEMORY || (why && *why));
    }
    arena_reset(&arena);
}

static void start(struct files *files)
{
    struct directory_settings settings = { .path = "/data", .node = -1, .seed = 7, .wall_ms = 1 };
    struct directory *directory;
    struct heap heap;
    struct arena arena;
    const char *why = NULL;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, NODE_ARENA_SIZE);
    enum status status = directory_open(files, &settings, &heap, &arena, &directory, &why);
    if (status == STATUS_OK) {
        status = directory_recover(directory, &arena, &why);
        for (uint32_t i = 0; status == STATUS_OK && i < directory->found_count; i++) {
            found_look(directory, &directory->found[i], &heap);
        }
        invariant(status == STATUS_OK || (why && *why));
        directory_abandon(directory);
    } else {
        invariant(why && *why);
    }
    arena_reset(&arena);
    heap_end(&heap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sim_trace trace;
    struct sim_world world;
    struct sim_disk disk;

    if (size == 0) return 0;
    const struct image *image = &images()[data[0] & 1];
    sim_world_init(&world, 1, &trace);
    sim_disk_init(&disk, &world, DISK_BLOCKS);
    invariant(files_make_directory(&disk.files, FILES_HERE, "/data") == STATUS_OK);
    for (uint32_t i = 0; i < image->count; i++) file_put(&disk.files, &image->files[i]);
    for (size_t i = 0, at = 1; i < CHANGES_MAX && at + CHANGE_SIZE <= size; i++, at += CHANGE_SIZE) {
        struct change change = change_read(image, data + at);
        change_make(&disk.files, &change);
    }
    start(&disk.files);
    sim_world_end(&world);
    return 0;
}
