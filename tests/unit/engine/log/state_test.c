/* A log's state as bytes: what is saved comes back, and bytes that are cut or senseless are refused whole. And the
 * table of segments that it is made of: where batches go. */
#include "unit.h"

#include "base/arena.h"
#include "log/aborted.h"
#include "log/epochs.h"
#include "log/producer_state.h"
#include "log/segment.h"
#include "log/state.h"

struct fixture {
    struct io io;
    struct shard shard;
    struct store store;
    struct directory directory;
    struct log_settings settings;
    struct log log;
};

static struct log log_of(struct fixture *fixture)
{
    return (struct log){
        .store = &fixture->store, .directory = &fixture->directory, .settings = &fixture->settings, .topic = TEXT("t")
    };
}

static int begin(void **test)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .io.wall_ms = 5000 };
    fixture.settings = (struct log_settings){
        .segment_bytes = 1000, .segment_ms = 500, .index_interval_bytes = 4096, .message_bytes_max = 1 << 20
    };
    heap_init(&fixture.shard.heap);
    fixture.shard.io = &fixture.io;
    fixture.store.shard = &fixture.shard;
    fixture.log = log_of(&fixture);
    *test = &fixture;
    return 0;
}

static int finish(void **test)
{
    struct fixture *fixture = *test;
    log_state_end(&fixture->log);
    bool leaked = fixture->shard.heap.live_count > 0;
    heap_end(&fixture->shard.heap);
    return leaked;
}

static struct segment *place(struct fixture *fixture, struct batch batch, uint32_t *position)
{
    struct segment *segment = segments_place(&fixture->log, &batch, position);
    log_state_apply(&fixture->log, &batch, APPEND_CLIENT);
    fixture->log.end = batch_limit(&batch);
    return segment;
}

static void batches_fill_segments_to_their_size(void **test)
{
    struct fixture *fixture = *test;
    uint32_t position;

    for (int i = 0; i < 25; i++) {
        struct segment *segment = place(fixture, unit_batch(i, 1, -1, -1, -1), &position);
        assert_int_equal(segment->base, i / 10 * 10);
        assert_int_equal(position, i % 10 * 100);
        assert_int_equal(segment->limit, i + 1);
    }
    assert_int_equal(fixture->log.segments->count, 3);
    assert_int_equal(log_size(&fixture->log), 2500);
    assert_int_equal(segments_find(&fixture->log, 0)->base, 0);
    assert_int_equal(segments_find(&fixture->log, 10)->base, 10);
    assert_int_equal(segments_find(&fixture->log, 24)->base, 20);
    assert_null(segments_find(&fixture->log, 25));
    assert_non_null(segments_at(&fixture->log, 20));
    assert_null(segments_at(&fixture->log, 21));
    assert_non_null(fixture->log.segments->items[0].snapshot);
    assert_null(fixture->log.segments->items[2].snapshot);
}

static void a_batch_larger_than_a_segment_gets_one_of_its_own(void **test)
{
    struct fixture *fixture = *test;
    uint32_t position;
    struct batch large = unit_batch(0, 1, -1, -1, -1);
    large.size = 5000;
    assert_int_equal(place(fixture, large, &position)->base, 0);
    assert_int_equal(place(fixture, unit_batch(1, 1, -1, -1, -1), &position)->base, 1);
    assert_int_equal(position, 0);
}

/* One entry for each 32 KiB and more; a .timeindex of 120 bytes has room for nine, and one behind them. */
static void a_full_index_rolls(void **test)
{
    struct fixture *fixture = *test;
    uint32_t position;

    fixture->settings.segment_bytes = INT32_MAX;
    fixture->settings.index_interval_bytes = 1;
    fixture->settings.segment_ms = INT64_MAX;
    fixture->settings.index_bytes_max = 120;
    uint32_t spacing = index_spacing(1, INT32_MAX);
    for (int i = 0; i < 40; i++) {
        struct batch batch = unit_batch(i, 1, -1, -1, -1);
        batch.size = spacing + 1;
        struct segment *segment = place(fixture, batch, &position);
        assert_int_equal(segment->base, i / 10 * 10);
        struct index_entry last = { .max_timestamp_ms = INT64_MAX };
        assert_true(index_offsets_size(&segment->index) <= 120);
        assert_true(index_times_size(&segment->index, last) <= 120);
    }
    fixture->settings.index_bytes_max = 4; /* As at Kafka: a segment for each batch. */
    assert_int_equal(place(fixture, unit_batch(40, 1, -1, -1, -1), &position)->base, 40);
    assert_int_equal(place(fixture, unit_batch(41, 1, -1, -1, -1), &position)->base, 41);
}

