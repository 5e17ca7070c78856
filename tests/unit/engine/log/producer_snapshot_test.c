/* Producers as bytes: Kafka's .snapshot byte for byte, our own form whole, and neither read when it can't be right. */
#include "producers.h"

#include "base/crc32c.h"

/* plain-0 of a directory that Kafka wrote: producer 0, 300 records in batches of 10. */
static void snapshots_are_kafkas_bytes(void **test)
{
    struct producers *producers = *test;
    static const char golden[] = "00019ab28fe200000001"
                                 "000000000000000000000000012b000000000000012b000000090000018bcfe9f7f8ffffffffffffffff"
                                 "ffffffff";
    uint8_t wanted[64], made[64];
    size_t size = unit_unhex(golden, wanted);

    struct batch batch = unit_batch(290, 10, 0, 0, 290);
    batch.max_timestamp_ms = 1700000299000;
    producer_state_apply(producers->state, &batch, 0, &producers->end);
    assert_int_equal(producer_snapshot_size(producers->state), size);
    producer_snapshot_write(producers->state, made);
    assert_memory_equal(made, wanted, 56);

    static const char empty[] = "000148674bc700000000";
    size = unit_unhex(empty, wanted);
    assert_int_equal(producer_snapshot_size(NULL), size);
    producer_snapshot_write(NULL, made);
    assert_memory_equal(made, wanted, 10);
}

static void a_snapshot_comes_back_with_its_last_batches(void **test)
{
    struct producers *producers = *test;
    uint8_t bytes[512];

    for (int i = 0; i < 3; i++) assert_int_equal(producers_send(producers, i, 1, 0, i), STATUS_OK);
    producers_transact(producers, 9, 3, 2, 0);
    producers_transact(producers, 8, 5, 2, 0);
    size_t size = producer_snapshot_size(producers->state);
    producer_snapshot_write(producers->state, bytes);

    struct producer_state *back = producer_state_make(&producers->heap);
    assert_int_equal(producer_snapshot_read(back, (struct bytes){ bytes, size }, 0), STATUS_OK);
    assert_int_equal(back->by_id.count, 3);
    assert_int_equal(producer_find(back, 7)->batch_count, 1);
    assert_int_equal(producer_state_commit(back, 100), 3);
    producer_state_end(back);

    for (size_t cut = 0; cut < size; cut++) {
        back = producer_state_make(&producers->heap);
        assert_int_not_equal(producer_snapshot_read(back, (struct bytes){ bytes, cut }, 0), STATUS_OK);
        producer_state_end(back);
    }
    bytes[20] ^= 1;
    back = producer_state_make(&producers->heap);
    assert_int_equal(producer_snapshot_read(back, (struct bytes){ bytes, size }, 0), STATUS_CORRUPT);
    producer_state_end(back);
}

static void our_own_form_keeps_everything(void **test)
{
    struct producers *producers = *test;
    struct producer_batch original;
    uint8_t bytes[2048];

    for (int i = 0; i < 6; i++) assert_int_equal(producers_send(producers, i, 1, 0, i), STATUS_OK);
    producers_transact(producers, 9, 6, 2, 0);
    producers_transact(producers, 8, 8, 2, 0);
    producers_mark(producers, 8, 10, 0, true);
    size_t size = producer_state_size(producers->state);
    producer_state_write(producers->state, bytes);

    struct producer_state *back = producer_state_make(&producers->heap);
    assert_int_equal(producer_state_read(back, (struct bytes){ bytes, size }, 0), STATUS_OK);
    for (int i = 1; i < 6; i++) {
        struct batch again = unit_batch(0, 1, 7, 0, i);
        assert_int_equal(producer_state_check(back, &again, &original), STATUS_DUPLICATE);
        assert_int_equal(original.last_offset, i);
    }
    assert_int_equal(producer_state_commit(back, 10), 6);
    assert_int_equal(back->decided_count, 1);
    producer_state_end(back);

    for (size_t cut = 0; cut < size; cut++) {
        back = producer_state_make(&producers->heap);
        assert_int_equal(producer_state_read(back, (struct bytes){ bytes, cut }, 0), STATUS_MALFORMED);
        producer_state_end(back);
    }
}

enum { HEAD = 10, ENTRY = 46 };

static enum status snapshot_read(struct producers *producers, const uint8_t *bytes, size_t size)
{
    struct producer_state *back = producer_state_make(&producers->heap);
    enum status status = producer_snapshot_read(back, (struct bytes){ bytes, size }, 0);
    producer_state_end(back);
    return status;
}

static void snapshot_sum(uint8_t *bytes, size_t size)
{
    store_u32(bytes + 2, crc32c(0, bytes + 6, size - 6));
}

