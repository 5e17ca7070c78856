/* The configs of a topic, and the broker's settings that stand behind them. */
#include "cluster/topic_rows.h"

#include "rows.h"

static void rows_obey_the_law(void **state)
{
    (void)state;
    struct topic_values values;
    check_rows(&topic_table, &values, SETTING_TOPIC);
    for (size_t i = 1; i < topic_table.row_count; i++) /* DescribeConfigs tells them in this order. */
        assert_true(strcmp(topic_table.rows[i - 1].name, topic_table.rows[i].name) < 0);
}

/* A synonym leads from a row of ours to one of the broker's that says as much: a number for a number, a text for a
 * text. Those of one config stand together. */
static void what_stands_behind_a_config_is_a_setting_of_the_broker(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < topic_synonym_count; i++) {
        const struct topic_synonym *synonym = &topic_synonyms[i];
        const struct setting *topic = setting_find(&topic_table, text_of(synonym->topic));
        const struct setting *broker = setting_find(&broker_table, text_of(synonym->broker));
        if (!topic || !broker) {
            fail_msg("%s, %s", synonym->topic, synonym->broker);
            return;
        }
        bool topic_number = topic->type >= SETTING_SHORT && topic->type <= SETTING_DOUBLE;
        bool broker_number = broker->type >= SETTING_SHORT && broker->type <= SETTING_DOUBLE;
        if (topic_number != broker_number) fail_msg("%s, %s", synonym->topic, synonym->broker);
        assert_true(synonym->unit == 1 || (topic_number && synonym->unit > 1));
        if (i > 0) assert_true(strcmp(topic_synonyms[i - 1].topic, synonym->topic) <= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_obey_the_law),
        cmocka_unit_test(what_stands_behind_a_config_is_a_setting_of_the_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
