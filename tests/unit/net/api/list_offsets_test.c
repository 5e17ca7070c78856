/* tests/unit/net/api/list_offsets_test.c   Ends, times and specials, on both shards; epochs; what versions may ask. */
#include "desk_metadata.h"
#include "desk_records.h"

#include "messages/list_offsets.h"

static struct desk desk;
static struct list_offsets_partition_ask partitions[4];
static struct list_offsets_topic_ask topics[1];
static struct list_offsets_ask ask;
static struct list_offsets_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "t", 2);
    for (int32_t i = 0; i < 2; i++) desk_store(&desk, "t", i, 3 + i, 100);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static const struct list_offsets_partition_answer *list(int16_t version, const char *topic, int32_t count,
                                                        int64_t timestamp)
{
    for (int32_t i = 0; i < count; i++) partitions[i] = (struct list_offsets_partition_ask){ i, -1, timestamp };
    topics[0].name = text_of(topic);
    topics[0].partitions.items = partitions;
    topics[0].partitions.count = count;
    ask.replica_id = -1;
    ask.topics.items = topics;
    ask.topics.count = 1;
    desk_ask(&desk, API_LIST_OFFSETS, version, &ask, &answer);
    assert_int_equal(answer.topics.items[0].partitions.count, count);
    return answer.topics.items[0].partitions.items;
}

static void ends_are_read_off_the_log(void **state)
{
    (void)state;
    for (int16_t version = 1; version <= 11; version++) {
        const struct list_offsets_partition_answer *rows = list(version, "t", 2, LIST_OFFSETS_LATEST);
        for (int32_t i = 0; i < 2; i++) {
            assert_int_equal(rows[i].error, ERROR_NONE);
            assert_int_equal(rows[i].offset, 3 + i);
            assert_int_equal(rows[i].timestamp_ms, -1);
            if (version >= 4) assert_int_equal(rows[i].leader_epoch, 5);
        }
        assert_int_equal(list(version, "t", 2, LIST_OFFSETS_EARLIEST)[1].offset, 0);
    }
}

static void times_find_the_first_record_at_or_after(void **state)
{
    (void)state;
    int64_t now = shard_wall_ms(desk.node.shards[0]);
    const struct list_offsets_partition_answer *rows = list(7, "t", 2, now - 60000);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(rows[i].offset, 0);
        assert_true(rows[i].timestamp_ms > now - 60000 && rows[i].timestamp_ms <= now);
    }
    rows = list(7, "t", 2, now + 60000);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(rows[i].error, ERROR_NONE);
        assert_int_equal(rows[i].offset, -1);
        assert_int_equal(rows[i].timestamp_ms, -1);
    }
    int64_t largest = list(7, "t", 2, LIST_OFFSETS_MAX_TIMESTAMP)[1].offset;
    assert_true(largest >= 0 && largest < 4); /* Which of equals is the log's to say. */
}

static void specials_are_refused_in_versions_that_do_not_know_them(void **state)
{
    (void)state;
    const struct {
        int64_t timestamp;
        int16_t since;
        int64_t offset;
    } rows[] = {
        { LIST_OFFSETS_EARLIEST_LOCAL, 8, 0 },
        { LIST_OFFSETS_LATEST_TIERED, 9, -1 },
        { LIST_OFFSETS_EARLIEST_PENDING_UPLOAD, 11, -1 },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        assert_int_equal(list(rows[i].since - 1, "t", 1, rows[i].timestamp)[0].error, ERROR_UNSUPPORTED_VERSION);
        const struct list_offsets_partition_answer *row = list(rows[i].since, "t", 1, rows[i].timestamp);
        assert_int_equal(row->error, ERROR_NONE);
        assert_int_equal(row->offset, rows[i].offset);
    }
    assert_int_equal(list(6, "t", 1, LIST_OFFSETS_MAX_TIMESTAMP)[0].error, ERROR_UNSUPPORTED_VERSION);
    assert_int_equal(list(11, "t", 1, -7)[0].error, ERROR_UNSUPPORTED_VERSION);
    assert_int_equal(list(11, "t", 1, INT64_MIN)[0].error, ERROR_UNSUPPORTED_VERSION);
}

