/* One log in memory: what an append is given or refused, where reads may begin, and marks that never go back. */
#include "files.h"

static void an_append_becomes_durable_and_is_read_back(void **state)
{
    (void)state;
    struct node node;
    node_init(&node, 1);
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);

    assert_int_equal(node_append(log, 3, 100, 0), STATUS_OK);
    assert_int_equal(log->end, 3);
    assert_int_equal(log->durable.at, 0);
    node_settle(&node);
    assert_int_equal(log->durable.at, 3);
    assert_int_equal(node_append(log, 2, 100, 3), STATUS_OK);
    node_settle(&node);
    assert_int_equal(node_read_all(&node, log, 0), 5);
    assert_int_equal(node_read_all(&node, log, 4), 5);
    node_crash(&node);
    node_remove(&node);
}

static void a_batch_with_a_wrong_sum_changes_nothing(void **state)
{
    (void)state;
    struct node node;
    node_init(&node, 1);
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);

    static uint8_t memory[1 << 16];
    struct bytes batch = node_batch(memory, sizeof memory, 1, 100, 0);
    memory[batch.size - 1] ^= 1;
    struct log_append append = { .batches = batch, .origin = APPEND_CLIENT, .leader_epoch = 3 };
    assert_int_equal(log_append(log, &append), STATUS_CORRUPT);
    assert_int_equal(log->end, 0);
    assert_int_equal(node_append(log, 1, 100, 0), STATUS_OK);
    node_settle(&node);
    assert_int_equal(log->durable.at, 1);
    assert_int_equal(node_read_all(&node, log, 0), 1);
    node_crash(&node);
    node_remove(&node);
}

static struct log *begin(struct node *node)
{
    node_init(node, 1);
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    return log;
}

static enum status append(struct log *log, struct bytes batches, enum append_origin origin)
{
    struct log_append append = { .batches = batches, .origin = origin, .leader_epoch = 3 };
    return log_append(log, &append);
}

static void what_a_topic_does_not_take_is_refused(void **state)
{
    (void)state;
    static uint8_t memory[1 << 16];
    struct log_settings settings = node_log_settings;
    struct node node;
    struct log *log = begin(&node);

    settings.message_bytes_max = 1000;
    log_change_settings(log, &settings);
    struct bytes batch = node_batch(memory, sizeof memory, 1, 2000, 0);
    assert_int_equal(append(log, batch, APPEND_CLIENT), STATUS_TOO_LARGE);
    assert_int_equal(append(log, batch, APPEND_COORDINATOR), STATUS_OK); /* The node's own are as large as they are. */
    settings.message_bytes_max = 1 << 20;
    settings.segment_bytes = (int64_t)batch.size - 1;
    log_change_settings(log, &settings);
    assert_int_equal(append(log, batch, APPEND_CLIENT), STATUS_BEYOND_SEGMENT);
    settings.segment_bytes = (int64_t)batch.size;
    log_change_settings(log, &settings);
    assert_int_equal(append(log, batch, APPEND_CLIENT), STATUS_OK);
    batch = node_batch(memory, sizeof memory, 1, 100, 0);
    memory[16] = 1;
    assert_int_equal(append(log, batch, APPEND_CLIENT), STATUS_BAD_MAGIC);
    batch = node_batch(memory, sizeof memory, 1, 100, 0);
    assert_int_equal(append(log, (struct bytes){ memory, batch.size - 1 }, APPEND_CLIENT), STATUS_BAD_RECORD);
    settings.timestamp_before_max_ms = 1000; /* The batch is of 2023. */
    assert_int_equal(append(log, batch, APPEND_CLIENT), STATUS_BAD_TIMESTAMP);
    settings.append_time = true;
    struct log_append stamped = { .batches = batch, .origin = APPEND_CLIENT };
    assert_int_equal(log_append(log, &stamped), STATUS_OK);
    assert_true(stamped.append_time_ms > 1700000000000);
    assert_int_equal(log->end, 3);
    node_settle(&node);
    node_crash(&node);
    node_remove(&node);
}

/* An epoch, whether it is known, and where it is said to end. */
struct epoch_answer {
    int32_t asked, told;
    int64_t end;
};

static void check_epochs(const struct log *log, const struct epoch_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int32_t epoch = answers[i].asked;
        int64_t end;
        assert_int_equal(log_epoch_end(log, &epoch, &end), STATUS_OK);
        assert_int_equal(epoch, answers[i].told);
        assert_int_equal(end, answers[i].end);
    }
}

