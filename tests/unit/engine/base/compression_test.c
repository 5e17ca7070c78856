/* tests/unit/engine/base/compression_test.c   Kafka's own payloads unpack to the same records; each codec refuses what
 * Kafka's reader refuses, at every cut and at every bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/compression.h"
#include "base/heap.h"
#include "base/prng.h"

/* The records of one batch of twenty as Apache Kafka 4.3.1 wrote them, plain and with each codec. */
static const char many_plain[] =
    "520000000a6b65792d303c7468652073616d652076616c756520616761696e20616e6420616761696e00520002020a6b6579"
    "2d313c7468652073616d652076616c756520616761696e20616e6420616761696e00520004040a6b65792d323c7468652073"
    "616d652076616c756520616761696e20616e6420616761696e00520006060a6b65792d333c7468652073616d652076616c75"
    "6520616761696e20616e6420616761696e00520008080a6b65792d343c7468652073616d652076616c756520616761696e20"
    "616e6420616761696e0052000a0a0a6b65792d353c7468652073616d652076616c756520616761696e20616e642061676169"
    "6e0052000c0c0a6b65792d363c7468652073616d652076616c756520616761696e20616e6420616761696e0052000e0e0a6b"
    "65792d373c7468652073616d652076616c756520616761696e20616e6420616761696e00520010100a6b65792d383c746865"
    "2073616d652076616c756520616761696e20616e6420616761696e00520012120a6b65792d393c7468652073616d65207661"
    "6c756520616761696e20616e6420616761696e00540014140c6b65792d31303c7468652073616d652076616c756520616761"
    "696e20616e6420616761696e00540016160c6b65792d31313c7468652073616d652076616c756520616761696e20616e6420"
    "616761696e00540018180c6b65792d31323c7468652073616d652076616c756520616761696e20616e6420616761696e0054"
    "001a1a0c6b65792d31333c7468652073616d652076616c756520616761696e20616e6420616761696e0054001c1c0c6b6579"
    "2d31343c7468652073616d652076616c756520616761696e20616e6420616761696e0054001e1e0c6b65792d31353c746865"
    "2073616d652076616c756520616761696e20616e6420616761696e00540020200c6b65792d31363c7468652073616d652076"
    "616c756520616761696e20616e6420616761696e00540022220c6b65792d31373c7468652073616d652076616c7565206167"
    "61696e20616e6420616761696e00540024240c6b65792d31383c7468652073616d652076616c756520616761696e20616e64"
    "20616761696e00540026260c6b65792d31393c7468652073616d652076616c756520616761696e20616e6420616761696e00";
static const char many_gzip[] =
    "1f8b08000000000000ff85d1cb0a82501485e185448888888888881c249c05dd2fd053c87e81034945e5a40bf4f6c1de0fb0"
    "666bf08dd6df0388eec36fbe38bdaf837bf9e7e0befef1199cbff8dbe8fc78b6851e41a072c9e564a272c5e574aa72cd6518"
    "aadc7019452ab75cc6b1ca1d9749a272cf659aaa3c7099652a8f4c0af23cd6e76924415118a595046569946612549551da49"
    "50d746692841d318a5a504ce19a5a9046d6b94b612cc6646692c41d719a5b5fe399a961052030000";
static const char many_snappy[] =
    "82534e41505059000000000100000001000000ecd20688520000000a6b65792d303c7468652073616d652076616c75652061"
    "6761696e20616e64090a100052000202052a0031862a00040404052a0032862a00040606052a0033862a00040808052a0034"
    "862a00040a0a052a0035862a00040c0c052a0036862a00040e0e052a0037862a00041010052a0038862a00041212052a0039"
    "7e2a0010540014140c21a4003182a5010c54001616092b82a6010c54001818092b82a7010c54001a1a092b82a8010c54001c"
    "1c092b82a9010c54001e1e092b82aa010c54002020092b82ab010c54002222092b82ac010c54002424092b82ad010c540026"
    "26092b82ae01";
static const char many_lz4[] =
    "04224d18604082fa000000f214520000000a6b65792d303c7468652073616d652076616c756520616761696e20616e640a00"
    "5100520002022a001f312a000f2104042a001f322a000f2106062a001f332a000f2108082a001f342a000f210a0a2a001f35"
    "2a000f210c0c2a001f362a000f210e0e2a001f372a000f2110102a001f382a000f2112122a001f392a000d50540014140ca4"
    "011f31a5010e42540016162b000fa6010e42540018182b000fa7010e4254001a1a2b000fa8010e4254001c1c2b000fa9010e"
    "4254001e1e2b000faa010e42540020202b000fab010e42540022222b000fac010e42540024242b000fad010e42540026262b"
    "000fae0109506761696e0000000000";
static const char many_zstd[] =
    "28b52ffd0058cc0500c2471b1e40cd74d06237e4eb415b00898a0e55ccacab3fbe15f08a2ffc748a6f2e057a4df3eab3ccab"
    "c730af3ed3abbf2eafdeb2bcfaaaf2ea29cafb69f2ea25c98b88a20304199ea7f013de1b388ea069020ca3cb62ce8a0e66d7"
    "800b9871f280948c1018c9c89024005b253a9e6d2e2720809382d203b1235e15f6b0d7f73ac2abba0e7b7dad47bc2aeb30af"
    "6f75c4abaa1ef6faa9c35a50d461d78745019d5dad8b0b39bb5a17177276352e2ee4ec6acc454357af437c02010000";
