/* Control records: types and versions that are known, and nothing else. Golden ones: record_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/heap.h"
#include "cluster/control.h"

static void arena_begin(struct arena *arena, struct heap *heap)
{
    heap_init(heap);
    arena_init(arena, heap, NULL, 0, 1 << 22);
}

static void an_unknown_control_type_or_version_is_refused(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct any_control any;
    uint8_t key[CONTROL_KEY_SIZE], footer[] = { 0, 0, 0, 0 };

    arena_begin(&arena, &heap);
    control_key((enum raft_control)1, key);
    assert_int_equal(control_read((struct bytes){ key, 4 }, (struct bytes){ footer, 3 }, &any, &arena),
                     STATUS_UNSUPPORTED);
    control_key(CONTROL_SNAPSHOT_FOOTER, key);
    assert_int_equal(control_read((struct bytes){ key, 3 }, (struct bytes){ footer, 3 }, &any, &arena),
                     STATUS_TRUNCATED);
    assert_int_equal(control_read((struct bytes){ key, 4 }, (struct bytes){ footer, 3 }, &any, &arena), STATUS_OK);
    assert_int_equal(control_read((struct bytes){ key, 4 }, (struct bytes){ footer, 4 }, &any, &arena),
                     STATUS_MALFORMED);
    footer[1] = 1;
    assert_int_equal(control_read((struct bytes){ key, 4 }, (struct bytes){ footer, 3 }, &any, &arena),
                     STATUS_UNSUPPORTED);
    heap_end(&heap);
}

/* A key is version and type, two bytes each; a later version's key may be longer. */
static void a_key_is_version_and_type(void **state)
{
    (void)state;
    static const enum raft_control types[] = { CONTROL_LEADER_CHANGE, CONTROL_SNAPSHOT_HEADER, CONTROL_SNAPSHOT_FOOTER,
                                               CONTROL_KRAFT_VERSION, CONTROL_VOTERS };
    uint8_t key[CONTROL_KEY_SIZE];

    for (size_t i = 0; i < array_count(types); i++) {
        struct heap heap;
        struct arena arena;
        struct any_control cleared, read;
        uint8_t bytes[512];

        control_key(types[i], key);
        assert_int_equal(load_i16(key), 0);
        assert_int_equal(load_i16(key + 2), types[i]);
        control_clear(&cleared, types[i]);
        struct writer writer = { .start = bytes, .at = bytes, .limit = bytes + sizeof(bytes) };
        control_write(&cleared, &writer);
        assert_int_equal(writer.at - bytes, control_size(&cleared));
        arena_begin(&arena, &heap);
        struct bytes value = { bytes, control_size(&cleared) };
        assert_int_equal(control_read((struct bytes){ key, sizeof(key) }, value, &read, &arena), STATUS_OK);
        assert_int_equal(read.type, types[i]);
        arena_reset(&arena);
        heap_end(&heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_control_type_or_version_is_refused),
        cmocka_unit_test(a_key_is_version_and_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
