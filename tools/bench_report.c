/* tools/bench_report.c   What was measured, for people with a picture, for programs as JSON. The picture has a line per
 * step of the latency, twice per power of two, so that a second hump or a long tail is seen at once. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "output.h"

static const double percents[] = { 50, 75, 90, 99, 99.9, 99.99 };

static const char *const names[] = {
    [BENCH_PRODUCE] = "produce",
    [BENCH_CONSUME] = "consume",
    [BENCH_END_TO_END] = "end to end",
};

static uint64_t record_total(const struct bench_settings *settings, const struct bench_result *result)
{
    return settings->mode == BENCH_PRODUCE ? result->stored : result->read;
}

static void duration(char text[16], uint64_t ns)
{
    double n = (double)ns;

    if (n < 1e3)
        snprintf(text, 16, "%.0f ns", n);
    else if (n < 1e6)
        snprintf(text, 16, "%.1f us", n / 1e3);
    else if (n < 1e9)
        snprintf(text, 16, "%.2f ms", n / 1e6);
    else
        snprintf(text, 16, "%.2f s", n / 1e9);
}

/* ---- the picture ---- */

enum {
    PICTURE_WIDTH = 50,
    ROWS = HISTOGRAM_BUCKETS >> HISTOGRAM_STEP_BITS,
    HALVES = 2 * ROWS,
    HALF_STEPS = 1 << (HISTOGRAM_STEP_BITS - 1),
};

/* A row of buckets is a power of two, the first one what lies below 64 ns. */
static uint64_t half_limit(uint32_t half)
{
    uint64_t step = half < 2 ? 1 : 1ull << (half / 2 - 1);

    return step * (half < 2 ? (half + 1) * HALF_STEPS : (2 + half % 2 + 1) * HALF_STEPS);
}

static void print_picture(const struct histogram *histogram)
{
    uint64_t counts[HALVES] = { 0 }, most = 1, below = 0;
    uint32_t first = HALVES, last = 0;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) counts[i / HALF_STEPS] += histogram->buckets[i];
    for (uint32_t half = 0; half < HALVES; half++) {
        if (counts[half] == 0) continue;
        first = min_of(first, half);
        last = half;
        most = max_of(most, counts[half]);
    }
    putchar('\n');
    for (uint32_t half = first; half <= last; half++) {
        char limit[16];
        duration(limit, half_limit(half));
        int bar = (int)((double)counts[half] * PICTURE_WIDTH / (double)most + 0.5);
        below += counts[half];
        printf("  < %10s %8.3f%%  ", limit, 100.0 * (double)below / (double)histogram->count);
        if (bar == 0 && counts[half] > 0) fputs("\u258f", stdout);
        for (int i = 0; i < bar; i++) fputs("\u2588", stdout);
        putchar('\n');
    }
}

/* ---- the numbers ---- */

static void print_numbers(const struct bench_settings *settings, const struct bench_result *result)
{
    double seconds = (double)result->wall_ns / 1e9, cpu = (double)(result->user_ns + result->system_ns) / 1e9;
    double total = (double)record_total(settings, result);

    printf("%s: %.0f records of %u bytes in %.2f s, %u connection%s%s\n\n", names[settings->mode], total,
           settings->record_size, seconds, settings->connections, settings->connections == 1 ? "" : "s per broker",
           result->whole ? "" : ", broken off");
    printf("  throughput  %12.0f records/s  %10.1f MiB/s\n", total / seconds,
           total * settings->record_size / seconds / (1 << 20));
    if (settings->rate > 0) printf("  intended    %12.0f records/s\n", (double)settings->rate);
    printf("  requests    %12.0f            %10.1f records each\n", (double)result->requests,
           result->requests ? total / (double)result->requests : 0);
    printf("  own cpu     %12.3f s          %10.0f records per cpu second\n", cpu, cpu > 0 ? total / cpu : 0);
}

static void print_latency(const struct bench_settings *settings, const struct histogram *latency)
{
    static const char *const what[] = {
        [BENCH_PRODUCE] = "from intended to acknowledged",
        [BENCH_CONSUME] = "of a Fetch",
        [BENCH_END_TO_END] = "from intended to read",
    };
    const char *said = what[settings->mode];
    char text[16];

    if (settings->mode == BENCH_CONSUME && settings->rate > 0) said = "of a Fetch, from when its records were due";
    if (settings->mode != BENCH_CONSUME && settings->rate == 0) said = "from sent to acknowledged or read";
    printf("\nlatency %s%s\n\n", said, latency->count ? "" : ": none");
    if (latency->count == 0) return;
    for (size_t i = 0; i < array_count(percents); i++) {
        duration(text, histogram_percentile(latency, percents[i]));
        printf("  p%-6g %10s\n", percents[i], text);
    }
    duration(text, latency->most);
    printf("  most    %10s\n", text);
    print_picture(latency);
}

static void print_json(const struct bench_settings *settings, const struct bench_result *result)
{
    struct json json = { .out = stdout };
    double seconds = (double)result->wall_ns / 1e9, cpu = (double)(result->user_ns + result->system_ns) / 1e9;
    double total = (double)record_total(settings, result);

    json_open(&json, NULL, '{');
    json_word(&json, "mode", names[settings->mode]);
    json_number(&json, "records", (int64_t)total);
    json_number(&json, "recordSize", settings->record_size);
    json_number(&json, "intendedRate", (int64_t)settings->rate);
    json_real(&json, "seconds", seconds);
    json_real(&json, "recordsPerSecond", total / seconds);
    json_real(&json, "mibPerSecond", total * settings->record_size / seconds / (1 << 20));
    json_number(&json, "requests", (int64_t)result->requests);
    json_real(&json, "userSeconds", (double)result->user_ns / 1e9);
    json_real(&json, "systemSeconds", (double)result->system_ns / 1e9);
    json_real(&json, "recordsPerCpuSecond", cpu > 0 ? total / cpu : 0);
    json_bool(&json, "whole", result->whole);
    json_open(&json, "latencyNs", '{');
    for (size_t i = 0; i < array_count(percents); i++) {
        char name[16];
        snprintf(name, sizeof(name), "p%g", percents[i]);
        json_number(&json, name, (int64_t)histogram_percentile(&result->latency, percents[i]));
    }
    json_number(&json, "least", result->latency.count ? (int64_t)result->latency.least : 0);
    json_number(&json, "mean", (int64_t)histogram_mean(&result->latency));
    json_number(&json, "most", (int64_t)result->latency.most);
    json_close(&json, '}');
    json_close(&json, '}');
    json_line(&json);
}

void bench_report(const struct bench_settings *settings, const struct bench_result *result, bool json)
{
    if (json) {
        print_json(settings, result);
        return;
    }
    print_numbers(settings, result);
    print_latency(settings, &result->latency);
}
