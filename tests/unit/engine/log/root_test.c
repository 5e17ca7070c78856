/* Which incarnation is in force: the newer whole slot counts, whatever happened to the other. */
#include "unit.h"

#include "io/files.h"
#include "log/root.h"

struct fixture {
    char path[32];
    int directory;
};

static int begin(void **test)
{
    static struct fixture fixture;
    strcpy(fixture.path, "/tmp/sluice-root-XXXXXX");
    if (!mkdtemp(fixture.path)) return 1;
    *test = &fixture;
    return files_open_directory(files_kernel(), FILES_HERE, fixture.path, &fixture.directory) != STATUS_OK;
}

static int finish(void **test)
{
    struct fixture *fixture = *test;
    bool gone = files_remove(files_kernel(), fixture->directory, ROOT_FILE) != STATUS_IO_ERROR;
    files_close(files_kernel(), fixture->directory);
    return !gone || files_remove_directory(files_kernel(), FILES_HERE, fixture->path) != STATUS_OK;
}

static struct root root_of(uint64_t sequence)
{
    return (struct root){ .directory = { { 1, 2, 3 } },
                          .sequence = sequence,
                          .incarnation = UINT64_MAX - sequence,
                          .shard_count = (uint32_t)sequence + 4 };
}

static void put(struct fixture *fixture, uint64_t sequence)
{
    struct root root = root_of(sequence);
    assert_int_equal(root_write(files_kernel(), fixture->directory, &root), STATUS_OK);
}

/* The sequence in force; 0: none. */
static uint64_t in_force(struct fixture *fixture)
{
    struct root root = { .sequence = 99 };
    enum status status = root_read(files_kernel(), fixture->directory, &root);
    if (status == STATUS_NOT_FOUND) return 0;
    assert_int_equal(status, STATUS_OK);
    struct root wanted = root_of(root.sequence);
    assert_true(uuid_equal(root.directory, wanted.directory));
    assert_int_equal(root.incarnation, wanted.incarnation);
    assert_int_equal(root.shard_count, wanted.shard_count);
    return root.sequence;
}

/* XORs a byte of the file, or with 0 cuts the file there. */
static void damage(struct fixture *fixture, uint64_t position, uint8_t flip)
{
    size_t done;
    uint8_t byte;
    int file;

    assert_int_equal(files_open(files_kernel(), fixture->directory, ROOT_FILE, FILES_WRITE, &file), STATUS_OK);
    if (flip == 0) {
        assert_int_equal(files_truncate(files_kernel(), file, position), STATUS_OK);
    } else {
        assert_int_equal(files_read(files_kernel(), file, &byte, 1, position, &done), STATUS_OK);
        byte ^= flip;
        assert_int_equal(files_write(files_kernel(), file, &byte, 1, position, 0), STATUS_OK);
    }
    files_close(files_kernel(), file);
}

static void the_slots_take_turns(void **test)
{
    struct fixture *fixture = *test;

    assert_int_equal(in_force(fixture), 0); /* no file */
    for (uint64_t sequence = 1; sequence < 6; sequence++) {
        put(fixture, sequence);
        assert_int_equal(in_force(fixture), sequence);
    }
    put(fixture, 4); /* An older one, in its own slot, changes nothing. */
    assert_int_equal(in_force(fixture), 5);
}

static void a_torn_write_leaves_the_other(void **test)
{
    struct fixture *fixture = *test;

    put(fixture, 6);
    put(fixture, 7);
    for (uint64_t byte = 0; byte < 52; byte++) { /* All that is in use of the slot. */
        damage(fixture, ROOT_SLOT_SIZE + byte, 0x10);
        assert_int_equal(in_force(fixture), 6);
        damage(fixture, ROOT_SLOT_SIZE + byte, 0x10);
        assert_int_equal(in_force(fixture), 7);
    }
    damage(fixture, ROOT_SLOT_SIZE + 100, 0);
    assert_int_equal(in_force(fixture), 7); /* Cut behind its sum: all of it is there. */
    damage(fixture, ROOT_SLOT_SIZE + 40, 0);
    assert_int_equal(in_force(fixture), 6);
    damage(fixture, 20, 1);
    assert_int_equal(in_force(fixture), 0); /* Neither is whole. */
    damage(fixture, 1, 0);
    assert_int_equal(in_force(fixture), 0);
}

static void a_new_root_says_where_it_could_not_be_written(void **test)
{
    struct fixture *fixture = *test;
    struct root root = root_of(1);
    int directory;

    assert_int_equal(files_make_directory(files_kernel(), fixture->directory, "sub"), STATUS_OK);
    assert_int_equal(files_open_directory(files_kernel(), fixture->directory, "sub", &directory), STATUS_OK);
    assert_int_equal(files_remove_directory(files_kernel(), fixture->directory, "sub"), STATUS_OK);
    assert_int_not_equal(root_write(files_kernel(), directory, &root), STATUS_OK);
    files_close(files_kernel(), directory);
}

#define with_directory(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_directory(the_slots_take_turns),
        with_directory(a_torn_write_leaves_the_other),
        with_directory(a_new_root_says_where_it_could_not_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
