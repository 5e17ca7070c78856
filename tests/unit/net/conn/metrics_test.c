/* tests/unit/net/conn/metrics_test.c   The rows of what the net floor counts: none without a name, none twice, and
 * every reason for a refusal or an end has a word of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"
#include "conn/metrics.h"

/* What Prometheus allows, with our prefix; counters end in _total, durations in their unit. */
static void every_row_has_a_name_and_a_help(void **state)
{
    (void)state;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz_";

    for (uint32_t i = 0; i < CONN_METRIC_COUNT; i++) {
        const struct metric *row = &conn_metric_rows[i];
        assert_non_null(row->name);
        assert_int_equal(strspn(row->name, allowed), strlen(row->name));
        assert_int_equal(strncmp(row->name, "sluice_", 7), 0);
        assert_true(strlen(row->help) > 0);
        assert_true(row->series_count >= 1);
        const char *end = strlen(row->name) > 8 ? row->name + strlen(row->name) - 6 : "";
        assert_int_equal(row->type == METRIC_COUNTER, strcmp(end, "_total") == 0);
        if (row->type == METRIC_HISTOGRAM) assert_non_null(strstr(row->name, "_seconds"));
        for (uint32_t j = 0; j < i; j++) assert_string_not_equal(row->name, conn_metric_rows[j].name);
    }
}

static void every_reason_has_a_word_of_its_own(void **state)
{
    (void)state;
    static const uint32_t rows[] = { CONN_METRIC_CLOSED, CONN_METRIC_REFUSED, CONN_METRIC_STALLED,
                                     CONN_METRIC_FRAMES_REFUSED };
    static const uint32_t counts[] = { END_COUNT, REFUSAL_COUNT, STALL_COUNT, FRAME_REFUSAL_COUNT };

    for (size_t i = 0; i < array_count(rows); i++) {
        const struct metric *row = &conn_metric_rows[rows[i]];
        assert_non_null(row->label);
        assert_int_equal(row->series_count, counts[i]);
        for (uint32_t j = 0; j < row->series_count; j++) {
            assert_non_null(row->values[j]);
            for (uint32_t k = 0; k < j; k++) assert_string_not_equal(row->values[j], row->values[k]);
        }
    }
}

static void words_are_those_of_the_series(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < REFUSAL_COUNT; i++) {
        assert_string_equal(conn_refusal_text((enum conn_refusal)i), conn_metric_rows[CONN_METRIC_REFUSED].values[i]);
    }
    for (uint32_t i = 0; i < END_COUNT; i++) {
        assert_string_equal(conn_end_text((enum conn_end)i), conn_metric_rows[CONN_METRIC_CLOSED].values[i]);
    }
    assert_string_equal(conn_refusal_text(REFUSAL_ADDRESS_FULL), "max.connections.per.ip"); /* the setting's name */
    assert_string_equal(conn_end_text(END_SLOW_READER), "slow-reader");
}

/* By API, by error: the widest rows have a cell for each. */
static void rows_by_api_have_a_cell_for_every_key(void **state)
{
    (void)state;
    struct heap heap;
    struct metrics metrics;
    struct metric_cells cells;

    heap_init(&heap);
    metrics_init(&metrics, conn_metric_rows, CONN_METRIC_COUNT, &heap);
    metric_cells_init(&cells, &metrics, &heap);
    for (uint32_t key = 0; key < CONN_METRIC_APIS; key++) metric_add(&cells, CONN_METRIC_REQUESTS, key, key);
    for (uint32_t key = 0; key < CONN_METRIC_APIS; key++) metric_add(&cells, CONN_METRIC_ERRORS, key, 1);
    for (uint32_t code = 0; code < CONN_METRIC_ERROR_CODES; code++) metric_add(&cells, CONN_METRIC_ERROR_CODE, code, 2);
    for (uint32_t key = 0; key < CONN_METRIC_APIS; key++) {
        assert_int_equal(metric_read(&metrics, &cells, 1, CONN_METRIC_REQUESTS, key), key);
        assert_int_equal(metric_read(&metrics, &cells, 1, CONN_METRIC_ERRORS, key), 1);
    }
    assert_int_equal(metric_read(&metrics, &cells, 1, CONN_METRIC_ERROR_CODE, CONN_METRIC_ERROR(-1)), 2);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_name_and_a_help),
        cmocka_unit_test(every_reason_has_a_word_of_its_own),
        cmocka_unit_test(words_are_those_of_the_series),
        cmocka_unit_test(rows_by_api_have_a_cell_for_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
