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

/* Appends one batch as if such came every `gap_ns`, up to the end of the step. */
static void arrives(struct log *log, size_t size, int64_t gap_ns)
{
    struct shard *shard = log->store->shard;

    log->store->flush->gap_ns = gap_ns;
    assert_int_equal(node_append(log, 1, size, (uint64_t)log->end), STATUS_OK);
    (void)shard_step(shard);
}

enum { LONE = 4200 }; /* two blocks of the WAL, nearly half of them padding */

static struct log *started_busy(struct node *node)
{
    struct log *log = started(node, false);
    assert_int_equal(node_append(log, 1, 100, 0), STATUS_OK); /* The first one tells of the log, too. */
    node_settle(node);
    return log;
}

static void a_lone_batch_waits_for_the_next(void **state)
{
    (void)state;
    struct node node;
    struct log *log = started_busy(&node);
    struct flush *flush = node.stores[0]->flush;
    uint64_t count = flush->chunk_count;

    flush->misses = 2;
    arrives(log, LONE, FLUSH_HOLD_NS);
    assert_int_equal(flush->stage, FLUSH_HOLDING);
    assert_true(timers_next_ns(&node.shard[0].timers) <= shard_now_ns(&node.shard[0]) + FLUSH_HOLD_NS);
    arrives(log, LONE, FLUSH_HOLD_NS);
    assert_int_equal(flush->stage, FLUSH_WRITING);
    assert_int_equal(flush->misses, 0);
    assert_int_equal(flush->skips, 0);
    node_settle(&node);
    assert_int_equal(flush->chunk_count, count + 1);
    assert_int_equal(log->durable.at, 3);
    node_crash(&node);
    node_remove(&node);
}

/* In vain: then it is tried again after one flush, after three, after seven ... */
static void a_lone_batch_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct node node;
    struct log *log = started_busy(&node);
    struct flush *flush = node.stores[0]->flush;

    for (uint32_t misses = 1; misses <= FLUSH_MISSES_MAX + 1; misses++) {
        arrives(log, LONE, FLUSH_HOLD_NS / 2);
        assert_int_equal(flush->stage, FLUSH_HOLDING);
        int64_t held_ns = shard_now_ns(&node.shard[0]);
        while (flush->stage == FLUSH_HOLDING) node_turn(&node);
        assert_true(flush->begun_ns >= held_ns + FLUSH_HOLD_NS);
        node_settle(&node);
        assert_int_equal(log->durable.at, log->end);
        assert_int_equal(flush->misses, min_of(misses, (uint32_t)FLUSH_MISSES_MAX));
        uint32_t skips = flush->skips;
        assert_int_equal(skips, (1U << min_of(misses, (uint32_t)FLUSH_MISSES_MAX)) - 1);
        for (uint32_t i = 0; i < min_of(skips, 7U); i++) {
            arrives(log, LONE, FLUSH_HOLD_NS / 2);
            assert_int_equal(flush->stage, FLUSH_WRITING);
            node_settle(&node);
        }
        flush->skips -= skips - min_of(skips, 7U); /* The rest of them would go the same way. */
    }
    node_crash(&node);
    node_remove(&node);
}

static void other_batches_do_not_wait(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        int64_t gap_ns;
    } rows[] = {
        { 3500, 1000 },              /* one block: nothing would be spared */
        { 7000, 1000 },              /* two nearly full ones */
        { 100000, 1000 },            /* many */
        { LONE, FLUSH_HOLD_NS + 1 }, /* company would come too late */
        { LONE, FLUSH_PAUSE_NS },
    };
    struct node node;
    struct log *log = started_busy(&node);
    struct flush *flush = node.stores[0]->flush;

    for (size_t i = 0; i < array_count(rows); i++) {
        arrives(log, rows[i].size, rows[i].gap_ns);
        assert_int_equal(flush->stage, FLUSH_WRITING);
        node_settle(&node);
    }
    for (uint64_t i = 0; i < 2; i++) assert_int_equal(node_append(log, 1, LONE, (uint64_t)log->end), STATUS_OK);
    flush->gap_ns = 0;
    (void)shard_step(&node.shard[0]);
    assert_int_equal(flush->stage, FLUSH_WRITING);
    node_settle(&node);
    node_crash(&node);
    node_remove(&node);
}

/* Between two entries, on average; a pause counts for no more than it does. */
static void how_fast_batches_come_is_known(void **state)
{
    (void)state;
    enum { EACH = 8 };
    struct node node;
    struct log *log = started_busy(&node);
    struct flush *flush = node.stores[0]->flush;
    int64_t begun_ns = flush->begun_ns;

    for (int i = 0; i < 128; i++) {
        int64_t gap_ns = flush->gap_ns;
        for (int j = 0; j < EACH; j++) assert_int_equal(node_append(log, 1, 100, (uint64_t)log->end), STATUS_OK);
        while (flush->begun_ns == begun_ns) node_turn(&node);
        int64_t since_ns = min_of(flush->begun_ns - begun_ns, (int64_t)FLUSH_PAUSE_NS);
        assert_int_equal(flush->gap_ns, gap_ns + (since_ns / EACH - gap_ns) / 8);
        begun_ns = flush->begun_ns;
        node_settle(&node);
    }
    assert_true(flush->gap_ns <= FLUSH_PAUSE_NS / EACH + EACH);
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
        cmocka_unit_test(a_lone_batch_waits_for_the_next),
        cmocka_unit_test(a_lone_batch_does_not_wait_for_ever),
        cmocka_unit_test(other_batches_do_not_wait),
        cmocka_unit_test(how_fast_batches_come_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
