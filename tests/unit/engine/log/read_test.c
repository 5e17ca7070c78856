/* Cold reads: what comes from segments is what was appended, wherever a read begins, however little memory there is,
 * and nothing damaged leaves. Real files, direct. */
#include "files.h"

static uint8_t joined[16 << 20];

static void whatever_the_offset_the_batch_that_holds_it_comes(void **state)
{
    (void)state;
    struct node node;
    size_t size;

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), 300, 7, 2000);
    node_stop(&node);

    struct log *log = files_start(&node);
    assert_int_equal(log->end, 2100);
    assert_int_equal(log_tail_first(log), log->end);
    assert_true(log->segments->count > 3);
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    for (int64_t offset = log->end - 1; offset >= 0; offset -= 13) {
        struct batch batch;
        assert_int_equal(files_read_at(&node, log, offset, 1, joined, &size), STATUS_OK);
        assert_int_equal(batch_read(joined, size, &batch), STATUS_OK);
        assert_int_equal(batch.size, size);
        assert_int_equal(batch.base_offset, offset / 7 * 7);
        assert_int_equal(batch_check_crc(&batch), STATUS_OK);
    }
    node_stop(&node);
    node_remove(&node);
}

static void a_read_keeps_its_limits(void **state)
{
    (void)state;
    struct node node;
    size_t size;

    files_begin(&node, 1 << 30);
    files_fill(&node, files_start(&node), 100, 1, 10000);
    node_stop(&node);
    struct log *log = files_start(&node);
    uint32_t batch_size = (uint32_t)log->segments->items[0].size / 100;
    for (uint32_t count = 1; count < 80; count += 9) {
        assert_int_equal(files_read_at(&node, log, 10, count * batch_size + 5, joined, &size), STATUS_OK);
        assert_in_range(size, batch_size, count * batch_size);
        assert_int_equal(size % batch_size, 0);
    }

    struct extent extents[2];
    struct node_reading reading = {
        .read = { .log = log, .offset = 3, .limit = 5, .size_max = 1 << 20, .extents = extents, .extent_max = 2 }
    };
    ready_init(&reading.read.ready, node_read_done);
    if (!log_read_begin(&reading.read)) {
        while (!reading.done) node_turn(&node);
    }
    assert_int_equal(reading.read.size, 2 * batch_size); /* Up to the limit, no further. */
    for (uint32_t i = 0; i < reading.read.extent_count; i++) block_unpin(extents[i].block);

    reading.done = false;
    reading.read.size_max = 1; /* And nothing when the first batch may not be larger. */
    if (!log_read_begin(&reading.read)) {
        while (!reading.done) node_turn(&node);
    }
    assert_int_equal(reading.read.status, STATUS_OK);
    assert_int_equal(reading.read.size, 0);
    node_stop(&node);
    node_remove(&node);
}

static void batches_larger_than_the_window_come_whole(void **state)
{
    (void)state;
    struct node node;
    size_t size;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    files_fill(&node, log, 1, 1, 100);
    files_fill(&node, log, 3, 3, 1 << 20);
    files_fill(&node, log, 1, 1, 100);
    node_stop(&node);
    log = files_start(&node);
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    struct batch batch;
    assert_int_equal(files_read_at(&node, log, 5, 1, joined, &size), STATUS_OK);
    assert_int_equal(batch_read(joined, size, &batch), STATUS_OK);
    assert_int_equal(batch_check_crc(&batch), STATUS_OK);
    assert_true(batch.size > 3 << 20);

    for (int64_t offset = 0; offset < log->end; offset++) { /* Also where there is room for one extent only. */
        struct extent extent;
        struct node_reading reading = { .read = { .log = log,
                                                  .offset = offset,
                                                  .limit = log->end,
                                                  .first_whole = true,
                                                  .extents = &extent,
                                                  .extent_max = 1 } };
        ready_init(&reading.read.ready, node_read_done);
        if (!log_read_begin(&reading.read)) {
            while (!reading.done) node_turn(&node);
        }
        assert_int_equal(reading.read.status, STATUS_OK);
        assert_int_equal(batch_read(extent.data, extent.size, &batch), STATUS_OK);
        assert_true(batch.base_offset <= offset && batch_limit(&batch) > offset);
        block_unpin(extent.block);
    }
    node_stop(&node);
    node_remove(&node);
}

/* At a place of batch 50. */
static void damage_does_not_leave(int64_t place)
{
    struct node node;
    size_t size;

    files_begin(&node, 1 << 30);
    files_fill(&node, files_start(&node), 200, 5, 1000);
    node_stop(&node);
    int64_t batch_size = files_size_of(&node, "00000000000000000000.log") / 200;
    assert_true(batch_size > 0);
    files_damage(&node, "00000000000000000000.log", (uint64_t)(50 * batch_size + place), "!", 1);

    struct log *log = files_start(&node); /* Kafka's marker: nothing is scanned. */
    int64_t offset = 0;
    enum status status;
    while ((status = files_read_at(&node, log, offset, 1 << 20, joined, &size)) == STATUS_OK) {
        assert_true(size > 0);
        offset += (int64_t)size / max_of(batch_size, (int64_t)1) * 5;
    }
    assert_int_equal(status, STATUS_CORRUPT);
    assert_int_equal(offset, 250);
    assert_int_equal(files_read_at(&node, log, 255, 1, joined, &size), STATUS_OK); /* Behind it all is well. */
    node_stop(&node);
    node_remove(&node);
}

