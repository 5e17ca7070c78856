/* A device without space: what was taken goes on when there is room, nobody waits for that, and neither does a stop. */
#include "files.h"

#include <stdatomic.h>

#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/spill.h"
#include "log/tail.h"
#include "log/upkeep.h"
#include "log/wal.h"

/* The kernel's files, but for space: none while `full`, else as much as is said, if it is; none for an index while
 * `nameless`, for a checkpoint or a name -delete while `slotless`. */
struct tight_files {
    struct files files;
    struct files_table table;
    bool full;
    uint64_t available; /* 0: what there is */
    _Atomic bool nameless, slotless;
};

static enum status tight_open(struct files *files, int directory, const char *path, int flags, int *file)
{
    const struct tight_files *tight = container_of(files, struct tight_files, files);
    bool create = (flags & FILES_CREATE) != 0;

    if (create && tight->nameless && text_ends(text_of(path), TEXT(".index"))) return STATUS_NO_SPACE;
    if (create && tight->slotless && text_starts(text_of(path), TEXT("sluice-checkpoint"))) return STATUS_NO_SPACE;
    return files_open(files_kernel(), directory, path, flags, file);
}

static enum status tight_rename(struct files *files, int directory, const char *from, const char *to)
{
    bool slotless = container_of(files, struct tight_files, files)->slotless;
    if (slotless && text_ends(text_of(to), TEXT("-delete"))) return STATUS_NO_SPACE;
    return files_rename(files_kernel(), directory, from, to);
}

static enum status tight_allocate(struct files *files, int file, uint64_t position, uint64_t size)
{
    if (container_of(files, struct tight_files, files)->full) return STATUS_NO_SPACE;
    return files_allocate(files_kernel(), file, position, size);
}

static enum status tight_space(struct files *files, int directory, uint64_t *available, uint64_t *total)
{
    enum status status = files_space(files_kernel(), directory, available, total);
    const struct tight_files *tight = container_of(files, struct tight_files, files);
    if (tight->available > 0) *available = tight->available;
    if (tight->full) *available = 0;
    return status;
}

static void tight_init(struct tight_files *tight)
{
    tight->table = *files_kernel()->table;
    tight->table.open = tight_open;
    tight->table.allocate = tight_allocate;
    tight->table.rename = tight_rename;
    tight->table.space = tight_space;
    tight->files.table = &tight->table;
    tight->full = false;
    tight->available = 0;
    tight->nameless = tight->slotless = false;
}

struct waiting {
    struct watermark_wait wait;
    bool done;
};

static void waited(struct ready *ready)
{
    container_of(ready, struct waiting, wait.ready)->done = true;
}

static void wait_for(struct waiting *waiting, struct log *log, bool impatient)
{
    *waiting = (struct waiting){ .wait.impatient = impatient };
    ready_init(&waiting->wait.ready, waited);
    watermark_wait(log->store->shard, &log->durable, &waiting->wait, log->end);
}

enum { BATCH_SIZE = 190000 };

/* Appends until one finds no place, on a device that has just become full. */
static struct log *node_fill(struct node *node, struct tight_files *tight, int64_t *durable)
{
    tight_init(tight);
    node_init(node, 1);
    node->files = &tight->files;
    node->plan.wal_size = 3 << 20;
    node->plan.wal_file_size = 1 << 20;
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);

    tight->full = true;
    for (uint64_t i = 0; log->durable.at == log->end; i++) {
        *durable = log->durable.at;
        assert_true(i < 100);
        log->store->full = false; /* It is known when a file was wanted; an append may be on its way by then. */
        assert_int_equal(node_append(log, 1, BATCH_SIZE, i), STATUS_OK);
        node_settle(node);
    }
    assert_true(log->store->no_space);
    log->store->full = true;
    assert_true(*durable > 4 && log->end == *durable + 1);
    return log;
}

static void who_waits_is_told_and_the_append_goes_on_later(void **state)
{
    (void)state;
    struct tight_files tight;
    struct node node;
    int64_t durable = 0;
    struct log *log = node_fill(&node, &tight, &durable);
    struct waiting client, patient;

    wait_for(&client, log, true);
    wait_for(&patient, log, false);
    upkeep_grew(log->store->upkeep, UPKEEP_GROWN); /* A look, before its time. */
    node_settle(&node);
    assert_true(client.done);
    assert_int_equal(client.wait.status, STATUS_NO_SPACE);
    assert_false(patient.done);
    assert_int_equal(node_append(log, 1, BATCH_SIZE, 0), STATUS_NO_SPACE);
    assert_int_equal(node_read_all(&node, log, 0), durable + 1);
    assert_non_null(strstr(node.said, "is nearly full: records are refused"));

    tight.full = false;
    upkeep_grew(log->store->upkeep, UPKEEP_GROWN);
    node_settle(&node);
    assert_non_null(strstr(node.said, "has room again: records are taken"));
    assert_true(patient.done);
    assert_int_equal(patient.wait.status, STATUS_OK);
    assert_int_equal(node_append(log, 1, BATCH_SIZE, (uint64_t)durable + 1), STATUS_OK);
    node_settle(&node);
    assert_int_equal(log->durable.at, durable + 2);
    node_stop(&node);

    node_start(&node);
    log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    assert_int_equal(log->end, durable + 2);
    node_crash(&node);
    node_remove(&node);
}

