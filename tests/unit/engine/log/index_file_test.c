/* A segment's index from its files, or from its batches where the files can't be right. */
#include "look.h"

#include "log/index_file.h"

static void check_same(const struct index *read, const struct index *wanted)
{
    assert_int_equal(read->count, wanted->count);
    for (uint32_t i = 0; i < read->count; i++) {
        assert_int_equal(read->entries[i].offset, wanted->entries[i].offset);
        assert_int_equal(read->entries[i].position, wanted->entries[i].position);
        assert_int_equal(read->entries[i].max_timestamp_ms, wanted->entries[i].max_timestamp_ms);
        assert_int_equal(read->entries[i].timestamp_offset, wanted->entries[i].timestamp_offset);
    }
}

static void an_index_is_the_same_from_its_files_and_from_a_scan(void **state)
{
    (void)state;
    struct node node;
    struct index read, scanned;
    struct heap heap;
    look_make(&node);
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
    check_same(&read, &scanned);
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

/* The first segment of a log that was stopped. */
static struct index_source source_of(struct node *node, int64_t limit)
{
    return (struct index_source){
        .files = files_kernel(),
        .directory = node->directory->handle,
        .topic = TEXT("t"),
        .limit = limit,
        .size = (uint64_t)files_size_of(node, "00000000000000000000.log"),
        .spacing = INDEX_SPACING_LEAST,
        .believed = true,
    };
}

static void files_that_cannot_be_right_are_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t position; /* below 0: from the end */
        const char *bytes;
        size_t size; /* 0: cut there */
    } rows[] = {
        { "00000000000000000000.index", -4, "\xff\xff\xff\xff", 4 },    /* a position beyond the file, */
        { "00000000000000000000.index", -8, "\x7f\xff\xff\xff", 4 },    /* an offset beyond the segment, */
        { "00000000000000000000.index", 8, "\0\0\0\0\0\0\0\0", 8 },     /* not ascending, */
        { "00000000000000000000.index", 9, NULL, 0 },                   /* half an entry */
        { "00000000000000000000.timeindex", 0, "\x7f\xff\xff\xff", 4 }, /* times that fall, */
        { "00000000000000000000.timeindex", 8, "\x7f\xff\xff\xff", 4 }, /* and offsets */
        { "00000000000000000000.timeindex", 13, NULL, 0 },
    };
    struct node node;
    struct index scanned, read;
    struct heap heap;

    heap_init(&heap);
    for (size_t i = 0; i < array_count(rows); i++) {
        look_make(&node);
        struct log *log = files_start(&node);
        struct index_source source = source_of(&node, log->segments->items[0].limit);
        assert_int_equal(index_file_scan(&source, &heap, &scanned), STATUS_OK);
        int64_t position = rows[i].position + (rows[i].position < 0 ? files_size_of(&node, rows[i].name) : 0);
        files_damage(&node, rows[i].name, (uint64_t)position, rows[i].bytes, rows[i].size);
        assert_int_equal(index_file_read(&source, &heap, &read), STATUS_OK);
        check_same(&read, &scanned);
        index_end(&read, &heap);
        files_unlink(&node, rows[i].name);
        assert_int_equal(index_file_read(&source, &heap, &read), STATUS_OK);
        check_same(&read, &scanned);
        index_end(&read, &heap);
        index_end(&scanned, &heap);
        node_crash(&node);
        node_remove(&node);
    }
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void a_scan_covers_what_lies_before_a_bad_batch(void **state)
{
    (void)state;
    struct node node;
    struct index whole, half, without;
    struct heap heap;

    look_make(&node);
    struct log *log = files_start(&node);
    struct index_source source = source_of(&node, log->segments->items[0].limit);
    heap_init(&heap);
    assert_int_equal(index_file_scan(&source, &heap, &whole), STATUS_OK);
    assert_true(whole.count >= 4);

    /* A base offset that is wrong has no entry; those behind it stay where they are. */
    files_damage(&node, "00000000000000000000.log", whole.entries[1].position + 7, "\xff", 1);
    assert_int_equal(index_file_scan(&source, &heap, &without), STATUS_OK);
    for (uint32_t i = 0; i < without.count; i++) {
        assert_int_not_equal(without.entries[i].position, whole.entries[1].position);
        assert_true(without.entries[i].offset < source.limit);
    }
    assert_int_equal(without.entries[0].position, whole.entries[0].position);
    uint8_t low = (uint8_t)(whole.entries[1].offset - 4);
    files_damage(&node, "00000000000000000000.log", whole.entries[1].position + 7, &low, 1);

    files_damage(&node, "00000000000000000000.log", whole.entries[2].position + 16, "\x7f", 1);
    assert_int_equal(index_file_scan(&source, &heap, &half), STATUS_OK);
    assert_int_equal(half.count, 2);
    files_unlink(&node, "00000000000000000000.log");
    struct index none;
    assert_int_equal(index_file_scan(&source, &heap, &none), STATUS_NOT_FOUND);
    index_end(&whole, &heap);
    index_end(&without, &heap);
    index_end(&half, &heap);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
    node_crash(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_the_same_from_its_files_and_from_a_scan),
        cmocka_unit_test(files_that_cannot_be_right_are_passed_over),
        cmocka_unit_test(a_scan_covers_what_lies_before_a_bad_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
