/* A start from snapshots: each row of the truth table in replica/bootstrap.c, on directories that a node made and
 * somebody damaged. */
#include <dirent.h>
#include <sys/stat.h>

#include "records.h"
#include "replica/snapshot_file.h"

enum { TOPICS = 24 };

static void configure(struct bench *bench)
{
    static const char *const overrides[] = { "listeners=PLAINTEXT://127.0.0.1:0",
                                             "sluice.shards=2",
                                             "sluice.wal.size=33554432",
                                             "sluice.wal.file.size=8388608",
                                             "metadata.log.max.record.bytes.between.snapshots=2000",
                                             "internal.metadata.log.segment.bytes=2000",
                                             NULL };
    bench_configure(bench, overrides);
}

static void make_topics(struct bench *bench, int first, int limit)
{
    for (int i = first; i < limit; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "topic%d", i);
        (void)create_topic(bench, name, 4);
    }
}

/* A node that has been used and was stopped cleanly. */
static void begin(struct bench *bench)
{
    bench_init(bench);
    configure(bench);
    bench_start(bench);
    make_topics(bench, 0, TOPICS);
    bench_stop(bench);
}

static const char *place(const struct bench *bench, const char *name)
{
    static char path[2][512];
    static int turn;
    turn = !turn;
    (void)snprintf(path[turn], sizeof(path[turn]), "%s/data/__cluster_metadata-0/%s", bench->path, name);
    return path[turn];
}

/* The snapshots that are there, by end, without the first. */
static uint32_t list(const struct bench *bench, struct snapshot_id ids[64])
{
    DIR *directory = opendir(place(bench, ""));
    uint32_t count = 0;
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct snapshot_id id;
        if (!snapshot_name_parse(text_of(entry->d_name), &id) || id.end == 0) continue;
        assert_false(id.hidden); /* after a clean stop */
        uint32_t at = count++;
        for (; at > 0 && ids[at - 1].end > id.end; at--) ids[at] = ids[at - 1];
        ids[at] = id;
    }
    closedir(directory);
    assert_in_range(count, 2, 63);
    return count;
}

static void name_of(struct snapshot_id id, char name[SNAPSHOT_NAME_SIZE])
{
    snapshot_name(&id, "", name);
}

static void tear(const struct bench *bench, struct snapshot_id id)
{
    char name[SNAPSHOT_NAME_SIZE];
    struct stat stat_of;
    name_of(id, name);
    assert_int_equal(stat(place(bench, name), &stat_of), 0);
    assert_int_equal(truncate(place(bench, name), stat_of.st_size - 10), 0);
}

/* Segments that lie below `offset` go, as Kafka deletes them. */
static void cut_log(const struct bench *bench, int64_t offset)
{
    long long bases[256];
    uint32_t count = 0;
    DIR *directory = opendir(place(bench, ""));
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (text_ends(text_of(entry->d_name), TEXT(".log"))) bases[count++] = strtoll(entry->d_name, NULL, 10);
    }
    closedir(directory);
    for (uint32_t i = 0; i < count; i++) {
        long long next = INT64_MAX;
        for (uint32_t j = 0; j < count; j++) {
            if (bases[j] > bases[i] && bases[j] < next) next = bases[j];
        }
        if (next > offset) continue;
        static const char *const suffixes[] = { "log", "index", "timeindex", "snapshot" };
        for (uint32_t s = 0; s < array_count(suffixes); s++) {
            char name[64];
            (void)snprintf(name, sizeof(name), "%020lld.%s", bases[i], suffixes[s]);
            (void)unlink(place(bench, name));
        }
    }
}

static void starts_with_everything(struct bench *bench)
{
    bench_start(bench);
    struct image *image = &bench->node->shards[0]->replicas->image;
    assert_int_equal(image->topic_count, TOPICS);
    assert_int_equal(image->partition_count, 4 * TOPICS);
    all_shards_agree(bench);
    bench_stop(bench);
}

static void is_refused(struct bench *bench, const char *word)
{
    const char *why = NULL;
    enum status status = node_make(&bench->platform, &bench->settings, &bench->node, &why);
    assert_int_equal(status, STATUS_DAMAGED);
    if (!strstr(why, word)) fail_msg("%s", why);
}

static void snapshots_are_written_and_a_start_begins_with_the_newest(void **state)
{
    struct snapshot_id ids[64];
    struct bench bench;
    (void)state;
    begin(&bench);
    uint32_t count = list(&bench, ids);
    cut_log(&bench, ids[count - 1].end); /* nothing below it is read */
    starts_with_everything(&bench);
    bench_end(&bench);
}

