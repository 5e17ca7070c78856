/* tests/fuzz/engine/log/kafka_files_fuzz.c   Any bytes as one of the small files in Kafka's data directory: the text
 * files, the indexes, the list of aborted transactions. They are read from a simulated disk, as a start reads them.
 * What is refused has a reason in words; an index that is accepted names places inside its segment. */
#include <string.h>

#include "base/arena.h"
#include "log/aborted.h"
#include "log/index_file.h"
#include "log/kafka_files.h"
#include "sim/disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DISK_BLOCKS = 1 << 16, SEGMENT_SIZE = 100000, SEGMENT_LIMIT = 5000 };

struct place {
    struct files *files;
    struct heap heap;
    struct arena arena;
    int directory;
};

static void put(struct place *place, const char *path, const void *data, size_t size)
{
    int file;

    invariant(files_open(place->files, place->directory, path, FILES_WRITE | FILES_CREATE, &file) == STATUS_OK);
    if (size > 0) invariant(files_write(place->files, file, data, size, 0, 0) == STATUS_OK);
    files_close(place->files, file);
}

/* Only a reader that gave up for a reason of the content owes words. */
static void expect_words(enum status status, const char *why)
{
    invariant(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE || (why && *why));
}

static void look_text(struct place *place, uint8_t kind)
{
    struct directory_identity identity;
    struct checkpoint_line *lines;
    struct uuid topic;
    const char *why = NULL;
    bool clean;
    uint32_t count = 0;
    int64_t epoch;

    switch (kind) {
    case 0:
        expect_words(meta_properties_read(place->files, place->directory, &place->arena, &identity, &why), why);
        break;
    case 1: {
        enum status status = checkpoint_file_read(place->files, place->directory, RECOVERY_POINT_FILE, &place->arena,
                                                  &lines, &count, &why);
        expect_words(status, why);
        for (uint32_t i = 0; status == STATUS_OK && i < count; i++) invariant(lines[i].topic.data != NULL);
        break;
    }
    case 2: {
        struct epochs *epochs = epochs_make(&place->heap);
        expect_words(epochs_file_read(place->files, place->directory, EPOCHS_FILE, &place->arena, epochs, &why), why);
        epochs_end(epochs);
        break;
    }
    case 3:
        expect_words(partition_file_read(place->files, place->directory, PARTITION_FILE, &place->arena, &topic, &why),
                     why);
        break;
    default: (void)clean_marker_read(place->files, place->directory, &place->arena, &clean, &epoch);
    }
}

static void look_index(struct place *place)
{
    struct index_source source = {
        .files = place->files,
        .directory = place->directory,
        .topic = TEXT("t"),
        .limit = SEGMENT_LIMIT,
        .size = SEGMENT_SIZE,
        .spacing = 4096,
        .believed = true,
    };
    struct index index = { 0 };

    if (index_file_read(&source, &place->heap, &index) != STATUS_OK) return;
    for (uint32_t i = 0; i < index.count; i++) {
        invariant(index.entries[i].position < SEGMENT_SIZE);
        invariant(i == 0 || index.entries[i].position > index.entries[i - 1].position);
    }
    index_end(&index, &place->heap);
}

static void look_aborts(const uint8_t *data, size_t size)
{
    struct abort_entry entry;
    for (uint32_t i = 0; aborted_file_entry((struct bytes){ data, size }, i, &entry); i++) {
        invariant(i < size);
    }
}

static void look(struct place *place, const uint8_t *data, size_t size)
{
    static const char *const names[] = { "meta.properties", RECOVERY_POINT_FILE, EPOCHS_FILE, PARTITION_FILE,
                                         CLEAN_MARKER_FILE };
    uint8_t kind = data[0] % 7;
    const uint8_t *content = data + 1;
    size--;

    if (kind < array_count(names)) {
        put(place, names[kind], content, size);
        look_text(place, kind);
    } else if (kind == 5) {
        size_t half = size / 2;
        invariant(files_make_directory(place->files, place->directory, "t-0") == STATUS_OK);
        put(place, "t-0/00000000000000000000.log", content, size);
        put(place, "t-0/00000000000000000000.index", content, half);
        put(place, "t-0/00000000000000000000.timeindex", content + half, size - half);
        look_index(place);
    } else {
        look_aborts(content, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sim_trace trace;
    struct sim_world world;
    struct sim_disk disk;
    struct place place = { .files = &disk.files };

    if (size == 0) return 0;
    sim_world_init(&world, 1, &trace);
    sim_disk_init(&disk, &world, DISK_BLOCKS);
    heap_init(&place.heap);
    arena_init(&place.arena, &place.heap, NULL, 0, 64 << 20);
    invariant(files_make_directory(place.files, FILES_HERE, "/data") == STATUS_OK);
    invariant(files_open_directory(place.files, FILES_HERE, "/data", &place.directory) == STATUS_OK);
    look(&place, data, size);
    files_close(place.files, place.directory);
    arena_reset(&place.arena);
    heap_end(&place.heap);
    sim_world_end(&world);
    return 0;
}
