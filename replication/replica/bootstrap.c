/* replication/replica/bootstrap.c   Both files of a format are snapshots: header, records, footer, each a batch, with
 * offsets counted from 0 inside the file (reference of the formats: KIP-630, KIP-853).
 *
 *     bootstrap.checkpoint                       header | FeatureLevel ...             | footer
 *     __cluster_metadata-0/0...0-0...0.checkpoint  header, KRaftVersion, KRaftVoters   | footer
 *
 * The first is read by whoever leads an empty log first; the second tells a dynamic quorum its voters. */
#include "replica/bootstrap.h"

#include <string.h>

#include "cluster/features.h"
#include "io/files.h"
#include "replica/metadata_batch.h"
#include "replica/quorum_state.h"

#define METADATA_NAME   "__cluster_metadata-0"
#define FIRST_SNAPSHOT  "00000000000000000000-0000000000.checkpoint"
#define BOOTSTRAP_NAME  "bootstrap.checkpoint"
#define SNAPSHOT_SUFFIX ".checkpoint"

enum { FILE_SIZE_MAX = 4096, SNAPSHOT_SIZE_MAX = 1 << 30, CHECKPOINT_SIZE_MAX = 64 << 10 };

static const struct log_found *found_log(const struct directory *directory)
{
    for (uint32_t i = 0; i < directory->found_count; i++) {
        const struct log_found *found = &directory->found[i];
        if (uuid_equal(found->key.topic, UUID_METADATA_TOPIC) && found->key.partition == 0) return found;
    }
    return NULL;
}

/* ---- formatting ---- */

/* A file in the making: batches one behind the other. */
struct checkpoint_file {
    struct heap *heap;
    uint8_t data[FILE_SIZE_MAX];
    size_t size;
    int64_t offset;
};

static void file_add(struct checkpoint_file *file, struct bytes batch)
{
    struct batch header;
    invariant(file->size + batch.size <= FILE_SIZE_MAX);
    memcpy(file->data + file->size, batch.data, batch.size);
    heap_give(file->heap, (void *)batch.data);

    enum status status = batch_read(file->data + file->size, batch.size, &header);
    invariant(status == STATUS_OK);
    batch_stamp(file->data + file->size, file->offset, 0);
    file->offset += header.last_delta + 1;
    file->size += batch.size;
}

static void file_add_footer(struct checkpoint_file *file, int64_t wall_ms)
{
    struct any_control footer;
    control_clear(&footer, CONTROL_SNAPSHOT_FOOTER);
    file_add(file, control_batch_make(file->heap, &footer, 1, wall_ms));
}

static enum status write_bootstrap(struct directory *directory, int64_t wall_ms, struct arena *arena)
{
    struct checkpoint_file *file = arena_take(arena, sizeof(*file));
    struct any_control header;
    struct record_list list;
    if (!file) return STATUS_NO_MEMORY;

    file->heap = directory->heap;
    control_clear(&header, CONTROL_SNAPSHOT_HEADER);
    file_add(file, control_batch_make(file->heap, &header, 1, wall_ms));
    record_list_init(&list, arena);
    for (uint32_t i = 0; i < feature_count; i++) {
        if (!features[i].in_log || features[i].finalized == 0) continue;
        struct any_record *record = record_list_add(&list, RECORD_FEATURE_LEVEL);
        record->feature_level.name = features[i].name;
        record->feature_level.level = features[i].finalized;
    }
    file_add(file, record_batch_make(file->heap, &list, wall_ms));
    file_add_footer(file, wall_ms);
    return files_replace(directory->files, directory->handle, BOOTSTRAP_NAME, file->data, file->size);
}

