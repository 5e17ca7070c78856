/* tests/unit/engine/log/batch_open_test.c   The payload of a batch, decompressed: every codec, in a room that grows up
 * to its bound and no further. */
#include "unit.h"

#include "base/compression.h"
#include "log/inspect.h"

enum { PLAIN_SIZE = 300000 };

static uint8_t plain[PLAIN_SIZE], packed[2 * PLAIN_SIZE];

/* A batch whose payload is the `plain` bytes in `codec`: mostly zeros, so that much comes out of little. */
static struct batch batch_in(enum compression codec, struct heap *heap)
{
    size_t size = 0;

    for (size_t i = 0; i < PLAIN_SIZE; i += 5000) plain[i] = (uint8_t)i;
    struct bytes from = { plain, PLAIN_SIZE };
    enum status status = compression_pack(codec, COMPRESSION_LEVEL_DEFAULT, from, packed + BATCH_HEADER_SIZE,
                                          sizeof packed - BATCH_HEADER_SIZE, &size, heap);
    assert_int_equal(status, STATUS_OK);
    return (
        struct batch){ .data = packed, .size = (uint32_t)(BATCH_HEADER_SIZE + size), .attributes = (uint16_t)codec };
}

/* What must be so of a batch in every codec; nothing may be left over. */
static void every_codec_keeps(void (*law)(struct batch *batch, struct heap *heap))
{
    struct heap heap;

    heap_init(&heap);
    for (enum compression codec = COMPRESSION_GZIP; codec < COMPRESSION_COUNT; codec++) {
        struct batch batch = batch_in(codec, &heap);
        law(&batch, &heap);
        assert_int_equal(heap.live_count, 0);
    }
    heap_end(&heap);
}

static void comes_out_whole(struct batch *batch, struct heap *heap)
{
    struct bytes records;
    void *memory;

    assert_true(batch->size < PLAIN_SIZE / 8); /* The first room is not enough. */
    assert_int_equal(batch_open(batch, heap, &records, &memory), STATUS_OK);
    assert_int_equal(records.size, PLAIN_SIZE);
    assert_memory_equal(records.data, plain, PLAIN_SIZE);
    assert_int_equal(heap->live_count, 1);
    heap_give(heap, memory);
}

static void every_codec_comes_out_whole(void **state)
{
    (void)state;
    every_codec_keeps(comes_out_whole);
}

static void what_is_open_stays_where_it_is(void **state)
{
    (void)state;
    struct heap heap;
    struct bytes records;
    struct batch batch = { .data = packed, .size = BATCH_HEADER_SIZE + 7, .attributes = 0xfff8 };
    void *memory;

    heap_init(&heap);
    assert_int_equal(batch_open(&batch, &heap, &records, &memory), STATUS_OK);
    assert_ptr_equal(records.data, packed + BATCH_HEADER_SIZE);
    assert_int_equal(records.size, 7);
    assert_null(memory);
    for (int codec = COMPRESSION_COUNT; codec <= BATCH_CODEC; codec++) {
        batch.attributes = (uint16_t)codec;
        assert_int_equal(batch_open(&batch, &heap, &records, &memory), STATUS_UNSUPPORTED);
    }
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void keeps_its_bound(struct batch *batch, struct heap *heap)
{
    struct bytes records;
    void *memory;

    assert_int_equal(batch_open_within(batch, PLAIN_SIZE - 1, heap, &records, &memory), STATUS_TOO_LARGE);
    assert_null(memory);
    assert_int_equal(heap->live_count, 0);
    assert_int_equal(batch_open_within(batch, PLAIN_SIZE, heap, &records, &memory), STATUS_OK);
    heap_give(heap, memory);
}

static void the_bound_is_kept(void **state)
{
    (void)state;
    every_codec_keeps(keeps_its_bound);
}

static void is_broken(struct batch *batch, struct heap *heap)
{
    struct bytes records;
    void *memory;

    batch->size -= batch->size / 3;
    assert_int_equal(batch_open(batch, heap, &records, &memory), STATUS_CORRUPT);
    assert_null(memory);
}

static void a_broken_payload_leaves_nothing(void **state)
{
    (void)state;
    every_codec_keeps(is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_comes_out_whole),
        cmocka_unit_test(what_is_open_stays_where_it_is),
        cmocka_unit_test(the_bound_is_kept),
        cmocka_unit_test(a_broken_payload_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
