/* tools/kafka_console.c   kafka-console-producer and kafka-console-consumer. The consumer reads without a group: what a
 * group would remember is not remembered, and --group says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "client/codes.h"
#include "client/sender.h"
#include "command.h"
#include "format.h"
#include "kafka_tools.h"
#include "offset_spec.h"
#include "output.h"

/* ---- the producer ---- */

struct producer_options {
    struct common common;
    const char *topic, *codec, *acks;
    struct words properties, reader;
    bool sync;
};

struct reader {
    bool key, headers, ignore_errors;
    const char *key_separator, *headers_delimiter, *headers_separator, *header_separator, *null;
    uint64_t line;
    uint8_t encoded[64 << 10]; /* headers of the record at hand */
};

/* The part before `separator`, which is cut off; false: there is none. */
static bool part_cut(struct bytes *rest, const char *separator, struct bytes *part)
{
    size_t size = strlen(separator);
    const uint8_t *found = size > 0 && rest->size > 0 ? memmem(rest->data, rest->size, separator, size) : NULL;

    if (!found) return false;
    *part = (struct bytes){ rest->data, (size_t)(found - rest->data) };
    rest->data = found + size;
    rest->size -= part->size + size;
    return true;
}

static struct bytes or_null(const struct reader *reader, struct bytes bytes)
{
    bool is_null =
        reader->null && strlen(reader->null) == bytes.size && memcmp(reader->null, bytes.data, bytes.size) == 0;

    return is_null ? BYTES_NULL : bytes;
}

static bool headers_parse(struct reader *reader, struct bytes list, struct packer_record *record)
{
    uint8_t *at = reader->encoded;

    while (list.size > 0) {
        struct bytes pair = list, name;
        if (!part_cut(&list, reader->headers_separator, &pair)) list.size = 0;
        if (!part_cut(&pair, reader->header_separator, &name)) return false;
        struct bytes value = or_null(reader, pair);
        if (packer_header_size(name, value) > sizeof(reader->encoded) - (size_t)(at - reader->encoded)) return false;
        at = packer_header(at, name, value);
        record->header_count++;
    }
    record->headers = (struct bytes){ reader->encoded, (size_t)(at - reader->encoded) };
    return true;
}

/* Why the line is no record; NULL: it is one. */
static const char *line_parse(struct reader *reader, struct bytes line, struct packer_record *record)
{
    struct bytes headers, key;

    if (reader->headers) {
        if (part_cut(&line, reader->headers_delimiter, &headers)) {
            if (!headers_parse(reader, headers, record)) return "No header key separator found";
        } else if (!reader->ignore_errors) {
            return "No headers delimiter found";
        }
    }
    if (reader->key) {
        if (part_cut(&line, reader->key_separator, &key)) {
            record->key = or_null(reader, key);
        } else if (!reader->ignore_errors) {
            return "No key separator found";
        }
    }
    record->value = or_null(reader, line);
    return NULL;
}

static int producer_lines(struct session *session, struct sender *sender, struct reader *reader, bool prompt)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    enum status status = STATUS_OK;

    if (prompt) fputc('>', stdout), fflush(stdout);
    while (status == STATUS_OK && (size = getline(&line, &room, stdin)) > 0) {
        struct packer_record record = { .timestamp_ms = (int64_t)time(NULL) * 1000 };
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        record.timestamp_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        if (line[size - 1] == '\n') size--;
        reader->line++;
        const char *why = line_parse(reader, (struct bytes){ (const uint8_t *)line, (size_t)size }, &record);
        if (why) {
            complain(session->called, "%s on line number %llu: '%.*s'", why, (unsigned long long)reader->line,
                     (int)size, line);
            free(line);
            return EXIT_FAILED;
        }
        status = sender_add(sender, SENDER_ANY_PARTITION, &record);
        if (prompt && status == STATUS_OK) {
            status = sender_flush(sender);
            fputc('>', stdout), fflush(stdout);
        }
    }
    free(line);
    if (status == STATUS_OK) status = sender_flush(sender);
    return status == STATUS_OK ? EXIT_FINE : session_lost(session);
}

