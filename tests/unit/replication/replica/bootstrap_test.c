/* tests/unit/replication/replica/bootstrap_test.c   Where the metadata comes from at a start: formatting that may be
 * cut short anywhere, and the truth table of snapshots and log, a row per case, over files of the real file system. */
#include "bench.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/features.h"
#include "io/files.h"
#include "replica/bootstrap.h"
#include "replica/metadata_batch.h"

/* The kernel's files, but that everything fails from the operation `limit` on. */
struct failing_files {
    struct files files;
    struct files_table table;
    uint32_t count, limit;
};

static struct bench bench;
static struct directory directory;
static struct failing_files failing;
static struct node_identity identity;
static char path[64], said[512];
static int handle;
static const char *why;

static bool fails(struct files *files)
{
    struct failing_files *at = container_of(files, struct failing_files, files);
    return at->count++ >= at->limit;
}

static enum status failing_open(struct files *files, int at, const char *name, int flags, int *file)
{
    return fails(files) ? STATUS_IO_ERROR : files_open(files_kernel(), at, name, flags, file);
}

static enum status failing_write(struct files *files, int file, const void *memory, size_t size, uint64_t position,
                                 int flags)
{
    return fails(files) ? STATUS_NO_SPACE : files_write(files_kernel(), file, memory, size, position, flags);
}

static enum status failing_sync(struct files *files, int file)
{
    return fails(files) ? STATUS_IO_ERROR : files_sync(files_kernel(), file);
}

static enum status failing_rename(struct files *files, int at, const char *from, const char *to)
{
    return fails(files) ? STATUS_IO_ERROR : files_rename(files_kernel(), at, from, to);
}

static enum status failing_sync_directory(struct files *files, int at)
{
    return fails(files) ? STATUS_IO_ERROR : files_sync_directory(files_kernel(), at);
}

static enum status failing_make_directory(struct files *files, int at, const char *name)
{
    return fails(files) ? STATUS_NO_SPACE : files_make_directory(files_kernel(), at, name);
}

static enum status failing_entry(struct files *files, int at, const char *name, struct files_entry *entry)
{
    return fails(files) ? STATUS_IO_ERROR : files_entry(files_kernel(), at, name, entry);
}

static void says(void *context, const char *line)
{
    (void)context;
    snprintf(said, sizeof(said), "%s", line);
}

static int begin(void **state)
{
    (void)state;
    bench_init(&bench);
    strcpy(path, "/tmp/sluice-bootstrap-XXXXXX");
    assert_non_null(mkdtemp(path));
    failing =
        (struct failing_files){ .files = { &failing.table }, .table = *files_kernel()->table, .limit = UINT32_MAX };
    failing.table.open = failing_open;
    failing.table.write = failing_write;
    failing.table.sync = failing_sync;
    failing.table.rename = failing_rename;
    failing.table.sync_directory = failing_sync_directory;
    failing.table.make_directory = failing_make_directory;
    failing.table.entry = failing_entry;
    directory = (struct directory){ .files = &failing.files, .heap = &bench.heap, .path = path, .say = says };
    assert_int_equal(files_open_directory(files_kernel(), FILES_HERE, path, &directory.handle), STATUS_OK);
    identity = (struct node_identity){ .id = 7,
                                       .directory = { { 1, 2, 3 } },
                                       .controller = { TEXT("CONTROLLER"), TEXT("localhost"), 9093, 0 } };
    handle = -1;
    said[0] = '\0';
    why = NULL;
    return 0;
}

static int remove_one(const char *name, const struct stat *entry, int kind, struct FTW *place)
{
    (void)entry, (void)kind, (void)place;
    return remove(name);
}

static int end(void **state)
{
    (void)state;
    if (handle >= 0) close(handle);
    close(directory.handle);
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    bench_end(&bench);
    return 0;
}

static enum status format_now(void)
{
    if (handle >= 0) close(handle);
    handle = -1;
    return bootstrap_format(&directory, &identity, 1000, &bench.arena, &handle, &why);
}

#define FIRST "00000000000000000000-0000000000.checkpoint"

static bool there(int at, const char *name)
{
    return faccessat(at, name, F_OK, 0) == 0;
}

static struct bytes load(int at, const char *name)
{
    struct bytes file;
    assert_int_equal(files_load(files_kernel(), at, name, 1 << 20, &bench.arena, &file.data, &file.size), STATUS_OK);
    return file;
}