static void a_flipped_bit_does_not_leave(void **state)
{
    (void)state;
    damage_does_not_leave(900);
}

static void a_wrong_leader_epoch_does_not_leave(void **state)
{
    (void)state;
    damage_does_not_leave(12); /* The first byte of four; the CRC does not cover them. */
    damage_does_not_leave(15);
}

enum { BASE_BATCHES = 300, BASE_RECORDS = 5 };

/* Every batch of the log as it was written, in order. */
static int64_t batches_keep(const struct node *node, const struct log *log, uint8_t *to)
{
    size_t size = 0;

    for (uint32_t i = 0; i < log->segments->count; i++) {
        char path[256], name[64];
        size_t done;
        int file;
        snprintf(name, sizeof name, "%020lld.log", (long long)log->segments->items[i].base);
        files_path(node, path, name);
        assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &file), STATUS_OK);
        assert_int_equal(files_read(files_kernel(), file, to + size, log->segments->items[i].size, 0, &done),
                         STATUS_OK);
        files_close(files_kernel(), file);
        size += done;
    }
    assert_int_equal(size % BASE_BATCHES, 0);
    return (int64_t)size / BASE_BATCHES;
}

/* What is read around batch `number` is what was written, or is refused; refused is at most the batch itself, and what
 * lies behind it up to the next place that the index knows. */
static uint32_t look_around(struct node *node, struct log *log, const uint8_t *kept, int64_t batch_size, int64_t number)
{
    uint32_t refused = 0;

    for (int64_t wanted = max_of(number - 2, 0); wanted < min_of(number + 3, (int64_t)BASE_BATCHES); wanted++) {
        size_t size;
        enum status status =
            files_read_at(node, log, wanted * BASE_RECORDS + 2, wanted % 2 ? 1 : 100000, joined, &size);
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_CORRUPT);
            assert_true(wanted >= number - 1);
            refused++;
            continue;
        }
        assert_true(size > 0);
        assert_memory_equal(joined, kept + wanted * batch_size, size);
    }
    return refused;
}

static void a_wrong_base_offset_does_not_leave(void **state)
{
    (void)state;
    static uint8_t kept[4 << 20];
    static const int numbers[] = { 0, 1, 3, 4, 5, 7, 8, 50, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104 };
    struct node node;

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), BASE_BATCHES, BASE_RECORDS, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    int64_t batch_size = batches_keep(&node, log, kept);

    for (size_t i = 0; i < array_count(numbers); i++) {
        for (int bit = 0; bit < 64; bit += 7) {
            int64_t number = numbers[i], offset = number * BASE_RECORDS;
            struct segment *segment = segments_find(log, offset);
            uint64_t place = (uint64_t)((offset - segment->base) / BASE_RECORDS * batch_size + bit / 8);
            const uint8_t *good = kept + number * batch_size + bit / 8;
            uint8_t bad = *good ^ (uint8_t)(1 << bit % 8);
            char name[64];

            snprintf(name, sizeof name, "%020lld.log", (long long)segment->base);
            files_damage(&node, name, place, &bad, 1);
            assert_true(look_around(&node, log, kept, batch_size, number) > 0);
            files_damage(&node, name, place, good, 1);
            reader_forget(log);
            assert_int_equal(look_around(&node, log, kept, batch_size, number), 0);
            reader_forget(log);
        }
    }
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    node_stop(&node);
    node_remove(&node);
}

/* As compaction leaves it: batches are missing in the middle of a segment, their offsets with them. */
static void a_gap_within_a_segment_is_stepped_over(void **state)
{
    (void)state;
    static uint8_t kept[4 << 20];
    struct node node;
    struct batch batch;
    size_t size;

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), BASE_BATCHES, BASE_RECORDS, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    int64_t batch_size = batches_keep(&node, log, kept), count = log->segments->items[1].base / BASE_RECORDS;
    node_stop(&node);
    int64_t left = 0;
    for (int64_t i = 0; i < count; i++) { /* Of each ten, the third to the eighth. */
        if (i % 10 >= 3 && i % 10 < 8) continue;
        files_damage(&node, "00000000000000000000.log", (uint64_t)(left++ * batch_size), kept + i * batch_size,
                     (size_t)batch_size);
    }
    files_damage(&node, "00000000000000000000.log", (uint64_t)(left * batch_size), NULL, 0);
    files_unlink(&node, "00000000000000000000.index");
    files_unlink(&node, "00000000000000000000.timeindex");

    log = files_start(&node);
    for (int64_t i = 0; i < count; i++) {
        int64_t wanted = i % 10 >= 3 && i % 10 < 8 ? i / 10 * 10 + 8 : i;
        assert_int_equal(files_read_at(&node, log, i * BASE_RECORDS + 1, 1, joined, &size), STATUS_OK);
        assert_int_equal(batch_read(joined, size, &batch), STATUS_OK);
        assert_int_equal(batch.base_offset, min_of(wanted, count) * BASE_RECORDS);
        assert_memory_equal(joined, kept + min_of(wanted, count) * batch_size, size);
    }
    node_stop(&node);
    node_remove(&node);
}

