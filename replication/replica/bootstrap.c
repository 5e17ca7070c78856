/* replication/replica/bootstrap.c   Both files of a format are snapshots: header, records, footer, each a batch, with
 * offsets counted from 0 inside the file (reference of the formats: KIP-630, KIP-853).
 *
 *     bootstrap.checkpoint                       header | FeatureLevel ...             | footer
 *     __cluster_metadata-0/0...0-0...0.checkpoint  header, KRaftVersion, KRaftVoters   | footer
 *
 * The first is read by whoever leads an empty log first; the second tells a dynamic quorum its voters. */
#include "replica/bootstrap.h"

#include "cluster/features.h"
#include "io/files.h"
#include "replica/metadata_batch.h"
#include "replica/quorum_state.h"
#include "replica/snapshot_file.h"

#define METADATA_NAME  "__cluster_metadata-0"
#define BOOTSTRAP_NAME "bootstrap.checkpoint"
#define FIRST_SNAPSHOT "00000000000000000000-0000000000.checkpoint"

enum { FILE_SIZE_MAX = 4096, HEAD_SIZE_MAX = 64 << 10, SCRATCH_SIZE_MAX = 64 << 20 };

static const struct log_found *found_log(const struct directory *directory)
{
    for (uint32_t i = 0; i < directory->found_count; i++) {
        const struct log_found *found = &directory->found[i];
        if (uuid_equal(found->key.topic, UUID_METADATA_TOPIC) && found->key.partition == 0) return found;
    }
    return NULL;
}

/* ---- formatting ---- */

static enum status draft_done(struct snapshot_draft *draft, struct directory *directory, int handle, const char *name,
                              int64_t wall_ms)
{
    snapshot_draft_finish(draft, wall_ms);
    enum status status = snapshot_draft_write(draft, directory->files, handle, name);
    snapshot_draft_end(draft);
    return status;
}

static enum status write_bootstrap(struct directory *directory, int64_t wall_ms, struct arena *arena)
{
    struct heap *heap = directory->heap;
    struct snapshot_draft draft;
    struct any_control header;
    struct record_list list;

    snapshot_draft_begin(&draft, heap, 0);
    control_clear(&header, CONTROL_SNAPSHOT_HEADER);
    snapshot_draft_add(&draft, control_batch_make(heap, &header, 1, wall_ms));
    record_list_init(&list, arena);
    for (uint32_t i = 0; i < feature_count; i++) {
        if (!features[i].in_log || features[i].finalized == 0) continue;
        struct any_record *record = record_list_add(&list, RECORD_FEATURE_LEVEL);
        record->feature_level.name = features[i].name;
        record->feature_level.level = features[i].finalized;
    }
    snapshot_draft_add(&draft, record_batch_make(heap, &list, wall_ms));
    return draft_done(&draft, directory, directory->handle, BOOTSTRAP_NAME, wall_ms);
}

static enum status write_first_snapshot(struct directory *directory, const struct node_identity *identity, int handle,
                                        int64_t wall_ms)
{
    struct snapshot_draft draft;
    struct any_control controls[3];

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
    snapshot_draft_begin(&draft, directory->heap, 0);
    snapshot_draft_add(&draft, control_batch_make(directory->heap, controls, 3, wall_ms));
    return draft_done(&draft, directory, handle, FIRST_SNAPSHOT, wall_ms);
}

/* Only an answer that says so means that it is not there. */
static enum status file_there(struct directory *directory, int handle, const char *name, bool *there)
{
    struct files_entry entry;
    enum status status = files_entry(directory->files, handle, name, &entry);

    *there = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
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
    bool empty = !log || log->end == 0, bootstrapped = false, snapshot = false, state = false;
    enum status status = make_metadata_directory(directory, handle);

