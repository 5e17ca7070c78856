/* tools/kafka_producer.c   kafka-console-producer. What tunes the buffers and pauses of Kafka's is taken and has no
 * effect: what was read is sent when a batch is full, or at the end; in a terminal line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "client/sender.h"
#include "command.h"
#include "kafka_tools.h"
#include "output.h"

struct producer_options {
    struct common common;
    const char *topic, *codec, *acks, *config_file, *old_config_file, *reader_file, *line_reader;
    struct words properties, old_properties, reader, old_reader;
    int64_t batch_size, old_batch_size, no_effect;
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

/* False: `*bad` is a pair without a name, or one too many. */
static bool headers_parse(struct reader *reader, struct bytes list, struct packer_record *record, struct bytes *bad)
{
    uint8_t *at = reader->encoded;

    while (list.size > 0) {
        struct bytes pair = list, name;
        if (!part_cut(&list, reader->headers_separator, &pair)) list.size = 0;
        *bad = pair;
        if (!part_cut(&pair, reader->header_separator, &name)) return false;
        struct bytes value = or_null(reader, pair);
        if (packer_header_size(name, value) > sizeof(reader->encoded) - (size_t)(at - reader->encoded)) return false;
        at = packer_header(at, name, value);
        record->header_count++;
    }
    record->headers = (struct bytes){ reader->encoded, (size_t)(at - reader->encoded) };
    return true;
}

