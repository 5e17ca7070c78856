/* Dump and verify: the lines of kafka-dump-log, and every kind of damage told as a FAULT. And the index as it is read
 * back from files or from the batches. */
#include "files.h"

#include "base/sink.h"
#include "log/index_file.h"
#include "log/inspect.h"

struct look {
    struct inspect inspect;
    struct memory_sink memory;
    struct heap heap;
};

static void look_begin(struct look *look)
{
    heap_init(&look->heap);
    memory_sink_init(&look->memory, &look->heap, 16 << 20);
    look->inspect = (struct inspect){ .files = files_kernel(), .heap = &look->heap, .out = &look->memory.sink };
}

/* Values are printed as they are, with whatever bytes they have. */
static bool look_finds(const struct look *look, const char *line)
{
    struct text text = memory_sink_text(&look->memory);
    return memmem(text.data, text.size, line, strlen(line)) != NULL;
}

static void look_end(struct look *look)
{
    memory_sink_end(&look->memory);
    assert_int_equal(look->heap.live_count, 0);
    heap_end(&look->heap);
}

static uint64_t faults(struct node *node)
{
    struct look look;
    look_begin(&look);
    assert_int_equal(inspect_directory(&look.inspect, node->path), STATUS_OK);
    uint64_t count = look.inspect.fault_count;
    look_end(&look);
    return count;
}

static void make(struct node *node)
{
    files_begin(node, 200 << 10);
    files_fill(node, files_start(node), 60, 5, 2000);
    node_stop(node);
}

static void a_dump_reads_like_kafkas(void **state)
{
    (void)state;
    struct node node;
    struct look look;
    char path[256];
    make(&node);
    look_begin(&look);
    look.inspect.records = true;
    files_path(&node, path, "00000000000000000000.log");
    assert_int_equal(inspect_file(&look.inspect, path), STATUS_OK);
    assert_true(look_finds(
        &look, "Log starting offset: 0\nbaseOffset: 0 lastOffset: 4 count: 5 baseSequence: -1 lastSequence: -1 "
               "producerId: -1 producerEpoch: -1 partitionLeaderEpoch: 3 isTransactional: false "
               "isControl: false deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1700000000004 "
               "size: "));
    assert_true(look_finds(
        &look,
        "| offset: 3 CreateTime: 1700000000003 keySize: -1 valueSize: 2000 sequence: -1 headerKeys: [] payload: "));
    assert_int_equal(look.inspect.record_count, 5 * look.inspect.batch_count);
    look_end(&look);

    static const char *const names[] = { ".index", ".timeindex", ".snapshot" };
    for (size_t i = 0; i < array_count(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "%020d%s", i == 2 ? 300 : 0, names[i]);
        files_path(&node, path, name);
        look_begin(&look);
        assert_int_equal(inspect_file(&look.inspect, path), STATUS_OK);
        look_end(&look);
    }
    look_begin(&look);
    files_path(&node, path, PARTITION_FILE);
    assert_int_equal(inspect_file(&look.inspect, path), STATUS_UNSUPPORTED);
    look_end(&look);
    node_remove(&node);
}

static void what_we_leave_has_no_fault(void **state)
{
    (void)state;
    struct node node;
    make(&node);
    assert_int_equal(faults(&node), 0);
    node_remove(&node);
}

static void every_damage_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t position;
        size_t size;
    } rows[] = {
        { "00000000000000000000.log", 700, 1 },
        { "00000000000000000000.log", 3, 1 },
        { "00000000000000000000.log", 13, 1 },
        { "00000000000000000000.log", 15, 1 },
        { "00000000000000000000.log", 5000, 0 },
        { "00000000000000000000.index", 7, 1 },
        { "00000000000000000000.index", 3, 1 },
        { "00000000000000000000.timeindex", 7, 1 },
        { "00000000000000000000.timeindex", 11, 1 },
        { "00000000000000000300.snapshot", 3, 1 },
        { EPOCHS_FILE, 2, 1 },
        { PARTITION_FILE, 30, 0 },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct node node;
        make(&node);
        files_damage(&node, rows[i].name, rows[i].position, "\xee", rows[i].size);
        assert_true(faults(&node) > 0);
        node_remove(&node);
    }
}

static void an_index_is_the_same_from_its_files_and_from_a_scan(void **state)
{
    (void)state;
    struct node node;
    struct index read, scanned;
    struct heap heap;
    make(&node);
    struct log *log = files_start(&node);
    struct index_source source = {
        .files = files_kernel(),
        .directory = node.directory->handle,
        .topic = TEXT("t"),
        .base = 0,
        .limit = log->segments->items[0].limit,
        .size = log->segments->items[0].size,
        .spacing = INDEX_SPACING_LEAST,
        .believed = true,
    };
    heap_init(&heap);
    assert_int_equal(index_file_read(&source, &heap, &read), STATUS_OK);
    assert_int_equal(index_file_scan(&source, &heap, &scanned), STATUS_OK);
    assert_true(read.count > 3);
    assert_int_equal(read.count, scanned.count);
    for (uint32_t i = 0; i < read.count; i++) {
        assert_int_equal(read.entries[i].offset, scanned.entries[i].offset);
        assert_int_equal(read.entries[i].position, scanned.entries[i].position);
        assert_int_equal(read.entries[i].max_timestamp_ms, scanned.entries[i].max_timestamp_ms);
        assert_int_equal(read.entries[i].timestamp_offset, scanned.entries[i].timestamp_offset);
    }
    index_end(&read, &heap);

    /* Senseless files are passed over. */
    files_damage(&node, "00000000000000000000.index", 4, "\xff", 1);
    assert_int_equal(index_file_read(&source, &heap, &read), STATUS_OK);
    assert_int_equal(read.count, scanned.count);
    index_end(&read, &heap);
    index_end(&scanned, &heap);
    assert_int_equal(heap.live_count, 0);
    node_crash(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_reads_like_kafkas),
        cmocka_unit_test(what_we_leave_has_no_fault),
        cmocka_unit_test(every_damage_is_told),
        cmocka_unit_test(an_index_is_the_same_from_its_files_and_from_a_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
