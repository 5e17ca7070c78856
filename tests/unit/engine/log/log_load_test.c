/* A whole log in memory before any shard runs: what its segments hold and what the WAL holds beyond, in one piece. */
#include "stopped.h"

/* Loads log "t" as a start does; the batches it gave, checked: up to which offset. -1: not loaded, *why says why. */
static int64_t loaded(struct node *node, enum status *status, char why[256])
{
    struct bytes batches;
    struct batch batch;
    const char *reason;
    int64_t next = -1;

    node_start(node);
    assert_int_equal(node->directory->found_count, 1);
    const struct log_found *found = &node->directory->found[0];
    *status = log_load(node->directory, found, &node->arena, &batches, &reason);
    snprintf(why, 256, "%s", reason);
    for (size_t at = 0; *status == STATUS_OK && at < batches.size; at += batch.size) {
        assert_int_equal(batch_read(batches.data + at, batches.size - at, &batch), STATUS_OK);
        assert_int_equal(batch_check_crc(&batch), STATUS_OK);
        assert_true(next < 0 || batch.base_offset == next);
        next = batch_limit(&batch);
    }
    node_end_shards(node);
    directory_abandon(node->directory);
    node_end_rest(node);
    return next;
}

static void segments_and_wal_come_as_one(void **state)
{
    (void)state;
    struct node node;
    enum status status;
    char why[256];

    stopped(&node);
    assert_int_equal(loaded(&node, &status, why), 350);
    struct log *log = files_start(&node);
    files_fill(&node, log, 20, 5, 2000);
    node_crash(&node); /* 350 in segments, 100 in the WAL. */
    assert_int_equal(loaded(&node, &status, why), 450);
    assert_int_equal(loaded(&node, &status, why), 450); /* It changes nothing. */
    log = files_start(&node);
    assert_int_equal(log->end, 450);
    node_crash(&node);
    node_remove(&node);
}

static void damage_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        uint64_t position;
        const char *words;
    } rows[] = {
        { 700, "the checksum does not match" },
        { 16, "not a record batch" },
        { 0, "the batch stands under a wrong offset" },
    };
    struct node node;
    enum status status;
    char why[256];

    stopped(&node);
    struct log *log = files_start(&node);
    int64_t batch = (int64_t)log->segments->items[0].size / (log->segments->items[0].limit / 5);
    node_crash(&node);
    for (size_t i = 0; i < array_count(rows); i++) {
        uint64_t at = (uint64_t)batch * 3 + rows[i].position;
        char path[256];
        uint8_t kept;
        size_t done;
        int file;
        files_path(&node, path, first_log);
        assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &file), STATUS_OK);
        assert_int_equal(files_read(files_kernel(), file, &kept, 1, at, &done), STATUS_OK);
        files_close(files_kernel(), file);
        files_damage(&node, first_log, at, "\x81", 1);
        assert_int_equal(loaded(&node, &status, why), -1);
        assert_int_equal(status, STATUS_DAMAGED);
        assert_non_null(strstr(why, "t-0 is damaged at offset 15"));
        assert_non_null(strstr(why, rows[i].words));
        files_damage(&node, first_log, at, &kept, 1);
    }
    assert_int_equal(loaded(&node, &status, why), 350);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_and_wal_come_as_one),
        cmocka_unit_test(damage_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