static enum status write_first_snapshot(struct directory *directory, const struct node_identity *identity, int handle,
                                        int64_t wall_ms, struct arena *arena)
{
    struct checkpoint_file *file = arena_take(arena, sizeof(*file));
    struct any_control controls[3];
    if (!file) return STATUS_NO_MEMORY;

    file->heap = directory->heap;
    control_clear(&controls[0], CONTROL_SNAPSHOT_HEADER);
    controls[0].snapshot_header.last_contained_log_timestamp_ms = wall_ms;
    control_clear(&controls[1], CONTROL_KRAFT_VERSION);
    controls[1].kraft_version.kraft_version = 1;
    control_clear(&controls[2], CONTROL_VOTERS);
    struct voter_record_endpoint endpoint = { identity->controller.listener, identity->controller.host,
                                              identity->controller.port };
    struct voter_record voter = { .voter_id = identity->id, .directory_id = identity->directory };
    voter.endpoints.items = &endpoint;
    voter.endpoints.count = 1;
    voter.kraft_versions.max_supported_version = 1;
    controls[2].voters.voters.items = &voter;
    controls[2].voters.voters.count = 1;
    file_add(file, control_batch_make(file->heap, controls, 3, wall_ms));
    file_add_footer(file, wall_ms);
    return files_replace(directory->files, handle, FIRST_SNAPSHOT, file->data, file->size);
}

static bool file_there(struct directory *directory, int handle, const char *name)
{
    struct files_entry entry;
    return files_entry(directory->files, handle, name, &entry) == STATUS_OK;
}

static enum status make_metadata_directory(struct directory *directory, int *handle)
{
    enum status status = files_make_directory(directory->files, directory->handle, METADATA_NAME);
    if (status == STATUS_OK) status = files_sync_directory(directory->files, directory->handle);
    if (status != STATUS_OK && status != STATUS_EXISTS) return status;
    return files_open_directory(directory->files, directory->handle, METADATA_NAME, handle);
}

/* A static quorum (kraft.version 0) has a quorum-state or a log but no first snapshot: it stays what it is. */
enum status bootstrap_format(struct directory *directory, const struct node_identity *identity, int64_t wall_ms,
                             struct arena *arena, int *handle, const char **why)
{
    const struct log_found *log = found_log(directory);
    enum status status = make_metadata_directory(directory, handle);

    if (status == STATUS_OK && (!log || log->end == 0)) {
        if (!file_there(directory, directory->handle, BOOTSTRAP_NAME))
            status = write_bootstrap(directory, wall_ms, arena);
        if (status == STATUS_OK && !file_there(directory, *handle, FIRST_SNAPSHOT) &&
            !file_there(directory, *handle, "quorum-state")) {
            status = write_first_snapshot(directory, identity, *handle, wall_ms, arena);
        }
    }
    if (status != STATUS_OK) {
        *why = text_format(arena, "%s can't be formatted: %s", METADATA_NAME, status_text(status)).data;
    }
    return status;
}

/* ---- reading ---- */

static bool parse_digits(const char *text, size_t size, int64_t *n)
{
    return text_to_i64((struct text){ text, size }, n) && *n >= 0;
}

/* The newest snapshot of the log that is not the first one. Names sort as they count. */
static enum status find_snapshot(struct directory *directory, int handle, struct arena *arena,
                                 struct metadata_found *found, const char **name)
{
    struct files_entry *entries;
    uint32_t count;
    enum status status = files_list(directory->files, handle, arena, &entries, &count);

    *name = NULL;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct text entry = text_of(entries[i].name);
        int64_t end, epoch;
        if (entry.size != sizeof(FIRST_SNAPSHOT) - 1 || !text_ends(entry, TEXT(SNAPSHOT_SUFFIX))) continue;
        if (!parse_digits(entry.data, 20, &end) || entry.data[20] != '-' ||
            !parse_digits(entry.data + 21, 10, &epoch)) {
            continue;
        }
        if (end == 0 || epoch > INT32_MAX) continue;
        found->snapshot_end = end;
        found->snapshot_epoch = (int32_t)epoch;
        *name = entries[i].name;
    }
    return status;
}

static enum status read_snapshot(struct directory *directory, int handle, struct arena *arena,
                                 struct metadata_found *found, const char **why)
{
    const char *name;
    enum status status = find_snapshot(directory, handle, arena, found, &name);
    if (status != STATUS_OK) return status;

