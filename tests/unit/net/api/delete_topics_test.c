/* tests/unit/net/api/delete_topics_test.c   Deleting by name and by id: what the controller is asked, what is refused
 * here, and what is told of each. */
#include "decisions.h"
#include "one_desk.h"

#include <time.h>

#include "messages/delete_topics.h"

static struct delete_topics_answer answer;

/* Up to version 5 topics are named in a list of their own. */
static void names_of_old_versions_are_read_too(void **state)
{
    (void)state;
    struct text names[] = { TEXT("a"), TEXT("b") };
    struct delete_topics_ask ask = { .topic_names = { names, 2 }, .timeout_ms = 1000 };

    for (int16_t version = 1; version <= 5; version++) {
        struct controller_call *call = desk_asks(&desk, API_DELETE_TOPICS, version, &ask, CONTROLLER_DELETE_TOPICS);
        assert_int_equal(call->delete_count, 2);
        assert_true(text_equal(call->deletes[1].name, TEXT("b")));
        assert_true(uuid_none(call->deletes[1].id));
        call->deletes[1].status = STATUS_NOT_FOUND;
        desk_decides(STATUS_OK);
        desk_told(&desk, API_DELETE_TOPICS, version, &answer);
        assert_int_equal(answer.topics.count, 2);
        assert_int_equal(answer.topics.items[0].error, ERROR_NONE);
        assert_int_equal(answer.topics.items[1].error, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    }
}

static void what_the_controller_found_is_told(void **state)
{
    (void)state;
    struct uuid id = { { 1, 2, 3 } };
    struct delete_topics_topic_ask topics[] = { { TEXT("a"), UUID_NONE }, { TEXT_NULL, id }, { TEXT("c"), UUID_NONE } };
    struct delete_topics_ask ask = { .topics = { topics, 3 }, .timeout_ms = 1000 };

    struct controller_call *call = desk_asks(&desk, API_DELETE_TOPICS, 6, &ask, CONTROLLER_DELETE_TOPICS);
    assert_null(call->deletes[1].name.data);
    assert_true(uuid_equal(call->deletes[1].id, id));
    call->deletes[0].id = id;
    call->deletes[1].name = TEXT("found");
    call->deletes[2].status = STATUS_DELETION_DISABLED;
    call->deletes[2].why = TEXT("so it is");
    desk_decides(STATUS_OK);
    desk_told(&desk, API_DELETE_TOPICS, 6, &answer);
    assert_true(uuid_equal(answer.topics.items[0].topic_id, id));
    assert_null(answer.topics.items[0].error_message.data);
    assert_true(text_equal(answer.topics.items[1].name, TEXT("found")));
    assert_int_equal(answer.topics.items[2].error, ERROR_TOPIC_DELETION_DISABLED);
    assert_true(text_equal(answer.topics.items[2].error_message, TEXT("so it is")));
}

static void a_call_that_fails_fails_all(void **state)
{
    (void)state;
    struct delete_topics_topic_ask topics[] = { { TEXT("a"), UUID_NONE }, { TEXT("b"), UUID_NONE } };
    struct delete_topics_ask ask = { .topics = { topics, 2 }, .timeout_ms = 1000 };

    (void)desk_asks(&desk, API_DELETE_TOPICS, 6, &ask, CONTROLLER_DELETE_TOPICS);
    desk_decides(STATUS_STOPPING);
    desk_told(&desk, API_DELETE_TOPICS, 6, &answer);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(answer.topics.items[i].error, error_of(STATUS_STOPPING));
        assert_true(answer.topics.items[i].error_message.size > 0);
    }
}

