/* Control records of Raft: Kafka's schemas, at every version. */
#include "golden_records.h"

static enum raft_control control_named(const char *name)
{
    if (strcmp(name, "LeaderChangeMessage") == 0) return CONTROL_LEADER_CHANGE;
    if (strcmp(name, "SnapshotHeaderRecord") == 0) return CONTROL_SNAPSHOT_HEADER;
    if (strcmp(name, "SnapshotFooterRecord") == 0) return CONTROL_SNAPSHOT_FOOTER;
    if (strcmp(name, "KRaftVersionRecord") == 0) return CONTROL_KRAFT_VERSION;
    if (strcmp(name, "VotersRecord") == 0) return CONTROL_VOTERS;
    fail_msg("%s: no such record here", name);
    return CONTROL_VOTERS;
}

static void check_control(const struct golden *golden, struct arena *arena)
{
    static const struct schema *const schemas[] = {
        [CONTROL_LEADER_CHANGE] = &leader_change_record_schema,
        [CONTROL_SNAPSHOT_HEADER] = &snapshot_header_record_schema,
        [CONTROL_SNAPSHOT_FOOTER] = &snapshot_footer_record_schema,
        [CONTROL_KRAFT_VERSION] = &kraft_version_record_schema,
        [CONTROL_VOTERS] = &voters_record_schema,
    };
    enum raft_control type = control_named(golden->name);
    uint8_t key[CONTROL_KEY_SIZE], again[RECORD_SIZE_MAX];
    struct any_control any;

    control_key(type, key);
    struct bytes key_bytes = { key, sizeof(key) }, value = { golden->bytes, golden->size };
    assert_int_equal(control_read(key_bytes, value, &any, arena), STATUS_OK);
    assert_int_equal(any.type, type);
    check_text(golden, schemas[type], &any.version);

    struct writer writer = { .start = again, .at = again, .limit = again + control_size(&any) };
    control_write(&any, &writer);
    assert_false(writer.overrun);
    assert_int_equal(writer.at - again, golden->size);
    assert_memory_equal(again, golden->bytes, golden->size);

    for (size_t size = 0; size < golden->size; size++) {
        assert_int_not_equal(control_read(key_bytes, (struct bytes){ value.data, size }, &any, arena), STATUS_OK);
    }
}

static void golden_control_records_are_read_and_written_again(void **state)
{
    (void)state;
    struct heap heap;
    struct arena arena;
    struct golden golden;
    size_t count = 0;

    arena_begin(&arena, &heap);
    golden_open(&golden, __FILE__, "golden_records.tsv");
    while (golden_next(&golden)) {
        if (row_named(golden.name) != NULL) continue;
        check_control(&golden, &arena);
        arena_reset(&arena);
        count++;
    }
    golden_close(&golden);
    heap_end(&heap);
    assert_true(count > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_control_records_are_read_and_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
