/* Kafka's small files and names: written as its 4.3.1 does, read as it does, refused where it refuses. */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "log/kafka_files.h"

struct fixture {
    struct heap heap;
    struct arena arena;
    char path[32];
    int directory;
    const char *why;
};

static int begin(void **test)
{
    static struct fixture fixture;
    heap_init(&fixture.heap);
    arena_init(&fixture.arena, &fixture.heap, NULL, 0, 1 << 20);
    strcpy(fixture.path, "/tmp/sluice-files-XXXXXX");
    if (!mkdtemp(fixture.path)) return 1;
    *test = &fixture;
    return files_open_directory(files_kernel(), FILES_HERE, fixture.path, &fixture.directory) != STATUS_OK;
}

static int finish(void **test)
{
    struct fixture *fixture = *test;
    char command[64];
    files_close(files_kernel(), fixture->directory);
    snprintf(command, sizeof command, "rm -rf %s", fixture->path);
    arena_reset(&fixture->arena);
    heap_end(&fixture->heap);
    return system(command);
}

static void put(struct fixture *fixture, const char *name, const char *text)
{
    assert_int_equal(files_replace(files_kernel(), fixture->directory, name, text, strlen(text)), STATUS_OK);
}

static const char *get(struct fixture *fixture, const char *name)
{
    const uint8_t *data;
    size_t size;
    enum status status = files_load(files_kernel(), fixture->directory, name, 1 << 20, &fixture->arena, &data, &size);
    assert_int_equal(status, STATUS_OK);
    return (const char *)data;
}

static void meta_properties_come_back(void **test)
{
    struct fixture *fixture = *test;
    struct directory_identity identity = { .node = 7, .cluster = TEXT("MkU3OEVBNTcwNTJENDM2Qg") }, found;

    assert_true(uuid_parse(TEXT("yQj0RzzHUUDRAohsTcDT1w"), &identity.directory));
    assert_int_equal(meta_properties_write(files_kernel(), fixture->directory, &fixture->heap, &identity), STATUS_OK);
    assert_string_equal(get(fixture, "meta.properties"),
                        "#\nnode.id=7\ndirectory.id=yQj0RzzHUUDRAohsTcDT1w\nversion=1\n"
                        "cluster.id=MkU3OEVBNTcwNTJENDM2Qg\n");
    enum status status =
        meta_properties_read(files_kernel(), fixture->directory, &fixture->arena, &found, &fixture->why);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(found.node, 7);
    assert_true(uuid_equal(found.directory, identity.directory));
    assert_true(text_equal(found.cluster, identity.cluster));
}

static void bad_meta_properties_are_refused(void **test)
{
    struct fixture *fixture = *test;
    struct directory_identity found;
    static const struct {
        const char *text;
        enum status wanted;
    } rows[] = {
        { "version=2\nnode.id=1\ndirectory.id=yQj0RzzHUUDRAohsTcDT1w\ncluster.id=x\n", STATUS_MISMATCH },
        { "node.id=1\ndirectory.id=yQj0RzzHUUDRAohsTcDT1w\ncluster.id=x\n", STATUS_MISMATCH },
        { "version=1\nnode.id=one\ndirectory.id=yQj0RzzHUUDRAohsTcDT1w\ncluster.id=x\n", STATUS_DAMAGED },
        { "version=1\nnode.id=1\ncluster.id=x\n", STATUS_DAMAGED },
        { "version=1\nnode.id=1\ndirectory.id=yQj0RzzHUUDRAohsTcDT1w\n", STATUS_DAMAGED },
        { "", STATUS_MISMATCH },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        put(fixture, "meta.properties", rows[i].text);
        enum status status =
            meta_properties_read(files_kernel(), fixture->directory, &fixture->arena, &found, &fixture->why);
        assert_int_equal(status, rows[i].wanted);
        assert_true(strlen(fixture->why) > 0);
    }
}

static enum status checkpoint(struct fixture *fixture, const char *text, uint32_t *count)
{
    struct checkpoint_line *lines;
    put(fixture, REPLICATION_FILE, text);
    return checkpoint_file_read(files_kernel(), fixture->directory, REPLICATION_FILE, &fixture->arena, &lines, count,
                                &fixture->why);
}

static void checkpoints_come_back(void **test)
{
    struct fixture *fixture = *test;
    struct checkpoint_line lines[] = { { TEXT("plain"), 0, 300 }, { TEXT("a-b.c"), 12, INT64_MAX } }, *found;
    uint32_t count;

    enum status status =
        checkpoint_file_write(files_kernel(), fixture->directory, REPLICATION_FILE, &fixture->heap, lines, 2);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(get(fixture, REPLICATION_FILE), "0\n2\nplain 0 300\na-b.c 12 9223372036854775807\n");
    status = checkpoint_file_read(files_kernel(), fixture->directory, REPLICATION_FILE, &fixture->arena, &found, &count,
                                  &fixture->why);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[1].partition, 12);

    status = checkpoint_file_read(files_kernel(), fixture->directory, LOG_START_FILE, &fixture->arena, &found, &count,
                                  &fixture->why);
    assert_int_equal(status, STATUS_OK); /* Absent: no entries. */
    assert_int_equal(count, 0);
}

