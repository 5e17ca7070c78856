/* tools/produce.c   `sluice produce`: lines of standard input, or whole files, become records. What has been read is
 * sent as soon as there is nothing more to be read just now, or a batch is full: a pipe is fast, a keyboard is
 * prompt. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/sender.h"
#include "command.h"
#include "format.h"
#include "offset_spec.h"
#include "output.h"
#include "progress.h"
#include "session.h"

struct produce_options {
    struct common common;
    const char *topic, *key, *delimiter, *key_delimiter, *codec, *acks, *timestamp;
    struct words headers;
    int64_t partition, level;
    uint64_t count;
    bool lines, null_empty, tee, verbose;
};

struct produce {
    struct session session;
    const struct produce_options *options;
    struct sender sender;
    struct bytes key, delimiter, key_delimiter, headers;
    int64_t timestamp_ms; /* -1: when it was read */
    uint64_t sent;
    struct progress progress;
    uint64_t read_size, whole_size; /* of the input; 0: nobody knows how long it is */
};

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- one record ---- */

static bool enough(const struct produce *produce)
{
    return produce->options->count > 0 && produce->sent >= produce->options->count;
}

static enum status tee_broken(struct produce *produce)
{
    client_explain(&produce->session.client, "standard output can't be written: %s", strerror(errno));
    clearerr(stdout); /* It is told, once. */
    return STATUS_IO_ERROR;
}

static enum status produce_one(struct produce *produce, struct bytes line)
{
    const struct produce_options *options = produce->options;
    struct packer_record record = {
        .key = produce->key,
        .value = line,
        .headers = produce->headers,
        .header_count = (int32_t)options->headers.count,
        .timestamp_ms = produce->timestamp_ms >= 0 ? produce->timestamp_ms : wall_ms(),
    };

    if (produce->key_delimiter.size > 0) {
        const uint8_t *found =
            line.size > 0 ? memmem(line.data, line.size, produce->key_delimiter.data, produce->key_delimiter.size)
                          : NULL;
        if (found) {
            record.key = (struct bytes){ line.data, (size_t)(found - line.data) };
            record.value.data = found + produce->key_delimiter.size;
            record.value.size = (size_t)(line.data + line.size - record.value.data);
        }
    }
    if (options->null_empty && record.value.size == 0) record.value = BYTES_NULL;
    if (options->null_empty && record.key.size == 0) record.key = BYTES_NULL;
    if (options->tee && (fwrite(line.data, 1, line.size, stdout) != line.size ||
                         fwrite(produce->delimiter.data, 1, produce->delimiter.size, stdout) == 0)) {
        return tee_broken(produce);
    }
    produce->sent++;
    return sender_add(&produce->sender, (int32_t)options->partition, &record);
}

/* ---- streams ---- */

struct input {
    int file;
    uint8_t *data;
    size_t size, room;
};

static bool more_is_ready(int file)
{
    struct pollfd one = { .fd = file, .events = POLLIN };

    return poll(&one, 1, 0) == 1;
}

/* Every whole line of what was read; the rest moves to the front. */
static enum status take_lines(struct produce *produce, struct input *input)
{
    struct bytes mark = produce->delimiter;
    uint8_t *at = input->data, *limit = input->data + input->size, *found;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && !enough(produce) &&
           (found = memmem(at, (size_t)(limit - at), mark.data, mark.size))) {
        status = produce_one(produce, (struct bytes){ at, (size_t)(found - at) });
        at = found + mark.size;
    }
    input->size = (size_t)(limit - at);
    memmove(input->data, at, input->size);
    return status;
}

static enum status read_more(struct produce *produce, struct input *input, bool *ended, const char *name)
{
    static const size_t chunk = 256 << 10;

    if (input->room - input->size < chunk) {
        input->room = input->room ? 2 * input->room : 4 * chunk;
        input->data = heap_resize(&produce->session.client.heap, input->data, input->room);
    }
    ssize_t got = read(input->file, input->data + input->size, chunk);
    if (got < 0 && errno == EINTR) return STATUS_OK;
    if (got < 0) {
        client_explain(&produce->session.client, "%s: %s", name, strerror(errno));
        return STATUS_IO_ERROR;
    }
    *ended = got == 0;
    input->size += (size_t)got;
    produce->read_size += (size_t)got;
    progress_tell(&produce->progress, produce->read_size, produce->whole_size);
    return STATUS_OK;
}

static enum status produce_stream(struct produce *produce, int file, const char *name)
{
    struct input input = { .file = file };
    enum status status = STATUS_OK;
    bool ended = false;

