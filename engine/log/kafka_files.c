/* engine/log/kafka_files.c   Kafka's small files, as its 4.3.1 writes them. Lines end in LF.
 *
 *     meta.properties            Java properties: version=1, node.id, cluster.id, directory.id (22 characters each)
 *     <any>-offset-checkpoint    "0", the number of entries, then `topic partition offset` a line; final newline
 *     leader-epoch-checkpoint    "0", the number of entries, then `epoch offset` a line; final newline
 *     partition.metadata         "version: 0", "topic_id: <22>"; no final newline; an empty line is fatal to Kafka
 *     .kafka_cleanshutdown       {"version":0,"brokerEpoch":E}; only that it exists says "clean"
 *
 * A checkpoint that announces another number of lines than it has, or has a line that does not parse, is fatal to
 * Kafka for the whole directory; we refuse it as well, with a sentence. */
#include "log/kafka_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/properties.h"
#include "base/sink.h"

#define META_FILE "meta.properties"

static const char *reason(struct arena *arena, const char *path, const char *what, struct text detail)
{
    struct text text = text_format(arena, "%s: %s%.*s", path, what, TEXT_ARGS(detail));
    return text.data ? text.data : "no memory for the reason";
}

/* The whole file as text. */
static enum status text_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                                  struct text *text)
{
    const uint8_t *data;
    size_t size;
    enum status status = files_load(files, directory, path, KAFKA_FILE_SIZE_MAX, arena, &data, &size);
    if (status == STATUS_OK) *text = (struct text){ (const char *)data, size };
    return status;
}

/* ---- meta.properties ---- */

static struct text meta_value(const struct property_list *list, const char *name)
{
    const struct property *property = properties_find(list, text_of(name));
    return property ? property->value : TEXT_NULL;
}

enum status meta_properties_read(struct files *files, int directory, struct arena *arena,
                                 struct directory_identity *identity, const char **why)
{
    struct text content;
    enum status status = text_file_read(files, directory, META_FILE, arena, &content);
    if (status != STATUS_OK) {
        *why = reason(arena, META_FILE, status_text(status), TEXT(""));
        return status;
    }

    struct property_list list;
    int32_t bad_line;
    properties_init(&list, arena);
    status = properties_read(&list, content, TEXT(META_FILE), &bad_line);
    int64_t node, version = -1;
    struct text words = meta_value(&list, "version");
    if (status != STATUS_OK || !text_to_i64(words, &version) || version != 1) {
        *why = reason(arena, META_FILE, "version 1 is wanted, it has ", words);
        return STATUS_MISMATCH;
    }
    words = meta_value(&list, "node.id");
    if (!text_to_i64(words, &node) || node < 0 || node > INT32_MAX) {
        *why = reason(arena, META_FILE, "no valid node.id: ", words);
        return STATUS_DAMAGED;
    }
    words = meta_value(&list, "directory.id");
    if (!uuid_parse(words, &identity->directory)) {
        *why = reason(arena, META_FILE, "no valid directory.id: ", words);
        return STATUS_DAMAGED;
    }
    identity->cluster = meta_value(&list, "cluster.id");
    if (identity->cluster.size == 0) {
        *why = reason(arena, META_FILE, "no cluster.id", TEXT(""));
        return STATUS_DAMAGED;
    }
    identity->node = (int32_t)node;
    return STATUS_OK;
}

/* What is printed into a memory sink, put in place of a file. */
static enum status sink_replace(struct memory_sink *memory, struct files *files, int directory, const char *path)
{
    enum status status = STATUS_TOO_LARGE;
    struct text text = memory_sink_text(memory);
    if (!memory->full) status = files_replace(files, directory, path, text.data, text.size);
    memory_sink_end(memory);
    return status;
}

enum status meta_properties_write(struct files *files, int directory, struct heap *heap,
                                  const struct directory_identity *identity)
{
    struct memory_sink memory;
    char id[UUID_TEXT_SIZE + 1];

    uuid_print(identity->directory, id);
    memory_sink_init(&memory, heap, KAFKA_FILE_SIZE_MAX);
    sink_format(&memory.sink, "#\nnode.id=%" PRId32 "\ndirectory.id=%s\nversion=1\ncluster.id=%.*s\n", identity->node,
                id, TEXT_ARGS(identity->cluster));
    return sink_replace(&memory, files, directory, META_FILE);
}

