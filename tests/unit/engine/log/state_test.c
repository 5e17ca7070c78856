/* A log's state as bytes: what is saved comes back, and bytes that are cut or senseless are refused whole. */
#include "loose.h"

#include "log/epochs.h"
#include "log/producer_state.h"

static void fill(struct loose *loose)
{
    uint8_t memory[256];
    uint32_t position;

    for (int i = 0; i < 12; i++) {
        struct batch batch = unit_batch((int64_t)2 * i, 2, i % 3 == 0 ? 9 : -1, 0, i / 3 * 2);
        batch.leader_epoch = i / 5;
        if (i == 9) batch.attributes = BATCH_TRANSACTIONAL;
        (void)loose_place(loose, batch, &position);
    }
    (void)loose_place(loose, unit_marker(memory, 24, 9, 0, true, 1), &position);
    assert_int_equal(loose->log.segments->abort_count, 1);
    loose->log.segments->items[0].sealed = true;
    loose->log.segments->made = true;
}

static void what_is_saved_comes_back(void **test)
{
    struct loose *loose = *test;
    fill(loose);
    size_t size = log_state_size(&loose->log);
    uint8_t *bytes = heap_take(&loose->shard.heap, 2 * size), *again = bytes + size;
    assert_int_equal(log_state_save(&loose->log, bytes), size);

    struct log back = loose_log(loose);
    assert_int_equal(log_state_load(&back, (struct bytes){ bytes, size }), STATUS_OK);
    assert_int_equal(back.segments->count, loose->log.segments->count);
    for (uint32_t i = 0; i < back.segments->count; i++) {
        const struct segment *was = &loose->log.segments->items[i], *is = &back.segments->items[i];
        assert_true(was->base == is->base && was->limit == is->limit && was->size == is->size);
        assert_true(was->max_timestamp_ms == is->max_timestamp_ms && was->sealed == is->sealed);
        assert_true(is->written == is->size && is->synced == is->size && is->file == -1);
    }
    assert_true(back.segments->made);
    assert_int_equal(epochs_latest(back.epochs), 2);
    assert_int_equal(log_state_first_unstable(&back, 24), 18);
    assert_int_equal(log_state_first_unstable(&back, 25), INT64_MAX);
    (void)log_state_first_unstable(&loose->log, 25);
    size_t without = log_state_size(&back);
    assert_int_equal(log_state_size(&loose->log), without);
    assert_int_equal(log_state_save(&back, again), without);
    log_state_end(&back);
    heap_give(&loose->shard.heap, bytes);
}

static void cut_or_senseless_bytes_are_refused(void **test)
{
    struct loose *loose = *test;
    fill(loose);
    size_t size = log_state_size(&loose->log);
    uint8_t *bytes = heap_take(&loose->shard.heap, size);
    (void)log_state_save(&loose->log, bytes);

    for (size_t cut = 0; cut < size; cut++) {
        struct log back = loose_log(loose);
        assert_int_equal(log_state_load(&back, (struct bytes){ bytes, cut }), STATUS_MALFORMED);
        assert_null(back.segments);
    }
    for (size_t at = 0; at < size; at++) { /* Whatever it becomes, it is refused or it can be ended. */
        struct log back = loose_log(loose);
        uint8_t was = bytes[at];
        bytes[at] ^= 0x81;
        (void)!log_state_load(&back, (struct bytes){ bytes, size });
        log_state_end(&back);
        bytes[at] = was;
    }
    heap_give(&loose->shard.heap, bytes);
}

static void an_idle_log_costs_a_few_bytes(void **test)
{
    struct loose *loose = *test;
    uint8_t bytes[64];
    size_t size = log_state_size(&loose->log);
    assert_true(size < 32);
    assert_int_equal(log_state_save(&loose->log, bytes), size);
    struct log back = loose_log(loose);
    assert_int_equal(log_state_load(&back, (struct bytes){ bytes, size }), STATUS_OK);
    assert_null(back.segments);
    assert_null(back.producers);
    assert_int_equal(loose->shard.heap.live_count, 0);
}

static void dead_segments_are_not_loaded(void **test)
{
    struct loose *loose = *test;
    fill(loose);
    size_t size = log_state_size(&loose->log);
    uint8_t *bytes = heap_take(&loose->shard.heap, size);
    (void)log_state_save(&loose->log, bytes);
    struct log back = loose_log(loose);
    back.start = loose->log.segments->items[0].limit;
    assert_int_equal(log_state_load(&back, (struct bytes){ bytes, size }), STATUS_OK);
    assert_int_equal(back.segments->items[0].base, back.start);
    log_state_end(&back);
    heap_give(&loose->shard.heap, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_log(what_is_saved_comes_back),
        with_log(cut_or_senseless_bytes_are_refused),
        with_log(an_idle_log_costs_a_few_bytes),
        with_log(dead_segments_are_not_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
