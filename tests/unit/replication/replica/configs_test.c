/* Configs are changed: which records a change becomes. All words as they reach a client: net/node/alter_test.c. */
#include "deciding.h"

static struct deciding deciding;
static char room[CONTROLLER_WHY_MAX];

static int begin(void **state)
{
    (void)state;
    deciding_init(&deciding);
    take_broker(&deciding, 1, false);
    take_topic(&deciding, "t", 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    deciding_end(&deciding);
    return 0;
}

static void alter_all(struct config_alter *alters, uint32_t count, bool validate_only)
{
    struct controller_call call = {
        .kind = CONTROLLER_ALTER_CONFIGS, .alters = alters, .alter_count = count, .validate_only = validate_only
    };
    for (uint32_t i = 0; i < count; i++) alters[i].room = room;
    decide_all(&deciding, &call);
}

#define ALTER(of, text, list) \
    ((struct config_alter){ .type = (of), .name = TEXT(text), .changes = (list), .change_count = array_count(list) })

static void altered(struct config_alter alter, enum status expected, const char *words, uint32_t record_count)
{
    alter_all(&alter, 1, false);
    assert_told(alter.status, alter.why, expected, words);
    assert_int_equal(deciding.list.count, record_count);
}

static struct text topic_config(struct text name)
{
    return image_topic_config(image_topic_by_name(&deciding.controller.ahead, TEXT("t")), name);
}

#define SET(key, text)                    \
    {                                     \
        TEXT(key), TEXT(text), CONFIG_SET \
    }
#define UNSET(key)                          \
    {                                       \
        TEXT(key), TEXT_NULL, CONFIG_DELETE \
    }

static void what_is_as_it_was_is_not_written(void **state)
{
    (void)state;
    struct config_change two[] = { SET("retention.ms", "5"), SET("cleanup.policy", "compact") };
    struct config_change one[] = { SET("retention.ms", "6"), UNSET("segment.ms") };
    struct config_change none[] = { UNSET("retention.ms"), UNSET("cleanup.policy") };

    altered(ALTER(RESOURCE_TOPIC, "t", two), STATUS_OK, "", 2);
    assert_text(deciding.list.items[0].config.name, "cleanup.policy");
    assert_text(deciding.list.items[1].config.name, "retention.ms");
    take_all(&deciding);
    altered(ALTER(RESOURCE_TOPIC, "t", two), STATUS_OK, "", 0);
    altered(ALTER(RESOURCE_TOPIC, "t", one), STATUS_OK, "", 1);
    assert_text(deciding.list.items[0].config.value, "6");
    take_all(&deciding);
    altered(ALTER(RESOURCE_TOPIC, "t", none), STATUS_OK, "", 2);
    assert_null(deciding.list.items[0].config.value.data);
    take_all(&deciding);
    assert_null(topic_config(TEXT("retention.ms")).data);
    altered(ALTER(RESOURCE_TOPIC, "t", none), STATUS_OK, "", 0);
}

static void replacing_takes_away_what_is_not_named(void **state)
{
    (void)state;
    struct config_change two[] = { SET("retention.ms", "5"), SET("cleanup.policy", "compact") };
    struct config_change then[] = { SET("segment.ms", "7000"), SET("retention.ms", "5") };
    struct config_alter replace = ALTER(RESOURCE_TOPIC, "t", then);

    altered(ALTER(RESOURCE_TOPIC, "t", two), STATUS_OK, "", 2);
    take_all(&deciding);
    replace.replace = true;
    altered(replace, STATUS_OK, "", 2);
    assert_text(deciding.list.items[0].config.name, "cleanup.policy");
    assert_null(deciding.list.items[0].config.value.data);
    assert_text(deciding.list.items[1].config.name, "segment.ms");
    take_all(&deciding);
    replace.change_count = 0;
    altered(replace, STATUS_OK, "", 2);
    take_all(&deciding);
    assert_null(topic_config(TEXT("segment.ms")).data);
}

static void lists_grow_and_shrink_from_what_holds(void **state)
{
    (void)state;
    struct config_change more[] = { { TEXT("cleanup.policy"), TEXT("compact,delete,compact"), CONFIG_APPEND } };
    struct config_change less[] = { { TEXT("cleanup.policy"), TEXT("delete"), CONFIG_SUBTRACT } };
    struct config_change number[] = { { TEXT("retention.ms"), TEXT("5"), CONFIG_APPEND } };
    struct config_change stranger[] = { { TEXT("no.such"), TEXT("5"), CONFIG_SUBTRACT } };

    altered(ALTER(RESOURCE_TOPIC, "t", more), STATUS_OK, "", 1); /* "delete" by default; each once */
    assert_text(deciding.list.items[0].config.value, "delete,compact");
    take_all(&deciding);
    altered(ALTER(RESOURCE_TOPIC, "t", more), STATUS_OK, "", 0);
    altered(ALTER(RESOURCE_TOPIC, "t", less), STATUS_OK, "", 1);
    take_all(&deciding);
    assert_text(topic_config(TEXT("cleanup.policy")), "compact");
    altered(ALTER(RESOURCE_TOPIC, "t", less), STATUS_OK, "", 0);

    altered(ALTER(RESOURCE_TOPIC, "t", number), STATUS_INVALID_CONFIG,
            "Can't APPEND to key retention.ms because its type is not LIST.", 0);
    altered(ALTER(RESOURCE_TOPIC, "t", stranger), STATUS_INVALID_CONFIG,
            "Can't SUBTRACT to key no.such because its type is not LIST.", 0);
    altered(ALTER(RESOURCE_BROKER, "1", stranger), STATUS_INVALID_CONFIG, "Unknown config name: no.such", 0);
}

/* As Java's lists of texts do it: old items stand as they stood, blanks count, empty items at the end don't. */
static void lists_are_compared_letter_by_letter(void **state)
{
    static const char name[] = "follower.replication.throttled.replicas";
    static const struct {
        struct text old;
        int8_t operation;
        struct text value, then;
    } rows[] = {
        { TEXT(""), CONFIG_APPEND, TEXT("5:1"), TEXT("5:1") },
        { TEXT(""), CONFIG_APPEND, TEXT(",5:1"), TEXT(",5:1") },
        { TEXT("5:1"), CONFIG_APPEND, TEXT(""), TEXT("5:1,") },
        { TEXT("5:1"), CONFIG_APPEND, TEXT(",,"), TEXT("5:1") },
        { TEXT("5:1"), CONFIG_APPEND, TEXT("7:1,7:1,,"), TEXT("5:1,7:1") },
        { TEXT("5:1"), CONFIG_APPEND, TEXT(" 5:1"), TEXT("5:1, 5:1") },
        { TEXT("5:1, 6:1"), CONFIG_APPEND, TEXT("6:1"), TEXT("5:1, 6:1,6:1") },
        { TEXT("5:1,5:1"), CONFIG_APPEND, TEXT("5:1"), TEXT("5:1,5:1") },
        { TEXT("5:1,6:1,5:1,5:1"), CONFIG_SUBTRACT, TEXT("5:1,7:1,5:1"), TEXT("6:1,5:1") },
        { TEXT(" 5:1,6:1 "), CONFIG_SUBTRACT, TEXT("5:1,6:1 "), TEXT(" 5:1") },
        { TEXT("5:1"), CONFIG_SUBTRACT, TEXT(""), TEXT("5:1") },
        { TEXT("5:1"), CONFIG_SUBTRACT, TEXT("5:1,5:1"), TEXT("") },
    };
    (void)state;

    for (size_t i = 0; i < array_count(rows); i++) {
        struct config_change set[] = { { TEXT(name), rows[i].old, CONFIG_SET } };
        struct config_change change[] = { { TEXT(name), rows[i].value, rows[i].operation } };
        struct config_alter alters[] = { ALTER(RESOURCE_TOPIC, "t", set), ALTER(RESOURCE_TOPIC, "t", change) };
        for (size_t step = 0; step < array_count(alters); step++) {
            alter_all(&alters[step], 1, false);
            assert_int_equal(alters[step].status, STATUS_OK);
            take_all(&deciding);
        }
        assert_true(text_equal(topic_config(TEXT(name)), rows[i].then));
    }
}

static void many_changes_of_a_topic_are_sorted(void **state)
{
    (void)state;
    struct config_change many[] = { SET("segment.ms", "7"), SET("retention.ms", "6"), SET("cleanup.policy", "delete"),
                                    SET("flush.ms", "5"), UNSET("segment.bytes") };
    struct config_change fewer[] = { UNSET("segment.ms"), SET("max.message.bytes", "9"), SET("flush.ms", "5"),
                                     UNSET("cleanup.policy") };

    altered(ALTER(RESOURCE_TOPIC, "t", many), STATUS_OK, "", 4);
    take_all(&deciding);
    altered(ALTER(RESOURCE_TOPIC, "t", fewer), STATUS_OK, "", 3);
    assert_text(deciding.list.items[0].config.name, "cleanup.policy");
    assert_text(deciding.list.items[1].config.name, "max.message.bytes");
    assert_text(deciding.list.items[2].config.name, "segment.ms");
}

static void only_brokers_have_a_resource_without_a_name(void **state)
{
    (void)state;
    struct config_change retention[] = { SET("log.retention.ms", "5") };
    struct config_change none[] = { UNSET("interval.ms") };

    altered(ALTER(RESOURCE_BROKER, "", retention), STATUS_OK, "", 1);
    altered(ALTER(RESOURCE_TOPIC, "", none), STATUS_INVALID_REQUEST, "Default topic resources are not allowed.", 0);
    altered(ALTER(RESOURCE_GROUP, "", none), STATUS_INVALID_REQUEST, "Default group resources are not allowed.", 0);
    altered(ALTER(RESOURCE_METRICS, "", none), STATUS_INVALID_REQUEST, "Subscription name can't be empty", 0);
}

static void a_topic_is_looked_for_when_its_configs_are_fine(void **state)
{
    (void)state;
    struct config_change fine[] = { SET("retention.ms", "5") }, wrong[] = { SET("no.such", "5") };

    altered(ALTER(RESOURCE_TOPIC, "nothing", fine), STATUS_NOT_FOUND, "The topic 'nothing' does not exist.", 0);
    altered(ALTER(RESOURCE_TOPIC, "nothing", wrong), STATUS_INVALID_CONFIG, "Unknown topic config name: no.such", 0);
    altered(
        ALTER(RESOURCE_TOPIC, "not/hing", wrong), STATUS_INVALID_TOPIC,
        "Topic name is invalid: 'not/hing' contains one or more characters other than ASCII alphanumerics, '.', '_' "
        "and '-'",
        0);
}

static void one_that_is_refused_leaves_the_others_and_validation_alone_writes_nothing(void **state)
{
    (void)state;
    struct config_change wrong[] = { SET("retention.ms", "5"), SET("no.such", "5") };
    struct config_change fine[] = { SET("retention.ms", "5") };
    struct config_alter alters[] = { ALTER(RESOURCE_TOPIC, "t", wrong), ALTER(RESOURCE_TOPIC, "t", fine) };

    alter_all(alters, 2, false);
    assert_int_equal(alters[0].status, STATUS_INVALID_CONFIG);
    assert_int_equal(alters[1].status, STATUS_OK);
    assert_int_equal(deciding.list.count, 1);
    alter_all(alters, 2, true);
    assert_int_equal(alters[0].status, STATUS_INVALID_CONFIG);
    assert_int_equal(alters[1].status, STATUS_OK);
    assert_int_equal(deciding.list.count, 0);
}

static void many_are_decided_in_portions(void **state)
{
    (void)state;
    enum { MANY = 2000, PORTION = 500 };
    struct config_change same = SET("retention.ms", "5"), wrong = SET("retention.ms", "five");
    struct config_alter *alters = arena_take(&deciding.arena, MANY * sizeof(*alters));

    for (uint32_t i = 0; i < MANY; i++) {
        alters[i] = (struct config_alter){ .type = RESOURCE_GROUP, .name = TEXT("g"), .changes = &wrong };
        alters[i].change_count = 1;
    }
    alters[MANY - 1] = (struct config_alter){ .type = RESOURCE_TOPIC, .name = TEXT("t"), .changes = &same };
    alters[MANY - 1].change_count = 1;
    alter_all(alters, MANY, false);
    assert_int_equal(deciding.portions, 2 * MANY / PORTION); /* a change, and the look at all of a resource */
    assert_int_equal(deciding.list.count, 1);                /* those that are refused leave it */
    assert_int_equal(alters[0].status, STATUS_INVALID_CONFIG);
    assert_int_equal(alters[MANY - 1].status, STATUS_OK);
    alter_all(alters, MANY, true);
    assert_int_equal(deciding.list.count, 0);
    assert_int_equal(alters[0].status, STATUS_INVALID_CONFIG);
}

/* What the checks of one decision look at is made once, and in the decision's own memory. */
static void what_topics_have_in_common_is_found_once_in_a_decision(void **state)
{
    (void)state;
    struct config_place first = controller_configs(&deciding.controller, NULL);
    struct config_place second =
        controller_configs(&deciding.controller, image_topic_by_name(&deciding.controller.ahead, TEXT("t")));
    assert_non_null(first.common);
    assert_ptr_equal(first.common, second.common);
    assert_null(first.topic);
    assert_non_null(second.topic);
    assert_int_equal(first.node, DECIDING_NODE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_is_as_it_was_is_not_written),
        TEST(replacing_takes_away_what_is_not_named),
        TEST(lists_grow_and_shrink_from_what_holds),
        TEST(lists_are_compared_letter_by_letter),
        TEST(many_changes_of_a_topic_are_sorted),
        TEST(only_brokers_have_a_resource_without_a_name),
        TEST(a_topic_is_looked_for_when_its_configs_are_fine),
        TEST(one_that_is_refused_leaves_the_others_and_validation_alone_writes_nothing),
        TEST(many_are_decided_in_portions),
        TEST(what_topics_have_in_common_is_found_once_in_a_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
