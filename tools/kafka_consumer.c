/* tools/kafka_consumer.c   kafka-console-consumer. It reads without a group: what a group would remember is not
 * remembered, and --group says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/codes.h"
#include "command.h"
#include "format.h"
#include "kafka_tools.h"
#include "offset_spec.h"
#include "output.h"

struct consumer_options {
    struct common common;
    const char *topic, *include, *offset, *isolation, *group;
    const char *formatter, *formatter_file, *key_class, *value_class, *config_file, *old_config_file;
    struct words properties, client_properties;
    int64_t partition, messages_max, timeout_ms;
    bool from_beginning, events, no_effect;
};

struct printer {
    struct session session;
    struct consumer consumer;
    bool key, value, timestamp, offset, epoch, partition, headers, nothing;
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

    printer->printed++;
    if (printer->left > 0) printer->left--;
    if (printer->nothing) return printer->left != 0;
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
    if (printer->epoch) {
        printf("%sEpoch:NOT_PRESENT", separator); /* Kafka's tool never has it. */
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
    return printer->left != 0 && !ferror(stdout);
}

static void printer_read(struct printer *printer, const struct words *words)
{
    printer->key = kafka_truth(words, "print.key", false);
    printer->value = kafka_truth(words, "print.value", true);
    printer->timestamp = kafka_truth(words, "print.timestamp", false);
    printer->offset = kafka_truth(words, "print.offset", false);
    printer->epoch = kafka_truth(words, "print.epoch", false);
    printer->partition = kafka_truth(words, "print.partition", false);
    printer->headers = kafka_truth(words, "print.headers", false);
    printer->key_separator = kafka_property(words, "key.separator", "\t");
    printer->line_separator = kafka_property(words, "line.separator", "\n");
    printer->headers_separator = kafka_property(words, "headers.separator", ",");
    printer->null = kafka_property(words, "null.literal", "null");
}

static bool topics_ask(struct printer *printer, const struct consumer_options *options, struct metadata_answer *answer)
{
    const struct words names = { .items = { options->topic }, .count = 1 };

    if (options->include) return kafka_topics_matching(&printer->session, options->include, false, answer);
    return session_topics(&printer->session, &names, answer);
}

