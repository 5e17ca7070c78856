/* tests/unit/engine/base/codec_test.c   Golden bytes for every type in plain and flexible form, then one wide message
 * through everything that can go wrong: every cut, every flipped byte, every count that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/codec.h"
#include "base/codec_portion.h"
#include "base/heap.h"
#include "base/prng.h"

struct inner {
    int32_t number;
    struct text name;
    int8_t added; /* from version 1 */
};

struct wide {
    bool flag;
    int8_t tiny;
    int16_t small;
    uint16_t port;
    int32_t medium;
    uint32_t mask;
    int64_t large;
    double ratio;
    struct uuid id;
    struct text name;
    struct text nickname; /* null from 0 */
    struct bytes blob;
    struct bytes maybe; /* null from 1 */
    struct records records;
    ARRAY_OF(int32_t) numbers;
    ARRAY_OF(struct text) names; /* null from 0 */
    ARRAY_OF(struct inner) items;
    struct inner embedded;
    struct inner *cursor; /* null from 0, since 1 */
    int32_t gone;         /* until 0 */
    int64_t tagged_number;
    struct text tagged_text;
    struct inner *tagged_pointer;
    struct inner tagged_struct;
    ARRAY_OF(int16_t) tagged_array;
};

/* clang-format off */
static const struct field inner_fields[] = {
    FIELD(inner, number, 0, LATEST, NEVER, NO_TAG, 0),
    FIELD(inner, name,   0, LATEST, NEVER, NO_TAG, 0),
    FIELD(inner, added,  1, LATEST, NEVER, NO_TAG, 9),
};
static const struct schema inner_schema = SCHEMA(inner, inner_fields);

static const struct field wide_fields[] = {
    FIELD(wide, flag,     0, LATEST, NEVER, NO_TAG, 1),
    FIELD(wide, tiny,     0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, small,    0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, port,     0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, medium,   0, LATEST, NEVER, NO_TAG, -1),
    FIELD(wide, mask,     0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, large,    0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, ratio,    0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, id,       0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, name,     0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, nickname, 0, LATEST, 0,     NO_TAG, FALLBACK_NULL),
    FIELD(wide, blob,     0, LATEST, NEVER, NO_TAG, 0),
    FIELD(wide, maybe,    0, LATEST, 1,     NO_TAG, 0),
    FIELD(wide, records,  0, LATEST, 0,     NO_TAG, 0),
    ARRAY(wide, numbers,  0, LATEST, NEVER, NO_TAG, &schema_i32),
    ARRAY(wide, names,    0, LATEST, 0,     NO_TAG, &schema_text),
    ARRAY(wide, items,    0, LATEST, NEVER, NO_TAG, &inner_schema),
    STRUCT(wide, embedded, 0, LATEST, NEVER, NO_TAG, &inner_schema),
    POINTER(wide, cursor, 1, LATEST, 0,     NO_TAG, &inner_schema),
    FIELD(wide, gone,     0, 0,      NEVER, NO_TAG, 5),
    FIELD(wide, tagged_number, 0, LATEST, NEVER, 0, -1),
    STRUCT(wide, tagged_struct, 0, LATEST, NEVER, 3, &inner_schema), /* rows of tags need not stand in order */
    FIELD(wide, tagged_text, 0, LATEST, 0, 1, FALLBACK_NULL),
    POINTER(wide, tagged_pointer, 0, LATEST, NEVER, 2, &inner_schema),
    ARRAY(wide, tagged_array, 1, LATEST, NEVER, 200, &schema_i16),
};
static const struct schema wide_schema = SCHEMA(wide, wide_fields);
/* clang-format on */

struct fixture {
    struct heap heap;
    struct arena arena;
    uint8_t buffer[4096];
    struct writer writer;
};

static void begin(struct fixture *fixture)
{
    heap_init(&fixture->heap);
    arena_init(&fixture->arena, &fixture->heap, NULL, 0, 1 << 16);
    memset(fixture->buffer, 0xee, sizeof(fixture->buffer));
    fixture->writer = (struct writer){ .start = fixture->buffer,
                                       .at = fixture->buffer,
                                       .limit = fixture->buffer + sizeof(fixture->buffer) };
}

static size_t write(struct fixture *fixture, const struct schema *schema, int16_t version, bool flexible,
                    const void *from)
{
    fixture->writer.at = fixture->writer.start;
    message_write(schema, version, flexible, from, &fixture->writer);
    assert_false(fixture->writer.overrun);
    size_t size = (size_t)(fixture->writer.at - fixture->writer.start);
    assert_int_equal(size, message_size(schema, version, flexible, from));
    return size;
}

