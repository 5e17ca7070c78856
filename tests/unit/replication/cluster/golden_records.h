/* tests/unit/replication/cluster/golden_records.h   Golden records of every type and version, made by another
 * implementation from Kafka's own schemas: read as they should, and written again to the same bytes. */
#ifndef TESTS_UNIT_REPLICATION_CLUSTER_GOLDEN_RECORDS_H
#define TESTS_UNIT_REPLICATION_CLUSTER_GOLDEN_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../wire/golden.h"
#include "../../../wire/golden_text.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "cluster/control.h"
#include "cluster/record.h"

enum { RECORD_SIZE_MAX = 4096 };

static inline void arena_begin(struct arena *arena, struct heap *heap)
{
    heap_init(heap);
    arena_init(arena, heap, NULL, 0, 1 << 22);
}

static inline const struct record_row *row_named(const char *name)
{
    for (size_t i = 0; i < record_row_count; i++) {
        size_t size = strlen(record_rows[i].name);
        if (strncmp(name, record_rows[i].name, size) == 0 && strcmp(name + size, "Record") == 0) return &record_rows[i];
    }
    return NULL;
}

static inline void check_text(const struct golden *golden, const struct schema *schema, const void *from)
{
    static struct golden_text text;

    text.size = 0;
    golden_say_struct(&text, schema, from);
    if (strcmp(text.data, golden->expect) != 0) {
        fail_msg("%s %d\n  expected %s\n  read     %s", golden->name, golden->version, golden->expect, text.data);
    }
}

static inline void check_record(const struct golden *golden, const struct record_row *row, struct arena *arena)
{
    struct any_record any;
    struct bytes value = { golden->bytes, golden->size };
    uint8_t again[RECORD_SIZE_MAX] = { 1, (uint8_t)row->type, (uint8_t)golden->version };
    struct writer writer = { .start = again, .at = again + 3, .limit = again + sizeof(again) };

    assert_int_equal(record_read(value, &any, arena), STATUS_OK);
    assert_int_equal(any.type, row->type);
    assert_int_equal(any.version, golden->version);
    check_text(golden, row->schema, &any.topic);

    /* The version of the golden record, */
    message_write(row->schema, golden->version, true, &any.topic, &writer);
    assert_false(writer.overrun);
    assert_int_equal(writer.at - again, golden->size);
    assert_memory_equal(again, golden->bytes, golden->size);

    /* and the one that we choose, which says as much. */
    struct any_record second;
    writer = (struct writer){ .start = again, .at = again, .limit = again + record_size(&any) };
    record_write(&any, &writer);
    assert_false(writer.overrun);
    assert_ptr_equal(writer.at, writer.limit);
    assert_int_equal(record_read((struct bytes){ again, record_size(&any) }, &second, arena), STATUS_OK);
    check_text(golden, row->schema, &second.topic);

    writer = (struct writer){ .start = again, .at = again, .limit = again + record_size(&any) - 1 };
    record_write(&any, &writer);
    assert_true(writer.overrun);

    for (size_t size = 0; size < golden->size; size++) {
        assert_int_not_equal(record_read((struct bytes){ golden->bytes, size }, &any, arena), STATUS_OK);
    }
}

/* The golden records of these types; each has some. */
static inline void check_records(const enum record_type *types, size_t type_count)
{
    struct heap heap;
    struct arena arena;
    struct golden golden;

    arena_begin(&arena, &heap);
    for (size_t i = 0; i < type_count; i++) {
        size_t count = 0;
        golden_open(&golden, __FILE__, "golden_records.tsv");
        while (golden_next(&golden)) {
            const struct record_row *row = row_named(golden.name);
            if (row == NULL || row->type != types[i]) continue;
            check_record(&golden, row, &arena);
            arena_reset(&arena);
            count++;
        }
        golden_close(&golden);
        assert_true(count > 0);
    }
    heap_end(&heap);
}

#endif