static bool sender_settings_read(const struct producer_options *options, struct sender_settings *settings)
{
    const char *acks = kafka_property(&options->properties, "acks", options->acks);
    const char *codec = kafka_property(&options->properties, "compression.type", options->codec);

    *settings = (struct sender_settings){
        .topic = options->topic,
        .acks = -1,
        .level = COMPRESSION_LEVEL_DEFAULT,
        .batch_size = SENDER_BATCH_SIZE,
    };
    if (strcmp(acks, "0") == 0) settings->acks = 0;
    if (strcmp(acks, "1") == 0) settings->acks = 1;
    for (unsigned i = 0; i < COMPRESSION_COUNT; i++) {
        settings->codec = (enum compression)i;
        if (strcmp(compression_name(i), codec) == 0) return true;
    }
    complain("kafka-console-producer", "there is no codec '%s': none, gzip, snappy, lz4 or zstd", codec);
    return false;
}

static int producer_run(void *given)
{
    static const char called[] = "kafka-console-producer";
    const struct producer_options *options = given;
    const struct words *words = &options->reader;
    struct sender_settings settings;
    struct session session;
    struct sender sender;
    uint64_t seed = 0;
    int code = EXIT_FAILED;

    if (!options->topic) {
        complain(called, "Missing required argument \"[topic]\"");
        return EXIT_FAILED;
    }
    if (!sender_settings_read(options, &settings)) return EXIT_FAILED;
    if (!session_begin(&session, called, &options->common)) return EXIT_FAILED;
    struct reader *reader = session_take(&session, sizeof(*reader));
    reader->key = kafka_truth(words, "parse.key", false);
    reader->headers = kafka_truth(words, "parse.headers", false);
    reader->ignore_errors = kafka_truth(words, "ignore.error", false);
    reader->key_separator = kafka_property(words, "key.separator", "\t");
    reader->headers_delimiter = kafka_property(words, "headers.delimiter", "\t");
    reader->headers_separator = kafka_property(words, "headers.separator", ",");
    reader->header_separator = kafka_property(words, "headers.key.separator", ":");
    reader->null = kafka_property(words, "null.marker", NULL);
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) seed = (uint64_t)clock_ms();
    if (sender_open(&sender, &session.client, &settings, seed) == STATUS_OK) {
        code = producer_lines(&session, &sender, reader, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
        sender_close(&sender);
    } else {
        code = session_lost(&session);
    }
    return session_end(&session, code);
}

static void producer_preset(void *given)
{
    struct producer_options *options = given;

    options->codec = "none";
    options->acks = "all";
}

/* clang-format off */
static const struct option_row producer_rows[] = {
    OPTION(producer_options, topic,      "topic",                 0, "TOPIC",      "where to"),
    OPTION(producer_options, reader,     "property",              0, "NAME=VALUE", "parse.key, key.separator, ..."),
    OPTION(producer_options, reader,     "reader-property",       0, "NAME=VALUE", "the same"),
    OPTION(producer_options, properties, "producer-property",     0, "NAME=VALUE", "acks, compression.type"),
    OPTION(producer_options, properties, "command-property",      0, "NAME=VALUE", "the same"),
    OPTION(producer_options, codec,      "compression-codec",     0, "CODEC",      "none, gzip, snappy, lz4 or zstd"),
    OPTION(producer_options, acks,       "request-required-acks", 0, "0|1|all",    "when a record counts as stored"),
    OPTION(producer_options, sync,       "sync",                  0, NULL,         "always so"),
};
/* clang-format on */

const struct verb kafka_producer_verb = {
    "",
    "",
    "Kafka's kafka-console-producer",
    NULL,
    producer_rows,
    array_count(producer_rows),
    sizeof(struct producer_options),
    producer_preset,
    producer_run,
};

/* ---- the consumer ---- */

struct consumer_options {
    struct common common;
    const char *topic, *offset, *isolation, *group;
    struct words properties;
    int64_t partition, messages_max, timeout_ms;
    bool from_beginning;
};

