/* The files of the WAL: written round and round, each only when nothing in it is needed, each named before it
 * counts. */
#include "node_end.h"
#include "node_records.h"

#include "log/flush.h"
#include "log/upkeep.h"
#include "log/wal.h"

#define MIB (UINT64_C(1) << 20)
enum { BATCH_SIZE = 100000 };

static struct log *started(struct node *node, uint64_t size, uint64_t file_size)
{
    node_init(node, 1);
    node->plan.wal_size = size;
    node->plan.wal_file_size = file_size;
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    return log;
}

/* One append, durable. */
static void append_one(struct node *node, struct log *log)
{
    assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)log->end), STATUS_OK);
    for (int turns = 0; log->durable.at < log->end; turns++) {
        assert_true(turns < 20000);
        node_turn(node);
    }
}

static void stopped_and_read(struct node *node, int64_t end)
{
    node_crash(node);
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    assert_int_equal(log->end, end);
    assert_int_equal(node_read_all(node, log, log->start), end);
    node_stop(node);
    node_remove(node);
}

/* Whatever the two sizes are: another file can always be had, if need be by a checkpoint. */
static void appends_go_on_whatever_the_sizes(void **state)
{
    (void)state;
    static const struct {
        uint64_t size, file_size;
    } plans[] = { { 4 * MIB, 4 * MIB },  { 1 * MIB, 4 * MIB }, { 6 * MIB, 4 * MIB },
                  { 10 * MIB, 4 * MIB }, { 5 * MIB, 2 * MIB }, { 3 * MIB, 1 * MIB } };
    struct node node;

    for (size_t i = 0; i < array_count(plans); i++) {
        struct log *log = started(&node, plans[i].size, plans[i].file_size);
        struct wal *wal = node.stores[0]->wal;
        while (wal->bytes_written < 4 * (plans[i].size + plans[i].file_size)) append_one(&node, log);
        assert_true(node.stores[0]->checkpoint->count > 1);
        stopped_and_read(&node, log->end);
    }
}

/* A device that has room for everything but another file of the WAL. */
struct narrow_files {
    struct files files;
    struct files_table table;
    uint32_t left; /* WAL files */
};

static enum status narrow_allocate(struct files *files, int file, uint64_t position, uint64_t size)
{
    struct narrow_files *narrow = container_of(files, struct narrow_files, files);

    if (size == 4 * MIB && narrow->left == 0) return STATUS_NO_SPACE;
    if (size == 4 * MIB) narrow->left--;
    return files_allocate(files_kernel(), file, position, size);
}

static void the_files_that_are_there_must_do(void **state)
{
    (void)state;
    struct narrow_files narrow = { .table = *files_kernel()->table, .left = 2 };
    struct node node;

    narrow.table.allocate = narrow_allocate;
    narrow.files.table = &narrow.table;
    node_init(&node, 1);
    node.files = &narrow.files;
    node.plan.wal_size = 32 * MIB;
    node.plan.wal_file_size = 4 * MIB;
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    struct wal *wal = node.stores[0]->wal;
    while (wal->bytes_written < 32 * MIB) {
        node.stores[0]->full = false;
        assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)log->end), STATUS_OK);
        for (int turns = 0; log->durable.at < log->end; turns++) {
            assert_true(turns < 20000);
            if (turns % 100 == 99) upkeep_grew(node.stores[0]->upkeep, UPKEEP_GROWN); /* A look, before its time. */
            node_turn(&node);
        }
    }
    assert_true(wal->file_count <= 3);
    narrow.left = UINT32_MAX;
    stopped_and_read(&node, log->end);
}

/* The last block of a file that was left names the next one, and the chunk that stands first in it. */
static void a_file_that_is_left_names_the_next(void **state)
{
    (void)state;
    _Alignas(CHUNK_BLOCK) uint8_t block[CHUNK_BLOCK];
    struct node node;
    struct chunk_header header;
    struct chunk_link link;
    size_t done;

    struct log *log = started(&node, 12 * MIB, 2 * MIB);
    struct wal *wal = node.stores[0]->wal;
    uint32_t first = 0, second = 1;
    while (wal_full_count(wal) < 2) append_one(&node, log);
    for (uint32_t i = 0; i < wal->file_count; i++) {
        if (wal->files[i].state == WAL_FULL && wal->files[i].last < wal->files[first].last) first = i;
    }
    struct wal_file *left = &wal->files[first];
    assert_int_equal(files_read(files_kernel(), left->file, block, CHUNK_BLOCK, left->size - CHUNK_BLOCK, &done),
                     STATUS_OK);
    assert_int_equal(chunk_link_read(block, &link), STATUS_OK);
    assert_int_equal(link.sequence, left->last + 1);
    assert_int_equal(link.completed, left->last + 1);
    while (second < wal->file_count && wal->files[second].number != link.number) second++;
    if (second == wal->file_count) second = 0;
    assert_int_equal(wal->files[second].number, link.number);
    assert_int_equal(files_read(files_kernel(), wal->files[second].file, block, CHUNK_BLOCK, 0, &done), STATUS_OK);
    assert_int_equal(chunk_read_header(block, &header), STATUS_OK);
    assert_int_equal(header.sequence, link.sequence);
    assert_int_equal(header.previous_crc, link.previous_crc);
    stopped_and_read(&node, log->end);
}

