/* The checkpoint: two slots in turn, so that one is whole whatever happens to the other; a slot that is not whole is
 * not believed. */
#include "node_end.h"
#include "node_records.h"

#include "base/crc32c.h"
#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/segment.h"
#include "log/tail.h"
#include "log/wal.h"

#define MIB (UINT64_C(1) << 20)
enum { BATCH_SIZE = 100000, HEADER_SIZE = 4096, HEADER_USED = 100 };
enum { BODY_SUM_AT = 68, HEADER_SUM_AT = 96, START_AT = 32, COMMITTED_AT = 40 }; /* checkpoint_image.c */

/* A log whose small WAL was gone through several times, killed. Returns its end. */
static int64_t gone_round(struct node *node)
{
    node_init(node, 1);
    node->plan.wal_size = 3 * MIB;
    node->plan.wal_file_size = MIB;
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    while (node->stores[0]->checkpoint->count < 4) {
        assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)log->end), STATUS_OK);
        while (log->durable.at < log->end) node_turn(node);
    }
    int64_t end = log->end;
    node_crash(node);
    return end;
}

static struct bytes slot_load(struct node *node, uint32_t slot, struct arena *arena)
{
    char name[64], path[160];
    struct bytes file;

    checkpoint_file_name(0, slot, name);
    snprintf(path, sizeof path, "%s/%s", node->path, name);
    assert_int_equal(files_load(files_kernel(), FILES_HERE, path, MIB, arena, &file.data, &file.size), STATUS_OK);
    return file;
}

static void slot_write(struct node *node, uint32_t slot, uint64_t position, const void *bytes, size_t size)
{
    char name[64], path[160];
    int file;

    checkpoint_file_name(0, slot, name);
    snprintf(path, sizeof path, "%s/%s", node->path, name);
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_WRITE, &file), STATUS_OK);
    assert_int_equal(files_write(files_kernel(), file, bytes, size, position, 0), STATUS_OK);
    files_close(files_kernel(), file);
}

static void slot_damage(struct node *node, uint32_t slot, uint64_t position, uint8_t byte)
{
    slot_write(node, slot, position, &byte, 1);
}

static void the_slots_take_turns(void **state)
{
    (void)state;
    struct node node;
    struct heap heap;
    struct arena arena;
    struct checkpoint_header headers[CHECKPOINT_SLOTS];

    int64_t end = gone_round(&node);
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 4 * MIB);
    for (uint32_t slot = 0; slot < CHECKPOINT_SLOTS; slot++) {
        struct checkpoint_record record;
        struct bytes file = slot_load(&node, slot, &arena);
        size_t at = 0;
        assert_int_equal(checkpoint_read(file, &headers[slot]), STATUS_OK);
        assert_int_equal(headers[slot].log_count, 1);
        assert_true(checkpoint_next(file, &headers[slot], &at, &record));
        assert_true(text_equal(record.topic, TEXT("t")));
        assert_in_range(record.end, 1, end);
        assert_false(checkpoint_next(file, &headers[slot], &at, &record));
    }
    assert_int_equal(headers[0].incarnation, headers[1].incarnation);
    uint32_t newer = headers[1].sequence > headers[0].sequence;
    assert_int_equal(headers[newer].sequence, headers[!newer].sequence + 1);
    assert_true(headers[newer].cut > headers[!newer].cut);
    arena_reset(&arena);
    heap_end(&heap);
    node_remove(&node);
}

/* A crash while the older slot is written over leaves it torn; the newer one says where everything is. And when that
 * one is damaged at rest, what the WAL no longer has is missed, not forgotten. */
static void a_torn_slot_is_passed_over(void **state)
{
    (void)state;

    for (int older = 0; older < 2; older++) {
        struct checkpoint_header headers[CHECKPOINT_SLOTS];
        struct node node;
        struct heap heap;
        struct arena arena;
        enum status status;

        int64_t end = gone_round(&node);
        heap_init(&heap);
        arena_init(&arena, &heap, NULL, 0, 4 * MIB);
        for (uint32_t slot = 0; slot < CHECKPOINT_SLOTS; slot++)
            assert_int_equal(checkpoint_read(slot_load(&node, slot, &arena), &headers[slot]), STATUS_OK);
        uint32_t newer = headers[1].sequence > headers[0].sequence;
        slot_damage(&node, older ? !newer : newer, HEADER_SIZE + 5, 0xa5);
        int64_t found = node_restart_end(&node, &status);
        if (older) assert_int_equal(status, STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(found, end);
        } else {
            assert_int_equal(status, STATUS_DAMAGED);
        }
        slot_damage(&node, older ? newer : !newer, HEADER_SIZE + 5, 0xa5); /* Neither is whole. */
        (void)node_restart_end(&node, &status);
        assert_int_equal(status, STATUS_DAMAGED);
        arena_reset(&arena);
        heap_end(&heap);
        node_remove(&node);
    }
}

