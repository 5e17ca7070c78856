/* tests/unit/tools/bench_report_test.c   What a load told: percentiles that hold what they say, throughput of what was
 * stored or read, and a report of nothing that divides by nothing. */
#include "printed.h"

#include "bench.h"

static struct bench_result result;

static struct bench_settings settings_of(enum bench_mode mode)
{
    return (struct bench_settings){ .mode = mode, .record_size = 1024, .connections = 1 };
}

/* A thousand answers: 1 to 1000 us. */
static void measured(void)
{
    result = (struct bench_result){ .made = 2000, .stored = 1000, .read = 500, .requests = 100, .whole = true };
    histogram_init(&result.latency);
    for (uint64_t us = 1; us <= 1000; us++) histogram_record(&result.latency, us * 1000);
    result.wall_ns = INT64_C(2000000000);
    result.user_ns = INT64_C(400000000);
    result.system_ns = INT64_C(100000000);
}

static const char *reported(const struct bench_settings *settings, bool json, struct printed *printed)
{
    printed_take(printed, stdout);
    bench_report(settings, &result, json);
    return printed_end(printed);
}

/* The number behind a name of the JSON. */
static double number_of(const char *json, const char *name)
{
    char key[32];

    (void)snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = strstr(json, key);
    if (!at) fail_msg("%s is not in %s", name, json);
    return at ? strtod(at + strlen(key), NULL) : 0;
}

static void programs_get_every_number(void **state)
{
    (void)state;
    struct bench_settings settings = settings_of(BENCH_PRODUCE);
    static const struct {
        const char *name;
        double least, most;
    } rows[] = { { "records", 1000, 1000 },        { "recordSize", 1024, 1024 },
                 { "intendedRate", 0, 0 },         { "seconds", 2, 2 },
                 { "recordsPerSecond", 500, 500 }, { "mibPerSecond", 0.488, 0.489 },
                 { "requests", 100, 100 },         { "userSeconds", 0.4, 0.4 },
                 { "systemSeconds", 0.1, 0.1 },    { "recordsPerCpuSecond", 2000, 2000 },
                 { "p50", 496000, 504000 },        { "p99", 982000, 998000 },
                 { "p99.9", 991000, 1000000 },     { "p99.99", 1000000, 1000000 },
                 { "least", 1000, 1000 },          { "mean", 500500, 500500 },
                 { "most", 1000000, 1000000 } };
    struct printed printed;

    measured();
    const char *json = reported(&settings, true, &printed);
    assert_int_equal(strncmp(json, "{\"mode\":\"produce\",", 18), 0);
    assert_string_equal(json + strlen(json) - 3, "}}\n");
    assert_non_null(strstr(json, "\"whole\":true"));
    for (size_t i = 0; i < array_count(rows); i++) {
        double number = number_of(json, rows[i].name);
        if (number < rows[i].least || number > rows[i].most) fail_msg("%s is %f", rows[i].name, number);
    }
    printed_free(&printed);
}

/* What a consumer has is what was read. */
static void each_mode_counts_its_own_records(void **state)
{
    (void)state;
    static const struct {
        enum bench_mode mode;
        double records;
    } rows[] = { { BENCH_PRODUCE, 1000 }, { BENCH_CONSUME, 500 }, { BENCH_END_TO_END, 500 } };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct bench_settings settings = settings_of(rows[i].mode);
        struct printed printed;
        measured();
        assert_true(number_of(reported(&settings, true, &printed), "records") == rows[i].records);
        printed_free(&printed);
    }
}

/* JSON has no infinity: whatever was measured, every reader must take the line. */
static void nothing_at_all_is_reported_too(void **state)
{
    (void)state;
    struct bench_settings settings = settings_of(BENCH_CONSUME);
    struct printed printed;

    result = (struct bench_result){ .whole = false };
    histogram_init(&result.latency);
    const char *json = reported(&settings, true, &printed);
    assert_null(strstr(json, "nan"));
    assert_null(strstr(json, "inf"));
    assert_true(number_of(json, "least") == 0 && number_of(json, "p99") == 0);
    printed_free(&printed);
    const char *text = reported(&settings, false, &printed);
    assert_non_null(strstr(text, ", broken off\n"));
    assert_non_null(strstr(text, "latency of a Fetch: none\n"));
    printed_free(&printed);
}

static void people_read_units_that_fit(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *line;
    } rows[] = { { 999, "  most        999 ns\n" },
                 { 1000, "  most        1.0 us\n" },
                 { 1500000, "  most       1.50 ms\n" },
                 { UINT64_C(61000000000), "  most       61.00 s\n" } };
    struct bench_settings settings = settings_of(BENCH_PRODUCE);

    for (size_t i = 0; i < array_count(rows); i++) {
        struct printed printed;
        measured();
        histogram_init(&result.latency);
        histogram_record(&result.latency, rows[i].ns);
        const char *text = reported(&settings, false, &printed);
        if (!strstr(text, rows[i].line)) fail_msg("'%s' is not in '%s'", rows[i].line, text);
        printed_free(&printed);
    }
}

/* A line per half of a power of two: all records are below the last, and both humps are full bars. */
static void the_picture_shows_both_humps(void **state)
{
    (void)state;
    struct bench_settings settings = settings_of(BENCH_PRODUCE);
    struct printed printed;
    int bars = 0, full = 0;

    measured();
    histogram_init(&result.latency);
    for (int i = 0; i < 200; i++) histogram_record(&result.latency, 100);
    for (int i = 0; i < 200; i++) histogram_record(&result.latency, 100000);
    histogram_record(&result.latency, 3000); /* too few for a bar, but not nothing */
    const char *text = reported(&settings, false, &printed);
    const char *picture = strstr(text, "\n  < ");
    assert_non_null(picture);
    for (const char *line = picture; line; line = strchr(line + 1, '\n')) {
        int blocks = 0;
        for (const char *at = line + 1; *at && *at != '\n'; at++) blocks += strncmp(at, "\u2588", 3) == 0;
        bars += blocks > 0;
        full += blocks == 50;
    }
    assert_int_equal(bars, 2);
    assert_int_equal(full, 2);
    assert_non_null(strstr(picture, "\u258f"));
    assert_non_null(strstr(picture, " 128 ns "));
    assert_non_null(strstr(picture, " 49.875%"));
    assert_non_null(strstr(picture, "100.000%"));
    printed_free(&printed);
}

/* The picture ends with the largest values that there can be. */
static void values_beyond_the_last_bucket_are_in_the_picture(void **state)
{
    (void)state;
    struct bench_settings settings = settings_of(BENCH_PRODUCE);
    struct printed printed;

    measured();
    histogram_init(&result.latency);
    histogram_record(&result.latency, 0);
    histogram_record(&result.latency, UINT64_MAX);
    const char *text = reported(&settings, false, &printed);
    assert_non_null(strstr(text, "100.000%"));
    printed_free(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_get_every_number),
        cmocka_unit_test(each_mode_counts_its_own_records),
        cmocka_unit_test(nothing_at_all_is_reported_too),
        cmocka_unit_test(people_read_units_that_fit),
        cmocka_unit_test(the_picture_shows_both_humps),
        cmocka_unit_test(values_beyond_the_last_bucket_are_in_the_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