static void what_a_crash_left_is_removed(void **state)
{
    struct bench bench;
    (void)state;
    begin(&bench);
    const char *names[] = { "00000000000000009999-0000000001.checkpoint.part",
                            "00000000000000000003-0000000001.checkpoint.deleted" };
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(place(&bench, names[i]), "w");
        assert_non_null(file);
        (void)fputs("half a snapsho", file);
        assert_int_equal(fclose(file), 0);
    }
    starts_with_everything(&bench);
    for (int i = 0; i < 2; i++) assert_int_not_equal(access(place(&bench, names[i]), F_OK), 0);
    bench_end(&bench);
}

static void a_torn_one_is_set_aside_when_an_older_one_will_do(void **state)
{
    char name[SNAPSHOT_NAME_SIZE], aside[SNAPSHOT_NAME_SIZE];
    struct snapshot_id ids[64];
    struct bench bench;
    (void)state;
    begin(&bench);
    uint32_t count = list(&bench, ids);
    tear(&bench, ids[count - 1]);
    cut_log(&bench, ids[count - 2].end);
    starts_with_everything(&bench);
    name_of(ids[count - 1], name);
    snapshot_name(&ids[count - 1], ".bad", aside);
    assert_int_not_equal(access(place(&bench, name), F_OK), 0);
    assert_int_equal(access(place(&bench, aside), F_OK), 0);
    bench_end(&bench);
}

static void torn_ones_do_no_harm_when_the_log_says_everything(void **state)
{
    struct snapshot_id ids[64];
    struct bench bench;
    (void)state;
    begin(&bench);
    uint32_t count = list(&bench, ids);
    for (uint32_t i = 0; i < count; i++) tear(&bench, ids[i]);
    starts_with_everything(&bench);
    bench_end(&bench);
}

static void a_log_that_begins_above_every_whole_snapshot_is_refused(void **state)
{
    char name[SNAPSHOT_NAME_SIZE];
    struct snapshot_id ids[64];
    struct bench bench;
    (void)state;
    begin(&bench);
    uint32_t count = list(&bench, ids);
    cut_log(&bench, ids[count - 1].end);
    tear(&bench, ids[count - 1]);
    is_refused(&bench, "no whole snapshot reaches up to there");
    for (uint32_t i = 0; i < count; i++) {
        name_of(ids[i], name);
        (void)unlink(place(&bench, name));
    }
    is_refused(&bench, "no snapshot reaches up to there");
    bench_end(&bench);
}

static void a_snapshot_above_the_logs_end_is_refused(void **state)
{
    char name[SNAPSHOT_NAME_SIZE], later[SNAPSHOT_NAME_SIZE];
    struct snapshot_id ids[64];
    struct bench bench;
    (void)state;
    begin(&bench);
    uint32_t count = list(&bench, ids);
    name_of(ids[count - 1], name);
    ids[count - 1].end = 99999;
    snapshot_name(&ids[count - 1], "", later);
    assert_int_equal(rename(place(&bench, name), place(&bench, later)), 0);
    is_refused(&bench, "below the end of its snapshot, 99999");
    assert_int_equal(rename(place(&bench, later), place(&bench, name)), 0);
    starts_with_everything(&bench); /* nothing was changed on the way */
    bench_end(&bench);
}

/* Older snapshots and the log below the oldest that stays go while the node runs. */
static void the_log_does_not_grow_for_ever(void **state)
{
    struct snapshot_id ids[64];
    struct bench bench;
    (void)state;
    bench_init(&bench);
    configure(&bench);
    bench.settings.values.metadata_retention_bytes = 1;
    bench_start(&bench);
    make_topics(&bench, 0, TOPICS);
    bench_stop(&bench);
    uint32_t count = 0;
    DIR *directory = opendir(place(&bench, ""));
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (snapshot_name_parse(text_of(entry->d_name), &ids[0]) && ids[0].end > 0) count++;
    }
    closedir(directory);
    assert_in_range(count, 1, 2);
    starts_with_everything(&bench);
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_are_written_and_a_start_begins_with_the_newest),
        cmocka_unit_test(what_a_crash_left_is_removed),
        cmocka_unit_test(a_torn_one_is_set_aside_when_an_older_one_will_do),
        cmocka_unit_test(torn_ones_do_no_harm_when_the_log_says_everything),
        cmocka_unit_test(a_log_that_begins_above_every_whole_snapshot_is_refused),
        cmocka_unit_test(a_snapshot_above_the_logs_end_is_refused),
        cmocka_unit_test(the_log_does_not_grow_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