static enum status read(struct fixture *fixture, const struct schema *schema, int16_t version, bool flexible,
                        const uint8_t *bytes, size_t size, void *into)
{
    /* A copy of its own, so that a sanitizer sees every look past the limit. */
    uint8_t *frame = heap_take(&fixture->heap, size);
    if (size > 0) memcpy(frame, bytes, size);
    const uint8_t *at = frame;
    enum status status = message_read(schema, version, flexible, &at, frame + size, into, &fixture->arena);
    assert_ptr_equal(at, status == STATUS_OK ? frame + size : frame);
    return status;
}

/* One message per type: `hex` without blanks. */
static void expect_bytes(struct fixture *fixture, const struct schema *schema, int16_t version, bool flexible,
                         const void *from, const char *hex)
{
    char got[8192];
    size_t size = write(fixture, schema, version, flexible, from);
    for (size_t i = 0; i < size; i++) {
        got[2 * i] = "0123456789abcdef"[fixture->buffer[i] >> 4];
        got[2 * i + 1] = "0123456789abcdef"[fixture->buffer[i] & 15];
    }
    got[2 * size] = '\0';
    assert_string_equal(got, hex);
}

/* clang-format off */
#define NUMBERS_HEX                                                                                                    \
    "01" "00" "0000" "0000" "ffffffff" "00000000" "0000000000000000" "0000000000000000"                                \
    "00000000000000000000000000000000"

static const char plain_hex[] = NUMBERS_HEX
    "0000" "ffff"                               /* name, nickname null */
    "00000000" "00000000" "00000000"            /* blob, maybe, records */
    "00000000" "00000000" "00000000"            /* numbers, names, items */
    "00000000" "0000"                           /* embedded, version 0 */
    "00000005";                                 /* gone */
static const char flexible_hex[] = NUMBERS_HEX
    "01" "00"
    "01" "01" "01"
    "01" "01" "01"
    "00000000" "01" "09" "00"                   /* embedded: number, name, added, no tags */
    "ff"                                        /* cursor null */
    "00";                                       /* no tags */
static const char tagged_hex[] = NUMBERS_HEX
    "01" "01"                                   /* name, nickname: empty */
    "01" "00" "00"                              /* maybe and records null */
    "01" "00" "01"                              /* names null */
    "00000000" "01" "09" "00"
    "01" "00000001" "0270" "02" "00"            /* cursor present */
    "05"
    "00" "08" "0000000000000003"
    "01" "02" "0274"
    "02" "08" "00000001" "0270" "02" "00"
    "03" "07" "00000004" "01" "09" "00"
    "c801" "03" "02" "0102";
/* clang-format on */

static void golden_bytes_of_plain_and_flexible_fields(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);

    struct inner inner = { .number = -2, .name = TEXT("abc"), .added = 7 };
    expect_bytes(&fixture, &inner_schema, 0, false, &inner, "fffffffe0003616263");
    expect_bytes(&fixture, &inner_schema, 1, false, &inner, "fffffffe000361626307");
    expect_bytes(&fixture, &inner_schema, 1, true, &inner, "fffffffe046162630700");

    struct wide wide;
    message_clear(&wide_schema, &wide);
    expect_bytes(&fixture, &wide_schema, 0, false, &wide, plain_hex);
    expect_bytes(&fixture, &wide_schema, 1, true, &wide, flexible_hex);
    heap_end(&fixture.heap);
}

static void golden_bytes_of_tags_and_nulls(void **state)
{
    (void)state;
    struct fixture fixture;
    struct inner pointed = { .number = 1, .name = TEXT("p"), .added = 2 };
    int16_t numbers[] = { 258 };
    begin(&fixture);

    struct wide wide;
    message_clear(&wide_schema, &wide);
    wide.nickname = TEXT("");
    wide.maybe = BYTES_NULL;
    wide.records.size = -1;
    wide.names.count = -1;
    wide.cursor = &pointed;
    wide.tagged_number = 3;
    wide.tagged_text = TEXT("t");
    wide.tagged_pointer = &pointed;
    wide.tagged_struct.number = 4;
    wide.tagged_array.items = numbers;
    wide.tagged_array.count = 1;
    expect_bytes(&fixture, &wide_schema, 1, true, &wide, tagged_hex);

    struct wide again;
    size_t size = message_size(&wide_schema, 1, true, &wide);
    assert_int_equal(read(&fixture, &wide_schema, 1, true, fixture.buffer, size, &again), STATUS_OK);
    assert_int_equal(again.nickname.size, 0);
    assert_non_null(again.nickname.data);
    assert_null(again.maybe.data);
    assert_int_equal(again.records.size, -1);
    assert_int_equal(again.names.count, -1);
    assert_int_equal(again.cursor->number, 1);
    assert_int_equal(again.tagged_number, 3);
    assert_true(text_equal(again.tagged_text, TEXT("t")));
    assert_int_equal(again.tagged_pointer->added, 2);
    assert_int_equal(again.tagged_struct.number, 4);
    assert_int_equal(again.tagged_array.items[0], 258);
    assert_int_equal(again.gone, 5);
    heap_end(&fixture.heap);
}

