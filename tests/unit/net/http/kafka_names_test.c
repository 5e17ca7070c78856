/* tests/unit/net/http/kafka_names_test.c   The names that dashboards read, from made-up facts: each partition under its
 * own labels, sums of topics, and what is left out when nobody was asked or partitions are too many. */
#include "paged.h"

#include "conn/face.h"
#include "http/kafka_names.h"

static struct paged paged;
static struct names_facts facts;
static struct metric_cells faces[2];

static int begin(void **state)
{
    (void)state;
    paged_begin(&paged);
    assert_int_equal(survey_take(&paged.pages.survey, 60000), 0);
    for (uint32_t i = 0; i < 2; i++) faces[i] = paged.bench.node->shards[i]->face->cells;
    facts = (struct names_facts){ .node = paged.bench.node,
                                  .survey = &paged.pages.survey,
                                  .surveyed = true,
                                  .faces = faces,
                                  .face_count = 2,
                                  .idle = 0.5 };
    return 0;
}

static int end(void **state)
{
    (void)state;
    paged_end(&paged);
    return 0;
}

static const char *names(void)
{
    kafka_names_write(&facts, paged_sink(&paged));
    return paged_text(&paged);
}

/* Labels run on over the shards that answered, so a silent one must not shift them. */
static void each_partition_has_its_own_labels(void **state)
{
    (void)state;
    static struct log_fact first[2] = { { .topic = "a", .partition = 0, .end = 10, .committed = 9 },
                                        { .topic = "b", .partition = 4, .end = 20, .committed = 19 } };
    static struct log_fact silent[1] = { { .topic = "lost", .end = 77 } };
    static struct log_fact last[1] = {
        { .topic = "c", .partition = 1, .end = 30, .committed = 29, .replication = { .leader = -1 } }
    };
    static const struct partition_labels labels[] = { { "topic=\"a\",partition=\"0\"" },
                                                      { "topic=\"b\",partition=\"4\"" },
                                                      { "topic=\"c\",partition=\"1\"" } };
    struct survey survey = paged.pages.survey;
    struct survey_part parts[3] = { { .logs = first, .log_count = 2 },
                                    { .logs = silent, .log_count = 1, .silent = true },
                                    { .logs = last, .log_count = 1 } };

    survey.parts = parts;
    facts.survey = &survey;
    facts.listed = true;
    facts.labels = labels;
    const char *page = names();
    assert_says(page, "kafka_log_log_logendoffset{topic=\"a\",partition=\"0\"} 10\n"
                      "kafka_log_log_logendoffset{topic=\"b\",partition=\"4\"} 20\n"
                      "kafka_log_log_logendoffset{topic=\"c\",partition=\"1\"} 30\n");
    assert_says(page, "kafka_topic_partition_current_offset{topic=\"c\",partition=\"1\"} 29\n");
    assert_says(page, "kafka_topic_partition_leader{topic=\"c\",partition=\"1\"} -1\n");
    assert_null(strstr(page, "lost"));
    assert_null(strstr(page, " 77\n"));
}

static void topics_stand_beside_the_sum(void **state)
{
    (void)state;
    static const struct topic_fact topics[] = {
        { "a", 2, { .records_in = 5, .bytes_in = INT64_C(5000000000) } },
        { "with\"quote", 1, { .records_in = 7 } },
    };

    facts.listed = true;
    facts.topics = topics;
    facts.topic_count = 2;
    struct survey survey = paged.pages.survey;
    struct survey_part parts[3] = { { .log_count = 0 } };
    survey.parts = parts;
    facts.survey = &survey;
    const char *page = names();
    assert_says(page, "kafka_server_brokertopicmetrics_messagesin_total 0\n"
                      "kafka_server_brokertopicmetrics_messagesin_total{topic=\"a\"} 5\n"
                      "kafka_server_brokertopicmetrics_messagesin_total{topic=\"with\\\"quote\"} 7\n");
    assert_says(page, "kafka_server_brokertopicmetrics_bytesin_total{topic=\"a\"} 5000000000\n");
    assert_says(page, "kafka_topic_partitions{topic=\"a\"} 2\n");
}

/* Partitions beyond what anybody stores have no series; the sums stay. */
static void without_a_list_there_are_only_sums(void **state)
{
    (void)state;
    const char *page = names();
    assert_null(strstr(page, "partition=\""));
    assert_null(strstr(page, "kafka_topic_partitions"));
    assert_says(page, "kafka_server_replicamanager_partitioncount 0\n");
    assert_says(page, "kafka_brokers 1\n");
    assert_says(page, "kafka_server_raftmetrics_current_state{current_state=\"leader\"} 1\n");
    assert_says(page, "kafka_server_kafkaserver_brokerstate 3\n");
    assert_says(page, "requesthandleravgidle_percent 0.5\n");
    assert_says(
        page, "kafka_server_socket_server_metrics_connection_count{listener=\"PLAINTEXT\",networkProcessor=\"1\"} 0\n");
}

/* A node that stops is not asked: what only its shards know is left out, not said to be 0. */
static void what_nobody_was_asked_is_left_out(void **state)
{
    (void)state;
    facts.surveyed = false;
    const char *page = names();
    assert_null(strstr(page, "kafka_server_replicamanager_partitioncount"));
    assert_null(strstr(page, "kafka_controller_kafkacontroller_activecontrollercount"));
    assert_null(strstr(page, "current_state"));
    assert_null(strstr(page, "avgidle"));
    assert_null(strstr(page, "kafka_broker_info"));
    assert_says(page, "kafka_server_brokertopicmetrics_messagesin_total 0\n");
    assert_says(page, "kafka_network_requestmetrics_requests_total");
}

static void brokers_are_told_where_clients_find_them(void **state)
{
    (void)state;
    char line[128];
    (void)snprintf(line, sizeof(line), "kafka_broker_info{id=\"1\",address=\"127.0.0.1:%u\"} 1\n",
                   node_port(paged.bench.node, 0));
    assert_says(names(), line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_partition_has_its_own_labels, begin, end),
        cmocka_unit_test_setup_teardown(topics_stand_beside_the_sum, begin, end),
        cmocka_unit_test_setup_teardown(without_a_list_there_are_only_sums, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_was_asked_is_left_out, begin, end),
        cmocka_unit_test_setup_teardown(brokers_are_told_where_clients_find_them, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
