/* tests/unit/net/api/describe_client_quotas_test.c   Filters over the quotas of the image; and what is no filter. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/describe_client_quotas.h"

enum { BY_NAME, BY_DEFAULT, ANY };

static struct desk desk;
static struct describe_client_quotas_component components[3];
static struct describe_client_quotas_answer answer;

static void add(struct record_list *list, const char *client, const char *user, const char *address, double value)
{
    const char *names[] = { client, user, address }, *kinds[] = { "client-id", "user", "ip" };
    struct client_quota_record *record = &record_list_add(list, RECORD_CLIENT_QUOTA)->client_quota;

    record->entity.items = arena_take(&desk.messages, 3 * sizeof(*record->entity.items));
    for (int i = 0; i < 3; i++) {
        if (!names[i]) continue;
        record->entity.items[record->entity.count++] =
            (struct client_quota_entity){ text_of(kinds[i]), names[i][0] ? text_of(names[i]) : TEXT_NULL };
    }
    record->key = TEXT("rate");
    record->value = value;
}

static int begin(void **state)
{
    (void)state;
    struct record_list list;

    desk_begin(&desk);
    record_list_init(&list, &desk.messages);
    add(&list, NULL, "ann", NULL, 1);
    add(&list, "app", "ann", NULL, 2);
    add(&list, "", "ann", NULL, 3);
    add(&list, NULL, "", NULL, 4);
    add(&list, "app", NULL, NULL, 5);
    add(&list, NULL, NULL, "10.0.0.1", 6);
    desk_apply(&desk, &list);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void ask(int16_t version, int32_t count, bool strict)
{
    struct describe_client_quotas_ask asked = { { components, count }, strict };
    desk_ask(&desk, API_DESCRIBE_CLIENT_QUOTAS, version, &asked, &answer);
}

static void component(int index, const char *kind, int8_t how, const char *name)
{
    components[index] = (struct describe_client_quotas_component){ text_of(kind), how, text_of(name) };
}

/* Each quota's value is a digit. */
static void assert_found(const char *digits)
{
    assert_int_equal(answer.error, ERROR_NONE);
    assert_int_equal(answer.entries.count, strlen(digits));
    for (int32_t i = 0; i < answer.entries.count; i++) {
        assert_int_equal(answer.entries.items[i].values.count, 1);
        assert_non_null(strchr(digits, '0' + (int)answer.entries.items[i].values.items[0].value));
    }
}

static void without_a_filter_all_are_told(void **state)
{
    (void)state;
    for (int16_t version = 0; version <= 1; version++) {
        ask(version, 0, false);
        assert_found("123456");
    }
    ask(1, 0, true);
    assert_found("");
}

static void filters_match_names_defaults_and_anything(void **state)
{
    (void)state;
    component(0, "user", BY_NAME, "ann");
    ask(1, 1, false);
    assert_found("123");
    ask(1, 1, true);
    assert_found("1");
    component(1, "client-id", BY_DEFAULT, NULL);
    ask(1, 2, true);
    assert_found("3");
    component(1, "client-id", ANY, NULL);
    ask(1, 2, true);
    assert_found("23");
    component(0, "user", ANY, NULL);
    ask(1, 1, false);
    assert_found("1234");
    component(0, "user", BY_DEFAULT, NULL);
    ask(1, 1, false);
    assert_found("4");
    component(0, "ip", ANY, NULL);
    ask(1, 1, false);
    assert_found("6");
    component(0, "ip", BY_NAME, "10.0.0.2");
    ask(1, 1, false);
    assert_found("");
}

static void assert_refused(int32_t count, int16_t error, const char *words)
{
    ask(1, count, false);
    assert_int_equal(answer.error, error);
    assert_int_equal(answer.entries.count, -1);
    assert_true(text_equal(answer.error_message, text_of(words)));
}

static void filters_that_say_nothing_are_refused(void **state)
{
    (void)state;
    component(0, "", BY_NAME, "x");
    assert_refused(1, ERROR_INVALID_REQUEST, "Invalid empty entity type.");
    component(0, "color", BY_NAME, "x");
    assert_refused(1, ERROR_UNSUPPORTED_VERSION, "Unsupported entity type color");
    component(0, "user", 9, "x");
    assert_refused(1, ERROR_INVALID_REQUEST, "Unknown match type 9");
    component(0, "user", BY_NAME, "x");
    component(1, "user", ANY, NULL);
    assert_refused(2, ERROR_INVALID_REQUEST, "Entity type user cannot appear more than once in the filter.");
    component(1, "ip", ANY, NULL);
    assert_refused(2, ERROR_INVALID_REQUEST,
                   "Invalid entity filter component combination. IP filter component should not be used with user or "
                   "clientId filter component.");
}

/* More than a step shows, before and behind those that are there; the client finds each once, in order. */
static void many_are_shown_in_portions(void **state)
{
    (void)state;
    enum { MANY = 1200 };
    struct record_list list;

    record_list_init(&list, &desk.messages);
    for (int i = 0; i < MANY; i++) {
        add(&list, NULL, text_format(&desk.messages, "many%04d", MANY - 1 - i).data, NULL, 7);
    }
    desk_apply(&desk, &list);
    component(0, "user", ANY, NULL);
    ask(1, 1, true);
    assert_int_equal(answer.entries.count, MANY + 2); /* with ann and the default */
    for (int32_t i = 0; i < MANY; i++) {
        const struct describe_client_quotas_entry *entry = &answer.entries.items[i + 2];
        char name[16];
        (void)snprintf(name, sizeof(name), "many%04d", i);
        assert_true(text_equal(entry->entity.items[0].name, text_of(name)));
        assert_true(entry->values.items[0].value == 7);
        assert_true(text_equal(entry->values.items[0].key, TEXT("rate")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_filter_all_are_told),
        cmocka_unit_test(filters_match_names_defaults_and_anything),
        cmocka_unit_test(filters_that_say_nothing_are_refused),
        cmocka_unit_test(many_are_shown_in_portions),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
