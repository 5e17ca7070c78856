/* tests/unit/net/api/describe_partitions_test.c   Topics page by page: where a page ends, where the next one begins,
 * and cursors that make no sense. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/describe_partitions.h"

static struct desk desk;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    desk_topic(&desk, "b", 3);
    desk_topic(&desk, "a", 2);
    desk_topic_of(&desk, "c", 1, DESK_OTHER, NULL, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}
static struct describe_partitions_answer answer;

static void ask(const char *names, int32_t limit, const char *cursor, int32_t index)
{
    struct describe_partitions_topic_ask topics[8];
    struct describe_partitions_cursor at = { cursor ? text_of(cursor) : TEXT_NULL, index };
    int32_t count = 0;

    for (const char *name = names; *name != '\0'; name++) {
        topics[count++].name = (struct text){ name, 1 };
    }
    struct describe_partitions_ask asked = { { topics, count }, limit, cursor ? &at : NULL };
    desk_ask(&desk, API_DESCRIBE_TOPIC_PARTITIONS, 0, &asked, &answer);
}

/* "a01 b0 >b1": partitions of topics, and where the next page begins. */
static void page_is(const char *want)
{
    char got[200];
    size_t size = 0;

    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct describe_partitions_topic_answer *topic = &answer.topics.items[i];
        size += (size_t)snprintf(got + size, sizeof(got) - size, "%s%.*s", size > 0 ? " " : "", TEXT_ARGS(topic->name));
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            size += (size_t)snprintf(got + size, sizeof(got) - size, "%d", topic->partitions.items[j].index);
        }
        if (topic->error != ERROR_NONE) size += (size_t)snprintf(got + size, sizeof(got) - size, "!%d", topic->error);
    }
    if (answer.next_cursor) {
        snprintf(got + size, sizeof(got) - size, " >%.*s%d", TEXT_ARGS(answer.next_cursor->topic_name),
                 answer.next_cursor->partition_index);
    } else {
        got[size] = '\0';
    }
    assert_string_equal(got, want);
}

static void topics_come_by_name_and_once(void **state)
{
    (void)state;
    ask("", 100, NULL, 0);
    page_is("a01 b012 c0");
    ask("cba", 100, NULL, 0);
    page_is("a01 b012 c0");
    ask("bab", 100, NULL, 0);
    page_is("a01 b012");
    ask("x/", 100, NULL, 0);
    page_is("/!17 x!3");
}

static void a_page_ends_where_its_partitions_are_used_up(void **state)
{
    (void)state;
    ask("", 1, NULL, 0);
    page_is("a0 >a1");
    ask("", 2, NULL, 0);
    page_is("a01 >b0");
    ask("", 4, NULL, 0);
    page_is("a01 b01 >b2");
    ask("ab", 5, NULL, 0);
    page_is("a01 b012"); /* Nothing is left: no cursor. */
    ask("", 0, NULL, 0);
    page_is("a0 >a1"); /* One at least, or nobody would ever come to an end. */
    ask("", -5, NULL, 0);
    page_is("a0 >a1");
}

static void the_next_page_begins_at_the_cursor(void **state)
{
    (void)state;
    ask("", 100, "b", 1);
    page_is("b12 c0");
    ask("abc", 1, "b", 2);
    page_is("b2 >c0");
    ask("", 100, "b", 9);
    page_is("b c0"); /* Made again with fewer, or made up: none of its partitions, but the ones behind it. */
    ask("", 100, "bb", 7);
    page_is("c0"); /* The topic has been deleted since. */
    ask("", 100, "z", 0);
    page_is("");
}

static void a_cursor_without_sense_is_refused(void **state)
{
    (void)state;
    ask("ab", 100, "c", 0);
    page_is("a!42 b!42"); /* Not one of those that are asked for. */
    ask("ab", 100, "a", -1);
    page_is("a!42 b!42");
    ask("", 100, "a", -1);
    page_is("");
}