/* Not one chunk too early, and never the file that recovery begins in. */
static void a_file_is_free_when_nothing_in_it_is_needed(void **state)
{
    (void)state;
    struct node node;
    struct log *log = started(&node, 64 * MIB, 2 * MIB);
    struct store *store = node.stores[0];
    struct wal *wal = store->wal;

    while (wal_full_count(wal) < 3) append_one(&node, log);
    assert_int_equal(store->checkpoint->count, 1); /* Far from half full: nobody has asked for room. */
    struct wal_file *oldest = &wal->files[0];
    for (uint32_t i = 0; i < wal->file_count; i++) {
        if (wal->files[i].state == WAL_FULL && wal->files[i].last < oldest->last) oldest = &wal->files[i];
    }
    struct checkpoint_resume far = { .sequence = UINT64_MAX, .number = WAL_NUMBER_NONE };
    struct checkpoint_resume there = { .sequence = UINT64_MAX, .number = oldest->number };
    struct checkpoint_resume behind = { .sequence = oldest->last, .number = WAL_NUMBER_NONE };

    wal_release(wal, oldest->last, &far); /* Its last chunk is not covered; */
    assert_int_equal(oldest->state, WAL_FULL);
    wal_release(wal, oldest->last + 1, &behind); /* recovery follows the chain through it; */
    assert_int_equal(oldest->state, WAL_FULL);
    wal_release(wal, oldest->last + 1, &there); /* or begins in it. */
    assert_int_equal(oldest->state, WAL_FULL);
    assert_int_equal(wal_full_count(wal), 3);
    stopped_and_read(&node, log->end);
}

static uint64_t files_total(const struct wal *wal)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < wal->file_count; i++) total += wal->files[i].size;
    return total;
}

/* A start writes what it found once more, into as many files as it takes; later they go, down to the plan. */
static void files_beyond_the_plan_go_again(void **state)
{
    (void)state;
    struct node node;
    struct log *log = started(&node, 32 * MIB, 4 * MIB);
    struct wal *wal = node.stores[0]->wal;

    while (wal_used(wal) < 14 * MIB) append_one(&node, log);
    int64_t end = log->end;
    node_crash(&node);
    node.plan.wal_size = 8 * MIB;
    node_start(&node);
    log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    wal = node.stores[0]->wal;
    assert_int_equal(log->end, end);
    assert_true(wal_used(wal) > 8 * MIB);
    for (int i = 0; i < 200; i++) append_one(&node, log);
    node_settle(&node);
    assert_in_range(files_total(wal), 8 * MIB, 10 * MIB);
    stopped_and_read(&node, end + 200);
}

/* The more logs there are, the more it may hold, from the plan's size to its largest; and back. */
static void it_grows_with_its_logs(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 8, 8, 8, 8, 8, 12, 12, 16, 16, 16 }; /* MiB, with one log, two ... */
    enum { LOGS = array_count(sizes) };
    struct node node;
    struct log *logs[LOGS];

    node_init(&node, 1);
    node.plan.wal_size = 8 * MIB;
    node.plan.wal_size_max = 17 * MIB;
    node.plan.wal_each = 2 * MIB;
    node.plan.wal_file_size = 4 * MIB;
    node_start(&node);
    struct wal *wal = node.stores[0]->wal;
    for (int i = 0; i < LOGS; i++) {
        logs[i] = node_log(&node, 0, "t", i);
        assert_int_equal(wal->size, sizes[i] * MIB);
    }
    node_begin(&node);
    while (files_total(wal) < 16 * MIB) append_one(&node, logs[0]);
    for (int i = LOGS - 1; i > 0; i--) {
        node_delete(&node, logs[i]);
        assert_int_equal(wal->size, sizes[i - 1] * MIB);
    }
    for (int i = 0; i < 200; i++) append_one(&node, logs[0]);
    node_settle(&node);
    assert_in_range(files_total(wal), 8 * MIB, 10 * MIB);
    stopped_and_read(&node, logs[0]->end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_go_on_whatever_the_sizes),
        cmocka_unit_test(the_files_that_are_there_must_do),
        cmocka_unit_test(a_file_that_is_left_names_the_next),
        cmocka_unit_test(a_file_is_free_when_nothing_in_it_is_needed),
        cmocka_unit_test(files_beyond_the_plan_go_again),
        cmocka_unit_test(it_grows_with_its_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