static void who_waits_is_told_when_the_lack_is_found(void **state)
{
    (void)state;
    struct tight_files tight;
    struct node node;
    int64_t durable = 0;
    struct log *log = node_fill(&node, &tight, &durable);
    struct waiting client;

    log->store->full = log->store->no_space = false; /* As if nobody had tried yet. */
    wait_for(&client, log, true);
    flush_go(log->store->flush);
    node_settle(&node);
    assert_true(client.done);
    assert_int_equal(client.wait.status, STATUS_NO_SPACE);
    node_crash(&node);
    node_remove(&node);
}

/* A small WAL on a device that has space as yet. */
static struct log *node_tighten(struct node *node, struct tight_files *tight, int64_t segment_bytes)
{
    tight_init(tight);
    files_begin(node, segment_bytes);
    node->files = &tight->files;
    node->plan.wal_size = 3 << 20;
    node->plan.wal_file_size = 1 << 20;
    return files_start(node);
}

/* Appends until a checkpoint has found that there is `none`. */
static void node_starve(struct node *node, struct log *log, _Atomic bool *none, size_t size)
{
    const struct store *store = node->stores[0];

    *none = true;
    while (!store->no_space && !store->failed) {
        assert_int_equal(node_append(log, 1, size, (uint64_t)log->end), STATUS_OK);
        node_settle(node);
    }
    assert_false(store->failed);
}

/* A segment that was rolled gets its index files when a checkpoint syncs it: the first names that are new. */
static void a_checkpoint_waits_for_space(void **state)
{
    (void)state;
    struct tight_files tight;
    struct node node;

    struct log *log = node_tighten(&node, &tight, 1 << 20);
    struct store *store = node.stores[0];
    node_starve(&node, log, &tight.nameless, BATCH_SIZE);
    assert_int_equal(store->checkpoint->stage, CHECKPOINT_SYNCING);
    assert_int_equal(node_read_all(&node, log, 0), log->end);

    tight.nameless = false;
    upkeep_grew(store->upkeep, UPKEEP_GROWN);
    while (store->checkpoint->stage != CHECKPOINT_IDLE) node_turn(&node);
    assert_true(store->checkpoint->count > 0);
    int64_t end = log->end;
    node_crash(&node);
    log = files_start(&node);
    assert_int_equal(log->end, end);
    assert_int_equal(node_read_all(&node, log, 0), end);
    node_stop(&node);
    node_remove(&node);
}

/* What extents stand for has to be read by a start until a slot is written, not only until one is begun. */
static void a_checkpoint_that_found_no_space_is_wanted_still(void **state)
{
    (void)state;
    struct tight_files tight;
    struct node node;

    struct log *log = node_tighten(&node, &tight, 1 << 30);
    struct store *store = node.stores[0];
    uint64_t count = store->checkpoint->count;
    node_starve(&node, log, &tight.slotless, (size_t)2 * BATCH_SIZE);
    assert_int_equal(store->checkpoint->count, count);
    assert_int_equal(store->checkpoint->stage, CHECKPOINT_IDLE);
    assert_true(wal_used(store->wal) * 2 < store->wal->size);

    tight.slotless = false;
    upkeep_grew(store->upkeep, UPKEEP_GROWN);
    node_settle(&node);
    assert_int_equal(store->checkpoint->count, count + 1);
    assert_int_equal(store->stream_size, 0);
    node_stop(&node);
    node_remove(&node);
}

static void removed(struct ready *ready)
{
    container_of(ready, struct node_closing, ready)->done = true;
}

/* A log with bytes and a directory. */
static void log_make_files(struct node *node, struct log *log)
{
    files_fill(node, log, 3, 1, 1000);
    spill_log(node->stores[0]->spill, log);
    store_settle(node->stores[0]);
    node_settle(node);
    assert_true(log->segments->made);
}

static void log_remove(struct node *node, struct log *log)
{
    struct node_closing removal = { .done = false };

    ready_init(&removal.ready, removed);
    log_delete(log, &removal.ready);
    while (!removal.done) node_turn(node);
    node_settle(node);
}