static void who_leads_elsewhere_may_be_gone(void **state)
{
    (void)state;
    ask("c", 100, NULL, 0);
    const struct describe_partitions_partition *row = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(row->error, ERROR_LEADER_NOT_AVAILABLE);
    assert_int_equal(row->leader_id, -1);
    assert_int_equal(row->offline_replicas.count, 1);
    assert_int_equal(row->offline_replicas.items[0], DESK_OTHER);
    desk_broker(&desk, DESK_OTHER);
    ask("c", 100, NULL, 0);
    row = &answer.topics.items[0].partitions.items[0];
    assert_int_equal(row->error, ERROR_NONE);
    assert_int_equal(row->leader_id, DESK_OTHER);
    assert_int_equal(row->leader_epoch, 5);
    assert_int_equal(row->offline_replicas.count, 0);
    assert_int_equal(row->isr.items[0], DESK_OTHER);
}

/* In portions: by name, each once, whatever their order was. */
static void many_names_are_sorted_as_few_are(void **state)
{
    (void)state;
    enum { NAMES = 3500, DIFFERENT = 3001 };
    struct describe_partitions_topic_ask *topics = arena_take(&desk.messages, NAMES * sizeof(*topics));
    struct describe_partitions_ask asked = { { topics, NAMES }, 100, NULL };

    for (int32_t i = 0; i < NAMES; i++) {
        topics[i].name = text_format(&desk.messages, "absent-%d", i * 7919 % DIFFERENT);
    }
    topics[NAMES / 2].name = topics[NAMES - 1].name = TEXT("b");
    desk_ask(&desk, API_DESCRIBE_TOPIC_PARTITIONS, 0, &asked, &answer);
    assert_int_equal(answer.topics.count, DIFFERENT);
    for (int32_t i = 1; i < answer.topics.count; i++) {
        assert_true(text_compare(answer.topics.items[i - 1].name, answer.topics.items[i].name) < 0);
    }
    assert_true(text_equal(answer.topics.items[DIFFERENT - 1].name, TEXT("b")));
    assert_int_equal(answer.topics.items[DIFFERENT - 1].partitions.count, 3);
}

enum { LARGE = 5000, PAGE = 2000 }; /* a page has at most so many */

/* A topic that goes while a page is filled is on it with all of its partitions, or not at all. */
static void a_large_page_is_whole_whatever_changes_meanwhile(void **state)
{
    (void)state;
    struct describe_partitions_ask asked = { { NULL, 0 }, INT32_MAX, NULL };
    bool whole = false;

    for (int turns = 8; turns >= 0; turns--) {
        struct uuid large = desk_topic(&desk, "bb", LARGE);
        desk_send(&desk, API_DESCRIBE_TOPIC_PARTITIONS, 0, &asked);
        for (int i = 0; i < turns; i++) desk_turn(&desk);
        desk_remove(&desk, large);
        desk_answer_of(&desk, desk.correlation, API_DESCRIBE_TOPIC_PARTITIONS, 0, &answer);
        const struct describe_partitions_topic_answer *topic = &answer.topics.items[2];
        if (answer.topics.count < 3 || !text_equal(topic->name, TEXT("bb"))) {
            page_is("a01 b012 c0");
            continue;
        }
        whole = true;
        assert_int_equal(topic->partitions.count, PAGE - 5);
        for (int32_t i = 0; i < PAGE - 5; i++) {
            assert_int_equal(topic->partitions.items[i].index, i);
            assert_int_equal(topic->partitions.items[i].isr.items[0], DESK_SELF);
        }
        assert_int_equal(answer.next_cursor->partition_index, PAGE - 5);
    }
    assert_true(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_come_by_name_and_once),
        cmocka_unit_test(a_page_ends_where_its_partitions_are_used_up),
        cmocka_unit_test(the_next_page_begins_at_the_cursor),
        cmocka_unit_test(a_cursor_without_sense_is_refused),
        cmocka_unit_test(many_names_are_sorted_as_few_are),
        cmocka_unit_test(a_large_page_is_whole_whatever_changes_meanwhile),
        cmocka_unit_test(who_leads_elsewhere_may_be_gone),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
