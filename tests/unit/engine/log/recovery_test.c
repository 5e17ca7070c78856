/* The truth table of recovery.c, a test per row; and damage to a real directory, which must be refused with a word, or
 * be none. */
#include "node_end.h"
#include "node_records.h"

#include <fcntl.h>

#include "log/chunk.h"
#include "log/recovery.h"

/* ---- entries ---- */

struct table {
    struct heap heap;
    struct arena arena;
    struct recovery recovery;
    struct old_wal wal;
    const char *why;
};

static bool key_equal(const void *value, const void *key)
{
    const struct log_found *found = value;
    const struct log_key *wanted = key;
    return uuid_equal(found->key.topic, wanted->topic) && found->key.partition == wanted->partition;
}

static void table_init(struct table *table)
{
    memset(table, 0, sizeof *table);
    heap_init(&table->heap);
    arena_init(&table->arena, &table->heap, NULL, 0, 1 << 20);
    table->recovery.arena = &table->arena;
    table->recovery.heap = &table->heap;
    map_init(&table->recovery.by_key, &table->heap, key_equal);
}

static void table_end(struct table *table)
{
    map_end(&table->recovery.by_key);
    arena_reset(&table->arena);
    heap_end(&table->heap);
}

static const struct log_key key = { .topic = { { 7 } }, .partition = 3 };

static enum status enter(struct table *table, enum chunk_kind kind, uint64_t incarnation, int64_t first, int64_t limit,
                         int32_t epoch)
{
    static const uint8_t name[] = "name";
    struct chunk_entry entry = { .kind = kind,
                                 .key = key,
                                 .incarnation = incarnation,
                                 .first = first,
                                 .limit = limit,
                                 .leader_epoch = epoch,
                                 .size = kind == CHUNK_OPEN ? 4 : 100 };
    return recovery_entry(&table->recovery, &entry, name, &table->wal, 0, &table->why);
}

static struct log_found *found_of(struct table *table)
{
    return recovery_find(&table->recovery, key);
}

static unsigned range_count(struct table *table)
{
    unsigned count = 0;
    const struct recovered *recovered = found_of(table)->open;
    for (const struct recovered_range *range = recovered->first; range; range = range->next) count++;
    return count;
}

/* A log of incarnation 5 with offsets 0 to 30 in two ranges. */
static void table_fill(struct table *table)
{
    table_init(table);
    assert_int_equal(enter(table, CHUNK_OPEN, 5, 0, 0, -1), STATUS_OK);
    assert_int_equal(enter(table, CHUNK_APPEND, 5, 0, 10, 1), STATUS_OK);
    assert_int_equal(enter(table, CHUNK_APPEND, 5, 10, 30, 2), STATUS_OK);
}

static void open_makes_a_log(void **state)
{
    (void)state;
    struct table table;
    table_init(&table);
    assert_int_equal(enter(&table, CHUNK_OPEN, 5, 40, 40, 2), STATUS_OK);
    assert_int_equal(found_of(&table)->start, 40);
    assert_int_equal(found_of(&table)->end, 40);
    assert_int_equal(found_of(&table)->incarnation, 5);
    assert_true(text_equal(found_of(&table)->topic, TEXT("name")));
    table_end(&table);
}

static void open_of_the_same_life_is_nothing(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_OPEN, 5, 0, 0, -1), STATUS_OK);
    assert_int_equal(found_of(&table)->end, 30);
    table_end(&table);
}

static void open_of_another_life_voids_the_one_before(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_OPEN, 6, 0, 0, -1), STATUS_OK);
    assert_int_equal(found_of(&table)->end, 0);
    assert_int_equal(range_count(&table), 0);
    assert_int_equal(enter(&table, CHUNK_APPEND, 5, 30, 40, 2), STATUS_OK);
    assert_int_equal(found_of(&table)->end, 0);
    table_end(&table);
}

static void append_to_an_unknown_log_is_damage(void **state)
{
    (void)state;
    struct table table;
    table_init(&table);
    assert_int_equal(enter(&table, CHUNK_APPEND, 5, 0, 10, 1), STATUS_DAMAGED);
    assert_non_null(table.why);
    assert_int_equal(enter(&table, CHUNK_EXTENT, 5, 0, 10, 1), STATUS_DAMAGED);
    table_end(&table);
}

