/* Large appends: bytes go to the segment once, entries stay in order, and nothing counts before its extent does. */
#include "files.h"

#include "log/spill.h"
#include "log/stream.h"
#include "log/wal.h"

/* Appends without a pause, as far as memory allows. */
static void pour(struct node *node, struct log *log, int count, size_t size)
{
    enum status status;
    for (int i = 0; i < count; i++) {
        while ((status = node_append(log, 1, size, (uint64_t)log->end)) == STATUS_BUSY) node_turn(node);
        assert_int_equal(status, STATUS_OK);
    }
}

static void until_durable(struct node *node, struct log *log, int64_t offset)
{
    while (log->durable.at < offset) node_turn(node);
}

static void crashed_and_read(struct node *node, int64_t end)
{
    node_crash(node);
    struct log *log = files_start(node);
    assert_int_equal(log->end, end);
    assert_int_equal(node_read_all(node, log, 0), end);
    node_stop(node);
    node_remove(node);
}

static void a_large_log_is_written_once(void **state)
{
    (void)state;
    enum { COUNT = 100, SIZE = 300000 };
    struct node node;

    files_begin(&node, 8 << 20); /* Rolled on the way. */
    struct log *log = files_start(&node);
    struct store *store = node.stores[0];
    pour(&node, log, COUNT, SIZE);
    until_durable(&node, log, log->end);
    assert_true(log->segments->count > 3);
    assert_true(store->wal->bytes_written < (uint64_t)COUNT * SIZE / 4);
    assert_true(store->spill->bytes_written + store->wal->bytes_written < (uint64_t)COUNT * SIZE / 10 * 12);
    assert_int_equal(node_read_all(&node, log, 0), COUNT);
    crashed_and_read(&node, COUNT);
}

static void pieces_lie_as_their_blocks_do(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    files_fill(&node, log, 1, 1, 777); /* So that the first piece begins in a block. */
    pour(&node, log, 9, 301234);
    uint64_t position = segments_last(log)->size;
    int64_t limit = log->end;
    assert_true(log->stream && stream_busy(log->stream));
    for (struct list_node *node_of = log->stream->pieces.head.previous; node_of != &log->stream->pieces.head;
         node_of = node_of->previous) { /* From the newest on. */
        const struct stream_piece *piece = container_of(node_of, struct stream_piece, node);
        assert_int_equal(piece->position % CHUNK_BLOCK, piece->at % CHUNK_BLOCK);
        assert_int_equal(piece->position + piece->size, position);
        assert_int_equal(piece->limit, limit);
        position = piece->position;
        limit = piece->first;
    }
    assert_true(limit < 9);
    until_durable(&node, log, log->end);
    crashed_and_read(&node, 10);
}

/* What is small but comes behind what is large goes the same way, or it would be durable before it. */
static void a_small_append_stays_behind_a_large_one(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    pour(&node, log, 4, 400000);
    pour(&node, log, 1, 50);
    assert_true(tail_span(log->tail, log->tail->count - 1)->direct);
    for (int64_t before = 0; log->durable.at < log->end; before = log->durable.at) {
        node_turn(&node);
        assert_true(log->durable.at >= before);
    }
    crashed_and_read(&node, 5);
}

/* Whatever time the turns of this machine take. */
static void hold_on(struct log *log)
{
    log->stream->turn_ns = INT64_C(3600) * 1000000000;
    log->stream->hold_limit_ns = 0;
    timer_clear(&log->store->shard->timers, &log->stream->hold);
}

/* A turn of its own, so that the log has a stream and a turn's length is known. */
static struct log *after_a_turn(struct node *node, size_t size)
{
    files_begin(node, 1 << 30);
    struct log *log = files_start(node);
    pour(node, log, 1, size);
    until_durable(node, log, 1);
    node_turn(node);
    assert_true(log->stream && log->stream->turn_ns > 0);
    return log;
}

