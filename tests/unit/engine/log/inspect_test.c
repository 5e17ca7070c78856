/* A dump of a segment, its indexes and snapshots: the lines of kafka-dump-log, nothing for files of another kind. */
#include "look.h"

static void a_dump_reads_like_kafkas(void **state)
{
    (void)state;
    struct node node;
    struct look look;
    char path[256];
    look_make(&node);
    look_begin(&look);
    look.inspect.records = true;
    files_path(&node, path, "00000000000000000000.log");
    assert_int_equal(inspect_file(&look.inspect, path), STATUS_OK);
    assert_true(look_finds(
        &look, "Log starting offset: 0\nbaseOffset: 0 lastOffset: 4 count: 5 baseSequence: -1 lastSequence: -1 "
               "producerId: -1 producerEpoch: -1 partitionLeaderEpoch: 3 isTransactional: false "
               "isControl: false deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1700000000004 "
               "size: "));
    assert_true(look_finds(
        &look,
        "| offset: 3 CreateTime: 1700000000003 keySize: -1 valueSize: 2000 sequence: -1 headerKeys: [] payload: "));
    assert_int_equal(look.inspect.record_count, 5 * look.inspect.batch_count);
    look_end(&look);

    static const char *const names[] = { ".index", ".timeindex", ".snapshot" };
    for (size_t i = 0; i < array_count(names); i++) {
        char name[64];
        snprintf(name, sizeof name, "%020d%s", i == 2 ? 300 : 0, names[i]);
        files_path(&node, path, name);
        look_begin(&look);
        assert_int_equal(inspect_file(&look.inspect, path), STATUS_OK);
        look_end(&look);
    }
    look_begin(&look);
    files_path(&node, path, PARTITION_FILE);
    assert_int_equal(inspect_file(&look.inspect, path), STATUS_UNSUPPORTED);
    look_end(&look);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_reads_like_kafkas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