static void save(const char *name, struct bytes file)
{
    assert_int_equal(files_replace(files_kernel(), handle, name, file.data, file.size), STATUS_OK);
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

/* ---- formatting ---- */

static void a_new_directory_is_formatted_as_kafka_does_it(void **state)
{
    (void)state;
    struct metadata_found found;
    int64_t timestamp_ms;

    assert_int_equal(format_now(), STATUS_OK);
    struct bytes first = load(handle, FIRST), level = load(directory.handle, "bootstrap.checkpoint");
    assert_int_equal(snapshot_check(first, &timestamp_ms, &bench.scratch), STATUS_OK);
    assert_int_equal(snapshot_check(level, &timestamp_ms, &bench.scratch), STATUS_OK);
    assert_int_equal(metadata_apply_snapshot(&bench.image, level, 0, 0, &bench.scratch), STATUS_OK);
    assert_int_equal(image_feature(&bench.image, FEATURE_METADATA), feature_find(FEATURE_METADATA)->finalized);
    assert_int_equal(bootstrap_read(&directory, handle, &bench.arena, &found, &why), STATUS_OK);
    assert_true(found.dynamic); /* a quorum that knows its voters: kraft.version 1 */
    assert_null(found.log);
    assert_int_equal(found.snapshot.size, 0); /* The first snapshot only says who votes. */
    assert_int_equal(found.ballot.term, 0);
}

static void what_is_formatted_stays_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(format_now(), STATUS_OK);
    struct bytes first = load(handle, FIRST);
    identity.directory = (struct uuid){ { 9 } };
    assert_int_equal(format_now(), STATUS_OK);
    struct bytes again = load(handle, FIRST);
    assert_int_equal(again.size, first.size);
    assert_memory_equal(again.data, first.data, first.size);
}

/* A quorum that knows its voters would be taken for an older one. */
static void a_snapshot_that_can_not_be_looked_at_is_not_missing(void **state)
{
    (void)state;
    struct metadata_found found;

    assert_int_equal(format_now(), STATUS_OK);
    failing.table.open = files_kernel()->table->open;
    failing.limit = 0;
    assert_int_equal(bootstrap_read(&directory, handle, &bench.arena, &found, &why), STATUS_IO_ERROR);
}

/* kraft.version 0: a quorum-state and no first snapshot; and a log that is not empty tells everything by itself. */
static void an_older_quorum_is_not_made_a_newer_one(void **state)
{
    (void)state;
    struct log_found log = { .key = { UUID_METADATA_TOPIC, 0 }, .end = 5 };

    assert_int_equal(format_now(), STATUS_OK);
    assert_int_equal(unlinkat(handle, FIRST, 0), 0);
    save("quorum-state", text_bytes("{}"));
    assert_int_equal(format_now(), STATUS_OK);
    assert_false(there(handle, FIRST));

    assert_int_equal(unlinkat(handle, "quorum-state", 0), 0);
    assert_int_equal(unlinkat(directory.handle, "bootstrap.checkpoint", 0), 0);
    directory.found = &log;
    directory.found_count = 1;
    assert_int_equal(format_now(), STATUS_OK);
    assert_false(there(handle, FIRST));
    assert_false(there(directory.handle, "bootstrap.checkpoint"));
}

/* Whichever operation fails: it is told, and the next try ends with both files whole. */
static void a_format_may_be_cut_short_anywhere(void **state)
{
    uint32_t limit = 0;

    for (;; limit++) {
        int64_t timestamp_ms;
        failing.count = 0;
        failing.limit = limit;
        enum status status = format_now();
        failing.limit = UINT32_MAX;
        if (status == STATUS_OK) break;
        assert_non_null(strstr(why, "__cluster_metadata-0 can't be formatted: "));
        assert_int_equal(format_now(), STATUS_OK);
        assert_int_equal(snapshot_check(load(handle, FIRST), &timestamp_ms, &bench.scratch), STATUS_OK);
        struct bytes level = load(directory.handle, "bootstrap.checkpoint");
        assert_int_equal(snapshot_check(level, &timestamp_ms, &bench.scratch), STATUS_OK);
        end(state);
        begin(state);
        assert_true(limit < 100);
    }
    assert_in_range(limit, 8, 40); /* so many operations there are */
}

/* ---- the truth table of a start ---- */

struct found_row {
    int64_t whole, broken; /* ends of snapshots that are there; -1: none */
    int64_t start, end;    /* of the log */
    int64_t snapshot;      /* which is read; -1: none */
    const char *why;       /* NULL: it starts */
};

static void snapshot_put(int64_t up_to, bool whole)
{
    char name[SNAPSHOT_NAME_SIZE];
    int32_t epoch;
    struct bytes file = bench_snapshot(&bench, KAFKA_SNAPSHOT, &epoch);
    struct snapshot_id id = { .end = up_to, .epoch = epoch };

    snapshot_name(&id, "", name);
    if (!whole) file.size -= 10;
    save(name, file);
}