/* Each segment takes less than segment.ms by a share of the jitter, another one each. */
static void jitter_spreads_the_rolling(void **test)
{
    struct fixture *fixture = *test;
    int64_t begun_ms = 0, least_ms = INT64_MAX, most_ms = 0;
    uint32_t position, offset = 0;

    fixture->settings.segment_bytes = INT32_MAX;
    fixture->settings.segment_ms = 1000;
    fixture->settings.segment_jitter_ms = 400;
    for (int64_t now_ms = 0; now_ms < 100000; now_ms += 10, offset++) {
        struct batch batch = unit_batch(offset, 1, -1, -1, -1);
        batch.max_timestamp_ms = now_ms;
        if (place(fixture, batch, &position)->base < offset || offset == 0) continue;
        least_ms = min_of(least_ms, now_ms - begun_ms);
        most_ms = max_of(most_ms, now_ms - begun_ms);
        begun_ms = now_ms;
    }
    assert_in_range(least_ms, 601, 700);
    assert_in_range(most_ms, 900, 1010);
}

static void time_and_offsets_roll_too(void **test)
{
    struct fixture *fixture = *test;
    uint32_t position;
    struct batch batch = unit_batch(0, 1, -1, -1, -1);

    batch.max_timestamp_ms = 10000;
    (void)place(fixture, batch, &position);
    batch.base_offset = 1;
    batch.max_timestamp_ms = 10500;
    assert_int_equal(place(fixture, batch, &position)->base, 0);
    batch.base_offset = 2;
    batch.max_timestamp_ms = 10501;
    assert_int_equal(place(fixture, batch, &position)->base, 2);
    batch.base_offset = 3;
    batch.max_timestamp_ms = -1; /* Without a time it does not roll. */
    assert_int_equal(place(fixture, batch, &position)->base, 2);

    batch.base_offset = 2 + (int64_t)INT32_MAX;
    assert_int_equal(place(fixture, batch, &position)->base, 2);
    batch.base_offset++;
    assert_int_equal(place(fixture, batch, &position)->base, batch.base_offset);
    fixture->log.segments->roll = true;
    batch.base_offset += 5;
    assert_int_equal(place(fixture, batch, &position)->base, batch.base_offset);
    assert_false(fixture->log.segments->roll);
}

static void a_gap_belongs_to_the_segment_above(void **test)
{
    struct fixture *fixture = *test;
    uint32_t position;
    (void)place(fixture, unit_batch(0, 5, -1, -1, -1), &position);
    fixture->log.segments->roll = true;
    (void)place(fixture, unit_batch(20, 5, -1, -1, -1), &position);
    assert_int_equal(segments_find(&fixture->log, 4)->base, 0);
    assert_int_equal(segments_find(&fixture->log, 5)->base, 20);
}

static void fill(struct fixture *fixture)
{
    uint8_t memory[256];
    uint32_t position;

    for (int i = 0; i < 12; i++) {
        struct batch batch = unit_batch((int64_t)2 * i, 2, i % 3 == 0 ? 9 : -1, 0, i / 3 * 2);
        batch.leader_epoch = i / 5;
        if (i == 9) batch.attributes = BATCH_TRANSACTIONAL;
        (void)place(fixture, batch, &position);
    }
    (void)place(fixture, unit_marker(memory, 24, 9, 0, true, 1), &position);
    assert_int_equal(fixture->log.segments->abort_count, 1);
    fixture->log.segments->items[0].sealed = true;
    fixture->log.segments->made = true;
}

static void what_is_saved_comes_back(void **test)
{
    struct fixture *fixture = *test;
    fill(fixture);
    size_t size = log_state_size(&fixture->log);
    uint8_t *bytes = heap_take(&fixture->shard.heap, 2 * size), *again = bytes + size;
    assert_int_equal(log_state_save(&fixture->log, bytes), size);

    struct log back = log_of(fixture);
    assert_int_equal(log_state_load(&back, (struct bytes){ bytes, size }), STATUS_OK);
    assert_int_equal(back.segments->count, fixture->log.segments->count);
    for (uint32_t i = 0; i < back.segments->count; i++) {
        const struct segment *was = &fixture->log.segments->items[i], *is = &back.segments->items[i];
        assert_true(was->base == is->base && was->limit == is->limit && was->size == is->size);
        assert_true(was->max_timestamp_ms == is->max_timestamp_ms && was->sealed == is->sealed);
        assert_true(is->written == is->size && is->synced == is->size && is->file == -1);
    }
    assert_true(back.segments->made);
    assert_int_equal(epochs_latest(back.epochs), 2);
    assert_int_equal(log_state_first_unstable(&back, 24), 18);
    assert_int_equal(log_state_first_unstable(&back, 25), INT64_MAX);
    (void)log_state_first_unstable(&fixture->log, 25);
    size_t without = log_state_size(&back);
    assert_int_equal(log_state_size(&fixture->log), without);
    assert_int_equal(log_state_save(&back, again), without);
    log_state_end(&back);
    heap_give(&fixture->shard.heap, bytes);
}