static void malformed_checkpoints_are_refused(void **test)
{
    uint32_t count;
    assert_int_equal(checkpoint(*test, "", &count), STATUS_OK);
    assert_int_equal(checkpoint(*test, "0\n0\n", &count), STATUS_OK);
    assert_int_equal(checkpoint(*test, "0\n1\na 0 5", &count), STATUS_OK); /* Kafka takes a missing last newline. */
    static const char
        *const bad[] = {
            "1\n0\n",
            "0\n",
            "0\nx\n",
            "0\n-1\n",
            "0\n2\na 0 5\n",
            "0\n0\na 0 5\n",
            "0\n1\na 0\n",
            "0\n1\na x 5\n",
            "0\n1\na 0 5 6\n",
            "0\n1\na 0 -5\n",
            "0\n99999999\na 0 5\n", /* No memory is taken for lines that can't be there. */
        };
    for (size_t i = 0; i < array_count(bad); i++) assert_int_equal(checkpoint(*test, bad[i], &count), STATUS_DAMAGED);
}

static void leader_epochs_come_back(void **test)
{
    struct fixture *fixture = *test;
    struct epochs *epochs = epochs_make(&fixture->heap), *back = epochs_make(&fixture->heap);

    epochs_begin(epochs, 0, 0);
    epochs_begin(epochs, 2, 300);
    struct bytes printed = epochs_file_print(epochs, &fixture->heap);
    assert_int_equal(printed.size, 14);
    assert_memory_equal(printed.data, "0\n2\n0 0\n2 300\n", 14);
    put(fixture, EPOCHS_FILE, (const char *)printed.data);
    enum status status =
        epochs_file_read(files_kernel(), fixture->directory, EPOCHS_FILE, &fixture->arena, back, &fixture->why);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(back->count, 2);
    assert_int_equal(back->items[1].start, 300);

    printed = epochs_file_print(NULL, &fixture->heap);
    assert_memory_equal(printed.data, "0\n0\n", 4);
}

static void partition_metadata_is_43_bytes(void **test)
{
    struct fixture *fixture = *test;
    char text[PARTITION_FILE_SIZE + 1];
    struct uuid topic, found;

    assert_true(uuid_parse(TEXT("N9aBQMcMTgKVXebRHPNX3A"), &topic));
    partition_file_print(topic, text);
    assert_string_equal(text, "version: 0\ntopic_id: N9aBQMcMTgKVXebRHPNX3A");
    static const struct {
        const char *text;
        enum status wanted;
    } rows[] = {
        { "version: 0\ntopic_id: N9aBQMcMTgKVXebRHPNX3A", STATUS_OK },
        { "version: 0\ntopic_id: N9aBQMcMTgKVXebRHPNX3A\n", STATUS_OK },
        { "version: 0\n\ntopic_id: N9aBQMcMTgKVXebRHPNX3A", STATUS_DAMAGED },
        { "version: 1\ntopic_id: N9aBQMcMTgKVXebRHPNX3A", STATUS_DAMAGED },
        { "version: 0\ntopic_id: short", STATUS_DAMAGED },
        { "", STATUS_DAMAGED },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        put(fixture, PARTITION_FILE, rows[i].text);
        enum status status = partition_file_read(files_kernel(), fixture->directory, PARTITION_FILE, &fixture->arena,
                                                 &found, &fixture->why);
        assert_int_equal(status, rows[i].wanted);
    }
}

static void the_marker_counts_by_being_there(void **test)
{
    struct fixture *fixture = *test;
    struct files *files = files_kernel();
    bool clean;
    int64_t epoch;

    assert_int_equal(clean_marker_read(files, fixture->directory, &fixture->arena, &clean, &epoch), STATUS_OK);
    assert_false(clean);
    assert_int_equal(clean_marker_write(files, fixture->directory, 29), STATUS_OK);
    assert_string_equal(get(fixture, CLEAN_MARKER_FILE), "{\"version\":0,\"brokerEpoch\":29}");
    assert_int_equal(clean_marker_read(files, fixture->directory, &fixture->arena, &clean, &epoch), STATUS_OK);
    assert_true(clean);
    assert_int_equal(epoch, 29);
    put(fixture, CLEAN_MARKER_FILE, "rubbish");
    assert_int_equal(clean_marker_read(files, fixture->directory, &fixture->arena, &clean, &epoch), STATUS_OK);
    assert_true(clean);
    assert_int_equal(epoch, -1);
    assert_int_equal(clean_marker_remove(files, fixture->directory), STATUS_OK);
    assert_int_equal(clean_marker_remove(files, fixture->directory), STATUS_OK);
    assert_int_equal(clean_marker_read(files, fixture->directory, &fixture->arena, &clean, &epoch), STATUS_OK);
    assert_false(clean);
}

#define with_directory(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_directory(meta_properties_come_back),
        with_directory(bad_meta_properties_are_refused),
        with_directory(checkpoints_come_back),
        with_directory(malformed_checkpoints_are_refused),
        with_directory(leader_epochs_come_back),
        with_directory(partition_metadata_is_43_bytes),
        with_directory(the_marker_counts_by_being_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