static void slots_lengthen(const struct node *node, uint64_t size)
{
    for (uint32_t slot = 0; slot < CHECKPOINT_SLOTS; slot++) {
        char name[64], path[160];
        int file;

        checkpoint_file_name(0, slot, name);
        snprintf(path, sizeof path, "%s/%s", node->path, name);
        assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_WRITE, &file), STATUS_OK);
        assert_int_equal(files_truncate(files_kernel(), file, size), STATUS_OK);
        files_close(files_kernel(), file);
    }
}

/* Of a slot's file only the picture is read: a much larger one may have stood there. */
static void what_stands_behind_a_picture_costs_nothing(void **state)
{
    (void)state;
    struct node node;
    enum status status;

    int64_t end = gone_round(&node);
    slots_lengthen(&node, (UINT64_C(1) << 40) + 1);
    assert_int_equal(node_restart_end(&node, &status), end);
    assert_int_equal(status, STATUS_OK);
    node_remove(&node);
}

/* What checkpoints and WAL hold is what a start can keep in mind: only its words are bounded. */
static void whatever_was_written_is_read_again(void **state)
{
    (void)state;
    enum { LOGS = 300, APPENDS = 10 };
    struct node node;

    node_init(&node, 1);
    node.arena_size = 4096;
    for (int round = 0; round < 3; round++) {
        node_start(&node);
        struct log *logs[LOGS];
        for (int i = 0; i < LOGS; i++) logs[i] = node_log(&node, 0, "t", i);
        node_begin(&node);
        for (int n = 0; n < LOGS * APPENDS; n++) {
            struct log *log = logs[n % LOGS];
            assert_int_equal(log->end, round * APPENDS + n / LOGS);
            assert_int_equal(node_append(log, 1, 10, (uint64_t)log->end), STATUS_OK);
        }
        node_settle(&node);
        if (round < 2) node_crash(&node);
    }
    node_stop(&node);
    node_start(&node); /* By Kafka's rules. */
    assert_int_equal(node_log(&node, 0, "t", LOGS - 1)->end, 3 * APPENDS);
    node_begin(&node);
    node_stop(&node);
    node_remove(&node);
}

/* Another number in the one record of every slot, and the sums put right. */
static void slots_say(struct node *node, size_t at, int64_t number)
{
    struct checkpoint_header header;
    struct heap heap;
    struct arena arena;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 4 * MIB);
    for (uint32_t slot = 0; slot < CHECKPOINT_SLOTS; slot++) {
        struct bytes file = slot_load(node, slot, &arena);
        uint8_t *copy = arena_copy(&arena, file.data, file.size);
        assert_non_null(copy);
        assert_int_equal(checkpoint_read(file, &header), STATUS_OK);
        store_i64(copy + HEADER_SIZE + at, number);
        store_u32(copy + BODY_SUM_AT, crc32c(0, copy + HEADER_SIZE, header.body_size));
        store_u32(copy + HEADER_SUM_AT, crc32c(0, copy, HEADER_SUM_AT));
        assert_int_equal(checkpoint_read((struct bytes){ copy, file.size }, &header), STATUS_OK);
        slot_write(node, slot, 0, copy, file.size);
    }
    arena_reset(&arena);
    heap_end(&heap);
}

/* Whole by its sums, and yet not true. Found by the fuzzer of recovery. */
static void more_committed_than_there_is_is_damage(void **state)
{
    (void)state;
    struct node node;
    enum status status;

    int64_t end = gone_round(&node);
    slots_say(&node, COMMITTED_AT, end + 1);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    node_remove(&node);
}

/* With relaxed durability a slot can be on the device and what the WAL got before it not. */
static void a_start_beyond_all_that_is_left_is_an_empty_log(void **state)
{
    (void)state;
    struct node node;

    int64_t end = gone_round(&node);
    slots_say(&node, START_AT, end + 5);
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    assert_int_equal(log->start, end);
    assert_int_equal(log->end, end);
    assert_int_equal(node_append(log, 1, 100, (uint64_t)end), STATUS_OK);
    node_settle(&node);
    node_stop(&node);
    node_remove(&node);
}