/* The sum proves the bytes, not their sense. */
static void a_senseless_snapshot_is_refused(void **test)
{
    struct producers *producers = *test;
    uint8_t bytes[512];

    producers_transact(producers, 9, 3, 2, 0);
    producers_transact(producers, 8, 5, 2, 0);
    size_t size = producer_snapshot_size(producers->state);
    assert_int_equal(size, HEAD + 2 * ENTRY);
    producer_snapshot_write(producers->state, bytes);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(snapshot_read(producers, bytes, size), bit < 16 ? STATUS_MALFORMED : STATUS_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    store_i32(bytes + 6, 3); /* More than there are, */
    snapshot_sum(bytes, size);
    assert_int_equal(snapshot_read(producers, bytes, size), STATUS_MALFORMED);
    store_i32(bytes + 6, -1);
    snapshot_sum(bytes, size);
    assert_int_equal(snapshot_read(producers, bytes, size), STATUS_MALFORMED);
    store_i32(bytes + 6, 2);
    memcpy(bytes + HEAD + ENTRY, bytes + HEAD, ENTRY); /* and one twice. */
    snapshot_sum(bytes, size);
    assert_int_equal(snapshot_read(producers, bytes, size), STATUS_MALFORMED);
}

/* Silent for longest comes first; what is open is in the order of its offsets all the same. */
static void the_order_of_what_is_open_comes_back(void **test)
{
    struct producers *producers = *test;
    uint8_t kafkas[512], ours[1024];

    producers_transact(producers, 1, 10, 1, 0);
    producers_transact(producers, 2, 20, 1, 0);
    producers_transact(producers, 3, 30, 1, 0);
    producers_transact(producers, 1, 40, 1, 1); /* Heard of last, open for longest. */
    size_t kafkas_size = producer_snapshot_size(producers->state), ours_size = producer_state_size(producers->state);
    producer_snapshot_write(producers->state, kafkas);
    producer_state_write(producers->state, ours);
    assert_int_equal(load_i64(kafkas + HEAD), 2);

    for (int form = 0; form < 2; form++) {
        struct producer_state *back = producer_state_make(&producers->heap);
        struct transaction_end end;
        enum status status = form ? producer_state_read(back, (struct bytes){ ours, ours_size }, 0)
                                  : producer_snapshot_read(back, (struct bytes){ kafkas, kafkas_size }, 0);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(producer_state_commit(back, 100), 10);
        uint8_t memory[256];
        struct batch marker = unit_marker(memory, 50, 1, 0, false, 1);
        producer_state_apply(back, &marker, 0, &end);
        assert_true(end.ended);
        assert_int_equal(producer_state_commit(back, 100), 20);
        producer_state_end(back);
    }
}

/* A producer that only ever ended transactions has no batch: Kafka writes -1 for its last. */
static void a_producer_without_a_batch_comes_back_without_one(void **test)
{
    struct producers *producers = *test;
    uint8_t bytes[64];

    producers_mark(producers, 5, 0, 1, true);
    assert_int_equal(producer_snapshot_size(producers->state), HEAD + ENTRY);
    producer_snapshot_write(producers->state, bytes);
    assert_int_equal(load_i32(bytes + HEAD + 10), -1);
    assert_int_equal(load_i64(bytes + HEAD + 14), -1);
    struct producer_state *back = producer_state_make(&producers->heap);
    assert_int_equal(producer_snapshot_read(back, (struct bytes){ bytes, HEAD + ENTRY }, 0), STATUS_OK);
    assert_int_equal(producer_find(back, 5)->batch_count, 0);
    assert_int_equal(producer_find(back, 5)->coordinator_epoch, 3);
    producer_state_end(back);
}

static void our_form_is_refused_when_it_cannot_be(void **test)
{
    struct producers *producers = *test;
    enum { COUNT = 4, SAVED_HEAD = 31, SAVED = SAVED_HEAD + 24, PRODUCERS = 5, DECIDED = COUNT + PRODUCERS * SAVED };
    uint8_t bytes[512], copy[512];

    for (int64_t id = 1; id <= PRODUCERS; id++) producers_transact(producers, id, 2 * id, 2, 0);
    producers_mark(producers, 4, 17, 0, true);
    producers_mark(producers, 5, 18, 0, true);
    size_t size = producer_state_size(producers->state);
    assert_int_equal(size, DECIDED + COUNT + 2 * 16);
    producer_state_write(producers->state, bytes);
    for (int row = 0; row < 6; row++) {
        size_t used = size;
        memcpy(copy, bytes, size);
        if (row == 1) copy[COUNT + SAVED_HEAD - 1] = PRODUCER_BATCHES + 1;
        if (row == 2) memcpy(copy + COUNT + SAVED, copy + COUNT, 8);          /* one twice */
        if (row == 3) store_u32(copy + DECIDED, 3);                           /* more decided than there are */
        if (row == 4) store_i64(copy + size - 8, load_i64(copy + size - 24)); /* not ascending */
        if (row == 5) copy[used++] = 0;                                       /* something behind */
        struct producer_state *back = producer_state_make(&producers->heap);
        enum status status = producer_state_read(back, (struct bytes){ copy, used }, 0);
        assert_int_equal(status, row == 0 ? STATUS_OK : STATUS_MALFORMED);
        producer_state_end(back);
    }
    producer_state_write(NULL, copy); /* A log without producers. */
    assert_int_equal(producer_state_size(NULL), 2 * COUNT);
    struct producer_state *none = producer_state_make(&producers->heap);
    assert_int_equal(producer_state_read(none, (struct bytes){ copy, (size_t)2 * COUNT }, 0), STATUS_OK);
    assert_int_equal(none->by_id.count, 0);
    producer_state_end(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_state(snapshots_are_kafkas_bytes),
        with_state(a_snapshot_comes_back_with_its_last_batches),
        with_state(our_own_form_keeps_everything),
        with_state(a_senseless_snapshot_is_refused),
        with_state(the_order_of_what_is_open_comes_back),
        with_state(a_producer_without_a_batch_comes_back_without_one),
        with_state(our_form_is_refused_when_it_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