struct printer {
    struct session session;
    struct consumer consumer;
    bool key, value, timestamp, offset, partition, headers;
    const char *key_separator, *line_separator, *headers_separator, *null;
    int64_t left; /* -1: no limit */
    uint64_t printed;
};

static void print_bytes(const struct printer *printer, struct bytes bytes)
{
    if (bytes.data) {
        fwrite(bytes.data, 1, bytes.size, stdout);
    } else {
        fputs(printer->null, stdout);
    }
}

static void print_headers(const struct printer *printer, const struct record *record)
{
    struct header_walk walk = header_walk_begin(record);
    struct bytes name, value;

    if (walk.left == 0) fputs("NO_HEADERS", stdout);
    for (bool first = true; header_walk_next(&walk, &name, &value); first = false) {
        if (!first) fputs(printer->headers_separator, stdout);
        print_bytes(printer, name);
        fputc(':', stdout);
        print_bytes(printer, value);
    }
}

static bool print_record(struct consumer *consumer, const struct consumer_record *one)
{
    struct printer *printer = container_of(consumer, struct printer, consumer);
    const char *separator = "";

    if (printer->timestamp) {
        printf("%s:%lld", one->append_time ? "LogAppendTime" : "CreateTime", (long long)one->record.timestamp_ms);
        separator = printer->key_separator;
    }
    if (printer->partition)
        printf("%sPartition:%d", separator, one->partition->index), separator = printer->key_separator;
    if (printer->offset) {
        printf("%sOffset:%lld", separator, (long long)one->record.offset);
        separator = printer->key_separator;
    }
    if (printer->headers) {
        fputs(separator, stdout);
        print_headers(printer, &one->record);
        separator = printer->key_separator;
    }
    if (printer->key) {
        fputs(separator, stdout);
        print_bytes(printer, one->record.key);
        separator = printer->key_separator;
    }
    if (printer->value) {
        fputs(separator, stdout);
        print_bytes(printer, one->record.value);
    }
    fputs(printer->line_separator, stdout);
    printer->printed++;
    if (printer->left > 0) printer->left--;
    return printer->left != 0 && !ferror(stdout);
}

static void printer_read(struct printer *printer, const struct words *words)
{
    printer->key = kafka_truth(words, "print.key", false);
    printer->value = kafka_truth(words, "print.value", true);
    printer->timestamp = kafka_truth(words, "print.timestamp", false);
    printer->offset = kafka_truth(words, "print.offset", false);
    printer->partition = kafka_truth(words, "print.partition", false);
    printer->headers = kafka_truth(words, "print.headers", false);
    printer->key_separator = kafka_property(words, "key.separator", "\t");
    printer->line_separator = kafka_property(words, "line.separator", "\n");
    printer->headers_separator = kafka_property(words, "headers.separator", ",");
    printer->null = kafka_property(words, "null.literal", "null");
}

static bool assign(struct printer *printer, const struct consumer_options *options)
{
    const struct words names = { .items = { options->topic }, .count = 1 };
    struct consumer *consumer = &printer->consumer;
    struct metadata_answer answer = { 0 };

    if (!session_topics(&printer->session, &names, &answer) || answer.topics.count != 1) return false;
    const struct metadata_topic_answer *topic = &answer.topics.items[0];
    if (topic->error != CODE_NONE) {
        (void)session_refused(&printer->session, topic->name, topic->error, TEXT_NULL);
        return false;
    }
    consumer->partitions =
        session_take(&printer->session, (size_t)topic->partitions.count * sizeof(*consumer->partitions));
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        if (options->partition >= 0 && topic->partitions.items[i].index != options->partition) continue;
        consumer->partitions[consumer->partition_count++] = (struct consumer_partition){
            .topic = topic->name,
            .topic_id = topic->topic_id,
            .index = topic->partitions.items[i].index,
            .leader = topic->partitions.items[i].leader_id,
        };
    }
    return consumer->partition_count > 0;
}

