/* ListOffsets by time, over memory and disk, plain and compressed: the first record that is late enough, and the
 * latest one. */
#include "files.h"

#include "base/compression.h"

struct searching {
    struct log_search search;
    bool done;
};

static void search_done(struct ready *ready)
{
    container_of(ready, struct searching, search.ready)->done = true;
}

static enum status search(struct node *node, struct log *log, int64_t timestamp_ms, int64_t *offset, int64_t *found_ms)
{
    struct searching searching = { .search = { .log = log, .timestamp_ms = timestamp_ms } };
    ready_init(&searching.search.ready, search_done);
    if (!log_search_begin(&searching.search)) {
        while (!searching.done) node_turn(node);
    }
    *offset = searching.search.offset;
    *found_ms = searching.search.found_timestamp_ms;
    if (searching.search.status == STATUS_OK) assert_int_equal(searching.search.leader_epoch, 3);
    return searching.search.status;
}

/* files_fill gives record `offset` the time 1700000000000 + offset. */
static void check_all(struct node *node, struct log *log, int64_t step)
{
    int64_t offset, time;
    for (int64_t wanted = 0; wanted < log->end; wanted += step) {
        assert_int_equal(search(node, log, 1700000000000 + wanted, &offset, &time), STATUS_OK);
        assert_int_equal(offset, wanted);
        assert_int_equal(time, 1700000000000 + wanted);
    }
    assert_int_equal(search(node, log, 0, &offset, &time), STATUS_OK);
    assert_int_equal(offset, log->start);
    assert_int_equal(search(node, log, 1700000000000 + log->end, &offset, &time), STATUS_NOT_FOUND);
    assert_int_equal(search(node, log, LOG_SEARCH_MAX, &offset, &time), STATUS_OK);
    assert_int_equal(offset, log->end - 1);
}

static void finds_the_first_record_late_enough(void **state)
{
    (void)state;
    struct node node;
    files_begin(&node, 1 << 20);
    struct log *log = files_start(&node);
    int64_t offset, time;
    assert_int_equal(search(&node, log, 0, &offset, &time), STATUS_NOT_FOUND);
    assert_int_equal(search(&node, log, LOG_SEARCH_MAX, &offset, &time), STATUS_NOT_FOUND);

    files_fill(&node, log, 300, 5, 2000);
    check_all(&node, log, 17);
    node_stop(&node);
    log = files_start(&node);
    check_all(&node, log, 101);
    files_fill(&node, log, 20, 5, 2000);
    check_all(&node, log, 113);
    int64_t sequence;
    assert_int_equal(log_raise_start(log, 777, &sequence), STATUS_OK);
    assert_int_equal(search(&node, log, 0, &offset, &time), STATUS_OK);
    assert_int_equal(offset, 777);
    node_crash(&node);
    log = files_start(&node);
    assert_int_equal(search(&node, log, 1700000000000 + 1234, &offset, &time), STATUS_OK);
    assert_int_equal(offset, 1234);
    node_stop(&node);
    node_remove(&node);
}

static void append_packed(struct node *node, struct log *log, unsigned codec, const int64_t *times, uint32_t count)
{
    static uint8_t plain[8192], packed[16384];
    struct batch_builder builder;
    size_t size;

    batch_begin(&builder, plain, sizeof plain, (uint16_t)codec, times[0]);
    for (uint32_t i = 0; i < count; i++) batch_add(&builder, BYTES_NULL, BYTES_NULL, times[i]);
    struct bytes batch = batch_end(&builder);
    struct bytes records = { batch.data + BATCH_HEADER_SIZE, batch.size - BATCH_HEADER_SIZE };
    memcpy(packed, batch.data, BATCH_HEADER_SIZE);
    enum status status = compression_pack(codec, COMPRESSION_LEVEL_DEFAULT, records, packed + BATCH_HEADER_SIZE,
                                          sizeof packed - BATCH_HEADER_SIZE, &size, &node->heap);
    assert_int_equal(status, STATUS_OK);
    store_u32(packed + 8, (uint32_t)(BATCH_HEADER_SIZE + size - BATCH_PREFIX_SIZE));
    store_u32(packed + 17, crc32c(0, packed + 21, BATCH_HEADER_SIZE + size - 21));
    struct log_append append = { .batches = { packed, BATCH_HEADER_SIZE + size },
                                 .origin = APPEND_CLIENT,
                                 .leader_epoch = 3 };
    assert_int_equal(log_append(log, &append), STATUS_OK);
    node_settle(node);
}

static void looks_into_compressed_batches(void **state)
{
    (void)state;
    struct node node;
    int64_t offset, time;
    files_begin(&node, 1 << 20);
    struct log *log = files_start(&node);
    for (unsigned codec = COMPRESSION_NONE; codec < COMPRESSION_COUNT; codec++) {
        int64_t base = (int64_t)1000 * codec;
        append_packed(&node, log, codec, (int64_t[]){ base + 10, base + 5, base + 30, base + 20 }, 4);
    }
    for (int round = 0; round < 2; round++) {
        for (unsigned codec = COMPRESSION_NONE; codec < COMPRESSION_COUNT; codec++) {
            int64_t base = (int64_t)1000 * codec;
            assert_int_equal(search(&node, log, base + 1, &offset, &time), STATUS_OK);
            assert_int_equal(offset, 4 * codec);
            assert_int_equal(search(&node, log, base + 11, &offset, &time), STATUS_OK);
            assert_int_equal(offset, 4 * codec + 2);
            assert_int_equal(time, base + 30);
            if (codec + 1 == COMPRESSION_COUNT) continue;
            assert_int_equal(search(&node, log, base + 31, &offset, &time), STATUS_OK);
            assert_int_equal(offset, 4 * codec + 4);
        }
        assert_int_equal(search(&node, log, LOG_SEARCH_MAX, &offset, &time), STATUS_OK);
        assert_int_equal(offset, 18);
        node_stop(&node);
        log = files_start(&node);
    }
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_record_late_enough),
        cmocka_unit_test(looks_into_compressed_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
