/* tests/unit/net/api/alter_log_dirs_test.c   One log directory: what may be asked of it, and what is answered. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "log/store.h"
#include "messages/alter_log_dirs.h"

static struct desk desk;
static struct alter_log_dirs_answer answer;
static struct text here, nowhere = { "/nowhere", 8 };

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "a", 2);
    desk_topic(&desk, "b", 1);
    here = text_of(desk.node.stores[0]->directory->path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

/* One topic in one directory; the error of its only row. */
static int16_t ask_one(int16_t version, struct text path, struct text name, int32_t index)
{
    struct alter_log_dirs_topic_ask topic = { name, { &index, 1 } };
    struct alter_log_dirs_directory directory = { path, { &topic, 1 } };
    struct alter_log_dirs_ask ask = { { &directory, 1 } };

    desk_ask(&desk, API_ALTER_REPLICA_LOG_DIRS, version, &ask, &answer);
    assert_int_equal(answer.topics.count, 1);
    assert_true(text_equal(answer.topics.items[0].name, name));
    assert_int_equal(answer.topics.items[0].partitions.count, 1);
    assert_int_equal(answer.topics.items[0].partitions.items[0].index, index);
    return answer.topics.items[0].partitions.items[0].error;
}

static void what_lies_in_the_directory_stays_there(void **state)
{
    (void)state;
    assert_int_equal(ask_one(1, here, TEXT("a"), 0), ERROR_NONE);
    assert_int_equal(ask_one(2, here, TEXT("a"), 1), ERROR_NONE);
}

static void another_path_is_no_log_directory_whatever_is_to_move(void **state)
{
    (void)state;
    assert_int_equal(ask_one(2, nowhere, TEXT("a"), 0), ERROR_LOG_DIR_NOT_FOUND);
    assert_int_equal(ask_one(2, nowhere, TEXT("none"), 0), ERROR_LOG_DIR_NOT_FOUND);
    assert_int_equal(ask_one(2, TEXT(""), TEXT("a"), 0), ERROR_LOG_DIR_NOT_FOUND);
    assert_int_equal(ask_one(2, text_format(&desk.arena, "%.*s/", TEXT_ARGS(here)), TEXT("a"), 0),
                     ERROR_LOG_DIR_NOT_FOUND);
}