    if (status == STATUS_OK && empty) status = file_there(directory, directory->handle, BOOTSTRAP_NAME, &bootstrapped);
    if (status == STATUS_OK && empty && !bootstrapped) status = write_bootstrap(directory, wall_ms, arena);
    if (status == STATUS_OK && empty) status = file_there(directory, *handle, FIRST_SNAPSHOT, &snapshot);
    if (status == STATUS_OK && empty) status = file_there(directory, *handle, "quorum-state", &state);
    if (status == STATUS_OK && empty && !snapshot && !state) {
        status = write_first_snapshot(directory, identity, *handle, wall_ms);
    }
    if (status != STATUS_OK) {
        *why = text_format(arena, "%s can't be formatted: %s", METADATA_NAME, status_text(status)).data;
    }
    return status;
}

/* ---- reading ---- */

/* What reading the snapshots goes by. */
struct snapshot_search {
    struct directory *directory;
    int handle;
    struct arena *arena;
    struct metadata_found *found;
    const char **why;
    int64_t start, end; /* of the log */
    struct snapshot_id *ids;
    uint32_t count;
};

/* The time in a file's header; 0 when it can't be told: then it counts as very old. */
static int64_t header_time(struct snapshot_search *search, const char *name, struct arena *scratch)
{
    struct files *files = search->directory->files;
    uint8_t *head = arena_take(scratch, HEAD_SIZE_MAX);
    int64_t timestamp_ms = 0;
    struct batch batch;
    size_t size;
    int file;

    if (!head || files_open(files, search->handle, name, FILES_READ, &file) != STATUS_OK) return 0;
    if (files_read(files, file, head, HEAD_SIZE_MAX, 0, &size) == STATUS_OK &&
        batch_read(head, size, &batch) == STATUS_OK) {
        enum status status = snapshot_check((struct bytes){ head, batch.size }, &timestamp_ms, scratch);
        if (status != STATUS_TRUNCATED) timestamp_ms = 0; /* a header and no footer: so it should be */
    }
    files_close(files, file);
    return timestamp_ms;
}

/* Finished ones by end, which is the order of their names. What a crash left, and what lies below the log's start, is
 * removed, as Kafka does it; the first one stays, as the sign of a dynamic quorum. */
static enum status list_snapshots(struct snapshot_search *search)
{
    struct files *files = search->directory->files;
    struct files_entry *entries;
    uint32_t count;
    enum status status = files_list(files, search->handle, search->arena, &entries, &count);
    if (status != STATUS_OK) return status;

    search->ids = arena_take(search->arena, (count + 1) * sizeof(*search->ids));
    if (!search->ids) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct snapshot_id id;
        bool named = snapshot_name_parse(text_of(entries[i].name), &id);
        if (named && id.end == 0) continue;
        if (snapshot_name_leftover(text_of(entries[i].name)) || (named && id.end < search->start)) {
            status = files_remove(files, search->handle, entries[i].name);
        } else if (named) {
            id.size = entries[i].size;
            while (search->count > 0 && search->ids[search->count - 1].end == id.end) search->count--;
            search->ids[search->count++] = id;
        }
    }
    return status;
}

/* The newest one that is whole: *place is its number, or the count. */
static enum status find_snapshot(struct snapshot_search *search, struct arena *scratch, uint32_t *place)
{
    struct metadata_found *found = search->found;
    char name[SNAPSHOT_NAME_SIZE];

    for (uint32_t i = search->count; i-- > 0;) {
        struct snapshot_id *id = &search->ids[i];
        snapshot_name(id, "", name);
        enum status status = files_load(search->directory->files, search->handle, name, SNAPSHOT_FILE_SIZE_MAX,
                                        search->arena, &found->snapshot.data, &found->snapshot.size);
        if (status != STATUS_OK) return status;
        status = snapshot_check(found->snapshot, &id->timestamp_ms, scratch);
        if (status != STATUS_OK) {
            found->snapshot = BYTES_NULL;
            continue;
        }
        found->snapshot_end = id->end;
        found->snapshot_epoch = id->epoch;
        found->snapshot_timestamp_ms = id->timestamp_ms;
        *place = i;
        return STATUS_OK;
    }
    *place = search->count;
    return STATUS_OK;
}