static void a_zeroed_struct_is_a_message(void **state)
{
    (void)state;
    struct fixture fixture;
    struct wide wide = { 0 }, again;
    begin(&fixture);
    for (int16_t version = 0; version < 2; version++) {
        for (int flexible = 0; flexible < 2; flexible++) {
            size_t size = write(&fixture, &wide_schema, version, flexible, &wide);
            assert_int_equal(read(&fixture, &wide_schema, version, flexible, fixture.buffer, size, &again), STATUS_OK);
            assert_int_equal(again.name.size, 0);
            assert_non_null(again.name.data);
        }
    }
    heap_end(&fixture.heap);
}

static struct text draw_text(struct fixture *fixture, struct prng *prng)
{
    struct text text = { NULL, prng_below(prng, 300) % (1 + prng_below(prng, 299)) };
    char *data = heap_take(&fixture->heap, text.size);
    prng_fill(prng, data, text.size);
    text.data = data;
    return text;
}

static struct inner draw_inner(struct fixture *fixture, struct prng *prng)
{
    return (struct inner){ (int32_t)prng_u64(prng), draw_text(fixture, prng), (int8_t)prng_u64(prng) };
}

static struct wide draw_wide(struct fixture *fixture, struct prng *prng)
{
    struct wide wide;
    message_clear(&wide_schema, &wide);
    wide.flag = prng_below(prng, 2);
    wide.tiny = (int8_t)prng_u64(prng);
    wide.small = (int16_t)prng_u64(prng);
    wide.port = (uint16_t)prng_u64(prng);
    wide.medium = (int32_t)prng_u64(prng);
    wide.mask = (uint32_t)prng_u64(prng);
    wide.large = (int64_t)prng_u64(prng);
    wide.ratio = (double)(int64_t)prng_u64(prng);
    prng_fill(prng, &wide.id, sizeof(wide.id));
    wide.name = draw_text(fixture, prng);
    if (prng_below(prng, 2)) wide.nickname = draw_text(fixture, prng);
    wide.numbers.count = (int32_t)prng_below(prng, 5);
    wide.numbers.items = heap_take(&fixture->heap, 5 * sizeof(int32_t));
    prng_fill(prng, wide.numbers.items, 5 * sizeof(int32_t));
    wide.items.count = (int32_t)prng_below(prng, 3);
    wide.items.items = heap_take(&fixture->heap, 3 * sizeof(struct inner));
    for (int i = 0; i < 3; i++) wide.items.items[i] = draw_inner(fixture, prng);
    wide.embedded = draw_inner(fixture, prng);
    if (prng_below(prng, 2)) wide.cursor = &wide.items.items[0];
    if (prng_below(prng, 2)) wide.tagged_number = (int64_t)prng_u64(prng);
    if (prng_below(prng, 2)) wide.tagged_text = draw_text(fixture, prng);
    if (prng_below(prng, 2)) wide.tagged_pointer = &wide.items.items[1];
    if (prng_below(prng, 2)) wide.tagged_struct = draw_inner(fixture, prng);
    return wide;
}

static void what_was_read_writes_the_same_bytes(void **state)
{
    (void)state;
    struct prng prng;
    prng_seed(&prng, 11);

    for (int round = 0; round < 2000; round++) {
        struct fixture fixture;
        struct wide again;
        int16_t version = (int16_t)(round % 2);
        bool flexible = round & 2;
        begin(&fixture);
        struct wide wide = draw_wide(&fixture, &prng);
        size_t size = write(&fixture, &wide_schema, version, flexible, &wide);
        uint8_t *first = heap_take(&fixture.heap, size);
        memcpy(first, fixture.buffer, size);

        assert_int_equal(read(&fixture, &wide_schema, version, flexible, first, size, &again), STATUS_OK);
        assert_int_equal(write(&fixture, &wide_schema, version, flexible, &again), size);
        assert_memory_equal(fixture.buffer, first, size);
        heap_end(&fixture.heap);
    }
}

