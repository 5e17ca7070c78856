/* Group commit: nobody is told too early, what comes meanwhile goes together, and a write that failed is the last. */
#include "node_end.h"
#include "node_records.h"

#include "log/flush.h"
#include "log/wal.h"

struct waiting {
    struct watermark_wait wait;
    bool done;
};

static void waited(struct ready *ready)
{
    container_of(ready, struct waiting, wait.ready)->done = true;
}

static void wait_for(struct waiting *waiting, struct log *log)
{
    *waiting = (struct waiting){ .done = false };
    ready_init(&waiting->wait.ready, waited);
    watermark_wait(log->store->shard, &log->durable, &waiting->wait, log->end);
}

static struct log *started(struct node *node, bool relaxed)
{
    node_init(node, 1);
    node->relaxed = relaxed;
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    return log;
}

static void who_waits_is_told_when_the_chunk_is_written(void **state)
{
    (void)state;
    _Alignas(CHUNK_BLOCK) uint8_t block[CHUNK_BLOCK];
    struct node node;
    struct waiting waiting;
    struct chunk_header header;
    size_t done;

    struct log *log = started(&node, false);
    struct flush *flush = node.stores[0]->flush;
    const struct wal_file *current = node.stores[0]->wal->current;
    uint64_t position = current->used;
    assert_int_equal(node_append(log, 1, 100, 0), STATUS_OK);
    wait_for(&waiting, log);
    assert_int_equal(log->durable.at, 0);
    while (flush->stage == FLUSH_IDLE) (void)shard_step(&node.shard[0]); /* Begun, and no completion taken. */
    assert_int_equal(log->durable.at, 0);
    assert_false(waiting.done);
    while (!waiting.done) node_turn(&node);
    assert_int_equal(waiting.wait.status, STATUS_OK);
    assert_int_equal(log->durable.at, 1);
    assert_int_equal(files_read(files_kernel(), current->file, block, CHUNK_BLOCK, position, &done), STATUS_OK);
    assert_int_equal(chunk_check(block, CHUNK_BLOCK, &header), STATUS_OK);
    assert_int_equal(header.sequence + 1, flush->flushed);
    node_crash(&node);
    node_remove(&node);
}

static void what_comes_meanwhile_goes_together(void **state)
{
    (void)state;
    struct node node;
    struct log *log = started(&node, false);
    struct flush *flush = node.stores[0]->flush;

    assert_int_equal(node_append(log, 1, 100, 0), STATUS_OK);
    while (flush->stage == FLUSH_IDLE) (void)shard_step(&node.shard[0]);
    uint64_t count = flush->chunk_count;
    for (uint64_t i = 1; i < 50; i++) {
        assert_int_equal(node_append(log, 1, 100, i), STATUS_OK);
        (void)shard_step(&node.shard[0]);
    }
    assert_int_equal(flush->chunk_count, count); /* One write in flight. */
    node_settle(&node);
    assert_int_equal(flush->chunk_count, count + 1);
    assert_int_equal(log->durable.at, 50);
    node_crash(&node);
    node_remove(&node);
}

/* Each chunk names the one before, and says what is known durable: all before it, or without DSYNC nothing. */
static void a_chunk_says_what_came_before(void **state)
{
    (void)state;
    static _Alignas(CHUNK_BLOCK) uint8_t chunk[64 * 1024];

    for (int relaxed = 0; relaxed < 2; relaxed++) {
        struct node node;
        struct chunk_header header, before = { .sequence = 0 };
        struct log *log = started(&node, relaxed);
        const struct wal_file *current = node.stores[0]->wal->current;
        uint64_t position = current->used;
        size_t done;
        for (uint64_t i = 0; i < 20; i++) {
            assert_int_equal(node_append(log, 1, 100 + i * 900, i), STATUS_OK);
            node_settle(&node);
        }
        for (int i = 0; i < 20; i++) {
            assert_int_equal(files_read(files_kernel(), current->file, chunk, sizeof chunk, position, &done),
                             STATUS_OK);
            assert_int_equal(chunk_read_header(chunk, &header), STATUS_OK);
            size_t size = chunk_size(header.payload_size, header.entry_count);
            assert_int_equal(chunk_check(chunk, size, &header), STATUS_OK);
            assert_int_equal(header.completed, relaxed ? 0 : header.sequence);
            if (i > 0) assert_int_equal(header.sequence, before.sequence + 1);
            if (i > 0) assert_int_equal(header.previous_crc, before.crc);
            before = header;
            position += size;
        }
        assert_int_equal(position, current->used);
        node_crash(&node);
        node_remove(&node);
    }
}

static void a_failed_write_is_the_last(void **state)
{
    (void)state;
    struct node node;
    struct waiting waiting;
    char name[64], path[160];
    int broken;

    struct log *log = started(&node, false);
    struct store *store = node.stores[0];
    assert_int_equal(node_append(log, 1, 100, 0), STATUS_OK);
    node_settle(&node);
    struct wal_file *current = store->wal->current;
    int whole = current->file;
    wal_file_name(0, current->number, name);
    snprintf(path, sizeof path, "%s/%s", node.path, name);
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &broken), STATUS_OK);
    current->file = broken; /* For reading only: the kernel refuses the write. */
    assert_int_equal(node_append(log, 1, 100, 1), STATUS_OK);
    wait_for(&waiting, log);
    while (!waiting.done) node_turn(&node);
    assert_int_not_equal(waiting.wait.status, STATUS_OK);
    assert_int_equal(log->durable.at, 1);
    assert_true(store->failed);
    assert_int_equal(store->flush->stage, FLUSH_FAILED);
    current->file = whole; /* Well again: it is not tried again. */
    uint64_t count = store->flush->chunk_count;
    assert_int_not_equal(node_append(log, 1, 100, 2), STATUS_OK);
    flush_go(store->flush);
    node_settle(&node);
    assert_int_equal(store->flush->chunk_count, count);
    files_close(files_kernel(), broken);
    node_crash(&node);
    node_start(&node);
    log = node_log(&node, 0, "t", 0);
    node_begin(&node);
    assert_int_equal(log->end, 1);
    node_crash(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_told_when_the_chunk_is_written),
        cmocka_unit_test(what_comes_meanwhile_goes_together),
        cmocka_unit_test(a_chunk_says_what_came_before),
        cmocka_unit_test(a_failed_write_is_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
