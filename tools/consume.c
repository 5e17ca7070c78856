/* tools/consume.c   `sluice consume`: records of topics or partitions, from where one likes, printed as one likes; no
 * group is made. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/codes.h"
#include "client/consumer.h"
#include "command.h"
#include "format.h"
#include "offset_spec.h"
#include "output.h"
#include "pack_spec.h"
#include "progress.h"
#include "session.h"

struct consume_options {
    struct common common;
    struct words topics, partitions, offsets, specs;
    const char *format, *delimiter, *key_delimiter, *isolation;
    uint64_t count;
    bool exit_at_end, null_words, with_offset, unbuffered;
};

struct consume {
    struct session session;
    const struct consume_options *options;
    struct consumer consumer;
    struct format format;
    uint64_t printed;
    bool unreadable; /* a record was not what -s says */
};

/* ---- printing ---- */

static void print_json(const struct consumer_record *one)
{
    struct json json = { .out = stdout };
    struct header_walk walk = header_walk_begin(&one->record);
    struct bytes name, value;

    json_open(&json, NULL, '{');
    json_text(&json, "topic", one->partition->topic);
    json_number(&json, "partition", one->partition->index);
    json_number(&json, "offset", one->record.offset);
    json_word(&json, "tstype", one->append_time ? "logappend" : "create");
    json_number(&json, "ts", one->record.timestamp_ms);
    json_number(&json, "broker", one->partition->leader);
    if (walk.left > 0) {
        json_open(&json, "headers", '[');
        while (header_walk_next(&walk, &name, &value)) {
            json_text(&json, NULL, (struct text){ (const char *)name.data, name.size });
            json_text(&json, NULL, (struct text){ (const char *)value.data, value.size });
        }
        json_close(&json, ']');
    }
    json_text(&json, "key", (struct text){ (const char *)one->record.key.data, one->record.key.size });
    json_text(&json, "payload", (struct text){ (const char *)one->record.value.data, one->record.value.size });
    json_close(&json, '}');
    json_line(&json);
}

static bool consume_deliver(struct consumer *consumer, const struct consumer_record *one)
{
    struct consume *consume = container_of(consumer, struct consume, consumer);

    if (consume->options->common.json) {
        print_json(one);
    } else if (!format_print(&consume->format, one, stdout)) {
        fflush(stdout);
        complain(consume->session.called, "%.*s [%d] offset %lld is not what -s says", TEXT_ARGS(one->partition->topic),
                 one->partition->index, (long long)one->record.offset);
        consume->unreadable = true;
        return false;
    }
    consume->printed++;
    if (consume->options->unbuffered && fflush(stdout) != 0) return false;
    return !ferror(stdout) && (consume->options->count == 0 || consume->printed < consume->options->count);
}

/* "key=SPEC", "value=SPEC", or SPEC for both; false: complained about. */
static bool specs_read(struct consume *consume)
{
    for (uint32_t i = 0; i < consume->options->specs.count; i++) {
        const char *word = consume->options->specs.items[i], *equals = strchr(word, '='),
                   *spec = equals ? equals + 1 : word;
        bool key = strncmp(word, "key=", 4) == 0, value = strncmp(word, "value=", 6) == 0;
        char bad = 0;
        if (!pack_spec_read(spec, &bad) || (equals && !key && !value)) {
            complain(consume->session.called, "'%s' is not [key=|value=] and letters of <>bBhHiIqQcs$", word);
            return false;
        }
        if (!value) consume->format.key_spec = spec;
        if (!key) consume->format.value_spec = spec;
    }
    return true;
}

/* -f, or what -D, -K and -O make of it. */
static bool format_choose(struct consume *consume)
{
    const struct consume_options *options = consume->options;
    char made[FORMAT_SIZE_MAX], why[64];
    const char *key = options->key_delimiter;

    snprintf(made, sizeof(made), "%s%s%s%s%%s%s", options->with_offset ? "%o" : "",
             options->with_offset ? (key ? key : "\t") : "", key ? "%k" : "", key ? key : "", options->delimiter);
    const char *null = options->null_words ? "NULL" : "";
    if (format_read(&consume->format, options->format ? options->format : made, null, why)) return true;
    complain(consume->session.called, "the format: %s", why);
    return false;
}

/* ---- what to read ---- */

