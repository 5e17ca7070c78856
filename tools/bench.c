/* tools/bench.c   `sluice bench produce|consume|end-to-end`: a load with intended send times, against any Kafka, and
 * what came of it. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_link.h"
#include "client/codes.h"
#include "command.h"
#include "messages/create_topics.h"
#include "output.h"

struct bench_options {
    struct common common;
    const char *topic, *codec, *acks;
    uint64_t rate, records, seconds, size, batch, linger_us, connections, in_flight, partitions;
    bool quiet;
};

static enum status make_topic(struct session *session, const struct bench_options *options)
{
    struct create_topics_topic_ask topic = {
        .name = text_of(options->topic),
        .partition_count = (int32_t)options->partitions,
        .replication_factor = -1,
    };
    const struct create_topics_ask ask = { .topics = { &topic, 1 }, .timeout_ms = (int32_t)session->client.timeout_ms };
    struct create_topics_answer answer = { 0 };

    if (!session_ask(session, CLIENT_CONTROLLER, API_CREATE_TOPICS, false, &ask, &answer)) return STATUS_CLOSED;
    if (answer.topics.count == 1 && answer.topics.items[0].error == CODE_NONE) return STATUS_OK;
    if (answer.topics.count == 1) {
        (void)session_refused(session, topic.name, answer.topics.items[0].error, answer.topics.items[0].error_message);
    }
    return STATUS_INVALID;
}

/* The topic, made if it is not there and somebody will fill it; NULL: complained about. */
static const struct metadata_topic_answer *find_topic(struct session *session, const struct bench_options *options,
                                                      bool make)
{
    const struct words names = { .items = { options->topic }, .count = 1 };
    int64_t deadline_ms = clock_ms() + session->client.timeout_ms;
    struct metadata_answer answer = { 0 };

    while (session_topics(session, &names, &answer)) {
        const struct metadata_topic_answer *topic = &answer.topics.items[0];
        bool led = answer.topics.count == 1 && topic->error == CODE_NONE && topic->partitions.count > 0;
        for (int32_t i = 0; led && i < topic->partitions.count; i++) led = topic->partitions.items[i].leader_id >= 0;
        if (led) return topic;
        if (make && topic->error == CODE_UNKNOWN_TOPIC_OR_PARTITION) {
            if (make_topic(session, options) != STATUS_OK) return NULL;
            make = false;
        } else if (clock_ms() >= deadline_ms || topic->error == CODE_UNKNOWN_TOPIC_OR_PARTITION) {
            (void)session_refused(session, text_of(options->topic), topic->error, TEXT_NULL);
            return NULL;
        }
        client_pause();
    }
    return NULL;
}

static bool settings_read(const char *called, const struct bench_options *options, struct bench_settings *settings)
{
    enum { RECORD_MAX = 64 << 20, STAMPED_LEAST = 8 };
    bool acks_fine = false;

    settings->topic = text_of(options->topic);
    settings->rate = options->rate;
    settings->record_count = options->records;
    settings->seconds = options->seconds;
    settings->progress = !options->quiet && isatty(STDERR_FILENO);
    if (settings->record_count == 0 && settings->seconds == 0 && settings->mode != BENCH_CONSUME)
        settings->seconds = 10;
    if (options->size > RECORD_MAX || options->batch > RECORD_MAX || options->linger_us > 60000000) {
        complain(called, "--size and --batch go up to 64 MiB, --linger up to a minute");
        return false;
    }
    if (settings->mode == BENCH_END_TO_END && options->size < STAMPED_LEAST) {
        complain(called, "a record that carries its time has %d bytes at least", STAMPED_LEAST);
        return false;
    }
    if (options->connections < 1 || options->connections > 1000 || options->in_flight < 1 ||
        options->in_flight > FLIGHTS_MAX || options->partitions < 1 || options->partitions > 100000) {
        complain(called, "--connections is 1 to 1000, --in-flight 1 to %d, --partitions 1 to 100000", FLIGHTS_MAX);
        return false;
    }
    settings->record_size = (uint32_t)options->size;
    settings->batch_size = (uint32_t)options->batch;
    settings->connections = (uint32_t)options->connections;
    settings->in_flight = (uint32_t)options->in_flight;
    settings->linger_ns = (int64_t)options->linger_us * 1000;
    for (unsigned i = 0; i <= COMPRESSION_COUNT; i++) {
        if (i == COMPRESSION_COUNT) {
            complain(called, "there is no codec '%s': none, gzip, snappy, lz4 or zstd", options->codec);
            return false;
        }
        settings->codec = (enum compression)i;
        if (strcmp(compression_name(i), options->codec) == 0) break;
    }
    settings->acks = (int16_t)(strcmp(options->acks, "all") == 0 ? -1 : options->acks[0] - '0');
    acks_fine = strcmp(options->acks, "all") == 0 || strcmp(options->acks, "0") == 0 || strcmp(options->acks, "1") == 0;
    if (!acks_fine) complain(called, "--acks is 0, 1 or all, not '%s'", options->acks);
    return acks_fine;
}