static void cut_or_senseless_bytes_are_refused(void **test)
{
    struct fixture *fixture = *test;
    fill(fixture);
    size_t size = log_state_size(&fixture->log);
    uint8_t *bytes = heap_take(&fixture->shard.heap, size);
    (void)log_state_save(&fixture->log, bytes);

    for (size_t cut = 0; cut < size; cut++) {
        struct log back = log_of(fixture);
        assert_int_equal(log_state_load(&back, (struct bytes){ bytes, cut }), STATUS_MALFORMED);
        assert_null(back.segments);
    }
    for (size_t at = 0; at < size; at++) { /* Whatever it becomes, it is refused or it can be ended. */
        struct log back = log_of(fixture);
        uint8_t was = bytes[at];
        bytes[at] ^= 0x81;
        (void)!log_state_load(&back, (struct bytes){ bytes, size });
        log_state_end(&back);
        bytes[at] = was;
    }
    heap_give(&fixture->shard.heap, bytes);
}

static void an_idle_log_costs_a_few_bytes(void **test)
{
    struct fixture *fixture = *test;
    uint8_t bytes[64];
    size_t size = log_state_size(&fixture->log);
    assert_true(size < 32);
    assert_int_equal(log_state_save(&fixture->log, bytes), size);
    struct log back = log_of(fixture);
    assert_int_equal(log_state_load(&back, (struct bytes){ bytes, size }), STATUS_OK);
    assert_null(back.segments);
    assert_null(back.producers);
    assert_int_equal(fixture->shard.heap.live_count, 0);
}

static void dead_segments_are_not_loaded(void **test)
{
    struct fixture *fixture = *test;
    fill(fixture);
    size_t size = log_state_size(&fixture->log);
    uint8_t *bytes = heap_take(&fixture->shard.heap, size);
    (void)log_state_save(&fixture->log, bytes);
    struct log back = log_of(fixture);
    back.start = fixture->log.segments->items[0].limit;
    assert_int_equal(log_state_load(&back, (struct bytes){ bytes, size }), STATUS_OK);
    assert_int_equal(back.segments->items[0].base, back.start);
    log_state_end(&back);
    heap_give(&fixture->shard.heap, bytes);
}

static void aborted_lists_are_kafkas(void **test)
{
    struct fixture *fixture = *test;
    struct arena arena;
    struct aborted *aborted;
    uint32_t count;

    arena_init(&arena, &fixture->shard.heap, NULL, 0, 4096);
    assert_int_equal(log_aborted(&fixture->log, 0, 10, &arena, &aborted, &count), STATUS_OK);
    assert_int_equal(count, 0);
    (void)segments_add(&fixture->log, 0);
    segments_abort(&fixture->log, (struct abort_entry){ 5, 6, 10, 11 });
    segments_abort(&fixture->log, (struct abort_entry){ 6, 12, 17, 18 });
    static const struct {
        int64_t from, to;
        uint32_t count;
    } rows[] = { { 0, 6, 0 }, { 0, 7, 1 }, { 10, 11, 1 }, { 11, 18, 1 }, { 0, 18, 2 }, { 17, 18, 1 }, { 18, 99, 0 } };
    for (size_t i = 0; i < array_count(rows); i++) {
        enum status status = log_aborted(&fixture->log, rows[i].from, rows[i].to, &arena, &aborted, &count);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(count, rows[i].count);
    }

    /* Kafka's own bytes: producer 5, data 6..9, marker 10, stable 11. */
    uint8_t wanted[64], made[64];
    struct abort_entry entry = { 5, 6, 10, 11 }, read;
    size_t size = unit_unhex("00000000000000000005000000000000000600000000000000"
                             "0a000000000000000b",
                             wanted);
    assert_int_equal(aborted_file_size(1), size);
    aborted_file_write(&entry, 1, made);
    assert_memory_equal(made, wanted, 34);
    assert_true(aborted_file_entry((struct bytes){ made, 34 }, 0, &read));
    assert_memory_equal(&read, &entry, sizeof read);
    assert_false(aborted_file_entry((struct bytes){ made, 34 }, 1, &read));
    assert_false(aborted_file_entry((struct bytes){ made, 33 }, 0, &read));
    arena_reset(&arena);
}

#define with_log(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_log(batches_fill_segments_to_their_size),
        with_log(a_batch_larger_than_a_segment_gets_one_of_its_own),
        with_log(time_and_offsets_roll_too),
        with_log(a_full_index_rolls),
        with_log(jitter_spreads_the_rolling),
        with_log(a_gap_belongs_to_the_segment_above),
        with_log(what_is_saved_comes_back),
        with_log(cut_or_senseless_bytes_are_refused),
        with_log(an_idle_log_costs_a_few_bytes),
        with_log(dead_segments_are_not_loaded),
        with_log(aborted_lists_are_kafkas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