/* Of the epochs below it only the last one is known, as if it began there: Kafka 4.3.1's answers, also after a
 * crash. */
static void a_raised_start_takes_its_epochs_along(void **state)
{
    (void)state;
    static const struct {
        int64_t start;
        struct epoch_answer answers[5];
    } rows[] = {
        { 1, { { 4, 4, 3 }, { 5, 4, 3 }, { 6, 6, 6 }, { 7, 6, 6 }, { 9, 9, 9 } } },
        { 3, { { 4, 4, 3 }, { 5, 5, 3 }, { 6, 6, 6 }, { 7, 6, 6 }, { 9, 9, 9 } } },
        { 5, { { 4, 4, 5 }, { 5, 5, 5 }, { 6, 6, 6 }, { 7, 6, 6 }, { 9, 9, 9 } } },
        { 9, { { 4, 4, 9 }, { 5, 5, 9 }, { 6, 6, 9 }, { 7, 7, 9 }, { 9, 9, 9 } } },
    };
    struct node node;
    int64_t sequence;
    struct log *log = begin(&node);

    for (uint64_t i = 0; i < 3; i++) {
        static const int32_t epochs[] = { 4, 6, 9 };
        assert_int_equal(log_begin_epoch(log, epochs[i]), STATUS_OK);
        assert_int_equal(node_append(log, 3, 50, i), STATUS_OK);
    }
    node_settle(&node);
    for (size_t i = 0; i < array_count(rows); i++) {
        log_commit(log, 9);
        assert_int_equal(log_raise_start(log, rows[i].start, &sequence), STATUS_OK);
        check_epochs(log, rows[i].answers, array_count(rows[i].answers));
        node_settle(&node);
        node_crash(&node);
        node_start(&node);
        log = node_log(&node, 0, "t", 0);
        node_begin(&node);
        check_epochs(log, rows[i].answers, array_count(rows[i].answers));
    }
    node_stop(&node);
    node_remove(&node);
}

static void reads_begin_between_start_and_end(void **state)
{
    (void)state;
    struct node node;
    uint8_t joined[4096];
    int64_t sequence;
    size_t size;
    struct log *log = begin(&node);

    for (uint64_t i = 0; i < 5; i++) assert_int_equal(node_append(log, 2, 50, i), STATUS_OK);
    node_settle(&node);
    assert_int_equal(log_raise_start(log, 1, &sequence), STATUS_OUT_OF_RANGE); /* Nothing is committed. */
    log_commit(log, 6);
    assert_int_equal(log_raise_start(log, 7, &sequence), STATUS_OUT_OF_RANGE);
    assert_int_equal(log_raise_start(log, 5, &sequence), STATUS_OK);
    assert_int_equal(log_raise_start(log, 3, &sequence), STATUS_OK);
    assert_int_equal(log->start, 5); /* It never falls. */
    assert_int_equal(files_read_at(&node, log, 4, 4096, joined, &size), STATUS_OUT_OF_RANGE);
    assert_int_equal(files_read_at(&node, log, 5, 4096, joined, &size), STATUS_OK);
    assert_true(size > 0);
    assert_int_equal(files_read_at(&node, log, 10, 4096, joined, &size), STATUS_OK);
    assert_int_equal(size, 0);
    assert_int_equal(files_read_at(&node, log, 11, 4096, joined, &size), STATUS_OUT_OF_RANGE);
    node_settle(&node);
    node_crash(&node);
    node_remove(&node);
}

/* Of a leader with more memory. */
static void a_batch_that_never_fits_is_not_waited_for(void **state)
{
    (void)state;
    static uint8_t memory[4 << 20];
    struct node node;

    node_init(&node, 1);
    node.plan.data.budget[MEMORY_TAIL] = (size_t)3 * MEMORY_CHUNK;
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    struct bytes large = node_batch(memory, sizeof memory, 3, 1000000, 0);
    assert_int_equal(append(log, large, APPEND_REPLICA), STATUS_TOO_LARGE);
    node_crash(&node);
    node_remove(&node);
}