/* Two groups of batches that alternate become one. */
static void a_turn_waits_for_what_the_last_one_let_go(void **state)
{
    (void)state;
    struct node node;
    struct log *log = after_a_turn(&node, 400000);
    const uint64_t *writes = &node.stores[0]->spill->write_count;

    uint64_t before = *writes;
    pour(&node, log, 1, 200000); /* Half of what the last one let go. */
    hold_on(log);
    node_turn(&node);
    assert_int_equal(*writes, before);
    assert_int_equal(log->stream->stage, STREAM_HOLDING);
    pour(&node, log, 1, 200000);
    node_turn(&node);
    assert_int_equal(*writes, before + 1); /* Both at once. */
    until_durable(&node, log, 3);
    crashed_and_read(&node, 3);
}

static void what_a_turn_waits_for_need_not_come(void **state)
{
    (void)state;
    struct node node;
    struct log *log = after_a_turn(&node, 400000);

    pour(&node, log, 1, 200000);
    hold_on(log);
    int64_t begun_ns = shard_now_ns(log->store->shard);
    node_turn(&node);
    assert_int_equal(log->stream->stage, STREAM_HOLDING);
    until_durable(&node, log, 2);
    assert_true(shard_now_ns(log->store->shard) - begun_ns >= STREAM_HOLD_NS_MAX);
    crashed_and_read(&node, 2);
}

static void an_idle_stream_ends(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 30);
    struct log *log = files_start(&node);
    struct store *store = node.stores[0];
    pour(&node, log, 8, 400000);
    streams_trim(store);
    assert_non_null(log->stream); /* Busy. */
    node_settle(&node);
    assert_false(streams_busy(store));
    streams_trim(store);
    assert_null(log->stream);
    pour(&node, log, 1, 1000); /* Its last partial block is spill.c's now. */
    assert_null(log->stream);
    node_settle(&node);
    spill_log(store->spill, log);
    spill_go(store->spill);
    node_settle(&node);
    assert_int_equal(segments_last(log)->written, segments_last(log)->size);
    crashed_and_read(&node, 9);
}

/* The way goes to and fro: streams and the WAL take turns in one segment. */
static void a_stream_begins_where_the_wal_left_off(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 4 << 20);
    struct log *log = files_start(&node);
    for (size_t round = 0; round < 12; round++) {
        files_fill(&node, log, 1, 1, 100 + round * 611);
        pour(&node, log, 3, 250000 + round * 4111);
        until_durable(&node, log, log->end);
        if (round % 3 == 2) streams_trim(node.stores[0]);
    }
    assert_int_equal(node_read_all(&node, log, 0), 48);
    crashed_and_read(&node, 48);
}

/* It went past the WAL, whose files are smaller; a start has to bring it back all the same, and so has the next one. */
static void a_batch_larger_than_a_wal_file_survives_kills(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 30);
    node.plan.wal_size = 64 << 20;
    node.plan.wal_file_size = 1 << 20;
    struct log *log = files_start(&node);
    pour(&node, log, 1, 1000);
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(node_append(log, 3, 1 << 20, (uint64_t)log->end), STATUS_OK);
    pour(&node, log, 1, 1000);
    until_durable(&node, log, log->end);
    for (int kills = 0; kills < 2; kills++) {
        node_crash(&node);
        log = files_start(&node);
        assert_int_equal(log->end, 8);
        assert_int_equal(node_read_all(&node, log, 0), 8);
    }
    pour(&node, log, 2, 300000);
    until_durable(&node, log, log->end);
    crashed_and_read(&node, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_log_is_written_once),
        cmocka_unit_test(pieces_lie_as_their_blocks_do),
        cmocka_unit_test(a_small_append_stays_behind_a_large_one),
        cmocka_unit_test(a_turn_waits_for_what_the_last_one_let_go),
        cmocka_unit_test(what_a_turn_waits_for_need_not_come),
        cmocka_unit_test(an_idle_stream_ends),
        cmocka_unit_test(a_stream_begins_where_the_wal_left_off),
        cmocka_unit_test(a_batch_larger_than_a_wal_file_survives_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