static int bench(const struct bench_options *options, const char *called, enum bench_mode mode)
{
    struct bench_settings settings = { .mode = mode };
    struct session session;
    int code = EXIT_FAILED;

    if (options->common.operands.count > 0) {
        complain(called, "what is '%s'?", options->common.operands.items[0]);
        return EXIT_USAGE;
    }
    if (!settings_read(called, options, &settings)) return EXIT_USAGE;
    if (!session_begin(&session, called, &options->common)) return EXIT_USAGE;
    const struct metadata_topic_answer *topic = find_topic(&session, options, mode != BENCH_CONSUME);
    if (topic) {
        struct bench_result *result = session_take(&session, sizeof(*result));
        enum status status = bench_run(&settings, &session, topic, result);
        if (status != STATUS_OK) code = session_lost(&session);
        if (status == STATUS_OK) code = EXIT_FINE;
        if (result->wall_ns > 0) bench_report(&settings, result, options->common.json);
    }
    return session_end(&session, code);
}

static int bench_produce(void *given)
{
    return bench(given, "sluice bench produce", BENCH_PRODUCE);
}

static int bench_consume(void *given)
{
    return bench(given, "sluice bench consume", BENCH_CONSUME);
}

static int bench_end_to_end(void *given)
{
    return bench(given, "sluice bench end-to-end", BENCH_END_TO_END);
}

static void preset(void *given)
{
    struct bench_options *options = given;

    options->topic = "bench";
    options->codec = "none";
    options->acks = "all";
    options->size = 100;
    options->batch = 512 << 10;
    options->linger_us = 500;
    options->connections = 1;
    options->in_flight = 5;
    options->partitions = 4;
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(bench_options, topic,       "topic",       't', "TOPIC",   "which; made if it is not there (bench)"),
    OPTION(bench_options, rate,        "rate",        'r', "N",       "records per second (0: flat out)"),
    OPTION(bench_options, seconds,     "seconds",     's', "N",       "how long (10, unless --records is given)"),
    OPTION(bench_options, records,     "records",     'n', "N",       "how many"),
    OPTION(bench_options, size,        "size",        0,   "BYTES",   "of a record's value (100)"),
    OPTION(bench_options, batch,       "batch",       0,   "BYTES",   "of a batch at most (524288)"),
    OPTION(bench_options, linger_us,   "linger",      0,   "US",      "how long a batch waits for more (500)"),
    OPTION(bench_options, connections, "connections", 'C', "N",       "to each broker (1)"),
    OPTION(bench_options, in_flight,   "in-flight",   0,   "N",       "requests without an answer, per connection (5)"),
    OPTION(bench_options, partitions,  "partitions",  'p', "N",       "of a topic that is made (4)"),
    OPTION(bench_options, codec,       "compression", 'z', "CODEC",   "none, gzip, snappy, lz4 or zstd"),
    OPTION(bench_options, acks,        "acks",        0,   "0|1|all", "when a record counts as stored (all)"),
    OPTION(bench_options, quiet,       "quiet",       'q', NULL,      "no progress"),
};
static const char more[] =
    "With a rate, record i is due at i/rate seconds whether the broker keeps up or not; its latency counts from then.\n"
    "A reader that keeps a rate asks for more when the first record that it lacks is due.\n"
    "Progress goes to a terminal on standard error.\n";

#define VERB(name, summary, run) \
    { name, "", summary, more, rows, array_count(rows), sizeof(struct bench_options), preset, run }
const struct verb bench_verbs[] = {
    VERB("produce",    "store records",                            bench_produce),
    VERB("consume",    "read what is there",                       bench_consume),
    VERB("end-to-end", "store records and read them as they come", bench_end_to_end),
};
/* clang-format on */