    while (status == STATUS_OK && !ended && !enough(produce)) {
        status = read_more(produce, &input, &ended, name);
        if (status == STATUS_OK) status = take_lines(produce, &input);
        if (status == STATUS_OK && ended && input.size > 0 && !enough(produce)) {
            status = produce_one(produce, (struct bytes){ input.data, input.size });
        }
        if (status == STATUS_OK && (ended || !more_is_ready(file))) {
            status = fflush(stdout) == 0 ? sender_flush(&produce->sender) : tee_broken(produce);
        }
    }
    if (status == STATUS_OK) status = sender_flush(&produce->sender);
    heap_give(&produce->session.client.heap, input.data);
    return status;
}

/* A whole file is one record. */
static enum status produce_file(struct produce *produce, const char *path)
{
    struct input input = { .file = open(path, O_RDONLY | O_CLOEXEC) };
    enum status status = STATUS_OK;
    bool ended = false;

    if (input.file < 0) {
        client_explain(&produce->session.client, "%s: %s", path, strerror(errno));
        return STATUS_NOT_FOUND;
    }
    if (produce->options->lines) {
        status = produce_stream(produce, input.file, path);
    } else {
        while (status == STATUS_OK && !ended) status = read_more(produce, &input, &ended, path);
        if (status == STATUS_OK) status = produce_one(produce, (struct bytes){ input.data, input.size });
        heap_give(&produce->session.client.heap, input.data);
    }
    close(input.file);
    return status;
}

/* Somebody who types sees what he types; who has every batch told needs no more. */
static void watch(struct produce *produce, const struct words *files)
{
    struct stat entry;

    if (produce->options->verbose || (files->count == 0 && isatty(STDIN_FILENO))) return;
    progress_begin(&produce->progress, produce->session.called, "", PROGRESS_BYTES, produce->options->tee);
    if (files->count == 0 && fstat(STDIN_FILENO, &entry) == 0 && S_ISREG(entry.st_mode)) {
        produce->whole_size = (uint64_t)entry.st_size;
    }
    for (uint32_t i = 0; i < files->count; i++) {
        if (stat(files->items[i], &entry) == 0) produce->whole_size += (uint64_t)entry.st_size;
    }
}

static enum status produce_all(struct produce *produce, const struct words *files)
{
    enum status status = STATUS_OK;

    if (files->count == 0) return produce_stream(produce, STDIN_FILENO, "standard input");
    for (uint32_t i = 0; status == STATUS_OK && i < files->count && !enough(produce); i++) {
        status = produce_file(produce, files->items[i]);
    }
    return status == STATUS_OK ? sender_flush(&produce->sender) : status;
}

/* ---- the command ---- */

static void stored(struct sender *sender, int32_t partition, int64_t base_offset, int32_t count)
{
    struct produce *produce = container_of(sender, struct produce, sender);

    if (produce->options->verbose) {
        fprintf(stderr, "%s [%d] offset %lld, %d records\n", sender->settings.topic, partition, (long long)base_offset,
                count);
    }
}

static struct bytes unescaped(struct session *session, const char *word)
{
    if (!word) return BYTES_NULL;
    char *copy = text_copy(&session->arena, text_of(word)).data ? session_take(session, strlen(word) + 1) : NULL;

    invariant(copy);
    memcpy(copy, word, strlen(word) + 1);
    return (struct bytes){ (const uint8_t *)copy, format_unescape(copy, strlen(word)) };
}

static bool headers_read(struct produce *produce)
{
    const struct words *words = &produce->options->headers;
    size_t size = 0;

    for (uint32_t i = 0; i < words->count; i++) size += strlen(words->items[i]) + 16;
    uint8_t *data = session_take(&produce->session, size + 1), *at = data;
    for (uint32_t i = 0; i < words->count; i++) {
        const char *equals = strchr(words->items[i], '=');
        struct bytes name = { (const uint8_t *)words->items[i], strlen(words->items[i]) }, value = BYTES_NULL;
        if (equals) {
            name.size = (size_t)(equals - words->items[i]);
            value = (struct bytes){ (const uint8_t *)equals + 1, strlen(equals + 1) };
        }
        if (name.size == 0) {
            complain(produce->session.called, "a header without a name: '%s'", words->items[i]);
            return false;
        }
        at = packer_header(at, name, value);
    }
    produce->headers = (struct bytes){ data, (size_t)(at - data) };
    return true;
}

static bool codec_read(const char *name, enum compression *codec)
{
    for (unsigned i = 0; i < COMPRESSION_COUNT; i++) {
        if (strcmp(compression_name(i), name) != 0) continue;
        *codec = (enum compression)i;
        return true;
    }
    return false;
}

static bool acks_read(const char *word, int16_t *acks)
{
    if (strcmp(word, "all") == 0 || strcmp(word, "-1") == 0)
        *acks = -1;
    else if (strcmp(word, "1") == 0)
        *acks = 1;
    else if (strcmp(word, "0") == 0)
        *acks = 0;
    else
        return false;
    return true;
}