static void every_bit_of_a_slot_counts(void **state)
{
    (void)state;
    static uint8_t copy[MIB];
    struct node node;
    struct heap heap;
    struct arena arena;
    struct checkpoint_header header;

    (void)gone_round(&node);
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 4 * MIB);
    struct bytes file = slot_load(&node, 0, &arena);
    assert_int_equal(checkpoint_read(file, &header), STATUS_OK);
    memcpy(copy, file.data, file.size);
    for (size_t bit = 0; bit < 8 * (HEADER_SIZE + header.body_size); bit++) {
        if (bit == (size_t)8 * HEADER_USED) bit = (size_t)8 * HEADER_SIZE; /* Between them are zeros. */
        struct checkpoint_header other;
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(checkpoint_read((struct bytes){ copy, file.size }, &other), STATUS_OK);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < HEADER_SIZE + header.body_size; size += 7)
        assert_int_not_equal(checkpoint_read((struct bytes){ copy, size }, &header), STATUS_OK);
    arena_reset(&arena);
    heap_end(&heap);
    node_remove(&node);
}

/* Appends go on while one is taken; a log that is deleted meanwhile is in no one's way. */
static void a_cut_waits_for_no_deleted_log(void **state)
{
    (void)state;
    struct node node;
    struct node_closing removal = { .done = false };

    node_init(&node, 1);
    node.plan.wal_size = 3 * MIB;
    node.plan.wal_file_size = MIB;
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0), *other = node_log(&node, 0, "u", 0);
    node_begin(&node);
    struct checkpoint *checkpoint = node.stores[0]->checkpoint;
    assert_int_equal(node_append(other, 1, BATCH_SIZE, 0), STATUS_OK);
    while (checkpoint->stage == CHECKPOINT_IDLE) {
        assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)log->end), STATUS_OK);
        node_turn(&node);
    }
    uint64_t count = checkpoint->count;
    ready_init(&removal.ready, node_closed);
    log_delete(other, &removal.ready);
    while (!removal.done || checkpoint->count == count) {
        if (log->durable.at == log->end)
            assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)log->end), STATUS_OK);
        node_turn(&node);
    }
    node_settle(&node);
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    node_stop(&node);
    node_remove(&node);
}

/* The picture names bytes of "t" that wait to be written out; then they are cut off, and no flush gets through before
 * the slot is written, as when the WAL is full. Returns how far the log can be read after a crash. */
static int64_t cut_off_while_waiting(struct node *node, int64_t end)
{
    int64_t sequence;

    node_init(node, 1);
    node->plan.wal_size = 3 * MIB;
    node->plan.wal_file_size = MIB;
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    struct store *store = node->stores[0];
    for (int i = 0; i < 5; i++) {
        assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)log->end), STATUS_OK);
        node_settle(node);
    }
    store->stream_size = store->wal->size; /* Reason enough. */
    checkpoint_go(store->checkpoint);
    assert_int_equal(store->checkpoint->stage, CHECKPOINT_SPILLING);
    assert_true(log->tail->cut && !log->tail->spilling && log->tail->written == 0);
    assert_int_equal(log_truncate(log, end, &sequence), STATUS_OK);
    store->flush->stage = FLUSH_WRITING; /* As a device would have it that never answers. */
    for (uint64_t count = store->checkpoint->count; store->checkpoint->count == count;) {
        store_settle(store);
        node_turn(node);
    }
    node_crash(node);

    node_start(node);
    log = node_log(node, 0, "t", 0);
    node_begin(node);
    int64_t found = node_read_all(node, log, 0);
    assert_int_equal(found, log->end);
    node_stop(node);
    node_remove(node);
    return found;
}

static void a_slot_names_no_bytes_that_were_cut_off(void **state)
{
    (void)state;
    struct node node;

    assert_int_equal(cut_off_while_waiting(&node, 2), 2);
    assert_int_equal(cut_off_while_waiting(&node, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_slots_take_turns),
        cmocka_unit_test(a_torn_slot_is_passed_over),
        cmocka_unit_test(what_stands_behind_a_picture_costs_nothing),
        cmocka_unit_test(whatever_was_written_is_read_again),
        cmocka_unit_test(more_committed_than_there_is_is_damage),
        cmocka_unit_test(a_start_beyond_all_that_is_left_is_an_empty_log),
        cmocka_unit_test(every_bit_of_a_slot_counts),
        cmocka_unit_test(a_cut_waits_for_no_deleted_log),
        cmocka_unit_test(a_slot_names_no_bytes_that_were_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
