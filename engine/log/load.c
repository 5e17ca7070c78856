/* engine/log/load.c   A directory that Apache Kafka stopped or crashed in, by Kafka's rules (reference: "a directory
 * that a JVM broker stopped, which we open"). With its marker, sizes and indexes are believed; without it, what lies
 * above each recovery point is scanned, and a log ends before its first bad batch.
 *
 *     <topic>-<partition>       loaded, known by the topic id in its partition.metadata
 *     ...-delete                left to the end of the start (stray.c)
 *     (no partition.metadata)   renamed -stray, as Kafka does: its files must not mix with a new log's of that name
 *     ...-stray, ...-future     kept, untouched; so is every name that is none of Kafka's
 */
#include "log/recovery.h"

#include <string.h>

#include "base/arena.h"
#include "log/load.h"
#include "log/state.h"
#include "log/stray.h"

static enum status load_checkpoints(struct load *load)
{
    struct files *files = load->directory->files;
    int handle = load->directory->handle;

    enum status status = checkpoint_file_read(files, handle, RECOVERY_POINT_FILE, load->arena, &load->points,
                                              &load->point_count, load->why);
    if (status == STATUS_OK) {
        status = checkpoint_file_read(files, handle, REPLICATION_FILE, load->arena, &load->marks, &load->mark_count,
                                      load->why);
    }
    if (status == STATUS_OK) {
        status = checkpoint_file_read(files, handle, LOG_START_FILE, load->arena, &load->starts, &load->start_count,
                                      load->why);
    }
    return status;
}

enum status load_directory(struct directory *directory, struct arena *arena, const char **why)
{
    struct load load = { .directory = directory, .arena = arena, .why = why, .clean = directory->clean };
    struct files_entry *entries;
    uint32_t count;

    enum status status = load_checkpoints(&load);
    if (status == STATUS_OK) status = files_list(directory->files, directory->handle, arena, &entries, &count);
    if (status != STATUS_OK) return status;

    directory->found_count = 0;
    directory->found = arena_take(arena, max_of(count, 1u) * sizeof *directory->found);
    if (!directory->found) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct partition_name name;
        if (!entries[i].directory || !partition_name_parse(text_of(entries[i].name), &name)) continue;
        if (name.kind != PARTITION_LIVE) continue;
        status = load_partition(&load, entries[i].name, &name, &directory->found[directory->found_count]);
        if (status == STATUS_OK) directory->found_count++;
        if (status == STATUS_NOT_FOUND) status = stray_set_aside(directory, entries[i].name, &name);
    }
    return status;
}