/* "0,2,5-7"; false: complained about. */
static bool partitions_read(struct consume *consume, bool *wanted, uint32_t room)
{
    for (uint32_t i = 0; i < consume->options->partitions.count; i++) {
        struct text rest = text_of(consume->options->partitions.items[i]);
        while (rest.data) {
            struct text last = text_trim(text_cut(&rest, ','));
            struct text first = text_cut(&last, '-');
            int64_t from, to;
            if (!text_to_i64(first, &from)) from = -1;
            if (!last.data)
                to = from;
            else if (!text_to_i64(last, &to))
                to = -1;
            if (from < 0 || to < from || to >= room) {
                complain(consume->session.called, "'%s' names no partitions", consume->options->partitions.items[i]);
                return false;
            }
            for (int64_t p = from; p <= to; p++) wanted[p] = true;
        }
    }
    return true;
}

static bool is_wanted(const struct consume *consume, const bool *wanted, uint32_t room, int32_t index)
{
    if (consume->options->partitions.count == 0) return true;
    return index >= 0 && (uint32_t)index < room && wanted[index];
}

static bool assign(struct consume *consume, const struct words *topics)
{
    enum { PARTITIONS_MAX = 100000 };
    struct consumer *consumer = &consume->consumer;
    bool *wanted = session_take(&consume->session, PARTITIONS_MAX);
    struct metadata_answer answer = { 0 };
    uint32_t count = 0;

    if (!partitions_read(consume, wanted, PARTITIONS_MAX)) return false;
    if (!session_topics(&consume->session, topics, &answer)) return false;
    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct metadata_topic_answer *topic = &answer.topics.items[i];
        if (topic->error != CODE_NONE) {
            (void)session_refused(&consume->session, topic->name, topic->error, TEXT_NULL);
            return false;
        }
        count += (uint32_t)topic->partitions.count;
    }
    consumer->partitions = session_take(&consume->session, count * sizeof(*consumer->partitions));
    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct metadata_topic_answer *topic = &answer.topics.items[i];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            int32_t index = topic->partitions.items[p].index;
            if (!is_wanted(consume, wanted, PARTITIONS_MAX, index)) continue;
            consumer->partitions[consumer->partition_count++] = (struct consumer_partition){
                .topic = topic->name,
                .topic_id = topic->topic_id,
                .index = index,
                .leader = topic->partitions.items[p].leader_id,
            };
        }
    }
    if (consumer->partition_count > 0) return true;
    complain(consume->session.called, "there is no such partition");
    return false;
}

/* ---- the command ---- */

/* How many records it will be at most; 0: who knows. */
static uint64_t expected(const struct consume *consume)
{
    const struct consumer *consumer = &consume->consumer;
    uint64_t count = 0, most = consume->options->count;

    for (uint32_t i = 0; i < consumer->partition_count; i++) {
        const struct consumer_partition *partition = &consumer->partitions[i];
        if (partition->limit == INT64_MAX) return most;
        count += (uint64_t)max_of(partition->limit - partition->next, 0);
    }
    return most > 0 ? min_of(count, most) : count;
}

static int consume_all(struct consume *consume, const struct offset_spec *spec)
{
    const struct consume_options *options = consume->options;
    struct consumer *consumer = &consume->consumer;
    enum status status = STATUS_OK;
    struct progress progress;
    bool broken = false;

    if (!offset_spec_resolve(spec, &consume->session, consumer, options->exit_at_end)) return EXIT_FAILED;
    uint64_t total = expected(consume);
    progress_begin(&progress, consume->session.called, "records", PROGRESS_COUNT, true);
    while (status == STATUS_OK && !broken && !consumer_done(consumer)) {
        status = consumer_round(consumer);
        /* Whoever watches sees a record when it is there; who went away ends the round. */
        broken = ferror(stdout) || fflush(stdout) != 0;
        progress_tell(&progress, consume->printed, total);
    }
    progress_wipe(&progress);
    if (broken) return output_broken(consume->session.called);
    if (consume->unreadable) return EXIT_FAILED;
    return status == STATUS_OK ? EXIT_FINE : session_lost(&consume->session);
}

static bool isolation_read(const char *word, bool *committed)
{
    *committed = strcmp(word, "read_committed") == 0 || strcmp(word, "committed") == 0;
    return *committed || strcmp(word, "read_uncommitted") == 0 || strcmp(word, "uncommitted") == 0;
}