static void what_is_not_here_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(ask_one(2, here, TEXT("a"), 2), ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(ask_one(2, here, TEXT("a"), -1), ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(ask_one(2, here, TEXT("none"), 0), ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(ask_one(2, here, TEXT("a/b"), 0), ERROR_UNKNOWN_TOPIC_OR_PARTITION);
}

/* Measured at Apache Kafka 4.3.1: the border lies where "TOPIC-PARTITION.ID-future" has 255 letters. */
static void a_name_too_long_for_a_folder_on_the_move_is_refused_first(void **state)
{
    (void)state;
    char letters[214];
    memset(letters, 'x', sizeof(letters));

    static const struct {
        uint32_t size;
        int32_t index;
        int16_t error;
    } rows[] = {
        { 213, 0, ERROR_UNKNOWN_TOPIC_OR_PARTITION },  { 214, 0, ERROR_INVALID_TOPIC },
        { 212, 10, ERROR_UNKNOWN_TOPIC_OR_PARTITION }, { 213, 10, ERROR_INVALID_TOPIC },
        { 212, -1, ERROR_UNKNOWN_TOPIC_OR_PARTITION }, { 213, -1, ERROR_INVALID_TOPIC },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        struct text name = { letters, rows[i].size };
        assert_int_equal(ask_one(2, here, name, rows[i].index), rows[i].error);
    }
    assert_int_equal(ask_one(2, nowhere, (struct text){ letters, 214 }, 0), ERROR_INVALID_TOPIC);
}

static void a_partition_named_twice_goes_where_it_was_sent_last(void **state)
{
    (void)state;
    int32_t both[] = { 1, 0 }, first[] = { 0 };
    struct alter_log_dirs_topic_ask topics[] = { { TEXT("b"), { first, 1 } }, { TEXT("a"), { both, 2 } } };
    struct alter_log_dirs_topic_ask again[] = { { TEXT("a"), { first, 1 } }, { TEXT("b"), { first, 0 } } };
    struct alter_log_dirs_directory directories[] = { { here, { topics, 2 } }, { nowhere, { again, 2 } } };
    struct alter_log_dirs_ask ask = { { directories, 2 } };

    desk_ask(&desk, API_ALTER_REPLICA_LOG_DIRS, 2, &ask, &answer);
    assert_int_equal(answer.topics.count, 2);
    const struct alter_log_dirs_topic_answer *b = &answer.topics.items[0], *a = &answer.topics.items[1];
    assert_true(text_equal(a->name, TEXT("a")) && text_equal(b->name, TEXT("b")));
    assert_int_equal(a->partitions.count, 2);
    assert_int_equal(a->partitions.items[0].index, 1);
    assert_int_equal(a->partitions.items[0].error, ERROR_NONE);
    assert_int_equal(a->partitions.items[1].index, 0);
    assert_int_equal(a->partitions.items[1].error, ERROR_LOG_DIR_NOT_FOUND);
    assert_int_equal(b->partitions.count, 1);
    assert_int_equal(b->partitions.items[0].error, ERROR_NONE);
}

static void nothing_named_is_nothing_answered(void **state)
{
    (void)state;
    struct alter_log_dirs_topic_ask topic = { TEXT("a"), { NULL, 0 } };
    struct alter_log_dirs_directory directory = { here, { &topic, 1 } };
    struct alter_log_dirs_ask ask = { { &directory, 1 } };

    desk_ask(&desk, API_ALTER_REPLICA_LOG_DIRS, 2, &ask, &answer);
    assert_int_equal(answer.topics.count, 0);
    ask.directories.count = 0;
    desk_ask(&desk, API_ALTER_REPLICA_LOG_DIRS, 1, &ask, &answer);
    assert_int_equal(answer.topics.count, 0);
}

/* In portions. */
static void many_are_answered_as_few(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    int32_t *indexes = arena_take(&desk.messages, MANY * sizeof(*indexes));
    struct alter_log_dirs_topic_ask *topics = arena_take(&desk.messages, MANY * sizeof(*topics));
    struct alter_log_dirs_topic_ask wide = { TEXT("a"), { indexes, MANY } };
    struct alter_log_dirs_directory directories[] = { { nowhere, { &wide, 1 } }, { here, { topics, MANY } } };
    struct alter_log_dirs_ask ask = { { directories, 2 } };

    for (int32_t i = 0; i < MANY; i++) {
        indexes[i] = i;
        topics[i].name = i == 7 ? TEXT("a") : text_format(&desk.messages, "none-%d", i);
        topics[i].partitions.items = indexes;
        topics[i].partitions.count = 1;
    }
    desk_ask(&desk, API_ALTER_REPLICA_LOG_DIRS, 2, &ask, &answer);
    assert_int_equal(answer.topics.count, MANY);
    assert_int_equal(answer.topics.items[0].partitions.count, MANY);
    for (int32_t i = 0; i < MANY; i++) {
        const struct alter_log_dirs_partition *row = &answer.topics.items[0].partitions.items[i];
        assert_int_equal(row->index, (i + 1) % MANY);
        assert_int_equal(row->error, row->index == 0 ? ERROR_NONE : ERROR_LOG_DIR_NOT_FOUND);
        if (i == 0) continue;
        assert_int_equal(answer.topics.items[i].partitions.count, 1);
        assert_int_equal(answer.topics.items[i].partitions.items[0].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_in_the_directory_stays_there),
        cmocka_unit_test(another_path_is_no_log_directory_whatever_is_to_move),
        cmocka_unit_test(what_is_not_here_is_unknown),
        cmocka_unit_test(a_name_too_long_for_a_folder_on_the_move_is_refused_first),
        cmocka_unit_test(a_partition_named_twice_goes_where_it_was_sent_last),
        cmocka_unit_test(nothing_named_is_nothing_answered),
        cmocka_unit_test(many_are_answered_as_few),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