static const char *const many[COMPRESSION_COUNT] = { many_plain, many_gzip, many_snappy, many_lz4, many_zstd };

enum { ROOM = 4096 };

static struct bytes unhex(const char *hex, uint8_t *to)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return (struct bytes){ to, size };
}

static enum status unpack(enum compression codec, struct bytes from, uint8_t *to, size_t room, size_t *size)
{
    struct heap heap;
    heap_init(&heap);
    enum status status = compression_unpack(codec, from, to, room, size, &heap);
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
    return status;
}

static void what_kafka_packed_unpacks_to_the_same_records(void **state)
{
    (void)state;
    uint8_t plain[ROOM], packed[ROOM], unpacked[ROOM];
    struct bytes expected = unhex(many_plain, plain);

    for (unsigned codec = 0; codec < COMPRESSION_COUNT; codec++) {
        size_t size = 0;
        struct bytes from = unhex(many[codec], packed);
        assert_int_equal(unpack(codec, from, unpacked, ROOM, &size), STATUS_OK);
        assert_int_equal(size, expected.size);
        assert_memory_equal(unpacked, plain, size);

        /* Room that is just enough, and one byte less. */
        assert_int_equal(unpack(codec, from, unpacked, expected.size, &size), STATUS_OK);
        assert_int_equal(size, expected.size);
        assert_int_equal(unpack(codec, from, unpacked, expected.size - 1, &size), STATUS_TOO_LARGE);
        assert_int_equal(unpack(codec, from, unpacked, 0, &size), STATUS_TOO_LARGE);
    }
}

static void no_cut_payload_unpacks_to_the_whole(void **state)
{
    (void)state;
    uint8_t plain[ROOM], packed[ROOM], unpacked[ROOM];
    size_t whole = unhex(many_plain, plain).size;

    for (unsigned codec = COMPRESSION_GZIP; codec < COMPRESSION_COUNT; codec++) {
        struct bytes from = unhex(many[codec], packed);
        for (size_t cut = 0; cut < from.size; cut++) {
            size_t size = 0;
            enum status status = unpack(codec, (struct bytes){ packed, cut }, unpacked, ROOM, &size);
            bool refused = status == STATUS_CORRUPT || status == STATUS_TOO_LARGE;
            if (!refused && !(status == STATUS_OK && size < whole)) {
                fail_msg("codec %u, cut %zu: %d", codec, cut, status);
            }
        }
    }
}

static void damaged_payloads_end_in_a_status(void **state)
{
    (void)state;
    uint8_t packed[ROOM], unpacked[ROOM];
    struct prng prng;
    prng_seed(&prng, 77);

    for (unsigned codec = COMPRESSION_GZIP; codec < COMPRESSION_COUNT; codec++) {
        for (int round = 0; round < 2000; round++) {
            size_t size = 0;
            struct bytes from = unhex(many[codec], packed);
            for (uint64_t i = prng_below(&prng, 4); i < 4; i++) {
                packed[prng_below(&prng, from.size)] = (uint8_t)prng_u64(&prng);
            }
            enum status status = unpack(codec, from, unpacked, ROOM, &size);
            assert_true(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_TOO_LARGE);
            assert_true(size <= ROOM);
        }
    }
}

static void packing_and_unpacking_gives_the_same(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 2, 100, 32767, 32768, 32769, 65536, 65537, 300000 };
    static const int levels[] = { COMPRESSION_LEVEL_DEFAULT, 1, 9 };
    struct prng prng;
    struct heap heap;
    prng_seed(&prng, 5);
    heap_init(&heap);

    for (size_t i = 0; i < array_count(sizes) * array_count(levels); i++) {
        size_t from_size = sizes[i % array_count(sizes)];
        int level = levels[i / array_count(sizes)];
        uint8_t *from = heap_take(&heap, from_size), *back = heap_take(&heap, from_size);
        prng_fill(&prng, from, from_size / 2); /* half noise, half zeros */

        for (unsigned codec = 0; codec < COMPRESSION_COUNT; codec++) {
            size_t room = compression_bound(codec, from_size), size = 0, back_size = 0;
            uint8_t *packed = heap_take(&heap, room);
            struct bytes bytes = { from, from_size };
            assert_int_equal(compression_pack(codec, level, bytes, packed, room, &size, &heap), STATUS_OK);
            bytes = (struct bytes){ packed, size };
            assert_int_equal(compression_unpack(codec, bytes, back, from_size, &back_size, &heap), STATUS_OK);
            assert_int_equal(back_size, from_size);
            assert_memory_equal(back, from, from_size);
            if (size > 0) {
                bytes = (struct bytes){ from, from_size };
                assert_int_equal(compression_pack(codec, level, bytes, packed, size / 2, &back_size, &heap),
                                 STATUS_TOO_LARGE);
            }
            heap_give(&heap, packed);
        }
        heap_give(&heap, from);
        heap_give(&heap, back);
    }
    assert_int_equal(heap.live_count, 0);
    heap_end(&heap);
}

