/* Retention: the decision as a table, and its whole way: start, files, crash. */
#include "files.h"

#include "log/retention.h"

static struct segment segment_of(int64_t base, int64_t limit, uint64_t size, int64_t time)
{
    return (struct segment){ .base = base, .limit = limit, .size = size, .max_timestamp_ms = time, .file = -1 };
}

static void decides_as_kafka_does(void **state)
{
    (void)state;
    const struct segment segments[] = {
        segment_of(0, 10, 100, 1000),
        segment_of(10, 20, 100, 3000),
        segment_of(20, 30, 100, 2000),
        segment_of(30, 35, 50, 4000),
    };
    static const struct {
        int64_t retention_ms, retention_bytes, start, committed, now;
        int64_t wanted;
    } rows[] = {
        { -1, -1, 0, 35, 1000000, 0 }, { 1000, -1, 0, 35, 2000, 0 },  { 1000, -1, 0, 35, 2001, 10 },
        { 1000, -1, 0, 35, 4001, 30 }, { 1000, -1, 0, 35, 3500, 10 }, { 1000, -1, 0, 35, 5001, 35 },
        { 1000, -1, 0, 25, 5001, 20 }, { 1000, -1, 0, 5, 5001, 0 },   { -1, 350, 0, 35, 0, 0 },
        { -1, 250, 0, 35, 0, 10 },     { -1, 249, 0, 35, 0, 10 },     { -1, 150, 0, 35, 0, 20 },
        { -1, 50, 0, 35, 0, 30 },      { -1, 0, 0, 35, 0, 35 },       { -1, -1, 15, 35, 0, 15 },
        { -1, 0, 0, 20, 0, 20 },       { 0, -1, 0, 35, 4000, 30 },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct log_settings settings = { .retention_ms = rows[i].retention_ms,
                                         .retention_bytes = rows[i].retention_bytes,
                                         .delete_old = true };
        int64_t start =
            retention_decide(&settings, segments, array_count(segments), rows[i].start, rows[i].committed, rows[i].now);
        assert_int_equal(start, rows[i].wanted);
        settings.delete_old = false;
        start =
            retention_decide(&settings, segments, array_count(segments), rows[i].start, rows[i].committed, rows[i].now);
        assert_int_equal(start, rows[i].start);
    }
}

static void begin(struct node *node)
{
    files_begin(node, 100 << 10);
    files_settings.delete_old = true;
    files_settings.file_delete_delay_ms = 20;
}

static uint32_t count_files(const struct node *node, const char *pattern)
{
    char command[256];
    snprintf(command, sizeof command, "ls %s/t-0/%s 2>/dev/null | wc -l", node->path, pattern);
    char line[32] = "";
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    pclose(pipe);
    return (uint32_t)strtoul(line, NULL, 10);
}

static void turn_until_gone(struct node *node, const char *pattern)
{
    for (int i = 0; i < 2000 && count_files(node, pattern) > 0; i++) {
        for (int turns = 0; turns < 20; turns++) node_turn(node);
    }
    assert_int_equal(count_files(node, pattern), 0);
}

static void old_segments_go_and_stay_gone(void **state)
{
    (void)state;
    struct node node;
    begin(&node);
    files_fill(&node, files_start(&node), 60, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    uint32_t count = log->segments->count;
    assert_true(count > 4);
    store_retain(log->store, 3600000, 1);

    files_settings.retention_bytes = 250 << 10;
    retention_run(log->store);
    node_settle(&node);
    assert_true(log->segments->count < count);
    assert_int_equal(log->start, log->segments->items[0].base);
    assert_true(log->start > 0);
    assert_int_equal(node_read_all(&node, log, log->start), 300);
    turn_until_gone(&node, "*.deleted");
    assert_int_equal(files_size_of(&node, "00000000000000000000.log"), -1);
    int64_t start = log->start;
    node_crash(&node);
    log = files_start(&node);
    assert_int_equal(log->start, start);
    assert_int_equal(node_read_all(&node, log, log->start), 300);
    node_stop(&node);
    log = files_start(&node);
    assert_int_equal(log->start, start);
    node_stop(&node);
    node_remove(&node);
}

static void a_log_may_expire_to_its_end_and_go_on(void **state)
{
    (void)state;
    struct node node;
    begin(&node);
    files_fill(&node, files_start(&node), 60, 5, 2000);
    node_stop(&node);
    for (int crash = 0; crash < 2; crash++) {
        struct log *log = files_start(&node);
        int64_t end = log->end;
        store_retain(log->store, 3600000, 1);
        log_commit(log, log->durable.at);
        files_settings.retention_ms = 1000; /* Everything is from 2023. */
        retention_run(log->store);
        node_settle(&node);
        assert_int_equal(log->start, end);
        assert_int_equal(log->segments->count, 0);
        turn_until_gone(&node, "*.deleted");
        assert_int_equal(count_files(&node, "*.log"), 0);
        if (crash) {
            node_crash(&node);
            log = files_start(&node);
            assert_int_equal(log->start, end);
            assert_int_equal(log->end, end);
        }
        files_settings.retention_ms = -1;
        files_fill(&node, log, 3, 5, 2000);
        assert_int_equal(node_read_all(&node, log, end), end + 15);
        node_stop(&node);
    }
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 330);
    assert_int_equal(log->start, 315);
    assert_int_equal(node_read_all(&node, log, 315), 330);
    node_stop(&node);
    node_remove(&node);
}

static void a_deleted_range_frees_its_files(void **state)
{
    (void)state;
    struct node node;
    int64_t sequence;
    begin(&node);
    files_settings.delete_old = false; /* Also on a compacted topic. */
    files_fill(&node, files_start(&node), 60, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    store_retain(log->store, 3600000, 1);
    int64_t start = log->segments->items[2].base + 3;
    assert_int_equal(log_raise_start(log, start, &sequence), STATUS_OK);
    retention_run(log->store);
    node_settle(&node);
    assert_true(log->segments->items[0].base < start && log->segments->items[0].limit > start);
    assert_int_equal(node_read_all(&node, log, start), 300);
    node_stop(&node);
    log = files_start(&node);
    assert_int_equal(log->start, start);
    node_stop(&node);
    node_remove(&node);
}

static void the_timer_begins_rounds(void **state)
{
    (void)state;
    struct node node;
    begin(&node);
    files_settings.file_delete_delay_ms = 3600000;
    files_fill(&node, files_start(&node), 60, 5, 2000);
    node_stop(&node);
    struct log *log = files_start(&node);
    files_settings.retention_bytes = 0;
    store_retain(log->store, 5, 1);
    for (int i = 0; i < 1000 && log->segments->count > 0; i++) node_turn(&node);
    assert_int_equal(log->segments->count, 0);
    node_settle(&node);
    assert_true(count_files(&node, "*.log.deleted") > 4); /* Until the delay is over, */
    node_stop(&node);
    (void)files_start(&node);
    assert_int_equal(count_files(&node, "*.deleted"), 0); /* or until the next start. */
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_as_kafka_does),
        cmocka_unit_test(old_segments_go_and_stay_gone),
        cmocka_unit_test(a_log_may_expire_to_its_end_and_go_on),
        cmocka_unit_test(a_deleted_range_frees_its_files),
        cmocka_unit_test(the_timer_begins_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