/* Refused once, and not deleted: who names a topic twice does not know what he wants. */
static void what_is_named_twice_is_not_deleted(void **state)
{
    (void)state;
    struct delete_topics_topic_ask topics[] = {
        { TEXT("a"), UUID_NONE }, { TEXT("b"), UUID_NONE }, { TEXT("a"), UUID_NONE }, { TEXT("a"), UUID_NONE }
    };
    struct delete_topics_ask ask = { .topics = { topics, 4 }, .timeout_ms = 1000 };
    const struct metrics *metrics = desk.node.shards[0]->face->settings.metrics;
    const struct metric_cells *cells = &desk.node.shards[0]->face->cells;
    int64_t before = metric_read(metrics, cells, 1, CONN_METRIC_ERRORS, API_DELETE_TOPICS);

    struct controller_call *call = desk_asks(&desk, API_DELETE_TOPICS, 6, &ask, CONTROLLER_DELETE_TOPICS);
    assert_int_equal(call->delete_count, 1);
    assert_true(text_equal(call->deletes[0].name, TEXT("b")));
    desk_decides(STATUS_OK);
    desk_told(&desk, API_DELETE_TOPICS, 6, &answer);
    assert_int_equal(answer.topics.count, 2);
    assert_true(text_equal(answer.topics.items[0].name, TEXT("a")));
    assert_int_equal(answer.topics.items[0].error, ERROR_INVALID_REQUEST);
    assert_true(text_equal(answer.topics.items[0].error_message, TEXT("Duplicate topic name.")));
    assert_int_equal(answer.topics.items[1].error, ERROR_NONE);
    assert_int_equal(metric_read(metrics, cells, 1, CONN_METRIC_ERRORS, API_DELETE_TOPICS), before + 1);
}

/* Fifty thousand pairs: looked up, not compared with each other, which would hold the shard. */
static void many_pairs_are_struck_in_one_go(void **state)
{
    (void)state;
    enum { PAIRS = 50000 };
    struct text *names = arena_take(&desk.messages, (size_t)2 * PAIRS * sizeof(*names));
    struct delete_topics_ask ask = { .topic_names = { names, 2 * PAIRS }, .timeout_ms = 1000 };

    for (int32_t i = 0; i < PAIRS; i++) names[i] = names[PAIRS + i] = text_format(&desk.messages, "%07d", i);
    struct timespec begun, done;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
    struct controller_call *call = desk_asks(&desk, API_DELETE_TOPICS, 5, &ask, CONTROLLER_DELETE_TOPICS);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &done);
    assert_int_equal(call->delete_count, 0);
    desk_decides(STATUS_OK);
    desk_told(&desk, API_DELETE_TOPICS, 5, &answer);
    assert_int_equal(answer.topics.count, PAIRS);
    assert_in_range(done.tv_sec - begun.tv_sec, 0, 5);
}

static void nothing_is_a_call_too(void **state)
{
    (void)state;
    struct delete_topics_ask ask = { .timeout_ms = 1000 };
    struct controller_call *call = desk_asks(&desk, API_DELETE_TOPICS, 6, &ask, CONTROLLER_DELETE_TOPICS);
    assert_int_equal(call->delete_count, 0);
    desk_decides(STATUS_OK);
    desk_told(&desk, API_DELETE_TOPICS, 6, &answer);
    assert_int_equal(answer.topics.count, 0);
}

/* As Kafka's controller finds it before it looks at a topic; but not where nothing would be left for it to do. */
static void what_is_late_is_not_begun(void **state)
{
    (void)state;
    struct uuid id = { { 1, 2, 3 } };
    struct delete_topics_topic_ask topics[] = { { TEXT_NULL, id }, { TEXT_NULL, id }, { TEXT("c"), UUID_NONE } };
    struct delete_topics_ask ask = { .topics = { topics, 3 }, .timeout_ms = 0 };

    desk_ask(&desk, API_DELETE_TOPICS, 6, &ask, &answer);
    assert_int_equal(answer.topics.count, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(answer.topics.items[i].error, ERROR_REQUEST_TIMED_OUT);

    ask.topics.count = 2;
    (void)desk_asks(&desk, API_DELETE_TOPICS, 6, &ask, CONTROLLER_DELETE_TOPICS);
    desk_decides(STATUS_OK);
    desk_told(&desk, API_DELETE_TOPICS, 6, &answer);
    assert_int_equal(answer.topics.count, 1); /* An id that is named twice is told once. */
    assert_int_equal(answer.topics.items[0].error, ERROR_INVALID_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_old_versions_are_read_too), cmocka_unit_test(what_the_controller_found_is_told),
        cmocka_unit_test(a_call_that_fails_fails_all),        cmocka_unit_test(what_is_named_twice_is_not_deleted),
        cmocka_unit_test(many_pairs_are_struck_in_one_go),    cmocka_unit_test(nothing_is_a_call_too),
        cmocka_unit_test(what_is_late_is_not_begun),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