/* ---- checkpoints: a version, a count, and as many lines ---- */

enum { LINE_SIZE_MIN = sizeof "0 0\n" - 1 };

struct lines {
    struct text rest;
    const char *path;
    int64_t count;
};

static enum status too_few(const struct lines *lines, struct arena *arena, const char **why)
{
    *why = reason(arena, lines->path, "fewer entries than it announces", TEXT(""));
    return STATUS_DAMAGED;
}

static enum status lines_begin(struct lines *lines, struct text content, struct arena *arena, const char **why)
{
    int64_t version;
    *lines = (struct lines){ .rest = content, .path = lines->path };
    if (content.size == 0) return STATUS_OK;

    if (!text_to_i64(text_cut(&lines->rest, '\n'), &version) || version != 0) {
        *why = reason(arena, lines->path, "unknown version", TEXT(""));
        return STATUS_DAMAGED;
    }
    if (!lines->rest.data || !text_to_i64(text_cut(&lines->rest, '\n'), &lines->count) || lines->count < 0) {
        *why = reason(arena, lines->path, "no valid number of entries", TEXT(""));
        return STATUS_DAMAGED;
    }
    /* Before any memory is taken for them; the last line may lack its newline. */
    if ((size_t)lines->count > (lines->rest.size + 1) / LINE_SIZE_MIN) return too_few(lines, arena, why);
    return STATUS_OK;
}

/* Line `index` of the announced ones. */
static enum status lines_next(struct lines *lines, struct arena *arena, struct text *line, const char **why)
{
    *line = text_cut(&lines->rest, '\n');
    return line->size > 0 ? STATUS_OK : too_few(lines, arena, why);
}

static enum status lines_end(struct lines *lines, struct arena *arena, const char **why)
{
    if (lines->rest.size == 0) return STATUS_OK;
    *why = reason(arena, lines->path, "more entries than it announces", TEXT(""));
    return STATUS_DAMAGED;
}

static bool checkpoint_line_parse(struct text text, struct checkpoint_line *line)
{
    int64_t partition;
    line->topic = text_cut(&text, ' ');
    if (line->topic.size == 0 || !text_to_i64(text_cut(&text, ' '), &partition)) return false;
    if (partition < 0 || partition > INT32_MAX) return false;
    line->partition = (int32_t)partition;
    return text_to_i64(text, &line->offset) && line->offset >= 0;
}

enum status checkpoint_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                                 struct checkpoint_line **found, uint32_t *count, const char **why)
{
    struct text content = TEXT_NULL, text;
    struct lines lines = { .path = path };

    *count = 0;
    *found = NULL;
    enum status status = text_file_read(files, directory, path, arena, &content);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status == STATUS_OK) status = lines_begin(&lines, content, arena, why);
    if (status != STATUS_OK) return status;

    *found = arena_take(arena, (size_t)lines.count * sizeof **found);
    if (!*found) {
        *why = reason(arena, path, status_text(STATUS_NO_MEMORY), TEXT(""));
        return STATUS_NO_MEMORY;
    }
    for (; *count < lines.count; ++*count) {
        status = lines_next(&lines, arena, &text, why);
        if (status != STATUS_OK) return status;
        if (!checkpoint_line_parse(text, &(*found)[*count])) {
            *why = reason(arena, path, "malformed line: ", text);
            return STATUS_DAMAGED;
        }
    }
    return lines_end(&lines, arena, why);
}

enum status checkpoint_file_write(struct files *files, int directory, const char *path, struct heap *heap,
                                  const struct checkpoint_line *lines, uint32_t count)
{
    struct memory_sink memory;
    memory_sink_init(&memory, heap, KAFKA_FILE_SIZE_MAX);
    sink_format(&memory.sink, "0\n%" PRIu32 "\n", count);
    for (uint32_t i = 0; i < count; i++) {
        sink_format(&memory.sink, "%.*s %" PRId32 " %" PRId64 "\n", TEXT_ARGS(lines[i].topic), lines[i].partition,
                    lines[i].offset);
    }
    return sink_replace(&memory, files, directory, path);
}

