/* Walking a file's batches: each comes once, wherever the window ends; what is wrong is told with its place. */
#include "bytes_file.h"

#include "log/batch_scan.h"

enum { COUNT = 60, ROOM = 8 << 20 };

static uint8_t bytes[ROOM];
static uint64_t positions[COUNT + 1];

/* Batches of all sizes, two of them larger than the window. */
static size_t make(void)
{
    static uint8_t value[600 << 10];
    size_t size = 0;

    for (int i = 0; i < COUNT; i++) {
        struct batch_builder builder;
        size_t wanted = i == 20 ? sizeof value : i == 40 ? BATCH_SCAN_WINDOW : (size_t)(i * 977 % 9000);
        batch_begin(&builder, bytes + size, ROOM - size, 0, 1000);
        batch_add(&builder, BYTES_NULL, (struct bytes){ value, wanted }, 1000);
        struct bytes made = batch_end(&builder);
        batch_stamp(bytes + size, INT64_C(10) * i, 3);
        positions[i] = size;
        size += made.size;
    }
    positions[COUNT] = size;
    return size;
}

struct scanning {
    struct bytes_file file;
    struct heap heap;
    struct batch_scan scan;
};

static void scanning_begin(struct scanning *scanning, uint64_t position, uint64_t limit, bool whole)
{
    heap_init(&scanning->heap);
    bytes_file_init(&scanning->file, bytes, (size_t)positions[COUNT]);
    batch_scan_begin(&scanning->scan, &scanning->file.files, 0, &scanning->heap, position, limit, whole);
}

static void scanning_end(struct scanning *scanning)
{
    batch_scan_end(&scanning->scan);
    assert_int_equal(scanning->heap.live_count, 0);
    heap_end(&scanning->heap);
}

static void each_batch_comes_once(void **state)
{
    (void)state;
    struct scanning scanning;
    struct batch batch;
    size_t size = make();

    for (int whole = 0; whole < 2; whole++) {
        for (int first = 0; first < COUNT; first += 19) {
            scanning_begin(&scanning, positions[first], size, whole);
            for (int i = first; i < COUNT; i++) {
                assert_int_equal(batch_scan_next(&scanning.scan, &batch), STATUS_OK);
                assert_int_equal(scanning.scan.position, positions[i]);
                assert_int_equal(batch.base_offset, i * 10);
                assert_int_equal(batch.size, positions[i + 1] - positions[i]);
                if (whole) assert_memory_equal(batch.data, bytes + positions[i], batch.size);
            }
            assert_int_equal(batch_scan_next(&scanning.scan, &batch), STATUS_NOT_FOUND);
            scanning_end(&scanning);
        }
    }
}

static void bodies_are_skipped_when_only_headers_are_wanted(void **state)
{
    (void)state;
    struct scanning scanning;
    struct batch batch;
    size_t size = make();

    scanning_begin(&scanning, positions[20], size, false);
    assert_int_equal(batch_scan_next(&scanning.scan, &batch), STATUS_OK);
    assert_int_equal(batch_scan_next(&scanning.scan, &batch), STATUS_OK);
    assert_int_equal(batch.base_offset, 210);
    assert_in_range(scanning.file.read_bytes, 1, 2 * BATCH_SCAN_WINDOW);
    scanning_end(&scanning);
}

/* How it ends, and after how many batches, from the 15th on with `limit`. */
static enum status ends(uint64_t limit, bool whole, int *count)
{
    struct scanning scanning;
    struct batch batch;
    enum status status;

    scanning_begin(&scanning, positions[15], limit, whole);
    for (*count = 0; (status = batch_scan_next(&scanning.scan, &batch)) == STATUS_OK;) ++*count;
    assert_int_equal(scanning.scan.position, positions[15 + *count]);
    scanning_end(&scanning);
    return status;
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        size_t place; /* in the 17th batch */
        uint8_t flip;
        enum status headers, whole;
    } rows[] = {
        { 16, 3, STATUS_BAD_MAGIC, STATUS_BAD_MAGIC },
        { 8, 0x80, STATUS_MALFORMED, STATUS_MALFORMED }, /* its length, below 0, */
        { 8, 0x40, STATUS_TRUNCATED, STATUS_TRUNCATED }, /* beyond the end */
        { 70, 1, STATUS_NOT_FOUND, STATUS_CORRUPT },
        { 17, 1, STATUS_NOT_FOUND, STATUS_CORRUPT },
        { 3, 1, STATUS_NOT_FOUND, STATUS_NOT_FOUND }, /* the base offset: nobody's sum covers it */
    };
    int count;

    (void)make();
    for (size_t i = 0; i < array_count(rows); i++) {
        for (int whole = 0; whole < 2; whole++) {
            enum status wanted = whole ? rows[i].whole : rows[i].headers;
            bytes[positions[17] + rows[i].place] ^= rows[i].flip;
            assert_int_equal(ends(positions[19], whole, &count), wanted);
            assert_int_equal(count, wanted == STATUS_NOT_FOUND ? 4 : 2);
            bytes[positions[17] + rows[i].place] ^= rows[i].flip;
        }
    }
}

static void a_cut_batch_is_truncated(void **state)
{
    (void)state;
    int count;
    (void)make();
    for (int whole = 0; whole < 2; whole++) {
        for (uint64_t limit = positions[17]; limit <= positions[18]; limit++) {
            bool cut = limit > positions[17] && limit < positions[18];
            assert_int_equal(ends(limit, whole, &count), cut ? STATUS_TRUNCATED : STATUS_NOT_FOUND);
            assert_int_equal(count, limit == positions[18] ? 3 : 2);
        }
    }
}

/* The file has less than the caller was told, or can't be read. */
static void a_file_that_is_short_or_unreadable_ends_the_walk(void **state)
{
    (void)state;
    struct scanning scanning;
    struct batch batch;
    size_t size = make();

    scanning_begin(&scanning, positions[COUNT - 1], size, true);
    scanning.file.size = size - 1;
    assert_int_equal(batch_scan_next(&scanning.scan, &batch), STATUS_TRUNCATED);
    scanning_end(&scanning);
    scanning_begin(&scanning, 0, size, false);
    scanning.file.status = STATUS_IO_ERROR;
    assert_int_equal(batch_scan_next(&scanning.scan, &batch), STATUS_IO_ERROR);
    scanning_end(&scanning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_batch_comes_once),
        cmocka_unit_test(bodies_are_skipped_when_only_headers_are_wanted),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(a_cut_batch_is_truncated),
        cmocka_unit_test(a_file_that_is_short_or_unreadable_ends_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