/* Why the line is no record, and what of it is bad; NULL: it is one. */
static const char *line_parse(struct reader *reader, struct bytes line, struct packer_record *record, struct bytes *bad)
{
    struct bytes headers, key;

    *bad = line;

    if (reader->headers) {
        if (part_cut(&line, reader->headers_delimiter, &headers)) {
            if (!headers_parse(reader, headers, record, bad)) return "No header key separator found in pair";
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

static void complain_line(const char *called, const struct reader *reader, const char *why, struct bytes bad)
{
    if (strstr(why, "in pair")) {
        complain(called, "%s '%.*s' on line number %llu", why, (int)bad.size, bad.data,
                 (unsigned long long)reader->line);
    } else {
        complain(called, "%s on line number %llu: '%.*s'", why, (unsigned long long)reader->line, (int)bad.size,
                 bad.data);
    }
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
        if (size > 0 && line[size - 1] == '\r') size--;
        reader->line++;
        struct bytes bad;
        const char *why = line_parse(reader, (struct bytes){ (const uint8_t *)line, (size_t)size }, &record, &bad);
        if (why) {
            complain_line(session->called, reader, why, bad);
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

static bool sender_settings_read(const struct producer_options *options, const struct words *properties,
                                 struct sender_settings *settings)
{
    static const char called[] = "kafka-console-producer";
    const char *acks = kafka_property(properties, "acks", options->acks);
    const char *codec = kafka_property(properties, "compression.type", options->codec);

    *settings = (struct sender_settings){
        .topic = options->topic,
        .acks = -1,
        .level = COMPRESSION_LEVEL_DEFAULT,
        .batch_size = SENDER_BATCH_SIZE,
    };
    if (options->batch_size > 0) settings->batch_size = (size_t)min_of(options->batch_size, SENDER_BATCH_SIZE);
    if (strcmp(acks, "0") == 0) settings->acks = 0;
    if (strcmp(acks, "1") == 0) settings->acks = 1;
    if (settings->acks == -1 && strcmp(acks, "-1") != 0 && strcmp(acks, "all") != 0) {
        complain(called, "Invalid value %s for configuration acks: String must be one of: all, -1, 0, 1", acks);
        return false;
    }
    for (unsigned i = 0; i < COMPRESSION_COUNT; i++) {
        settings->codec = (enum compression)i;
        if (strcmp(compression_name(i), codec) == 0) return true;
    }
    complain(
        called,
        "Invalid value %s for configuration compression.type: String must be one of: none, gzip, snappy, lz4, zstd",
        codec);
    return false;
}

static void words_add(struct words *words, const struct words *more)
{
    for (uint32_t i = 0; i < more->count && words->count < WORDS_MAX; i++)
        words->items[words->count++] = more->items[i];
}

static int produce(struct session *session, const struct producer_options *options)
{
    struct words properties = options->properties, with_file = options->reader, *words = &with_file;
    struct sender_settings settings;
    struct sender sender;
    uint64_t seed = 0;
    int code;

    words_add(&properties, &options->old_properties);
    words_add(words, &options->old_reader);
    if (!kafka_properties_read(session, options->old_config_file, &properties)) return EXIT_FAILED;
    if (!kafka_properties_read(session, options->config_file, &properties)) return EXIT_FAILED;
    if (!kafka_properties_read(session, options->reader_file, words)) return EXIT_FAILED;
    if (!sender_settings_read(options, &properties, &settings)) return EXIT_FAILED;
    struct reader *reader = session_take(session, sizeof(*reader));
    reader->key = kafka_truth(words, "parse.key", false);
    reader->headers = kafka_truth(words, "parse.headers", false);
    reader->ignore_errors = kafka_truth(words, "ignore.error", false);
    reader->key_separator = kafka_property(words, "key.separator", "\t");
    reader->headers_delimiter = kafka_property(words, "headers.delimiter", "\t");
    reader->headers_separator = kafka_property(words, "headers.separator", ",");
    reader->header_separator = kafka_property(words, "headers.key.separator", ":");
    reader->null = kafka_property(words, "null.marker", NULL);
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) seed = (uint64_t)clock_ms();
    if (sender_open(&sender, &session->client, &settings, seed) != STATUS_OK) return session_lost(session);
    code = producer_lines(session, &sender, reader, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
    sender_close(&sender);
    return code;
}

static int producer_run(void *given)
{
    static const char called[] = "kafka-console-producer";
    static const struct {
        const char *option, *instead, *when;
    } older[] = {
        { "property", "reader-property", "a future version" },
        { "producer-property", "command-property", "a future version" },
        { "producer.config", "command-config", "a future version" },
        { "max-partition-memory-bytes", "batch-size", "Apache Kafka 5.0" },
    };
    const struct producer_options *options = given;
    struct session session;

    if (!options->topic) {
        complain(called, "Missing required argument \"[topic]\"");
        return EXIT_FAILED;
    }
    if (options->line_reader && strcmp(options->line_reader, "org.apache.kafka.tools.LineMessageReader") != 0) {
        complain(called, "--line-reader %s: this tool runs no Java, use Kafka's own", options->line_reader);
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < array_count(older); i++) {
        if (!kafka_option_given(&kafka_producer_verb, options, text_of(older[i].option))) continue;
        printf("Warning: --%s is deprecated and will be removed in %s. Use --%s instead.\n", older[i].option,
               older[i].when, older[i].instead);
    }
    if (!session_begin(&session, called, &options->common)) return EXIT_FAILED;
    return session_end(&session, produce(&session, options));
}

static void producer_preset(void *given)
{
    struct producer_options *options = given;

    options->codec = "none";
    options->acks = "all";
}

/* clang-format off */
static const struct option_row producer_rows[] = {
    OPTION(producer_options, topic,           "topic",                      0, "TOPIC",      "where to"),
    OPTION(producer_options, old_reader, "property", 0, "NAME=VALUE", "parse.key, ..."),
    OPTION(producer_options, reader,          "reader-property",            0, "NAME=VALUE", "the same"),
    OPTION(producer_options, reader_file,     "reader-config",              0, "FILE",       "the same, a line each"),
    OPTION(producer_options, line_reader, "line-reader", 0, "CLASS",      "Kafka's LineMessageReader"),
    OPTION(producer_options, old_properties,  "producer-property",          0, "NAME=VALUE", "acks, compression.type"),
    OPTION(producer_options, properties,      "command-property",           0, "NAME=VALUE", "the same"),
    OPTION(producer_options, config_file,     "command-config",             0, "FILE",       "the same, a line each"),
    OPTION(producer_options, old_config_file, "producer.config",            0, "FILE",       "the same"),
    OPTION_OR(producer_options, codec, "compression-codec", 0, "CODEC", "gzip", "gzip, snappy, lz4 or zstd"),
    OPTION(producer_options, acks, "request-required-acks", 0, "0|1|all",    "what counts as stored"),
    OPTION(producer_options, sync,            "sync",                       0, NULL,         "always so"),
    OPTION(producer_options, batch_size, "batch-size", 0, "BYTES",      "of records sent together"),
    OPTION(producer_options, old_batch_size,  "max-partition-memory-bytes", 0, "BYTES",      "no effect"),
    OPTION(producer_options, no_effect,       "timeout",                    0, "MS",         "no effect"),
    OPTION(producer_options, no_effect,       "max-block-ms",               0, "MS",         "no effect"),
    OPTION(producer_options, no_effect,       "max-memory-bytes",           0, "BYTES",      "no effect"),
    OPTION(producer_options, no_effect,       "message-send-max-retries",   0, "N",          "no effect"),
    OPTION(producer_options, no_effect,       "metadata-expiry-ms",         0, "MS",         "no effect"),
    OPTION(producer_options, no_effect,       "request-timeout-ms",         0, "MS",         "no effect"),
    OPTION(producer_options, no_effect,       "retry-backoff-ms",           0, "MS",         "no effect"),
    OPTION(producer_options, no_effect,       "socket-buffer-size",         0, "BYTES",      "no effect"),
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
