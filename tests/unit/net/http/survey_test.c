/* tests/unit/net/http/survey_test.c   Asking the shards: all of them answer, one that is stuck is silent and is not
 * asked again, and what it brings late harms nobody. */
#include "one_paged.h"

static int64_t read_cell(enum survey_metric row, uint32_t shard)
{
    const struct survey *survey = &paged.pages.survey;
    return metric_read(&survey->metrics, &survey->cells[shard], 1, row, 0);
}

static void every_shard_answers(void **state)
{
    (void)state;
    struct survey *survey = &paged.pages.survey;

    assert_int_equal(survey->shard_count, 3);
    assert_int_equal(survey_take(survey, 60000), 0);
    assert_int_equal(survey_silent(survey), survey->shard_count);
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        assert_false(survey->parts[i].out);
        assert_true(read_cell(SURVEY_TURNS, i) > 0);
    }
}

static void logs_and_clients_are_there_until_they_are_dropped(void **state)
{
    (void)state;
    struct survey *survey = &paged.pages.survey;
    uint32_t count = 0;

    create_topic(&paged.bench, "alpha", 5);
    assert_int_equal(survey_take(survey, 60000), 0);
    survey_take_logs(survey, 60000);
    for (uint32_t i = 0; i < survey->shard_count; i++) count += survey->parts[i].log_count;
    assert_int_equal(count, 5); /* the metadata log is none of them */
    survey_drop_logs(survey);
    survey_drop_logs(survey);
    for (uint32_t i = 0; i < survey->shard_count; i++) assert_null(survey->parts[i].logs);
    survey_take_clients(survey, 60000);
    for (uint32_t i = 0; i < survey->shard_count; i++) assert_int_equal(survey->parts[i].client_count, 0);
    survey_drop_clients(survey);
    assert_int_equal(survey_take(survey, 60000), 0); /* without them: nothing is written into what is given back */
}

/* Room is made for what the last survey counted: who takes no survey first gets none. */
static void without_a_count_there_is_no_room(void **state)
{
    (void)state;
    struct survey *survey = &paged.pages.survey;

    create_topic(&paged.bench, "alpha", 5);
    survey_take_logs(survey, 60000);
    for (uint32_t i = 0; i < survey->shard_count; i++) assert_int_equal(survey->parts[i].log_count, 0);
    survey_drop_logs(survey);
}

static void who_is_stuck_is_silent_and_comes_home_later(void **state)
{
    (void)state;
    struct survey *survey = &paged.pages.survey;
    struct stuck stuck;

    create_topic(&paged.bench, "alpha", 4);
    assert_int_equal(survey_take(survey, 60000), 0);
    stuck_begin(&stuck, &paged.bench, 1);
    survey_take_logs(survey, 100);
    assert_true(survey->parts[1].out && survey->parts[1].silent);
    assert_int_equal(survey_silent(survey), 1);
    assert_int_equal(survey->parts[0].log_count, 2);
    const struct log_fact *lent = survey->parts[1].logs;
    survey_drop_logs(survey);
    assert_null(survey->parts[0].logs);
    assert_ptr_equal(survey->parts[1].logs, lent); /* It is the shard's as long as the mail is out. */
    assert_int_equal(survey_take(survey, 100), 1); /* not asked again: a mail can't be posted twice */

    stuck_end(&stuck);
    assert_int_equal(survey_take(survey, 60000), 0);
    assert_int_equal(survey_silent(survey), survey->shard_count);
    survey_drop_logs(survey);
    assert_null(survey->parts[1].logs);
}

/* Its shards may never answer: nobody waits out the patience for that. */
static void a_node_that_stops_is_not_waited_for(void **state)
{
    (void)state;
    struct stuck stuck;

    stuck_begin(&stuck, &paged.bench, 0);
    node_stop(paged.bench.node);
    int64_t begun_ns = monotonic_ns();
    assert_true(survey_take(&paged.pages.survey, 600000) > 0);
    assert_true(monotonic_ns() - begun_ns < INT64_C(60000000000));
    stuck_end(&stuck);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_shard_answers, begin, end),
        cmocka_unit_test_setup_teardown(logs_and_clients_are_there_until_they_are_dropped, begin, end),
        cmocka_unit_test_setup_teardown(without_a_count_there_is_no_room, begin, end),
        cmocka_unit_test_setup_teardown(who_is_stuck_is_silent_and_comes_home_later, begin, end),
        cmocka_unit_test_setup_teardown(a_node_that_stops_is_not_waited_for, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