    int64_t start = found->log ? found->log->start : 0;
    if (start == 0) return STATUS_OK; /* the log says everything */
    if (!name || found->snapshot_end < start) {
        *why = text_format(arena, "%s begins at offset %lld and no snapshot reaches up to there", METADATA_NAME,
                           (long long)start)
                   .data;
        return STATUS_DAMAGED;
    }
    return files_load(directory->files, handle, name, SNAPSHOT_SIZE_MAX, arena, &found->snapshot.data,
                      &found->snapshot.size);
}

/* Without the file the term is what the log says, as Kafka takes it; a directory with a first snapshot is of a dynamic
 * quorum. */
static enum status read_quorum_state(struct directory *directory, int handle, struct arena *arena,
                                     struct metadata_found *found, const char **why)
{
    struct text text;
    found->ballot = (struct ballot){ .vote = RAFT_NOBODY, .leader = RAFT_NOBODY };
    found->dynamic = file_there(directory, handle, FIRST_SNAPSHOT);
    enum status status = files_load(directory->files, handle, "quorum-state", FILE_SIZE_MAX, arena,
                                    (const uint8_t **)&text.data, &text.size);
    if (status == STATUS_NOT_FOUND) return STATUS_OK;
    if (status == STATUS_OK) status = quorum_state_parse(text, &found->ballot, &found->dynamic);
    if (status == STATUS_MALFORMED) {
        *why = METADATA_NAME "/quorum-state is not what Kafka or Sluice write";
        status = STATUS_DAMAGED;
    }
    return status;
}

enum status bootstrap_read(struct directory *directory, int handle, struct arena *arena, struct metadata_found *found,
                           const char **why)
{
    *found = (struct metadata_found){ .log = found_log(directory) };
    *why = NULL;
    enum status status = read_quorum_state(directory, handle, arena, found, why);
    if (status == STATUS_OK) status = read_snapshot(directory, handle, arena, found, why);
    if (status == STATUS_OK && found->log && found->log->end > found->log->start) {
        status = log_load(directory, found->log, arena, &found->batches, why);
    }
    if (status != STATUS_OK && !*why) {
        *why = text_format(arena, "%s can't be read: %s", METADATA_NAME, status_text(status)).data;
    }
    return status;
}

enum status bootstrap_load(const struct metadata_found *found, struct image *image, struct arena *scratch,
                           struct arena *arena, const char **why)
{
    enum status status = STATUS_OK;
    if (found->snapshot.size > 0) {
        status = metadata_apply_snapshot(image, found->snapshot, found->snapshot_end, found->snapshot_epoch, scratch);
    }
    if (status == STATUS_OK) status = metadata_apply(image, found->batches, scratch);
    if (status != STATUS_OK) {
        *why = text_format(arena, "%s is not understood at offset %lld: %s", METADATA_NAME, (long long)image->offset,
                           status_text(status))
                   .data;
        return status;
    }
    int16_t level = image_feature(image, FEATURE_METADATA), most = feature_find(FEATURE_METADATA)->most;
    if (level > most) {
        *why = text_format(arena, "metadata.version is %d; this release knows versions up to %d", level, most).data;
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

void bootstrap_raft(const struct metadata_found *found, const struct node_identity *identity, struct heap *heap,
                    struct raft *raft)
{
    struct voter self = { identity->id, identity->directory };
    struct position last = { found->snapshot_end, found->snapshot_epoch };
    struct history history;
    struct quorum quorum;
    struct batch batch;

    history_init(&history, heap);
    if (found->snapshot.size == 0) last = (struct position){ 0, 0 };
    for (size_t at = 0; at < found->batches.size; at += batch.size) {
        enum status status = batch_read(found->batches.data + at, found->batches.size - at, &batch);
        invariant(status == STATUS_OK); /* the image took it */
        history_note(&history, batch.leader_epoch, batch.base_offset);
        last = (struct position){ batch_limit(&batch), batch.leader_epoch };
    }
    quorum_init(&quorum);
    quorum_add(&quorum, self);
    raft_init(raft, self, &quorum, found->ballot, history, last);
}
