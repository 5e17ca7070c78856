/* tests/unit/net/api/api_versions_test.c   The first question of every client: what is served here, in any version of
 * the question. */
#include "desk_ask.h"
#include "one_desk.h"

#include "messages/api_versions.h"

static struct api_versions_answer answer;

static const struct api_versions_api *row_of(int16_t key)
{
    for (int32_t i = 0; i < answer.api_keys.count; i++) {
        if (answer.api_keys.items[i].api_key == key) return &answer.api_keys.items[i];
    }
    return NULL;
}

static void what_the_table_serves_is_told(void **state)
{
    (void)state;
    struct api_versions_ask ask = { TEXT("apache-kafka-java"), TEXT("4.3.1") };

    for (int16_t version = 0; version <= 4; version++) {
        desk_ask(&desk, API_API_VERSIONS, version, &ask, &answer);
        assert_int_equal(answer.error, ERROR_NONE);
        int32_t told = 0;
        for (uint32_t i = 0; i < served_api_count; i++) {
            const struct api *api = &served_apis[i];
            const struct api_versions_api *row = row_of(api->key);
            if ((api->callers & API_CLIENTS) == 0) continue; /* Not for those who come by this listener. */
            told++;
            assert_non_null(row);
            assert_int_equal(row->min_version, api->advertised_since);
            assert_int_equal(row->max_version, api->until);
        }
        assert_int_equal(answer.api_keys.count, told);
    }
}

/* KIP-511: the names of clients are put into metrics and traces, so not every name will do. From version 3 on. */
static void names_of_software_are_looked_at(void **state)
{
    (void)state;
    static const struct {
        const char *name, *version;
        bool fine;
    } rows[] = {
        { "librdkafka", "2.3.0", true },
        { "a", "1", true },
        { "a.b-c", "v-1.0.b", true },
        { "", "1", false },
        { "a", "", false },
        { "-a", "1", false },
        { "a.", "1", false },
        { "a", ".1", false },
        { "a b", "1", false },
        { "a\"b", "1", false },
        { "a", "1\n", false },
        { "a_b", "1", false },
        { "\xc3\xa4", "1", false },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct api_versions_ask ask = { text_of(rows[i].name), text_of(rows[i].version) };
        desk_ask(&desk, API_API_VERSIONS, 3, &ask, &answer);
        assert_int_equal(answer.error, rows[i].fine ? ERROR_NONE : ERROR_INVALID_REQUEST);
        assert_int_equal(answer.api_keys.count > 0, rows[i].fine);
    }
}

/* A client of version 3 refuses a feature whose least level is 0, so it is told of it from version 4 on only. */
static void features_are_told_to_those_who_can_read_them(void **state)
{
    (void)state;
    struct api_versions_ask ask = { TEXT("a"), TEXT("1") };
    int32_t counts[5] = { 0 };

    for (int16_t version = 3; version <= 4; version++) {
        desk_ask(&desk, API_API_VERSIONS, version, &ask, &answer);
        counts[version] = answer.supported_features.count;
        for (int32_t i = 0; i < answer.supported_features.count; i++) {
            const struct api_versions_supported_feature *feature = &answer.supported_features.items[i];
            assert_true(version >= 4 || feature->min_version > 0);
            assert_true(feature->max_version >= feature->min_version);
        }
        /* kraft.version stands in no record: the settings of the desk say that it is 1. */
        assert_int_equal(answer.finalized_features.count, 1);
        assert_true(text_equal(answer.finalized_features.items[0].name, TEXT("kraft.version")));
        assert_int_equal(answer.finalized_features.items[0].max_version_level, 1);
    }
    assert_true(counts[4] > counts[3]);
}

/* Behind a head that nobody can read there may be anything: the answer is in the shape of version 0, whatever it
 * was. */
static void a_version_that_nobody_knows_is_answered_in_the_oldest_shape(void **state)
{
    (void)state;
    static const int16_t versions[] = { 5, 127, INT16_MAX, -1 };

    for (size_t i = 0; i < array_count(versions); i++) {
        uint8_t frame[] = { 0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 9, 255, 255 };
        store_i16(frame + 6, versions[i]);
        assert_int_equal(send(desk.client, frame, sizeof(frame), MSG_NOSIGNAL), sizeof(frame));
        size_t size = 0;
        assert_int_equal(desk_take(&desk, &size, DESK_TURNS), 1);
        assert_int_equal(size, 4 + 4 + 2 + 4 + 6); /* length, correlation, error, one row */
        assert_int_equal(load_i32(desk.answer + 4), 9);
        assert_int_equal(load_i16(desk.answer + 8), ERROR_UNSUPPORTED_VERSION);
        assert_int_equal(load_i16(desk.answer + 14), API_API_VERSIONS);
        assert_int_equal(load_i16(desk.answer + 18), 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_table_serves_is_told),
        cmocka_unit_test(names_of_software_are_looked_at),
        cmocka_unit_test(features_are_told_to_those_who_can_read_them),
        cmocka_unit_test(a_version_that_nobody_knows_is_answered_in_the_oldest_shape),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
