/* tests/unit/tools/client/unpack_test.c   The records of a batch, whatever its codec; and payloads that were made to
 * fill the memory of who opens them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/packer.h"
#include "client/unpack.h"

static struct heap heap;
static struct arena arena;
static struct packer packer;
static uint8_t value[1 << 20];

/* One record of `size` zeros, packed. */
static struct batch packed(enum compression codec, size_t size)
{
    static const struct packer_author nobody = { -1, -1, -1 };
    const struct packer_record record = { .value = { value, size } };
    struct bytes bytes;
    struct batch batch;

    packer_init(&packer, &heap, codec, COMPRESSION_LEVEL_DEFAULT);
    packer_add(&packer, &record);
    assert_int_equal(packer_finish(&packer, &nobody, &bytes), STATUS_OK);
    assert_int_equal(batch_read_produced(bytes, &batch), STATUS_OK);
    return batch;
}

static void begin(size_t arena_size)
{
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, arena_size);
}

static void end(void)
{
    packer_end(&packer);
    arena_reset(&arena);
    heap_end(&heap);
}

/* The second needs more room than is tried first: a megabyte of zeros is packed into next to nothing. */
static void records_come_out_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 1000, sizeof(value) };

    for (unsigned codec = 0; codec < COMPRESSION_COUNT; codec++) {
        for (size_t i = 0; i < array_count(sizes); i++) {
            struct bytes records;
            begin(64 << 20);
            struct batch batch = packed((enum compression)codec, sizes[i]);
            assert_int_equal(unpack_records(&batch, &arena, &heap, &records), STATUS_OK);
            assert_in_range(records.size, sizes[i] + 7, sizes[i] + 14); /* lengths, deltas, no key, no headers */
            if (sizes[i] > 0) assert_int_equal(records.data[records.size - 2], 0);
            if (codec == COMPRESSION_NONE) assert_ptr_equal(records.data, batch.data + BATCH_HEADER_SIZE);
            end();
        }
    }
}

static void what_finds_no_room_is_told(void **state)
{
    (void)state;
    struct bytes records;

    begin(256 << 10);
    struct batch batch = packed(COMPRESSION_ZSTD, sizeof(value));
    assert_int_equal(unpack_records(&batch, &arena, &heap, &records), STATUS_NO_MEMORY);
    end();
}

static void a_codec_that_there_is_not_is_refused(void **state)
{
    (void)state;
    struct bytes records;

    begin(64 << 20);
    struct batch batch = packed(COMPRESSION_NONE, 10);
    for (unsigned codec = COMPRESSION_COUNT; codec <= 7; codec++) {
        batch.attributes = (uint16_t)codec;
        assert_int_equal(unpack_records(&batch, &arena, &heap, &records), STATUS_UNSUPPORTED);
    }
    end();
}

static void a_broken_payload_is_an_error(void **state)
{
    (void)state;
    struct bytes records;

    for (unsigned codec = COMPRESSION_NONE + 1; codec < COMPRESSION_COUNT; codec++) {
        begin(64 << 20);
        struct batch batch = packed((enum compression)codec, 1000);
        memset((uint8_t *)(uintptr_t)batch.data + BATCH_HEADER_SIZE, 0xff, 8);
        enum status status = unpack_records(&batch, &arena, &heap, &records);
        assert_true(status != STATUS_OK && status != STATUS_TOO_LARGE);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_whole),
        cmocka_unit_test(what_finds_no_room_is_told),
        cmocka_unit_test(a_codec_that_there_is_not_is_refused),
        cmocka_unit_test(a_broken_payload_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