static void no_cut_message_is_read(void **state)
{
    (void)state;
    struct prng prng;
    prng_seed(&prng, 12);

    for (int round = 0; round < 8; round++) {
        struct fixture fixture;
        struct wide again;
        int16_t version = (int16_t)(round % 2);
        bool flexible = round & 2;
        begin(&fixture);
        struct wide wide = draw_wide(&fixture, &prng);
        size_t size = write(&fixture, &wide_schema, version, flexible, &wide);
        for (size_t cut = 0; cut < size; cut++) {
            enum status status = read(&fixture, &wide_schema, version, flexible, fixture.buffer, cut, &again);
            assert_true(status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
        }
        heap_end(&fixture.heap);
    }
}

static void no_damaged_message_takes_more_than_its_share(void **state)
{
    (void)state;
    struct prng prng;
    prng_seed(&prng, 13);

    for (int round = 0; round < 20000; round++) {
        struct fixture fixture;
        struct wide again;
        int16_t version = (int16_t)(round % 2);
        bool flexible = round & 2;
        begin(&fixture);
        struct wide wide = draw_wide(&fixture, &prng);
        size_t size = write(&fixture, &wide_schema, version, flexible, &wide);
        for (uint64_t i = 0; i < 1 + prng_below(&prng, 4); i++) {
            uint8_t byte = prng_below(&prng, 3) == 0 ? 0xff : (uint8_t)prng_u64(&prng);
            fixture.buffer[prng_below(&prng, size)] = byte;
        }
        uint8_t *frame = heap_take(&fixture.heap, size);
        memcpy(frame, fixture.buffer, size);
        const uint8_t *at = frame;
        enum status status = message_read(&wide_schema, version, flexible, &at, frame + size, &again, &fixture.arena);
        assert_true(status == STATUS_OK || status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
        /* The worst is an array of structs: sizeof(struct inner) for each of its smallest forms on the wire. */
        assert_true(fixture.arena.size < 4096 + 2 * size * sizeof(struct inner));
        if (status == STATUS_OK) (void)message_size(&wide_schema, version, flexible, &again);
        heap_end(&fixture.heap);
    }
}

static void writing_stops_at_the_limit_and_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    struct prng prng;
    begin(&fixture);
    prng_seed(&prng, 14);
    struct wide wide = draw_wide(&fixture, &prng);
    size_t size = message_size(&wide_schema, 1, true, &wide);

    for (size_t room = 0; room <= size; room++) {
        memset(fixture.buffer, 0xee, sizeof(fixture.buffer));
        struct writer writer = { .start = fixture.buffer, .at = fixture.buffer, .limit = fixture.buffer + room };
        message_write(&wide_schema, 1, true, &wide, &writer);
        assert_int_equal(writer.overrun, room < size);
        assert_int_equal(fixture.buffer[room], 0xee);
    }
    heap_end(&fixture.heap);
}

static void record_bytes_left_out_become_gaps(void **state)
{
    (void)state;
    struct fixture fixture;
    struct gap gaps[1];
    struct wide wide = { 0 };
    int source = 0;
    begin(&fixture);
    size_t empty_size = message_size(&wide_schema, 0, false, &wide);

    wide.records = (struct records){ .size = 1000, .source = &source };
    assert_int_equal(message_size(&wide_schema, 0, false, &wide), empty_size);
    fixture.writer.gaps = gaps;
    fixture.writer.gap_max = 1;
    assert_int_equal(write(&fixture, &wide_schema, 0, false, &wide), empty_size);
    assert_int_equal(fixture.writer.gap_count, 1);
    assert_int_equal(gaps[0].size, 1000);
    assert_ptr_equal(gaps[0].source, &source);
    assert_int_equal(load_i32(fixture.buffer + gaps[0].position - 4), 1000);

    /* No more room for gaps, or none at all. */
    fixture.writer.at = fixture.buffer;
    message_write(&wide_schema, 0, false, &wide, &fixture.writer);
    assert_true(fixture.writer.overrun);
    struct writer without = { fixture.buffer, fixture.buffer, fixture.buffer + 1000, NULL, 0, 0, false };
    message_write(&wide_schema, 0, false, &wide, &without);
    assert_true(without.overrun);

    wide.records = (struct records){ .data = (const uint8_t *)"abc", .size = 3 };
    assert_int_equal(message_size(&wide_schema, 0, false, &wide), empty_size + 3);
    heap_end(&fixture.heap);
}

static void clearing_sets_every_fallback(void **state)
{
    (void)state;
    struct wide wide;
    memset(&wide, 0x5a, sizeof(wide));
    message_clear(&wide_schema, &wide);
    assert_true(wide.flag);
    assert_int_equal(wide.medium, -1);
    assert_null(wide.nickname.data);
    assert_non_null(wide.name.data);
    assert_int_equal(wide.gone, 5);
    assert_int_equal(wide.embedded.added, 9);
    assert_null(wide.cursor);
    assert_int_equal(wide.tagged_number, -1);
    assert_int_equal(wide.numbers.count, 0);
}

/* Structs in arrays, five deep: the deepest are put with the item that holds them. */
struct nest {
    int16_t number;
    ARRAY_OF(struct nest) inner, others;
    int32_t last;
    int8_t tagged;
};

/* clang-format off */
extern const struct schema nest_schema;
static const struct field nest_fields[] = {
    FIELD(nest, number, 0, LATEST, NEVER, NO_TAG, 0),
    ARRAY(nest, inner,  0, LATEST, 1,     NO_TAG, &nest_schema),
    ARRAY(nest, others, 1, LATEST, NEVER, NO_TAG, &nest_schema),
    FIELD(nest, last,   0, LATEST, NEVER, NO_TAG, 0),
    FIELD(nest, tagged, 0, LATEST, NEVER, 0,      0),
};
const struct schema nest_schema = SCHEMA(nest, nest_fields);
/* clang-format on */

static void nest_fill(struct nest *nest, struct arena *arena, struct prng *prng, unsigned depth)
{
    uint32_t inner = depth == 0 ? 0 : (uint32_t)prng_below(prng, 4), others = depth == 0 ? 0 : inner / 2;

    *nest = (struct nest){ .number = (int16_t)depth, .last = 7, .tagged = (int8_t)prng_below(prng, 2) };
    nest->inner.items = arena_take(arena, inner * sizeof(*nest->inner.items));
    nest->others.items = arena_take(arena, others * sizeof(*nest->others.items));
    for (; nest->inner.count < (int32_t)inner; nest->inner.count++) {
        nest_fill(&nest->inner.items[nest->inner.count], arena, prng, depth - 1);
    }
    for (; nest->others.count < (int32_t)others; nest->others.count++) {
        nest_fill(&nest->others.items[nest->others.count], arena, prng, depth - 1);
    }
    if (inner == 0) nest->inner.count = -1; /* null, or empty where the version has no null */
}

static void a_message_in_portions_has_the_same_bytes(void **state)
{
    (void)state;
    struct fixture fixture;
    struct prng prng;
    uint8_t whole[sizeof(fixture.buffer)];

    begin(&fixture);
    prng_seed(&prng, 7);
    for (int round = 0; round < 400; round++) {
        int16_t version = (int16_t)(round % 2);
        bool flexible = round % 4 >= 2;
        uint32_t item_max = 1 + (uint32_t)round % 7, looks = 1;
        struct message_portions portions;
        struct nest nest;

        nest_fill(&nest, &fixture.arena, &prng, 5);
        if (message_size(&nest_schema, version, flexible, &nest) > sizeof(whole)) continue;
        size_t size = write(&fixture, &nest_schema, version, flexible, &nest);
        memcpy(whole, fixture.buffer, size);

        message_portions_begin(&portions, &nest_schema, version, flexible, &nest);
        while (!message_portion(&portions, NULL, item_max)) looks++;
        assert_int_equal(portions.size, size);
        assert_true(looks == 1 || nest.inner.count > 0);

        memset(fixture.buffer, 0xee, sizeof(fixture.buffer));
        fixture.writer.at = fixture.writer.start;
        message_portions_begin(&portions, &nest_schema, version, flexible, &nest);
        while (!message_portion(&portions, &fixture.writer, item_max)) looks--;
        assert_int_equal(looks, 1);
        assert_int_equal(fixture.writer.at - fixture.writer.start, size);
        assert_memory_equal(fixture.buffer, whole, size);
        arena_reset(&fixture.arena);
    }
    arena_reset(&fixture.arena);
    heap_end(&fixture.heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bytes_of_plain_and_flexible_fields),
        cmocka_unit_test(golden_bytes_of_tags_and_nulls),
        cmocka_unit_test(a_zeroed_struct_is_a_message),
        cmocka_unit_test(what_was_read_writes_the_same_bytes),
        cmocka_unit_test(no_cut_message_is_read),
        cmocka_unit_test(no_damaged_message_takes_more_than_its_share),
        cmocka_unit_test(writing_stops_at_the_limit_and_says_so),
        cmocka_unit_test(record_bytes_left_out_become_gaps),
        cmocka_unit_test(clearing_sets_every_fallback),
        cmocka_unit_test(a_message_in_portions_has_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
