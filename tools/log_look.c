/* tools/log_look.c   `sluice log dump` and `sluice log verify`. A directory without our guard holds nothing but Kafka's
 * files, and each can be checked by itself. With it (a crash, or a running node) the truth is in checkpoint and
 * write-ahead log, and segments may end in bytes that nobody counts on: then recovery reads it all, without changing
 * anything, and every log that it finds is read through. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "command.h"
#include "log/directory.h"
#include "log/inspect.h"
#include "log/inspect_line.h"
#include "log_command.h"

enum { NAMES_SIZE_MAX = 64 << 20, FOUND_SIZE_MAX = 1 << 30, PATH_MAX_SIZE = 4096 };

/* Kafka's tools go by segment: batches, then what belongs to them. */
static enum status dump_directory(struct inspect *inspect, const char *path, bool partitions)
{
    struct files_entry *entries;
    struct arena arena;
    uint32_t count;
    int handle;

    enum status status = files_open_directory(inspect->files, FILES_HERE, path, &handle);
    if (status != STATUS_OK) return status;
    arena_init(&arena, inspect->heap, NULL, 0, NAMES_SIZE_MAX);
    status = files_list(inspect->files, handle, &arena, &entries, &count);
    files_close(inspect->files, handle);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct text name = text_of(entries[i].name);
        struct text joined = text_format(&arena, "%s/%s", path, entries[i].name);
        if (!joined.data) {
            status = STATUS_NO_MEMORY;
        } else if (entries[i].directory && partitions && strchr(entries[i].name, '-')) {
            status = dump_directory(inspect, joined.data, false);
        } else if (!entries[i].directory && !partitions && text_ends(name, TEXT(".log"))) {
            status = inspect_file(inspect, joined.data);
            if (status == STATUS_UNSUPPORTED) status = STATUS_OK;
        }
    }
    arena_reset(&arena);
    return status;
}

static void progressed(struct inspect *inspect)
{
    struct log_command *command = container_of(inspect->out, struct log_command, out);

    progress_tell(&command->progress, inspect->byte_count, 0);
}

static struct inspect inspect_begin(struct log_command *command)
{
    return (struct inspect){
        .files = files_kernel(),
        .heap = &command->heap,
        .out = &command->out,
        .records = command->records,
        .json = command->json,
        .progressed = progressed,
    };
}

int log_dump(struct log_command *command, const char *path)
{
    struct inspect inspect = inspect_begin(command);
    enum status status = STATUS_NOT_FOUND;

    switch (log_path_kind(path)) {
    case LOG_PATH_FILE: status = inspect_file(&inspect, path); break;
    case LOG_PATH_PARTITION: status = dump_directory(&inspect, path, false); break;
    case LOG_PATH_DIRECTORY: status = dump_directory(&inspect, path, true); break;
    case LOG_PATH_MISSING: break;
    }
    if (status != STATUS_OK) return log_complain(path, status);
    return inspect.fault_count == 0 ? EXIT_FINE : EXIT_FAILED;
}

/* ---- verify ---- */

static bool is_guarded(const char *path)
{
    char guard[PATH_MAX_SIZE];
    struct files_entry entry;

    if (snprintf(guard, sizeof(guard), "%s/" GUARD_NAME, path) >= (int)sizeof(guard)) return false;
    return files_entry(files_kernel(), FILES_HERE, guard, &entry) == STATUS_OK;
}

static void found_print(struct inspect *inspect, const struct log_found *found)
{
    struct inspect_line line = line_begin(inspect, "log", "");

    line_bytes(&line, "topic", (struct bytes){ (const uint8_t *)found->topic.data, found->topic.size });
    line_number(&line, "partition", found->key.partition);
    line_number(&line, "startOffset", found->start);
    line_number(&line, "endOffset", found->end);
    line_end(&line);
}

static void fault_print(struct inspect *inspect, const char *path, const char *why)
{
    inspect->fault_count++;
    if (!inspect->json) {
        sink_format(inspect->out, "FAULT %s: %s\n", path, why);
        return;
    }
    struct inspect_line line = line_begin(inspect, "fault", "");
    line_word(&line, "file", path);
    line_word(&line, "what", why);
    line_end(&line);
}

/* All batches of one log, from segments and WAL, each with its sum. */
static void found_verify(struct inspect *inspect, struct directory *directory, const struct log_found *found)
{
    struct bytes batches;
    struct arena arena;
    const char *why = "";

    found_print(inspect, found);
    arena_init(&arena, inspect->heap, NULL, 0, FOUND_SIZE_MAX);
    enum status status = log_load(directory, found, &arena, &batches, &why);
    if (status == STATUS_NO_MEMORY) {
        sink_format(inspect->out, inspect->json ? "{\"type\":\"note\",\"what\":\"too large to be read before it is "
                                                  "recovered\"}\n"
                                                : "NOTE too large to be read before it is recovered\n");
    } else if (status != STATUS_OK) {
        fault_print(inspect, directory->path, why && *why ? why : status_text(status));
    } else {
        inspect->byte_count += batches.size;
        progressed(inspect);
    }
    arena_reset(&arena);
}

static enum status verify_guarded(struct inspect *inspect, const char *path)
{
    struct directory_settings settings = { .path = path, .node = -1 };
    struct directory *directory;
    struct arena arena;
    const char *why = "";

    arena_init(&arena, inspect->heap, NULL, 0, SIZE_MAX);
    enum status status = directory_open(inspect->files, &settings, inspect->heap, &arena, &directory, &why);
    if (status == STATUS_OK) {
        status = directory_recover(directory, &arena, &why);
        for (uint32_t i = 0; status == STATUS_OK && i < directory->found_count; i++) {
            found_verify(inspect, directory, &directory->found[i]);
        }
        if (status != STATUS_OK) fault_print(inspect, path, why);
        directory_abandon(directory);
        status = STATUS_OK;
    } else {
        fault_print(inspect, path, why);
    }
    arena_reset(&arena);
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

int log_verify(struct log_command *command, const char *path)
{
    struct inspect inspect = inspect_begin(command);
    enum status status = STATUS_NOT_FOUND;

    switch (log_path_kind(path)) {
    case LOG_PATH_FILE: status = STATUS_UNSUPPORTED; break;
    case LOG_PATH_PARTITION: status = inspect_partition(&inspect, path); break;
    case LOG_PATH_DIRECTORY:
        status = is_guarded(path) ? verify_guarded(&inspect, path) : inspect_directory(&inspect, path);
        break;
    case LOG_PATH_MISSING: break;
    }
    if (status != STATUS_OK) return log_complain(path, status);
    return inspect.fault_count == 0 ? EXIT_FINE : EXIT_FAILED;
}