static void a_wrong_index_is_found_out(void **state)
{
    (void)state;
    struct node node;
    uint8_t index[16];

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), 300, 5, 2000);
    node_stop(&node);
    char name[64];
    snprintf(name, sizeof name, "00000000000000000000.index");
    assert_true(files_size_of(&node, name) >= 16);
    for (uint32_t i = 0; i < 2; i++) { /* Ascending, inside the file, and no batch begins there. */
        store_u32(index + (size_t)8 * i, 50 * (i + 1));
        store_u32(index + (size_t)8 * i + 4, 4711 + 1000 * i);
    }
    files_damage(&node, name, 0, index, 16);
    files_damage(&node, name, 16, NULL, 0);

    struct log *log = files_start(&node);
    size_t size;
    struct batch batch;
    assert_int_equal(files_read_at(&node, log, 150, 1, joined, &size), STATUS_OK);
    assert_int_equal(batch_read(joined, size, &batch), STATUS_OK);
    assert_int_equal(batch.base_offset, 150);
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    node_stop(&node);
    node_remove(&node);
}

static void a_missing_file_is_an_error_not_a_crash(void **state)
{
    (void)state;
    struct node node;
    size_t size;

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), 300, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    files_unlink(&node, "00000000000000000000.log");
    assert_int_equal(files_read_at(&node, log, 0, 1 << 20, joined, &size), STATUS_IO_ERROR);
    assert_int_equal(files_read_at(&node, log, log->segments->items[1].base, 1, joined, &size), STATUS_OK);
    node_crash(&node);
    node_remove(&node);
}

/* As compaction leaves it: the last offsets of a segment are gone. */
static void a_gap_behind_a_segment_leads_to_the_next(void **state)
{
    (void)state;
    struct node node;
    struct batch batch;
    char name[64];
    size_t size;

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), 300, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    int64_t gap = log->segments->items[1].base, next = log->segments->items[2].base;
    node_stop(&node);
    snprintf(name, sizeof name, "%020lld.log", (long long)gap);
    files_unlink(&node, name);
    log = files_start(&node);
    assert_int_equal(log->segments->items[1].base, next);
    for (int64_t offset = gap; offset < next; offset += 3) {
        assert_int_equal(files_read_at(&node, log, offset, 1, joined, &size), STATUS_OK);
        assert_int_equal(batch_read(joined, size, &batch), STATUS_OK);
        assert_int_equal(batch.base_offset, next);
    }
    node_stop(&node);
    node_remove(&node);
}

static void a_cancelled_read_ends_once(void **state)
{
    (void)state;
    struct node node;
    struct extent extents[4];

    files_begin(&node, 1 << 20);
    files_fill(&node, files_start(&node), 100, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    for (int turns = 0; turns < 12; turns++) {
        struct node_reading reading = { .read = { .log = log,
                                                  .offset = (int64_t)turns * 20,
                                                  .limit = log->end,
                                                  .size_max = 1 << 20,
                                                  .extents = extents,
                                                  .extent_max = 4 } };
        ready_init(&reading.read.ready, node_read_done);
        if (!log_read_begin(&reading.read)) {
            for (int i = 0; i < turns && !reading.done; i++) node_turn(&node);
            if (!reading.done) {
                log_read_cancel(&reading.read);
                while (!reading.done) node_turn(&node);
                if (reading.read.status == STATUS_CANCELLED) assert_int_equal(reading.read.extent_count, 0);
            }
        }
        for (uint32_t i = 0; i < reading.read.extent_count; i++) block_unpin(extents[i].block);
    }
    node_settle(&node);
    assert_false(log_state_busy(log));
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_offset_the_batch_that_holds_it_comes),
        cmocka_unit_test(a_read_keeps_its_limits),
        cmocka_unit_test(batches_larger_than_the_window_come_whole),
        cmocka_unit_test(a_flipped_bit_does_not_leave),
        cmocka_unit_test(a_wrong_leader_epoch_does_not_leave),
        cmocka_unit_test(a_wrong_base_offset_does_not_leave),
        cmocka_unit_test(a_gap_within_a_segment_is_stepped_over),
        cmocka_unit_test(a_wrong_index_is_found_out),
        cmocka_unit_test(a_missing_file_is_an_error_not_a_crash),
        cmocka_unit_test(a_gap_behind_a_segment_leads_to_the_next),
        cmocka_unit_test(a_cancelled_read_ends_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