/* It gives space back. */
static void a_log_goes_where_there_is_no_space_for_its_new_name(void **state)
{
    (void)state;
    struct tight_files tight;
    struct node node;

    tight_init(&tight);
    files_begin(&node, 1 << 30);
    node.files = &tight.files;
    struct log *log = files_start(&node);
    log_make_files(&node, log);
    tight.slotless = true;
    log_remove(&node, log);
    assert_false(node.stores[0]->failed);
    assert_int_equal(files_size_of(&node, "00000000000000000000.log"), -1);
    tight.slotless = false;
    node_stop(&node);
    node_remove(&node);
}

/* The partition came back, and goes again before its old files went. */
static void a_log_goes_where_its_new_name_is_taken(void **state)
{
    (void)state;
    struct node node;

    files_begin(&node, 1 << 30);
    files_settings.file_delete_delay_ms = 60000;
    struct log *log = files_start(&node);
    for (int round = 0; round < 2; round++) {
        log_make_files(&node, log);
        log_remove(&node, log);
        assert_false(node.stores[0]->failed);
        assert_int_equal(files_size_of(&node, "00000000000000000000.log"), -1);
        log = files_open_log(&node, "t");
    }
    node_stop(&node);
    node_remove(&node);
}

static void a_stop_does_not_wait_for_space(void **state)
{
    (void)state;
    struct tight_files tight;
    struct node node;
    int64_t durable = 0;
    struct node_closing closing = { .done = false };

    (void)node_fill(&node, &tight, &durable);
    ready_init(&closing.ready, node_closed);
    store_close(node.stores[0], &closing.ready);
    for (int turns = 0; !closing.done; turns++) {
        assert_true(turns < 10000);
        node_turn(&node);
    }
    assert_true(node.stores[0]->failed);
    node_crash(&node);

    tight.full = false;
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    assert_int_equal(log->end, durable);
    node_crash(&node);
    node_remove(&node);
}

/* Inodes that are used up, or a quota: there is space as far as a look can tell. */
static void a_stop_does_not_wait_for_a_lack_that_no_look_finds(void **state)
{
    (void)state;
    struct node_closing closing = { .done = false };
    struct tight_files tight;
    struct node node;

    tight_init(&tight);
    files_begin(&node, 1 << 20);
    node.files = &tight.files;
    struct log *log = files_start(&node);
    files_fill(&node, log, 10, 1, BATCH_SIZE);
    tight.nameless = true;
    ready_init(&closing.ready, node_closed);
    store_close(node.stores[0], &closing.ready);
    for (int turns = 0; !closing.done; turns++) {
        assert_true(turns < 10000);
        node_turn(&node);
    }
    assert_true(node.stores[0]->failed);
    node_crash(&node);

    tight.nameless = false;
    log = files_start(&node);
    assert_int_equal(node_read_all(&node, log, 0), 10);
    node_stop(&node);
    node_remove(&node);
}

static bool full_with(struct node *node, struct tight_files *tight, uint64_t available)
{
    tight->available = available;
    upkeep_grew(node->stores[0]->upkeep, UPKEEP_GROWN);
    node_settle(node);
    return node->stores[0]->full;
}

/* Beside the reserve: all that stands in the WAL is written anew by a start, before the old WAL goes. */
static void room_for_a_start_is_kept(void **state)
{
    (void)state;
    enum { RESERVE = 1 << 20 };
    struct tight_files tight;
    struct node node;

    tight_init(&tight);
    node_init(&node, 1);
    node.files = &tight.files;
    node_start(&node);
    struct log *log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    node.directory->reserve_size = RESERVE;
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(node_append(log, 1, BATCH_SIZE, i), STATUS_OK);
        node_settle(&node);
    }
    uint64_t owed = wal_used(node.stores[0]->wal);
    assert_true(owed >= UINT64_C(5) * BATCH_SIZE);
    assert_false(full_with(&node, &tight, RESERVE + owed));
    assert_true(full_with(&node, &tight, RESERVE + owed - 1));
    assert_true(full_with(&node, &tight, RESERVE + owed));
    assert_false(full_with(&node, &tight, (RESERVE + owed) / 8 * 9 + UPKEEP_ROOM + 8));
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_told_and_the_append_goes_on_later),
        cmocka_unit_test(who_waits_is_told_when_the_lack_is_found),
        cmocka_unit_test(a_checkpoint_waits_for_space),
        cmocka_unit_test(a_checkpoint_that_found_no_space_is_wanted_still),
        cmocka_unit_test(a_log_goes_where_there_is_no_space_for_its_new_name),
        cmocka_unit_test(a_log_goes_where_its_new_name_is_taken),
        cmocka_unit_test(room_for_a_start_is_kept),
        cmocka_unit_test(a_stop_does_not_wait_for_space),
        cmocka_unit_test(a_stop_does_not_wait_for_a_lack_that_no_look_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
