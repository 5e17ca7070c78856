/* tests/unit/net/api/update_features_test.c   Levels that hold are granted, all others refused; one fault fails all. */
#include "desk_ask.h"
#include "desk_metadata.h"

#include "messages/update_features.h"

static struct desk desk;
static struct update_features_answer answer;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    struct record_list list;
    record_list_init(&list, &desk.messages);
    struct feature_level_record *record = &record_list_add(&list, RECORD_FEATURE_LEVEL)->feature_level;
    record->name = TEXT("metadata.version");
    record->level = 30;
    desk_apply(&desk, &list);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

static void ask(int16_t version, struct update_features_feature_ask *features, int32_t count)
{
    struct update_features_ask asked = { 1000, { features, count }, false };
    desk_ask(&desk, API_UPDATE_FEATURES, version, &asked, &answer);
}

static void assert_refused(const char *name, int16_t level, int8_t kind, const char *words)
{
    struct update_features_feature_ask features[] = { { TEXT("metadata.version"), 30, false, 1 },
                                                      { text_of(name), level, false, kind } };
    char expected[300];
    (void)snprintf(expected, sizeof(expected),
                   "The update failed for all features since the following feature had an error: %s", words);
    for (int16_t version = 1; version <= 2; version++) {
        ask(version, features, 2);
        assert_int_equal(answer.error, ERROR_INVALID_UPDATE_VERSION);
        assert_int_equal(answer.features.count, 0);
        assert_true(text_equal(answer.error_message, text_of(expected)));
    }
}

static void levels_that_hold_are_granted(void **state)
{
    (void)state;
    struct update_features_feature_ask features[] = { { TEXT("metadata.version"), 30, false, 1 },
                                                      { TEXT("kraft.version"), 1, false, 1 } };
    for (int16_t version = 0; version <= 2; version++) {
        ask(version, features, 2);
        assert_int_equal(answer.error, ERROR_NONE);
        assert_int_equal(answer.features.count, version < 2 ? 2 : 0);
        if (version < 2) assert_true(text_equal(answer.features.items[1].error_message, TEXT("NONE")));
        ask(version, NULL, 0);
        assert_int_equal(answer.error, ERROR_NONE);
    }
}

static void other_levels_are_refused_in_kafkas_words(void **state)
{
    (void)state;
    assert_refused("metadata.version", 31, 1,
                   "Invalid update version 31 for feature metadata.version. Local controller 1 only supports versions "
                   "7-30");
    assert_refused(
        "metadata.version", 29, 1,
        "Invalid update version 29 for feature metadata.version. Can't downgrade the version of this feature "
        "without setting the upgrade type to either safe or unsafe downgrade.");
    assert_refused("metadata.version", 29, 2,
                   "Unsupported metadata.version downgrade from 30 to 29. Refusing to perform the requested downgrade "
                   "because it might delete metadata information.");
    assert_refused("metadata.version", 7, 3,
                   "Unsupported metadata.version downgrade from 30 to 7. Unsafe metadata downgrade is not supported in "
                   "this version.");
    assert_refused("metadata.version", -1, 1,
                   "Invalid update version -1 for feature metadata.version. A feature version cannot be less than 0.");
    assert_refused("metadata.version", 30, 9,
                   "Invalid update version 30 for feature metadata.version. The controller does not support the given "
                   "upgrade type.");
    assert_refused("kraft.version", 0, 2,
                   "Invalid update version 0 for feature kraft.version. Can't downgrade the version of this feature.");
    assert_refused("no.such", 1, 1,
                   "Invalid update version 1 for feature no.such. Local controller 1 does not support this feature.");
    assert_refused("no.such", 0, 2, "Invalid update version 0 for feature no.such. Feature no.such not found.");
}

static bool says(const char *words)
{
    struct text text = answer.error_message;
    return memmem(text.data, text.size, words, strlen(words)) != NULL;
}

static void the_first_version_says_downgrade_with_a_flag(void **state)
{
    (void)state;
    struct update_features_feature_ask feature = { TEXT("metadata.version"), 29, false, 1 };
    ask(0, &feature, 1);
    assert_true(says("without setting the upgrade type"));
    feature.allow_downgrade = true;
    ask(0, &feature, 1);
    assert_true(says("Refusing to perform the requested downgrade"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_that_hold_are_granted),
        cmocka_unit_test(other_levels_are_refused_in_kafkas_words),
        cmocka_unit_test(the_first_version_says_downgrade_with_a_flag),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