/* Kafka's tool ends with 0 when nothing came for --timeout-ms. */
static int consume(struct printer *printer, int64_t timeout_ms)
{
    int64_t last_ms = clock_ms();

    while (!consumer_done(&printer->consumer)) {
        uint64_t before = printer->printed;
        if (consumer_round(&printer->consumer) != STATUS_OK) return session_lost(&printer->session);
        if (ferror(stdout) || fflush(stdout) != 0) return output_broken(printer->session.called);
        if (printer->printed > before) last_ms = clock_ms();
        if (timeout_ms >= 0 && clock_ms() - last_ms >= timeout_ms) break;
    }
    return EXIT_FINE;
}

static int consumer_run(void *given)
{
    enum { FETCH_SIZE = 1 << 20, WAIT_MS = 500 };
    static const char called[] = "kafka-console-consumer";
    const struct consumer_options *options = given;
    struct offset_spec spec = { .from = options->from_beginning ? OFFSET_BEGINNING : OFFSET_END, .until_ms = -1 };
    struct printer printer = { .left = options->messages_max };
    int code = EXIT_FAILED;

    if (!options->topic) {
        complain(called, "Exactly one of --include/--topic is required.");
        return EXIT_FAILED;
    }
    if (options->group) {
        complain(called, "this tool reads without a group: leave out --group, or use Kafka's own");
        return EXIT_FAILED;
    }
    if (options->offset &&
        (options->partition < 0 || options->offset[0] == '-' || !offset_spec_read(&spec, options->offset, 0))) {
        complain(called, "--offset is 'earliest', 'latest' or a number that is not negative, and wants --partition");
        return EXIT_FAILED;
    }
    if (!session_begin(&printer.session, called, &options->common)) return EXIT_FAILED;
    printer_read(&printer, &options->properties);
    printer.consumer.client = &printer.session.client;
    printer.consumer.fetch_size = FETCH_SIZE;
    printer.consumer.wait_ms = options->timeout_ms >= 0 ? (int32_t)min_of(options->timeout_ms, WAIT_MS) : WAIT_MS;
    printer.consumer.committed = strcmp(options->isolation, "read_committed") == 0;
    printer.consumer.deliver = print_record;
    if (assign(&printer, options) && offset_spec_resolve(&spec, &printer.session, &printer.consumer, false)) {
        code = consume(&printer, options->timeout_ms);
        fflush(stdout);
        fprintf(stderr, "Processed a total of %llu messages\n", (unsigned long long)printer.printed);
    }
    return session_end(&printer.session, code);
}

static void consumer_preset(void *given)
{
    struct consumer_options *options = given;

    options->partition = -1;
    options->messages_max = -1;
    options->timeout_ms = -1;
    options->isolation = "read_uncommitted";
}

/* clang-format off */
static const struct option_row consumer_rows[] = {
    OPTION(consumer_options, topic,          "topic",              0, "TOPIC",      "which"),
    OPTION(consumer_options, from_beginning, "from-beginning",     0, NULL,         "not only what is new"),
    OPTION(consumer_options, partition,      "partition",          0, "N",          "only this one"),
    OPTION(consumer_options, offset,         "offset",             0, "OFFSET",     "earliest, latest or a number"),
    OPTION(consumer_options, messages_max,   "max-messages",       0, "N",          "end after so many"),
    OPTION(consumer_options, timeout_ms,     "timeout-ms",         0, "MS",         "end after so long a silence"),
    OPTION(consumer_options, properties,     "property",           0, "NAME=VALUE", "print.key, key.separator, ..."),
    OPTION(consumer_options, properties,     "formatter-property", 0, "NAME=VALUE", "the same"),
    OPTION(consumer_options, isolation,      "isolation-level",    0, "LEVEL",      "read_committed or not"),
    OPTION(consumer_options, group,          "group",              0, "NAME",       "this tool makes no group"),
};
/* clang-format on */

const struct verb kafka_consumer_verb = {
    "",
    "",
    "Kafka's kafka-console-consumer",
    NULL,
    consumer_rows,
    array_count(consumer_rows),
    sizeof(struct consumer_options),
    consumer_preset,
    consumer_run,
};
