/* tests/unit/net/api/endpoint_test.c   Which brokers there are, and where: as seen from the listener that the client
 * came by. Asked through DescribeCluster. */
#include "desk_ask.h"
#include "desk_metadata.h"
#include "one_desk.h"

#include "messages/describe_cluster.h"

static struct describe_cluster_answer answer;

static const struct describe_cluster_broker *broker_of(int32_t id, bool with_fenced)
{
    struct describe_cluster_ask ask = { .endpoint_type = 1, .include_fenced_brokers = with_fenced };

    desk_ask(&desk, API_DESCRIBE_CLUSTER, 2, &ask, &answer);
    for (int32_t i = 0; i < answer.brokers.count; i++) {
        if (answer.brokers.items[i].broker_id == id) return &answer.brokers.items[i];
    }
    return NULL;
}

/* Who answers is there, although no record says so yet; and where the client has reached it, it can be reached. */
static void we_are_where_the_client_reached_us(void **state)
{
    (void)state;
    const struct describe_cluster_broker *own = broker_of(DESK_SELF, false);

    assert_int_equal(answer.brokers.count, 1);
    assert_true(text_equal(own->host, TEXT("127.0.0.1")));
    assert_int_equal(own->port, desk.port);
}

static void what_is_advertised_goes_before_that(void **state)
{
    (void)state;
    desk.listener.advertised_host = TEXT("broker.example");
    assert_true(text_equal(broker_of(DESK_SELF, false)->host, TEXT("broker.example")));
    assert_int_equal(answer.brokers.items[0].port, desk.port);
    desk.listener.advertised_port = 19092;
    assert_int_equal(broker_of(DESK_SELF, false)->port, 19092);
    desk.listener.advertised_host = (struct text){ 0 };
    desk.listener.advertised_port = 0;
}

/* Others are known by what they registered for the listener of this name. */
static void others_are_where_they_registered(void **state)
{
    (void)state;
    desk_broker(&desk, DESK_OTHER);
    const struct describe_cluster_broker *other = broker_of(DESK_OTHER, false);
    assert_non_null(other);
    assert_true(text_equal(other->host, TEXT("elsewhere")));
    assert_int_equal(other->port, 9999);
    assert_true(text_equal(other->rack, TEXT("far")));
    desk.listener.name = TEXT("INTERNAL"); /* They have none of that name. */
    assert_null(broker_of(DESK_OTHER, true));
    assert_non_null(broker_of(DESK_SELF, true));
    desk.listener.name = TEXT("PLAINTEXT");
}

static void fence(int32_t id)
{
    struct record_list list;
    record_list_init(&list, &desk.messages);
    struct broker_change_record *record = &record_list_add(&list, RECORD_BROKER_CHANGE)->broker_change;
    record->broker_id = id;
    record->broker_epoch = desk.metadata_end - 1;
    record->fenced = 1;
    desk_apply(&desk, &list);
}

static void fenced_ones_are_shown_to_those_who_ask(void **state)
{
    (void)state;
    fence(DESK_OTHER);
    assert_null(broker_of(DESK_OTHER, false));
    const struct describe_cluster_broker *other = broker_of(DESK_OTHER, true);
    assert_non_null(other);
    assert_true(other->is_fenced);
}

static void a_node_that_answers_is_not_fenced(void **state)
{
    (void)state;
    desk_broker(&desk, DESK_SELF);
    fence(DESK_SELF);
    const struct describe_cluster_broker *own = broker_of(DESK_SELF, false);
    assert_non_null(own);
    assert_false(own->is_fenced);
    assert_false(broker_of(DESK_SELF, true)->is_fenced);
    own = broker_of(DESK_SELF, false);
    assert_true(text_equal(own->host, TEXT("127.0.0.1"))); /* By its listener, not by what it registered. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_are_where_the_client_reached_us), cmocka_unit_test(what_is_advertised_goes_before_that),
        cmocka_unit_test(others_are_where_they_registered),   cmocka_unit_test(fenced_ones_are_shown_to_those_who_ask),
        cmocka_unit_test(a_node_that_answers_is_not_fenced),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