static void gzip_takes_members_and_rubbish_but_no_wrong_trailer(void **state)
{
    (void)state;
    uint8_t packed[ROOM], unpacked[ROOM];
    struct bytes one = unhex(many_gzip, packed);
    size_t size = 0, whole = strlen(many_plain) / 2;

    memcpy(packed + one.size, packed, one.size);
    memset(packed + 2 * one.size, 'x', 7);
    assert_int_equal(unpack(COMPRESSION_GZIP, (struct bytes){ packed, 2 * one.size + 7 }, unpacked, ROOM, &size),
                     STATUS_OK);
    assert_int_equal(size, 2 * whole);
    packed[one.size - 5] ^= 1;
    assert_int_equal(unpack(COMPRESSION_GZIP, one, unpacked, ROOM, &size), STATUS_CORRUPT);
}

static void snappy_takes_bare_blocks_and_repeated_headers(void **state)
{
    (void)state;
    uint8_t packed[ROOM], twice[ROOM], unpacked[ROOM];
    struct bytes stream = unhex(many_snappy, packed);
    size_t size = 0, whole = strlen(many_plain) / 2;

    /* One chunk: behind the header and the chunk's size stands the bare block. */
    struct bytes bare = { stream.data + 20, stream.size - 20 };
    assert_int_equal(load_i32(stream.data + 16), bare.size);
    assert_int_equal(unpack(COMPRESSION_SNAPPY, bare, unpacked, ROOM, &size), STATUS_OK);
    assert_int_equal(size, whole);

    memcpy(twice, stream.data, stream.size);
    memcpy(twice + stream.size, stream.data, stream.size);
    twice[11] = 2;
    assert_int_equal(unpack(COMPRESSION_SNAPPY, (struct bytes){ twice, 2 * stream.size }, unpacked, ROOM, &size),
                     STATUS_OK);
    assert_int_equal(size, 2 * whole);
}

static void lz4_refuses_linked_blocks_and_second_frames(void **state)
{
    (void)state;
    uint8_t packed[ROOM], unpacked[ROOM];
    struct bytes frame = unhex(many_lz4, packed);
    size_t size = 0;

    memcpy(packed + frame.size, packed, frame.size);
    assert_int_equal(unpack(COMPRESSION_LZ4, (struct bytes){ packed, 2 * frame.size }, unpacked, ROOM, &size),
                     STATUS_CORRUPT);
    assert_int_equal(unpack(COMPRESSION_LZ4, (struct bytes){ packed, frame.size - 4 }, unpacked, ROOM, &size),
                     STATUS_CORRUPT);
    packed[6] ^= 1; /* the header's checksum */
    assert_int_equal(unpack(COMPRESSION_LZ4, frame, unpacked, ROOM, &size), STATUS_CORRUPT);

    static const char linked[] = "04224d184040c0"
                                 "05000080"
                                 "68656c6c6f"
                                 "00000000"; /* right checksum, linked */
    frame = unhex(linked, packed);
    assert_int_equal(unpack(COMPRESSION_LZ4, frame, unpacked, ROOM, &size), STATUS_CORRUPT);
    static const char independent[] = "04224d18604082"
                                      "05000080"
                                      "68656c6c6f"
                                      "00000000";
    frame = unhex(independent, packed);
    assert_int_equal(unpack(COMPRESSION_LZ4, frame, unpacked, ROOM, &size), STATUS_OK);
    assert_memory_equal(unpacked, "hello", 5);
}

static void zstd_takes_several_frames(void **state)
{
    (void)state;
    uint8_t packed[ROOM], unpacked[ROOM];
    struct bytes frame = unhex(many_zstd, packed);
    size_t size = 0;

    memcpy(packed + frame.size, packed, frame.size);
    assert_int_equal(unpack(COMPRESSION_ZSTD, (struct bytes){ packed, 2 * frame.size }, unpacked, ROOM, &size),
                     STATUS_OK);
    assert_int_equal(size, strlen(many_plain));
}

static void codecs_have_names(void **state)
{
    (void)state;
    assert_string_equal(compression_name(COMPRESSION_NONE), "none");
    assert_string_equal(compression_name(COMPRESSION_ZSTD), "zstd");
    assert_null(compression_name(COMPRESSION_COUNT));
    assert_null(compression_name(7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_kafka_packed_unpacks_to_the_same_records),
        cmocka_unit_test(no_cut_payload_unpacks_to_the_whole),
        cmocka_unit_test(damaged_payloads_end_in_a_status),
        cmocka_unit_test(packing_and_unpacking_gives_the_same),
        cmocka_unit_test(gzip_takes_members_and_rubbish_but_no_wrong_trailer),
        cmocka_unit_test(snappy_takes_bare_blocks_and_repeated_headers),
        cmocka_unit_test(lz4_refuses_linked_blocks_and_second_frames),
        cmocka_unit_test(zstd_takes_several_frames),
        cmocka_unit_test(codecs_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
