/* tests/unit/net/conn/metric_labels_test.c   Labels by key and by code: each API under its own name, the whole of
 * Kafka's errors without a hole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conn/metrics.h"
#include "messages/apis.h"

static void every_api_is_counted_under_its_name(void **state)
{
    (void)state;
    uint32_t named = 0;

    for (size_t i = 0; i < api_row_count; i++) {
        assert_in_range(api_rows[i].key, 0, CONN_METRIC_APIS - 1);
        assert_non_null(conn_metric_apis[api_rows[i].key]);
        assert_string_equal(conn_metric_apis[api_rows[i].key], api_rows[i].name);
    }
    for (uint32_t key = 0; key < CONN_METRIC_APIS; key++) named += conn_metric_apis[key] != NULL;
    assert_int_equal(named, api_row_count);
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

    for (uint32_t i = 0; i < CONN_METRIC_ERROR_CODES; i++) {
        const char *name = conn_metric_errors[i];
        assert_non_null(name);
        assert_int_equal(strspn(name, allowed), strlen(name));
        for (uint32_t j = 0; j < i; j++) assert_string_not_equal(name, conn_metric_errors[j]);
    }
}

/* errors.tsv of 4.3.1, at both ends and where a row that was forgotten or doubled would move the rest. */
static void codes_stand_at_their_place(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *name;
    } rows[] = {
        { -1, "UNKNOWN_SERVER_ERROR" },        { 0, "NONE" },
        { 1, "OFFSET_OUT_OF_RANGE" },          { 6, "NOT_LEADER_OR_FOLLOWER" },
        { 35, "UNSUPPORTED_VERSION" },         { 56, "KAFKA_STORAGE_ERROR" },
        { 71, "INVALID_FETCH_SESSION_EPOCH" }, { 87, "INVALID_RECORD" },
        { 100, "UNKNOWN_TOPIC_ID" },           { 133, "SHARE_SESSION_LIMIT_REACHED" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        assert_string_equal(conn_metric_errors[CONN_METRIC_ERROR(rows[i].code)], rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_api_is_counted_under_its_name),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(codes_stand_at_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
