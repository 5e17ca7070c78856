/* tests/unit/net/api/error_test.c   A code for every status, the one that Kafka's clients react to in the right way,
 * under the name that it is counted by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/error.h"
#include "base/check.h"
#include "base/heap.h"
#include "conn/face.h"
#include "conn/metrics.h"

static void every_status_has_a_code(void **state)
{
    (void)state;
    assert_int_equal(error_of(STATUS_OK), 0);
    for (int status = STATUS_OK + 1; status < STATUS_COUNT; status++) {
        assert_int_not_equal(error_of((enum status)status), 0);
        assert_true(error_text((enum status)status).size > 0);
    }
}

/* What clients do depends on it: try again, look for the leader, or give up. */
static void a_status_has_the_code_that_clients_understand(void **state)
{
    (void)state;
    static const struct {
        enum status status;
        int16_t code;
    } rows[] = {
        { STATUS_NOT_FOUND, 3 },      { STATUS_NOT_LEADER, 6 },     { STATUS_TIMED_OUT, 7 },
        { STATUS_TOO_LARGE, 10 },     { STATUS_OUT_OF_RANGE, 1 },   { STATUS_CORRUPT, 2 },
        { STATUS_NO_SPACE, 56 },      { STATUS_IO_ERROR, 56 },      { STATUS_OUT_OF_ORDER, 45 },
        { STATUS_FENCED, 47 },        { STATUS_OLD_EPOCH, 74 },     { STATUS_NEW_EPOCH, 75 },
        { STATUS_BAD_RECORD, 87 },    { STATUS_BAD_TIMESTAMP, 32 }, { STATUS_EXISTS, 36 },
        { STATUS_INVALID_TOPIC, 17 }, { STATUS_STOPPING, 6 }, /* look for another leader, not for another cluster */
    };

    for (size_t i = 0; i < array_count(rows); i++) assert_int_equal(error_of(rows[i].status), rows[i].code);
}

static void names_stand_beside_the_codes_they_are_counted_by(void **state)
{
    (void)state;
#define NAME_OF(code) conn_metric_errors[CONN_METRIC_ERROR(ERROR_##code)]
#define SAME(code)    assert_string_equal(NAME_OF(code), #code)
    SAME(UNKNOWN_SERVER_ERROR);
    SAME(OFFSET_OUT_OF_RANGE);
    SAME(LEADER_NOT_AVAILABLE);
    SAME(MESSAGE_TOO_LARGE);
    SAME(INVALID_REQUIRED_ACKS);
    SAME(UNSUPPORTED_VERSION);
    SAME(INVALID_REQUEST);
    SAME(POLICY_VIOLATION);
    SAME(KAFKA_STORAGE_ERROR);
    SAME(FETCH_SESSION_ID_NOT_FOUND);
    SAME(FENCED_LEADER_EPOCH);
    SAME(UNSUPPORTED_COMPRESSION_TYPE);
    SAME(PREFERRED_LEADER_NOT_AVAILABLE);
    SAME(ELECTION_NOT_NEEDED);
    SAME(INVALID_RECORD);
    SAME(RESOURCE_NOT_FOUND);
    SAME(UNACCEPTABLE_CREDENTIAL);
    SAME(INVALID_UPDATE_VERSION);
    SAME(UNKNOWN_TOPIC_ID);
    SAME(BROKER_ID_NOT_REGISTERED);
    SAME(MISMATCHED_ENDPOINT_TYPE);
    SAME(TRANSACTION_ABORTABLE);
}

static void what_is_told_is_counted_twice(void **state)
{
    (void)state;
    struct heap heap;
    struct metrics metrics;
    struct face face = { 0 };
    struct request request = { .face = &face, .key = 3 };

    heap_init(&heap);
    metrics_init(&metrics, conn_metric_rows, CONN_METRIC_COUNT, &heap);
    metric_cells_init(&face.cells, &metrics, &heap);
    assert_int_equal(error_tell(&request, ERROR_NONE), ERROR_NONE);
    assert_int_equal(error_tell(&request, ERROR_UNKNOWN_SERVER_ERROR), -1);
    assert_int_equal(error_tell(&request, ERROR_INVALID_REQUEST), 42);
    assert_int_equal(metric_read(&metrics, &face.cells, 1, CONN_METRIC_ERRORS, 3), 2);
    assert_int_equal(metric_read(&metrics, &face.cells, 1, CONN_METRIC_ERROR_CODE, CONN_METRIC_ERROR(-1)), 1);
    assert_int_equal(metric_read(&metrics, &face.cells, 1, CONN_METRIC_ERROR_CODE, CONN_METRIC_ERROR(42)), 1);
    assert_int_equal(metric_read(&metrics, &face.cells, 1, CONN_METRIC_ERROR_CODE, CONN_METRIC_ERROR(0)), 0);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_code),
        cmocka_unit_test(a_status_has_the_code_that_clients_understand),
        cmocka_unit_test(names_stand_beside_the_codes_they_are_counted_by),
        cmocka_unit_test(what_is_told_is_counted_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
