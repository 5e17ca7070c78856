/* tests/unit/net/conn/fetch_session_test.c   Sessions: ids, epochs, partitions, and who makes room for whom. */
#include "conn/fetch_session.h"
#include "doors.h"

static struct fetch_partition_ask ask_of(int32_t index, int64_t offset)
{
    return (struct fetch_partition_ask){ .index = index, .fetch_offset = offset };
}

static void open_doors(struct doors *doors)
{
    doors_make(doors, 4 << 20);
    struct face_settings settings = doors_settings(doors);
    doors_open(doors, &settings);
}

static void a_session_is_found_by_its_id(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct fetch_sessions *sessions = doors.face->sessions;

    struct fetch_session *one = fetch_session_open(sessions, true);
    struct fetch_session *two = fetch_session_open(sessions, false);
    assert_true(one->id > 0 && two->id > 0 && one->id != two->id);
    assert_ptr_equal(fetch_session_find(sessions, one->id), one);
    fetch_session_close(one);
    assert_ptr_equal(fetch_session_find(sessions, two->id), two);
    assert_null(fetch_session_find(sessions, 0));
    doors_end(&doors);
}

static void the_largest_epoch_is_followed_by_one(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct fetch_session *session = fetch_session_open(doors.face->sessions, true);

    assert_int_equal(session->epoch, 1);
    fetch_session_advance(session);
    assert_int_equal(session->epoch, 2);
    session->epoch = INT32_MAX;
    fetch_session_advance(session);
    assert_int_equal(session->epoch, 1);
    doors_end(&doors);
}

static void names_that_no_topic_can_have_are_not_kept(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct fetch_session *session = fetch_session_open(doors.face->sessions, false);
    struct fetch_partition_ask ask = ask_of(0, 0);
    char name[32767];

    memset(name, 'n', sizeof(name));
    assert_true(fetch_session_put(session, UUID_NONE, (struct text){ name, 249 }, &ask));
    assert_false(fetch_session_put(session, UUID_NONE, (struct text){ name, 250 }, &ask));
    assert_false(fetch_session_put(session, UUID_NONE, (struct text){ name, sizeof(name) }, &ask));
    assert_int_equal(session->partition_count, 1);
    doors_end(&doors);
}

static void partitions_are_kept_by_name_or_by_id(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct uuid a = { { 1 } }, b = { { 2 } };
    struct fetch_partition_ask first = ask_of(0, 5), again = ask_of(0, 9), second = ask_of(1, 0);

    struct fetch_session *by_id = fetch_session_open(doors.face->sessions, true);
    assert_true(fetch_session_put(by_id, a, TEXT(""), &first));
    assert_true(fetch_session_put(by_id, b, TEXT(""), &first));
    assert_true(fetch_session_put(by_id, a, TEXT(""), &again));
    assert_int_equal(by_id->partition_count, 2);
    assert_int_equal(fetch_session_get(by_id, a, TEXT(""), 0)->ask.fetch_offset, 9);
    fetch_session_drop(by_id, a, TEXT(""), 0);
    assert_null(fetch_session_get(by_id, a, TEXT(""), 0));

    struct fetch_session *by_name = fetch_session_open(doors.face->sessions, false);
    assert_true(fetch_session_put(by_name, UUID_NONE, TEXT("t"), &first));
    assert_true(fetch_session_put(by_name, UUID_NONE, TEXT("t"), &second));
    assert_true(fetch_session_put(by_name, a, TEXT("t"), &again)); /* The topic exists by now. */
    assert_int_equal(by_name->partition_count, 2);
    assert_true(uuid_equal(fetch_session_get(by_name, UUID_NONE, TEXT("t"), 0)->topic, a));
    fetch_session_drop(by_name, UUID_NONE, TEXT("unknown"), 0);
    assert_int_equal(by_name->partition_count, 2);
    doors_end(&doors);
}

static void who_was_served_stands_last(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct uuid a = { { 1 } };
    struct fetch_session *session = fetch_session_open(doors.face->sessions, true);

    for (int32_t i = 0; i < 3; i++) {
        struct fetch_partition_ask ask = ask_of(i, 0);
        assert_true(fetch_session_put(session, a, TEXT(""), &ask));
    }
    fetch_session_rotate(session, fetch_session_get(session, a, TEXT(""), 0));
    int32_t expected = 0;
    list_each(&session->partitions, node)
    {
        expected = (expected + 1) % 3;
        assert_int_equal(container_of(node, struct fetch_session_partition, node)->ask.index, expected);
    }
    assert_int_equal(expected, 0);
    doors_end(&doors);
}

static void a_full_cache_gives_up_only_who_was_idle(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct fetch_sessions *sessions = doors.face->sessions;
    struct fetch_session *all[4];

    for (int i = 0; i < 4; i++) all[i] = fetch_session_open(sessions, true);
    assert_null(fetch_session_open(sessions, true));
    int32_t oldest = all[1]->id;
    all[0]->used_ns -= INT64_C(200000000000);
    all[1]->used_ns -= INT64_C(200000000000);
    assert_ptr_equal(fetch_session_find(sessions, all[0]->id), all[0]); /* Used again. */
    assert_non_null(fetch_session_open(sessions, true));
    assert_null(fetch_session_find(sessions, oldest));
    doors_end(&doors);
}

static void partitions_are_bounded_too(void **state)
{
    (void)state;
    struct doors doors;
    open_doors(&doors);
    struct fetch_session *session = fetch_session_open(doors.face->sessions, true);
    struct uuid a = { { 1 } };

    for (int32_t i = 0; i < 4 * 512; i++) {
        struct fetch_partition_ask ask = ask_of(i, 0);
        assert_true(fetch_session_put(session, a, TEXT(""), &ask));
    }
    struct fetch_partition_ask more = ask_of(4 * 512, 0);
    assert_false(fetch_session_put(session, a, TEXT(""), &more));
    doors_end(&doors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_found_by_its_id),
        cmocka_unit_test(the_largest_epoch_is_followed_by_one),
        cmocka_unit_test(names_that_no_topic_can_have_are_not_kept),
        cmocka_unit_test(partitions_are_kept_by_name_or_by_id),
        cmocka_unit_test(who_was_served_stands_last),
        cmocka_unit_test(a_full_cache_gives_up_only_who_was_idle),
        cmocka_unit_test(partitions_are_bounded_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