static void what_is_not_there_says_so_by_row(void **state)
{
    (void)state;
    const struct list_offsets_partition_answer *rows = list(7, "t", 3, LIST_OFFSETS_LATEST);
    assert_int_equal(rows[0].error, ERROR_NONE);
    assert_int_equal(rows[2].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(rows[2].offset, -1);
    assert_int_equal(list(7, "none", 1, LIST_OFFSETS_LATEST)[0].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);

    list(7, "t", 1, LIST_OFFSETS_LATEST);
    for (int32_t epoch = 4; epoch <= 6; epoch++) {
        partitions[0].current_leader_epoch = epoch;
        desk_ask(&desk, API_LIST_OFFSETS, 7, &ask, &answer);
        assert_int_equal(answer.topics.items[0].partitions.items[0].error, epoch == 4   ? ERROR_FENCED_LEADER_EPOCH
                                                                           : epoch == 5 ? ERROR_NONE
                                                                                        : ERROR_UNKNOWN_LEADER_EPOCH);
    }
}

static void who_names_a_partition_twice_is_told_so_once(void **state)
{
    (void)state;
    list(7, "t", 2, LIST_OFFSETS_LATEST);
    partitions[2] = partitions[0];
    topics[0].partitions.count = 3;
    desk_ask(&desk, API_LIST_OFFSETS, 7, &ask, &answer);
    assert_int_equal(answer.topics.items[0].partitions.count, 2);
    const struct list_offsets_partition_answer *rows = answer.topics.items[0].partitions.items;
    assert_int_equal(rows[0].error, ERROR_INVALID_REQUEST);
    assert_int_equal(rows[0].offset, -1);
    assert_int_equal(rows[1].error, ERROR_NONE);
    assert_int_equal(rows[1].offset, 4);
}

/* As Kafka answers it; whether the rows stand beside each other or not. */
static void a_topic_in_two_rows_is_told_in_one(void **state)
{
    (void)state;
    struct list_offsets_partition_ask one = { 1, -1, LIST_OFFSETS_LATEST }, none = { 9, -1, LIST_OFFSETS_LATEST },
                                      zero = { 0, -1, LIST_OFFSETS_LATEST };
    struct list_offsets_topic_ask rows[] = { { TEXT("t"), { &one, 1 } },
                                             { TEXT("nobody"), { &zero, 1 } },
                                             { TEXT("t"), { &none, 1 } },
                                             { TEXT("t"), { &zero, 1 } } };
    static const int64_t offsets[] = { 4, -1, 3 };
    ask = (struct list_offsets_ask){ .replica_id = -1, .topics = { rows, 4 } };
    desk_ask(&desk, API_LIST_OFFSETS, 7, &ask, &answer);
    assert_int_equal(answer.topics.count, 2);
    assert_true(text_equal(answer.topics.items[0].name, TEXT("t")));
    assert_int_equal(answer.topics.items[0].partitions.count, 3);
    for (int32_t i = 0; i < 3; i++) {
        const struct list_offsets_partition_answer *row = &answer.topics.items[0].partitions.items[i];
        assert_int_equal(row->offset, offsets[i]);
        assert_int_equal(row->error, i == 1 ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_NONE);
    }
    assert_int_equal(answer.topics.items[1].partitions.items[0].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
}

/* Thousands of topics, one of them with thousands of partitions: in portions, and the answer is as for few. */
static void a_large_request_is_answered_as_a_small_one(void **state)
{
    (void)state;
    enum { NAMES = 2000, ROWS = 2500, WIDE = 2500 };
    struct arena *arena = &desk.messages;
    struct list_offsets_topic_ask *rows = arena_take(arena, (ROWS + 3) * sizeof(*rows));
    struct list_offsets_partition_ask *parts = arena_take(arena, (ROWS + WIDE) * sizeof(*parts));
    struct list_offsets_partition_ask own[] = { { 0, -1, LIST_OFFSETS_LATEST }, { 1, -1, LIST_OFFSETS_LATEST } };

    rows[0] = (struct list_offsets_topic_ask){ TEXT("t"), { &own[1], 1 } };
    for (int32_t i = 0; i < ROWS; i++) {
        parts[i] = (struct list_offsets_partition_ask){ i / NAMES, -1, LIST_OFFSETS_LATEST };
        rows[1 + i] = (struct list_offsets_topic_ask){ text_format(arena, "none-%d", i % NAMES), { &parts[i], 1 } };
    }
    for (int32_t i = 0; i < WIDE; i++) parts[ROWS + i].index = max_of(i, 1); /* 1 is named twice */
    rows[1 + ROWS] = (struct list_offsets_topic_ask){ TEXT("wide"), { &parts[ROWS], WIDE } };
    rows[2 + ROWS] = (struct list_offsets_topic_ask){ TEXT("t"), { &own[0], 1 } };
    ask = (struct list_offsets_ask){ .replica_id = -1, .topics = { rows, ROWS + 3 } };
    desk_ask(&desk, API_LIST_OFFSETS, 7, &ask, &answer);

    assert_int_equal(answer.topics.count, NAMES + 2);
    const struct list_offsets_topic_answer *first = &answer.topics.items[0], *last = &answer.topics.items[1 + NAMES];
    assert_int_equal(first->partitions.count, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(first->partitions.items[i].index, 1 - i);
        assert_int_equal(first->partitions.items[i].offset, 4 - i);
    }
    for (int32_t i = 0; i < NAMES; i++) {
        const struct list_offsets_topic_answer *none = &answer.topics.items[1 + i];
        assert_true(text_equal(none->name, rows[1 + i].name));
        assert_int_equal(none->partitions.count, i < ROWS - NAMES ? 2 : 1);
        assert_int_equal(none->partitions.items[0].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    }
    assert_int_equal(last->partitions.count, WIDE - 1);
    for (int32_t i = 1; i < WIDE; i++) {
        assert_int_equal(last->partitions.items[i - 1].index, i);
        assert_int_equal(last->partitions.items[i - 1].error,
                         i == 1 ? ERROR_INVALID_REQUEST : ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_read_off_the_log),
        cmocka_unit_test(times_find_the_first_record_at_or_after),
        cmocka_unit_test(specials_are_refused_in_versions_that_do_not_know_them),
        cmocka_unit_test(what_is_not_there_says_so_by_row),
        cmocka_unit_test(who_names_a_partition_twice_is_told_so_once),
        cmocka_unit_test(a_topic_in_two_rows_is_told_in_one),
        cmocka_unit_test(a_large_request_is_answered_as_a_small_one),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