static bool assign(struct printer *printer, const struct consumer_options *options)
{
    struct consumer *consumer = &printer->consumer;
    struct metadata_answer answer = { 0 };
    size_t count = 0;

    if (!topics_ask(printer, options, &answer)) return false;
    for (int32_t t = 0; t < answer.topics.count; t++) count += (size_t)answer.topics.items[t].partitions.count;
    consumer->partitions = session_take(&printer->session, (count + 1) * sizeof(*consumer->partitions));
    for (int32_t t = 0; t < answer.topics.count; t++) {
        const struct metadata_topic_answer *topic = &answer.topics.items[t];
        if (topic->error != CODE_NONE) {
            (void)session_refused(&printer->session, topic->name, topic->error, TEXT_NULL);
            return false;
        }
        for (int32_t i = 0; i < topic->partitions.count; i++) {
            if (options->partition >= 0 && topic->partitions.items[i].index != options->partition) continue;
            consumer->partitions[consumer->partition_count++] = (struct consumer_partition){
                .topic = topic->name,
                .topic_id = topic->topic_id,
                .index = topic->partitions.items[i].index,
                .leader = topic->partitions.items[i].leader_id,
            };
        }
    }
    if (consumer->partition_count > 0) return true;
    complain(printer->session.called, "there is no such %s", options->partition >= 0 ? "partition" : "topic");
    return false;
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

/* This tool knows strings, which are the default, and bytes, which it prints the same way. */
static bool is_text(const char *class)
{
    static const char package[] = "org.apache.kafka.common.serialization.";
    const char *name = class && strncmp(class, package, strlen(package)) == 0 ? class + strlen(package) : class;

    return !name || strcmp(name, "StringDeserializer") == 0 || strcmp(name, "ByteArrayDeserializer") == 0 ||
           strcmp(name, "BytesDeserializer") == 0;
}

static bool is_formatter(const char *class, const char *name)
{
    static const char package[] = "org.apache.kafka.tools.consumer.";

    return class && strncmp(class, package, strlen(package)) == 0 && strcmp(class + strlen(package), name) == 0;
}

/* What Kafka's tool complains about before it asks anybody, and what is Java's; NULL: nothing. */
static const char *consumer_complaint(const struct consumer_options *options, const struct words *client)
{
    const char *isolation = kafka_property(client, "isolation.level", options->isolation);

    if (!options->topic == !options->include)
        return "Exactly one of the following arguments is required: [topic], [include]";
    if (options->partition >= 0 && !options->topic) return "The topic is required when partition is specified.";
    if (options->offset && options->partition < 0) return "The partition is required when offset is specified.";
    if (options->offset && options->from_beginning)
        return "Options from-beginning and offset cannot be specified together.";
    if (options->group || kafka_property(client, "group.id", NULL)) {
        return "this tool reads without a group: leave out --group, or use Kafka's own";
    }
    if (strcmp(isolation, "read_committed") != 0 && strcmp(isolation, "read_uncommitted") != 0) {
        return "isolation.level: String must be one of: read_committed, read_uncommitted";
    }
    if (options->formatter && !is_formatter(options->formatter, "DefaultMessageFormatter") &&
        !is_formatter(options->formatter, "NoOpMessageFormatter")) {
        return "--formatter: this tool runs no Java, use Kafka's own";
    }
    if (!is_text(options->key_class) || !is_text(options->value_class) ||
        !is_text(kafka_property(&options->properties, "key.deserializer", NULL)) ||
        !is_text(kafka_property(&options->properties, "value.deserializer", NULL))) {
        return "this tool knows the deserializers of strings and bytes, use Kafka's own for others";
    }
    return kafka_expression(options->include) ? NULL : "--include is no regular expression";
}

static bool offset_read(const struct consumer_options *options, struct offset_spec *spec)
{
    int64_t number;

    if (!options->offset) return true;
    if (strcmp(options->offset, "earliest") == 0 || strcmp(options->offset, "latest") == 0 ||
        (text_to_i64(text_of(options->offset), &number) && number >= 0)) {
        return offset_spec_read(spec, options->offset, 0);
    }
    complain("kafka-console-consumer",
             "The provided offset value '%s' is incorrect. Valid values are 'earliest', 'latest', or a non-negative "
             "long.",
             options->offset);
    return false;
}

static int consume_all(struct printer *printer, const struct consumer_options *options)
{
    struct offset_spec spec = { .from = options->from_beginning ? OFFSET_BEGINNING : OFFSET_END, .until_ms = -1 };
    struct words client = options->client_properties, words = options->properties;
    struct session *session = &printer->session;

    if (!kafka_properties_read(session, options->old_config_file, &client)) return EXIT_FAILED;
    if (!kafka_properties_read(session, options->config_file, &client)) return EXIT_FAILED;
    if (!kafka_properties_read(session, options->formatter_file, &words)) return EXIT_FAILED;
    const char *why = consumer_complaint(options, &client);
    if (why) {
        complain(session->called, "%s", why);
        return EXIT_FAILED;
    }
    if (strcmp(kafka_property(&client, "auto.offset.reset", ""), "earliest") == 0) spec.from = OFFSET_BEGINNING;
    if (!offset_read(options, &spec)) return EXIT_FAILED;
    printer_read(printer, &words);
    printer->consumer.committed =
        strcmp(kafka_property(&client, "isolation.level", options->isolation), "read_committed") == 0;
    if (!assign(printer, options)) return EXIT_FAILED;
    spec.clamped = true;
    if (!offset_spec_resolve(&spec, session, &printer->consumer, false)) return EXIT_FAILED;
    int code = printer->left == 0 ? EXIT_FINE : consume(printer, options->timeout_ms);
    if (options->events) puts("shutdown_complete");
    fflush(stdout);
    fprintf(stderr, "Processed a total of %llu messages\n", (unsigned long long)printer->printed);
    return code;
}

static int consumer_run(void *given)
{
    enum { FETCH_SIZE = 1 << 20, WAIT_MS = 500 };
    const struct consumer_options *options = given;
    struct printer printer = {
        .left = options->messages_max,
        .nothing = is_formatter(options->formatter, "NoOpMessageFormatter"),
    };

    if (!session_begin(&printer.session, "kafka-console-consumer", &options->common)) return EXIT_FAILED;
    printer.consumer.client = &printer.session.client;
    printer.consumer.fetch_size = FETCH_SIZE;
    printer.consumer.wait_ms = options->timeout_ms >= 0 ? (int32_t)min_of(options->timeout_ms, WAIT_MS) : WAIT_MS;
    printer.consumer.deliver = print_record;
    return session_end(&printer.session, consume_all(&printer, options));
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
    OPTION(consumer_options, topic,             "topic",                 0, "TOPIC",      "which"),
    OPTION(consumer_options, include,           "include",               0, "REGEX",      "all that match"),
    OPTION(consumer_options, from_beginning,    "from-beginning",        0, NULL,         "not only what is new"),
    OPTION(consumer_options, partition,         "partition",             0, "N",          "only this one"),
    OPTION(consumer_options, offset, "offset", 0, "OFFSET",     "earliest, latest, a number"),
    OPTION(consumer_options, messages_max,      "max-messages",          0, "N",          "end after so many"),
    OPTION(consumer_options, timeout_ms, "timeout-ms", 0, "MS",         "end after so long a silence"),
    OPTION(consumer_options, properties, "property", 0, "NAME=VALUE", "print.key, ..."),
    OPTION(consumer_options, properties,        "formatter-property",    0, "NAME=VALUE", "the same"),
    OPTION(consumer_options, formatter_file,    "formatter-config",      0, "FILE",       "the same, a line each"),
    OPTION(consumer_options, formatter,         "formatter",             0, "CLASS",      "Kafka's Default or NoOp"),
    OPTION(consumer_options, key_class,         "key-deserializer",      0, "CLASS",      "of strings or bytes"),
    OPTION(consumer_options, value_class,       "value-deserializer",    0, "CLASS",      "of strings or bytes"),
    OPTION(consumer_options, isolation,         "isolation-level",       0, "LEVEL",      "read_committed or not"),
    OPTION(consumer_options, client_properties, "consumer-property",     0, "NAME=VALUE", "auto.offset.reset, ..."),
    OPTION(consumer_options, client_properties, "command-property",      0, "NAME=VALUE", "the same"),
    OPTION(consumer_options, config_file,       "command-config",        0, "FILE",       "the same, a line each"),
    OPTION(consumer_options, old_config_file,   "consumer.config",       0, "FILE",       "the same"),
    OPTION(consumer_options, group,             "group",                 0, "NAME",       "this tool makes no group"),
    OPTION(consumer_options, no_effect,         "skip-message-on-error", 0, NULL,         "no effect"),
    OPTION(consumer_options, events,            "enable-systest-events", 0, NULL,         "say when all is done"),
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