/* A transaction that is open since before: readers go on from the start, as with Kafka. */
static void what_is_stable_does_not_end_below_the_start(void **state)
{
    (void)state;
    static uint8_t memory[4096];
    struct batch_builder builder;
    int64_t sequence;
    struct node node;
    struct log *log = begin(&node);

    batch_begin(&builder, memory, sizeof memory, BATCH_TRANSACTIONAL, 1700000000000);
    builder.batch.producer_id = 42;
    builder.batch.producer_epoch = 0;
    builder.batch.base_sequence = 0;
    batch_add(&builder, BYTES_NULL, (struct bytes){ (const uint8_t *)"value", 5 }, 1700000000000);
    assert_int_equal(append(log, batch_end(&builder), APPEND_CLIENT), STATUS_OK);
    for (uint64_t i = 1; i < 5; i++) assert_int_equal(node_append(log, 1, 50, i), STATUS_OK);
    node_settle(&node);
    log_commit(log, 4);
    assert_int_equal(log->last_stable, 0);
    assert_int_equal(log_raise_start(log, 3, &sequence), STATUS_OK);
    assert_int_equal(log->last_stable, 3);
    log_commit(log, 5);
    assert_int_equal(log->last_stable, 3);
    node_settle(&node);
    node_crash(&node);

    node_start(&node);
    log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    log_commit(log, log->durable.at);
    assert_int_equal(log->start, 3);
    assert_int_equal(log->last_stable, 3);
    node_stop(&node);
    node_remove(&node);
}

static void marks_never_go_back(void **state)
{
    (void)state;
    struct node node;
    struct log *log = begin(&node);

    assert_int_equal(node_append(log, 4, 50, 0), STATUS_OK);
    node_settle(&node);
    log_commit(log, 3);
    log_commit(log, 2);
    assert_int_equal(log->committed.at, 3);
    assert_int_equal(log->last_stable, 3);
    assert_int_equal(log->leader_epoch, 3);
    assert_int_equal(log_begin_epoch(log, 3), STATUS_OK);
    assert_int_equal(log_begin_epoch(log, 2), STATUS_OK);
    assert_int_equal(log->leader_epoch, 3);
    assert_int_equal(log_begin_epoch(log, 7), STATUS_OK);
    assert_int_equal(log->leader_epoch, 7);
    assert_int_equal(log_epoch_at(log, 3), 3);
    node_settle(&node);
    node_crash(&node);
    node_remove(&node);
}

/* As a follower takes them: whole batches, at their own offsets; a fetch may be cut anywhere. */
static void a_replica_takes_whole_batches_at_their_offsets(void **state)
{
    (void)state;
    static uint8_t memory[1 << 16];
    struct node node;
    struct log *log = begin(&node);
    size_t size = 0;

    for (int i = 0; i < 3; i++) {
        struct bytes batch = node_batch(memory + size, sizeof memory - size, 2, 100, 0);
        batch_stamp(memory + size, INT64_C(10) * i, 4 + i);
        size += batch.size;
    }
    struct log_append append = { .batches = { memory, size - 1 }, .origin = APPEND_REPLICA };
    assert_int_equal(log_append(log, &append), STATUS_OK);
    assert_int_equal(append.first, 0);
    assert_int_equal(append.limit, 12); /* The third was cut. */
    assert_int_equal(log->end, 12);
    assert_int_equal(log->leader_epoch, 5);
    append.batches = (struct bytes){ memory, size };
    assert_int_equal(log_append(log, &append), STATUS_OUT_OF_ORDER); /* It has the first already. */
    append.batches = (struct bytes){ memory + size / 3 * 2, size / 3 - 1 };
    assert_int_equal(log_append(log, &append), STATUS_TRUNCATED);
    append.batches.size++;
    memory[size - 1] ^= 1;
    assert_int_equal(log_append(log, &append), STATUS_CORRUPT);
    memory[size - 1] ^= 1;
    assert_int_equal(log_append(log, &append), STATUS_OK);
    assert_int_equal(log->end, 22);
    node_settle(&node);
    node_crash(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_append_becomes_durable_and_is_read_back),
        cmocka_unit_test(a_batch_with_a_wrong_sum_changes_nothing),
        cmocka_unit_test(what_a_topic_does_not_take_is_refused),
        cmocka_unit_test(a_raised_start_takes_its_epochs_along),
        cmocka_unit_test(reads_begin_between_start_and_end),
        cmocka_unit_test(a_batch_that_never_fits_is_not_waited_for),
        cmocka_unit_test(what_is_stable_does_not_end_below_the_start),
        cmocka_unit_test(marks_never_go_back),
        cmocka_unit_test(a_replica_takes_whole_batches_at_their_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