static void append_goes_on_at_the_end_or_above(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(range_count(&table), 2);
    assert_int_equal(found_of(&table)->end, 30);
    assert_int_equal(found_of(&table)->leader_epoch, 2);
    assert_int_equal(enter(&table, CHUNK_APPEND, 5, 35, 40, 2), STATUS_OK); /* a replica: the leader compacted */
    assert_int_equal(found_of(&table)->end, 40);
    table_end(&table);
}

static void append_below_the_end_is_known_or_damage(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_APPEND, 5, 10, 30, 2), STATUS_OK);
    assert_int_equal(range_count(&table), 2);
    assert_int_equal(enter(&table, CHUNK_APPEND, 5, 20, 40, 2), STATUS_DAMAGED);
    assert_int_equal(enter(&table, CHUNK_EXTENT, 5, 20, 40, 2), STATUS_OK); /* written across the cut */
    assert_int_equal(found_of(&table)->end, 40);
    table_end(&table);
}

static void truncate_cuts_ranges_and_begins_a_new_life(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_TRUNCATE, 5, 20, 9, 2), STATUS_OK);
    assert_int_equal(found_of(&table)->end, 20);
    assert_int_equal(found_of(&table)->incarnation, 9);
    const struct recovered *recovered = found_of(&table)->open;
    assert_int_equal(recovered->last->entry.limit, 20);
    assert_int_equal(recovered->last->limit, 30);
    assert_int_equal(recovered->cut, INT64_MAX);
    assert_int_equal(enter(&table, CHUNK_APPEND, 5, 20, 25, 2), STATUS_OK); /* of the old life */
    assert_int_equal(found_of(&table)->end, 20);
    assert_int_equal(enter(&table, CHUNK_APPEND, 9, 20, 26, 2), STATUS_OK);
    assert_int_equal(found_of(&table)->end, 26);
    table_end(&table);
}

static void truncate_below_the_state_cuts_the_state(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    struct recovered *recovered = found_of(&table)->open;
    recovered->first = recovered->last = NULL;
    recovered->end = 30;
    assert_int_equal(enter(&table, CHUNK_TRUNCATE, 5, 12, 9, 2), STATUS_OK);
    assert_int_equal(recovered->cut, 12);
    assert_int_equal(found_of(&table)->end, 12);
    assert_int_equal(enter(&table, CHUNK_APPEND, 9, 12, 50, 2), STATUS_OK);
    assert_int_equal(enter(&table, CHUNK_TRUNCATE, 9, 20, 11, 2), STATUS_OK);
    assert_int_equal(recovered->cut, 12);
    assert_int_equal(found_of(&table)->end, 20);
    table_end(&table);
}

static void start_only_rises(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_START, 5, 12, 30, 2), STATUS_OK);
    assert_int_equal(enter(&table, CHUNK_START, 5, 8, 30, 2), STATUS_OK);
    assert_int_equal(enter(&table, CHUNK_START, 4, 25, 30, 2), STATUS_OK); /* of another life */
    assert_int_equal(found_of(&table)->start, 12);
    table_end(&table);
}

static void epoch_is_a_range_without_bytes(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_EPOCH, 5, 30, 30, 8), STATUS_OK);
    assert_int_equal(found_of(&table)->leader_epoch, 8);
    assert_int_equal(found_of(&table)->end, 30);
    assert_int_equal(range_count(&table), 3);
    table_end(&table);
}

static void drop_ends_the_log_of_its_life_only(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_DROP, 4, 30, 30, 2), STATUS_OK);
    assert_non_null(found_of(&table));
    assert_int_equal(enter(&table, CHUNK_DROP, 5, 30, 30, 2), STATUS_OK);
    assert_null(found_of(&table));
    assert_non_null(table.recovery.dropped);
    assert_int_equal(enter(&table, CHUNK_START, 5, 3, 3, 2), STATUS_OK); /* of what is gone: void */
    table_end(&table);
}

static void a_log_set_aside_keeps_its_files(void **state)
{
    (void)state;
    struct table table;
    table_fill(&table);
    assert_int_equal(enter(&table, CHUNK_DROP, 5, 30, -1, 2), STATUS_OK);
    assert_null(found_of(&table));
    assert_null(table.recovery.dropped);
    table_end(&table);
}

/* ---- a whole directory ---- */

enum { FLUSHES = 20 };

/* A directory whose WAL holds FLUSHES chunks of one log, killed. */
static void crashed_make(struct node *node)
{
    node_init(node, 1);
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    for (uint32_t i = 0; i < FLUSHES; i++) {
        assert_int_equal(node_append(log, 1, 200, i), STATUS_OK);
        node_settle(node);
    }
    node_crash(node);
}