static int consume_run(void *given)
{
    enum { FETCH_SIZE = 4 << 20, WAIT_MS = 500 };
    static const char called[] = "sluice consume";
    const struct consume_options *options = given;
    struct offset_spec spec = { .from = OFFSET_BEGINNING, .until_ms = -1 };
    struct words topics = options->topics;
    struct consume *consume;

    for (uint32_t i = 0; i < options->common.operands.count && topics.count < WORDS_MAX; i++) {
        topics.items[topics.count++] = options->common.operands.items[i];
    }
    if (topics.count == 0) {
        complain(called, "which topic?");
        return EXIT_USAGE;
    }
    for (uint32_t i = 0; i < options->offsets.count; i++) {
        if (offset_spec_read(&spec, options->offsets.items[i], (int64_t)time(NULL) * 1000)) continue;
        complain(called, "'%s' is no offset: beginning, end, NUMBER, -NUMBER, s@TIME or e@TIME",
                 options->offsets.items[i]);
        return EXIT_USAGE;
    }
    consume = calloc(1, sizeof(*consume));
    if (!consume) return EXIT_FAILED;
    consume->options = options;
    if (!session_begin(&consume->session, called, &options->common)) {
        free(consume);
        return EXIT_USAGE;
    }
    consume->consumer.client = &consume->session.client;
    consume->consumer.fetch_size = FETCH_SIZE;
    consume->consumer.wait_ms = WAIT_MS;
    consume->consumer.deliver = consume_deliver;

    int code = EXIT_USAGE;
    if (!isolation_read(options->isolation, &consume->consumer.committed)) {
        complain(called, "--isolation is committed or uncommitted");
    } else if (format_choose(consume) && specs_read(consume)) {
        code = assign(consume, &topics) ? consume_all(consume, &spec) : EXIT_FAILED;
    }
    code = session_end(&consume->session, code);
    free(consume);
    return code;
}

static void consume_preset(void *given)
{
    struct consume_options *options = given;

    options->delimiter = "\\n";
    options->isolation = "committed";
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(consume_options, topics,        "topic",         't', "TOPIC",  "the same as an operand"),
    OPTION(consume_options, partitions,    "partition",     'p', "LIST",   "only these: 0,2,5-7"),
    OPTION(consume_options, offsets,       "offset",        'o', "OFFSET", "beginning, end, N, -N, s@TIME, e@TIME"),
    OPTION(consume_options, count,         "count",         'c', "N",      "end after so many records"),
    OPTION(consume_options, exit_at_end,   "exit",          'e', NULL,     "end with the last record that is there"),
    OPTION(consume_options, format,        "format",        'f', "FORMAT", "how a record is printed, see below"),
    OPTION(consume_options, delimiter,     "delimiter",     'D', "TEXT",   "what stands after each record (\\n)"),
    OPTION(consume_options, key_delimiter, "key-delimiter", 'K', "TEXT",   "print keys, and this behind them"),
    OPTION(consume_options, with_offset,   "with-offset",   'O', NULL,     "print offsets in front"),
    OPTION(consume_options, specs,         "unpack",        's', "SPEC",   "what bytes are, see below"),
    OPTION(consume_options, null_words,    "null",          'Z', NULL,     "print null as NULL, not as nothing"),
    OPTION(consume_options, common.json,   "json",          'J', NULL,     "one object per record, as kcat's"),
    OPTION(consume_options, unbuffered,    "unbuffered",    'u', NULL,     "write each record at once"),
    OPTION(consume_options, isolation,     "isolation",     0,   "LEVEL",  "committed (default) or uncommitted"),
};
static const char more[] =
    "Formats: %s value, %k key, %t topic, %p partition, %o offset, %T timestamp in ms, %h headers, %S and %K lengths\n"
    "(-1: null), %R length as 4 bytes, %%; \\n \\r \\t \\xHH \\NNN.\n"
    "SPEC: [key=|value=] and letters: b h i q 8 to 64 bits (capitals: unsigned), c a byte, s the rest, $ the end,\n"
    "< and > the order of bytes; -s key=q for a long.\n"
    "TIME: milliseconds since 1970, 2026-01-31T12:00:00Z (without Z: local), or -10m, -2h, -1d: so long ago.\n";

const struct verb consume_verbs[] = {
    { "", "TOPIC...", "print records", more, rows, array_count(rows), sizeof(struct consume_options),
      consume_preset, consume_run },
};
/* clang-format on */