static bool settings_read(struct produce *produce, struct sender_settings *settings)
{
    const struct produce_options *options = produce->options;
    const char *called = produce->session.called;

    settings->batch_size = SENDER_BATCH_SIZE;
    settings->level = options->level == INT64_MIN ? COMPRESSION_LEVEL_DEFAULT : (int)options->level;
    produce->timestamp_ms = -1;
    if (!codec_read(options->codec, &settings->codec)) {
        complain(called, "there is no codec '%s': none, gzip, snappy, lz4 or zstd", options->codec);
        return false;
    }
    if (!acks_read(options->acks, &settings->acks)) {
        complain(called, "--acks is 0, 1 or all, not '%s'", options->acks);
        return false;
    }
    if (options->timestamp && !time_read(options->timestamp, wall_ms(), &produce->timestamp_ms)) {
        complain(called, "'%s' is no time", options->timestamp);
        return false;
    }
    produce->delimiter = unescaped(&produce->session, options->delimiter);
    produce->key_delimiter = unescaped(&produce->session, options->key_delimiter);
    produce->key = options->key ? (struct bytes){ (const uint8_t *)options->key, strlen(options->key) } : BYTES_NULL;
    if (produce->delimiter.size == 0) {
        complain(called, "a delimiter has a byte at least");
        return false;
    }
    return headers_read(produce);
}

static int produce_session(struct produce *produce, const struct sender_settings *settings, const struct words *files)
{
    struct client *client = &produce->session.client;
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) seed = (uint64_t)wall_ms();
    watch(produce, files);
    if (sender_open(&produce->sender, client, settings, seed) != STATUS_OK) return session_lost(&produce->session);
    produce->sender.stored = stored;
    enum status status = produce_all(produce, files);
    progress_wipe(&produce->progress);
    uint64_t lost = produce->sent - produce->sender.stored_count;
    sender_close(&produce->sender);
    if (status == STATUS_OK) return EXIT_FINE;
    int code = session_lost(&produce->session);
    if (lost > 0)
        complain(produce->session.called, "%llu records are not known to be stored", (unsigned long long)lost);
    return code;
}

static int produce_run(void *given)
{
    static const char called[] = "sluice produce";
    const struct produce_options *options = given;
    struct sender_settings settings = { .topic = options->topic };
    struct words files = options->common.operands;
    struct produce produce = { .options = options };

    if (!settings.topic && files.count > 0) {
        settings.topic = files.items[0];
        files.count--;
        memmove(files.items, files.items + 1, files.count * sizeof(*files.items));
    }
    if (!settings.topic) {
        complain(called, "which topic?");
        return EXIT_USAGE;
    }
    if (!session_begin(&produce.session, called, &options->common)) return EXIT_USAGE;
    int code = EXIT_USAGE;
    if (settings_read(&produce, &settings)) code = produce_session(&produce, &settings, &files);
    return session_end(&produce.session, code);
}

static void produce_preset(void *given)
{
    struct produce_options *options = given;

    options->delimiter = "\\n";
    options->codec = "none";
    options->acks = "all";
    options->partition = SENDER_ANY_PARTITION;
    options->level = INT64_MIN;
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(produce_options, topic,         "topic",         't', "TOPIC",      "the same as the first operand"),
    OPTION(produce_options, partition,     "partition",     'p', "N",          "to this one (by key, or by chance)"),
    OPTION(produce_options, key,           "key",           'k', "KEY",        "for records that bring none"),
    OPTION(produce_options, key_delimiter, "key-delimiter", 'K', "TEXT",       "ends the key in a line"),
    OPTION(produce_options, delimiter,     "delimiter",     'D', "TEXT",       "what ends a record (\\n)"),
    OPTION(produce_options, headers,       "header",        'H', "NAME=VALUE", "a header; again for more"),
    OPTION(produce_options, timestamp,     "timestamp",     0,   "TIME",       "of all records (when each was read)"),
    OPTION(produce_options, codec,         "compression",   'z', "CODEC",      "none, gzip, snappy, lz4 or zstd"),
    OPTION(produce_options, level,         "level",         0,   "N",          "of the compression"),
    OPTION(produce_options, acks,          "acks",          0,   "0|1|all",    "when a record counts as stored (all)"),
    OPTION(produce_options, count,         "count",         'c', "N",          "end after so many records"),
    OPTION(produce_options, lines,         "lines",         'l', NULL,         "files are lines, not one record each"),
    OPTION(produce_options, null_empty,    "null",          'Z', NULL,         "empty keys and values are null"),
    OPTION(produce_options, tee,           "tee",           'T', NULL,         "print what is sent"),
    OPTION(produce_options, verbose,       "verbose",       'v', NULL,         "say where batches were stored"),
};

const struct verb produce_verbs[] = {
    { "", "TOPIC [FILE...]", "store lines of standard input, or files, as records", NULL, rows, array_count(rows),
      sizeof(struct produce_options), produce_preset, produce_run },
};
/* clang-format on */