static int wal_open(const struct node *node)
{
    char path[128];
    snprintf(path, sizeof path, "%s/sluice-wal-0-0", node->path);
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    return file;
}

static void flip(const struct node *node, off_t position)
{
    uint8_t byte;
    int file = wal_open(node);
    assert_int_equal(pread(file, &byte, 1, position), 1);
    byte ^= 4;
    assert_int_equal(pwrite(file, &byte, 1, position), 1);
    assert_int_equal(fsync(file), 0);
    close(file);
}

static void the_last_chunk_may_be_torn(void **state)
{
    (void)state;
    struct node node;
    enum status status;
    crashed_make(&node);
    flip(&node, (FLUSHES - 1) * 4096 + 300);
    assert_int_equal(node_restart_end(&node, &status), FLUSHES - 1);
    assert_int_equal(status, STATUS_OK);
    node_remove(&node);
}

static void a_broken_chunk_that_was_durable_is_refused(void **state)
{
    (void)state;
    static const off_t places[] = { 3, 200, 250, 4096 * 7 + 40, 4096 * 18 + 300 };
    for (size_t i = 0; i < array_count(places); i++) {
        struct node node;
        enum status status;
        crashed_make(&node);
        flip(&node, places[i]);
        (void)node_restart_end(&node, &status);
        assert_int_equal(status, STATUS_DAMAGED);
        assert_non_null(strstr(node.told, "write-ahead log"));
        node_remove(&node);
    }
}

static void a_start_that_did_not_end_changes_nothing(void **state)
{
    (void)state;
    struct node node;
    enum status status;
    crashed_make(&node);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(node_restart_end(&node, &status), FLUSHES);
        assert_int_equal(status, STATUS_OK);
    }
    node_remove(&node);
}

static void a_guard_without_our_files_is_damage(void **state)
{
    (void)state;
    struct node node;
    enum status status;
    char path[128];
    crashed_make(&node);
    snprintf(path, sizeof path, "%s/sluice-root", node.path);
    assert_int_equal(unlink(path), 0);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    node_remove(&node);

    crashed_make(&node);
    snprintf(path, sizeof path, "rm %s/sluice-checkpoint-*", node.path);
    assert_int_equal(system(path), 0);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    node_remove(&node);
}

/* What a crash leaves is read by who wrote it, or by nobody: its chunks may mean something else. */
static void what_another_release_left_is_refused(void **state)
{
    (void)state;
    struct node node;
    enum status status;
    char path[128];
    uint8_t slot[4096];
    crashed_make(&node);
    snprintf(path, sizeof path, "%s/sluice-root", node.path);
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    for (off_t at = 0; pread(file, slot, sizeof slot, at) == (ssize_t)sizeof slot; at += (off_t)sizeof slot) {
        if (memcmp(slot, "SLUICERT", 8) != 0) continue;
        store_u32(slot + 8, load_u32(slot + 8) - 1);
        store_u32(slot + 48, crc32c(0, slot, 48));
        assert_int_equal(pwrite(file, slot, sizeof slot, at), (ssize_t)sizeof slot);
    }
    close(file);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    assert_non_null(strstr(node.told, "of another release"));
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_makes_a_log),
        cmocka_unit_test(open_of_the_same_life_is_nothing),
        cmocka_unit_test(open_of_another_life_voids_the_one_before),
        cmocka_unit_test(append_to_an_unknown_log_is_damage),
        cmocka_unit_test(append_goes_on_at_the_end_or_above),
        cmocka_unit_test(append_below_the_end_is_known_or_damage),
        cmocka_unit_test(truncate_cuts_ranges_and_begins_a_new_life),
        cmocka_unit_test(truncate_below_the_state_cuts_the_state),
        cmocka_unit_test(start_only_rises),
        cmocka_unit_test(epoch_is_a_range_without_bytes),
        cmocka_unit_test(drop_ends_the_log_of_its_life_only),
        cmocka_unit_test(a_log_set_aside_keeps_its_files),
        cmocka_unit_test(the_last_chunk_may_be_torn),
        cmocka_unit_test(a_broken_chunk_that_was_durable_is_refused),
        cmocka_unit_test(a_start_that_did_not_end_changes_nothing),
        cmocka_unit_test(a_guard_without_our_files_is_damage),
        cmocka_unit_test(what_another_release_left_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