static bool epoch_line_parse(struct text text, struct epochs *epochs)
{
    int64_t epoch, start;
    if (!text_to_i64(text_cut(&text, ' '), &epoch) || !text_to_i64(text, &start)) return false;
    if (epoch < 0 || epoch > INT32_MAX || start < 0) return false;
    epochs_begin(epochs, (int32_t)epoch, start); /* What does not grow is passed over, as Kafka does. */
    return true;
}

enum status epochs_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                             struct epochs *epochs, const char **why)
{
    struct text content = TEXT_NULL, text;
    struct lines lines = { .path = path };

    enum status status = text_file_read(files, directory, path, arena, &content);
    if (status == STATUS_OK) status = lines_begin(&lines, content, arena, why);
    if (status != STATUS_OK) return status;
    for (int64_t i = 0; i < lines.count; i++) {
        status = lines_next(&lines, arena, &text, why);
        if (status != STATUS_OK) return status;
        if (!epoch_line_parse(text, epochs)) {
            *why = reason(arena, path, "malformed line: ", text);
            return STATUS_DAMAGED;
        }
    }
    return lines_end(&lines, arena, why);
}

struct bytes epochs_file_print(const struct epochs *epochs, struct heap *heap)
{
    enum { HEAD_SIZE = 16, LINE_SIZE = 34 };
    uint32_t count = epochs ? epochs->count : 0;
    size_t room = HEAD_SIZE + LINE_SIZE * (size_t)count;
    char *text = heap_take(heap, room);
    int size = snprintf(text, room, "0\n%" PRIu32 "\n", count);

    for (uint32_t i = 0; i < count; i++) {
        size += snprintf(text + size, room - (size_t)size, "%" PRId32 " %" PRId64 "\n", epochs->items[i].epoch,
                         epochs->items[i].start);
    }
    invariant((size_t)size < room);
    return (struct bytes){ (const uint8_t *)text, (size_t)size };
}

/* ---- partition.metadata ---- */

enum status partition_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                                struct uuid *topic, const char **why)
{
    struct text content;
    enum status status = text_file_read(files, directory, path, arena, &content);
    if (status != STATUS_OK) return status;

    struct text version = text_cut(&content, '\n');
    struct text id = text_cut(&content, '\n'), key = text_cut(&id, ' ');
    bool good = text_equal(version, TEXT("version: 0")) && text_equal(key, TEXT("topic_id:")) &&
                uuid_parse(text_trim(id), topic) && content.size == 0;
    if (good) return STATUS_OK;
    *why = reason(arena, path, "malformed", TEXT(""));
    return STATUS_DAMAGED;
}

void partition_file_print(struct uuid topic, char text[PARTITION_FILE_SIZE + 1])
{
    char id[UUID_TEXT_SIZE + 1];
    uuid_print(topic, id);
    int size = snprintf(text, PARTITION_FILE_SIZE + 1, "version: 0\ntopic_id: %s", id);
    invariant(size == PARTITION_FILE_SIZE);
}

/* ---- the clean-shutdown marker ---- */

enum status clean_marker_read(struct files *files, int directory, struct arena *arena, bool *clean, int64_t *epoch)
{
    struct text content;
    *clean = false;
    *epoch = -1;
    enum status status = text_file_read(files, directory, CLEAN_MARKER_FILE, arena, &content);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status != STATUS_OK) return status;

    *clean = true;
    const char *key = content.size > 0 ? memmem(content.data, content.size, "\"brokerEpoch\":", 14) : NULL;
    if (!key) return STATUS_OK;
    struct text rest = { key + 14, content.size - (size_t)(key + 14 - content.data) };
    struct text number = text_trim(text_cut(&rest, '}'));
    struct text first = text_trim(text_cut(&number, ','));
    if (!text_to_i64(first, epoch)) *epoch = -1;
    return STATUS_OK;
}

enum status clean_marker_write(struct files *files, int directory, int64_t epoch)
{
    char text[64];
    int size = snprintf(text, sizeof text, "{\"version\":0,\"brokerEpoch\":%" PRId64 "}", epoch);
    return files_replace(files, directory, CLEAN_MARKER_FILE, text, (size_t)size);
}

enum status clean_marker_remove(struct files *files, int directory)
{
    enum status status = files_remove(files, directory, CLEAN_MARKER_FILE);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    return status == STATUS_OK ? files_sync_directory(files, directory) : status;
}