static void snapshots_and_log_go_together_or_nothing_starts(void **state)
{
    static const struct found_row rows[] = {
        { -1, -1, 0, 0, -1, NULL },
        { -1, -1, 5, 5, -1, "__cluster_metadata-0 begins at offset 5 and no snapshot reaches up to there" },
        { -1, 5, 5, 5, -1, "__cluster_metadata-0 begins at offset 5 and no whole snapshot reaches up to there" },
        { -1, 5, 0, 0, -1, NULL }, /* the log says everything */
        { 225, -1, 225, 225, 225, NULL },
        { 225, -1, 224, 224, -1, "__cluster_metadata-0 ends at offset 224, below the end of its snapshot, 225" },
        { 225, -1, 226, 226, -1, "__cluster_metadata-0 begins at offset 226 and no snapshot reaches up to there" },
        { 225, 300, 225, 225, 225, NULL },
        { 300, 225, 300, 300, 300, NULL },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        const struct found_row *row = &rows[i];
        struct log_found log = { .key = { UUID_METADATA_TOPIC, 0 }, .start = row->start, .end = row->end };
        struct metadata_found found;
        assert_int_equal(format_now(), STATUS_OK);
        if (row->whole >= 0) snapshot_put(row->whole, true);
        if (row->broken >= 0) snapshot_put(row->broken, false);
        directory.found = &log;
        directory.found_count = 1;
        enum status status = bootstrap_read(&directory, handle, &bench.arena, &found, &why);
        if (status != (row->why ? STATUS_DAMAGED : STATUS_OK)) fail_msg("row %zu: %s", i, status_text(status));
        if (row->why) assert_string_equal(why, row->why);
        if (!row->why) assert_int_equal(found.snapshot.size > 0 ? found.snapshot_end : -1, row->snapshot);
        end(state);
        begin(state);
    }
}

/* Out of the way of whoever opens the directory next, and named. */
static void a_broken_snapshot_is_set_aside_and_told(void **state)
{
    (void)state;
    struct log_found log = { .key = { UUID_METADATA_TOPIC, 0 }, .start = 225, .end = 225 };
    struct metadata_found found;

    assert_int_equal(format_now(), STATUS_OK);
    snapshot_put(225, true);
    snapshot_put(300, false);
    directory.found = &log;
    directory.found_count = 1;
    assert_int_equal(bootstrap_read(&directory, handle, &bench.arena, &found, &why), STATUS_OK);
    assert_non_null(strstr(said, "00000000000000000300-0000000001.checkpoint is damaged and set aside"));
    assert_true(there(handle, "00000000000000000300-0000000001.checkpoint.bad"));
    assert_false(there(handle, "00000000000000000300-0000000001.checkpoint"));
    assert_int_equal(found.snapshot_count, 1);
}

static void what_a_crash_left_is_removed_and_the_first_snapshot_stays(void **state)
{
    (void)state;
    struct log_found log = { .key = { UUID_METADATA_TOPIC, 0 }, .start = 225, .end = 225 };
    struct metadata_found found;

    assert_int_equal(format_now(), STATUS_OK);
    snapshot_put(225, true);
    snapshot_put(100, true); /* below the log's start */
    save("00000000000000000230-0000000001.checkpoint.part", text_bytes("half"));
    save("00000000000000000200-0000000001.checkpoint.deleted", text_bytes("gone"));
    save("leader-epoch-checkpoint", text_bytes("other things"));
    directory.found = &log;
    directory.found_count = 1;
    assert_int_equal(bootstrap_read(&directory, handle, &bench.arena, &found, &why), STATUS_OK);
    assert_false(there(handle, "00000000000000000100-0000000001.checkpoint"));
    assert_false(there(handle, "00000000000000000230-0000000001.checkpoint.part"));
    assert_false(there(handle, "00000000000000000200-0000000001.checkpoint.deleted"));
    assert_true(there(handle, "leader-epoch-checkpoint"));
    assert_true(there(handle, FIRST));
    assert_int_equal(found.snapshot_count, 1);
    assert_int_equal(found.snapshots[0].end, 225);
}

static void a_quorum_state_that_is_none_stops_the_start(void **state)
{
    (void)state;
    struct metadata_found found;

    assert_int_equal(format_now(), STATUS_OK);
    save("quorum-state", text_bytes("{\"leaderId\":"));
    assert_int_equal(bootstrap_read(&directory, handle, &bench.arena, &found, &why), STATUS_DAMAGED);
    assert_string_equal(why, "__cluster_metadata-0/quorum-state is not what Kafka or Sluice write");
    save("quorum-state", text_bytes("{\"leaderId\":1,\"leaderEpoch\":4,\"votedId\":-1,\"votedDirectoryId\":"
                                    "\"AAAAAAAAAAAAAAAAAAAAAA\",\"data_version\":1}"));
    assert_int_equal(bootstrap_read(&directory, handle, &bench.arena, &found, &why), STATUS_OK);
    assert_int_equal(found.ballot.term, 4);
    assert_int_equal(found.ballot.leader, 1);
}

