/* Which bytes of a partition's files are its log: after a clean stop, after a crash, and damaged in the ways that a
 * disk, a crash or Apache Kafka can leave them. */
#include "stopped.h"

static uint8_t joined[4 << 20];

static void a_missing_index_is_made_again(void **state)
{
    (void)state;
    struct node node;
    stopped(&node);
    files_unlink(&node, "00000000000000000000.index");
    files_unlink(&node, "00000000000000000000.timeindex");
    struct log *log = files_start(&node);
    assert_int_equal(node_read_all(&node, log, 0), 350);
    node_stop(&node);
    assert_true(files_size_of(&node, "00000000000000000000.index") > 0);
    assert_true(files_size_of(&node, "00000000000000000000.timeindex") > 0);
    node_remove(&node);
}

static void zeros_behind_the_last_batch_are_cut(void **state)
{
    (void)state;
    static const uint8_t zeros[5000];
    struct node node;
    char name[64];

    stopped(&node);
    name_of(name, last_base(&node), ".log");
    int64_t size = files_size_of(&node, name);
    files_damage(&node, name, (uint64_t)size, zeros, sizeof zeros);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 350);
    node_stop(&node);
    assert_int_equal(files_size_of(&node, name), size);
    check_whole(&node, 350);
}

static void a_few_stray_bytes_are_cut(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    stopped(&node);
    name_of(name, last_base(&node), ".log");
    files_damage(&node, name, (uint64_t)files_size_of(&node, name), "stray bytes", 11);
    check_whole(&node, 350);
}

static void a_torn_last_batch_is_lost_alone(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    stopped(&node);
    files_no_marker(&node);
    name_of(name, last_base(&node), ".log");
    files_damage(&node, name, (uint64_t)files_size_of(&node, name) - 10, NULL, 0);
    check_whole(&node, 345);
}

static void without_the_marker_a_bad_batch_above_the_recovery_point_ends_the_log(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    stopped(&node);
    files_no_marker(&node);
    int64_t base = last_base(&node);
    name_of(name, base, ".log");
    files_damage(&node, name, 100, "!", 1); /* The first batch of the last segment. */
    check_whole(&node, base);
}

static void without_a_recovery_point_what_follows_is_set_aside(void **state)
{
    (void)state;
    struct node node;
    char path[128], name[64];

    stopped(&node);
    files_no_marker(&node);
    snprintf(path, sizeof path, "%s/%s", node.path, RECOVERY_POINT_FILE);
    assert_int_equal(files_remove(files_kernel(), FILES_HERE, path), STATUS_OK);
    files_damage(&node, first_log, 10250 * 2 + 500, "!", 1); /* In the third batch. */
    int64_t base = last_base(&node);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 10);
    assert_int_equal(log->segments->count, 1);
    name_of(name, base, ".log.cut");
    assert_true(files_size_of(&node, name) > 0); /* Kafka would have deleted it. */
    node_stop(&node);
    name_of(name, base, ".index");
    assert_int_equal(files_size_of(&node, name), -1); /* Nor does an index without a log stay. */
    node_remove(&node);
}

static void below_the_recovery_point_a_bad_batch_is_not_looked_for(void **state)
{
    (void)state;
    struct node node;
    size_t size;
    stopped(&node);
    files_no_marker(&node);
    files_damage(&node, first_log, 10250 * 2 + 500, "!", 1);
    struct log *log = files_start(&node);
    assert_int_equal(log->end, 350);
    assert_int_equal(files_read_at(&node, log, 10, 1, joined, &size),
                     STATUS_CORRUPT); /* It is found when it is read. */
    node_crash(&node);
    node_remove(&node);
}

/* A base offset stands outside the checksum: what is wrong in one that a start walks over, or in the last one, is known
 * by its neighbours and by the recovery point. */