/* Broken ones above the one that is used, out of the way of whoever opens the directory next. */
static enum status set_broken_aside(struct snapshot_search *search, uint32_t first)
{
    char from[SNAPSHOT_NAME_SIZE], to[SNAPSHOT_NAME_SIZE];
    enum status status = STATUS_OK;

    for (uint32_t i = first; i < search->count && status == STATUS_OK; i++) {
        snapshot_name(&search->ids[i], "", from);
        snapshot_name(&search->ids[i], ".bad", to);
        directory_say(search->directory, METADATA_NAME "/%s is damaged and set aside: an older one or the log says it",
                      from);
        status = files_rename(search->directory->files, search->handle, from, to);
    }
    return status;
}

/* The truth table of a start:
 *
 *     newest whole snapshot     the log                        then
 *     none                      begins at 0                    the log says everything
 *     none                      begins later                   refused
 *     up to N                   begins at or below N           the snapshot, then the log from N on
 *     up to N                   ends below N                   refused: what the node promised is not there
 *
 * Those that are not whole are passed over, but named when there is nothing else to go by. */
static enum status choose_snapshot(struct snapshot_search *search, struct arena *scratch)
{
    uint32_t place;
    enum status status = find_snapshot(search, scratch, &place);
    if (status != STATUS_OK) return status;

    bool none = place == search->count;
    if (none && search->start > 0) {
        *search->why = text_format(search->arena, "%s begins at offset %lld and no %ssnapshot reaches up to there",
                                   METADATA_NAME, (long long)search->start, search->count > 0 ? "whole " : "")
                           .data;
        return STATUS_DAMAGED;
    }
    if (!none && search->found->snapshot_end > search->end) {
        *search->why = text_format(search->arena, "%s ends at offset %lld, below the end of its snapshot, %lld",
                                   METADATA_NAME, (long long)search->end, (long long)search->found->snapshot_end)
                           .data;
        return STATUS_DAMAGED;
    }
    status = set_broken_aside(search, none ? 0 : place + 1);
    for (uint32_t i = 0; i < place && !none; i++) {
        char name[SNAPSHOT_NAME_SIZE];
        snapshot_name(&search->ids[i], "", name);
        search->ids[i].timestamp_ms = header_time(search, name, scratch);
        arena_reset(scratch);
    }
    search->found->snapshots = search->ids;
    search->found->snapshot_count = none ? 0 : place + 1;
    return status;
}

static enum status read_snapshots(struct directory *directory, int handle, struct arena *arena,
                                  struct metadata_found *found, const char **why)
{
    struct snapshot_search search = { .directory = directory,
                                      .handle = handle,
                                      .arena = arena,
                                      .found = found,
                                      .why = why,
                                      .start = found->log ? found->log->start : 0,
                                      .end = found->log ? found->log->end : 0 };
    struct arena scratch;

    arena_init(&scratch, directory->heap, NULL, 0, SCRATCH_SIZE_MAX);
    enum status status = list_snapshots(&search);
    if (status == STATUS_OK) status = choose_snapshot(&search, &scratch);
    arena_reset(&scratch);
    return status;
}

/* Without the file the term is what the log says, as Kafka takes it; a directory with a first snapshot is of a dynamic
 * quorum. */
static enum status read_quorum_state(struct directory *directory, int handle, struct arena *arena,
                                     struct metadata_found *found, const char **why)
{
    struct text text;
    found->ballot = (struct ballot){ .vote = RAFT_NOBODY, .leader = RAFT_NOBODY };
    enum status status = file_there(directory, handle, FIRST_SNAPSHOT, &found->dynamic);
    if (status != STATUS_OK) return status;
    status = files_load(directory->files, handle, "quorum-state", FILE_SIZE_MAX, arena, (const uint8_t **)&text.data,
                        &text.size);
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
    if (status == STATUS_OK) status = read_snapshots(directory, handle, arena, found, why);
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