/* ---- into images and a raft ---- */

static struct bytes batch_at(struct record_list *list, int64_t offset, int32_t epoch)
{
    struct bytes batch = record_batch_make(&bench.heap, list, 1000);
    uint8_t *copy = arena_take(&bench.arena, batch.size);

    memcpy(copy, batch.data, batch.size);
    heap_give(&bench.heap, (void *)batch.data);
    batch_stamp(copy, offset, epoch);
    return (struct bytes){ copy, batch.size };
}

static struct record_list level_records(int16_t level)
{
    struct record_list list;
    record_list_init(&list, &bench.arena);
    struct any_record *record = record_list_add(&list, RECORD_FEATURE_LEVEL);
    record->feature_level.name = FEATURE_METADATA;
    record->feature_level.level = level;
    return list;
}

static void a_level_beyond_ours_is_refused(void **state)
{
    (void)state;
    int16_t most = feature_find(FEATURE_METADATA)->most;
    struct record_list known = level_records(most), newer = level_records((int16_t)(most + 1));
    struct metadata_found found = { .batches = batch_at(&known, 0, 1) };
    char expected[128];

    assert_int_equal(bootstrap_load(&found, &bench.image, &bench.scratch, &bench.arena, &why), STATUS_OK);
    found.batches = batch_at(&newer, 1, 1);
    assert_int_equal(bootstrap_load(&found, &bench.image, &bench.scratch, &bench.arena, &why), STATUS_UNSUPPORTED);
    (void)snprintf(expected, sizeof(expected), "metadata.version is %d; this release knows versions up to %d", most + 1,
                   most);
    assert_string_equal(why, expected);
}

static void what_is_not_understood_is_named_with_its_offset(void **state)
{
    (void)state;
    struct record_list list = level_records(1);
    struct metadata_found found = { .batches = batch_at(&list, 3, 1) };

    assert_int_equal(bootstrap_load(&found, &bench.image, &bench.scratch, &bench.arena, &why), STATUS_DAMAGED);
    assert_string_equal(why, "__cluster_metadata-0 is not understood at offset 0: damaged"); /* a gap */
}

static void a_raft_goes_on_where_log_or_snapshot_end(void **state)
{
    (void)state;
    struct record_list list = level_records(1);
    struct metadata_found found = { .ballot = { .term = 2, .vote = RAFT_NOBODY, .leader = RAFT_NOBODY } };
    struct raft raft;

    bootstrap_raft(&found, &identity, &bench.heap, &raft);
    assert_int_equal(raft.last.offset, 0);
    assert_int_equal(raft.ballot.term, 2);
    assert_int_equal(raft.quorum.count, 1);
    assert_int_equal(raft.self.id, 7);
    raft_end(&raft);

    found.snapshot = text_bytes("a file");
    found.snapshot_end = 225;
    found.snapshot_epoch = 4;
    bootstrap_raft(&found, &identity, &bench.heap, &raft);
    assert_int_equal(raft.last.offset, 225);
    assert_int_equal(raft.last.term, 4);
    assert_int_equal(raft.ballot.term, 4); /* The log is ahead of the ballot. */
    raft_end(&raft);

    found.batches = batch_at(&list, 225, 6);
    bootstrap_raft(&found, &identity, &bench.heap, &raft);
    assert_int_equal(raft.last.offset, 226);
    assert_int_equal(raft.last.term, 6);
    assert_int_equal(raft.ballot.term, 6);
    raft_end(&raft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_directory_is_formatted_as_kafka_does_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_formatted_stays_as_it_is, begin, end),
        cmocka_unit_test_setup_teardown(a_snapshot_that_can_not_be_looked_at_is_not_missing, begin, end),
        cmocka_unit_test_setup_teardown(an_older_quorum_is_not_made_a_newer_one, begin, end),
        cmocka_unit_test_setup_teardown(a_format_may_be_cut_short_anywhere, begin, end),
        cmocka_unit_test_setup_teardown(snapshots_and_log_go_together_or_nothing_starts, begin, end),
        cmocka_unit_test_setup_teardown(a_broken_snapshot_is_set_aside_and_told, begin, end),
        cmocka_unit_test_setup_teardown(what_a_crash_left_is_removed_and_the_first_snapshot_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_quorum_state_that_is_none_stops_the_start, begin, end),
        cmocka_unit_test_setup_teardown(a_level_beyond_ours_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_understood_is_named_with_its_offset, begin, end),
        cmocka_unit_test_setup_teardown(a_raft_goes_on_where_log_or_snapshot_end, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