static void after_a_clean_stop_a_wrong_base_offset_is_refused(void **state)
{
    (void)state;
    static uint8_t kept[256 << 10];
    struct node node;
    char name[64], path[256];
    enum status status;
    size_t size;
    int file;

    stopped(&node);
    name_of(name, last_base(&node), ".log");
    files_path(&node, path, name);
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_READ, &file), STATUS_OK);
    assert_int_equal(files_read(files_kernel(), file, kept, sizeof kept, 0, &size), STATUS_OK);
    files_close(files_kernel(), file);
    size_t count = (size_t)(350 - last_base(&node)) / 5, batch = size / count;
    assert_true(count > 3 && batch * count == size);
    for (int bit = 0; bit < 64; bit += 5) {
        size_t place = (count - 1) * batch + (size_t)bit / 8;
        uint8_t bad = kept[place] ^ (uint8_t)(1 << bit % 8);
        files_damage(&node, name, place, &bad, 1);
        (void)node_restart_end(&node, &status);
        assert_int_equal(status, STATUS_DAMAGED);
        assert_non_null(strstr(node.told, "recovery point"));
        files_damage(&node, name, place, kept + place, 1);
    }
    check_whole(&node, 350);
}

static void a_clean_log_that_lost_its_end_is_refused(void **state)
{
    (void)state;
    struct node node;
    char name[64];
    enum status status;

    stopped(&node);
    int64_t base = last_base(&node);
    name_of(name, base, ".log");
    int64_t size = files_size_of(&node, name), batch = size / ((350 - base) / 5);
    files_damage(&node, name, (uint64_t)(size - batch), NULL, 0);
    (void)node_restart_end(&node, &status);
    assert_int_equal(status, STATUS_DAMAGED);
    assert_non_null(strstr(node.told, "before the recovery point"));
    files_no_marker(&node); /* As a crash leaves it. */
    check_whole(&node, 345);
}

/* The end of the last segment is looked for from its last index entry on. */
static void a_last_index_that_lies_is_passed_over(void **state)
{
    (void)state;
    static const uint32_t lies[][2] = { { 4, 4711 }, { 4, 0x7fffffff }, { 0, 1 }, { 0, 0xffffffff } };

    for (size_t i = 0; i < array_count(lies); i++) {
        struct node node;
        uint8_t lie[4];
        char name[64];
        stopped(&node);
        name_of(name, last_base(&node), ".index");
        int64_t size = files_size_of(&node, name);
        assert_true(size >= 8);
        store_u32(lie, lies[i][1]);
        files_damage(&node, name, (uint64_t)size - 8 + lies[i][0], lie, sizeof lie);
        check_whole(&node, 350);
    }
}

static void segments_that_overlap_are_parted(void **state)
{
    (void)state;
    struct node node;
    char command[256];

    stopped(&node);
    files_no_marker(&node);
    snprintf(command, sizeof command, "cd %s && rm %s && cp t-0/%s t-0/00000000000000000005.log", node.path,
             RECOVERY_POINT_FILE, first_log);
    assert_int_equal(system(command), 0);
    struct log *log = files_start(&node);
    assert_int_equal(log->segments->count, 1);
    assert_int_equal(log->end, log->segments->items[0].limit);
    assert_int_equal(node_read_all(&node, log, 0), log->end);
    assert_true(files_size_of(&node, "00000000000000000005.log.cut") > 0);
    node_stop(&node);
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_index_is_made_again),
        cmocka_unit_test(zeros_behind_the_last_batch_are_cut),
        cmocka_unit_test(a_few_stray_bytes_are_cut),
        cmocka_unit_test(a_torn_last_batch_is_lost_alone),
        cmocka_unit_test(without_the_marker_a_bad_batch_above_the_recovery_point_ends_the_log),
        cmocka_unit_test(without_a_recovery_point_what_follows_is_set_aside),
        cmocka_unit_test(below_the_recovery_point_a_bad_batch_is_not_looked_for),
        cmocka_unit_test(after_a_clean_stop_a_wrong_base_offset_is_refused),
        cmocka_unit_test(a_clean_log_that_lost_its_end_is_refused),
        cmocka_unit_test(a_last_index_that_lies_is_passed_over),
        cmocka_unit_test(segments_that_overlap_are_parted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
