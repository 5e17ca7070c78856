/* Enrolled memory is found by address, whole and in part, and reads and writes from it are those from any other
 * memory. */
#include "ring.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/uring_engine.h"

#define SIZE (64 * PAGE)

static void regions_are_found_by_what_lies_in_them_whole(void **state)
{
    (void)state;
    struct io *io = ring_open();
    uint8_t *memory = aligned_alloc(PAGE, 4 * SIZE);
    static const unsigned order[] = { 2, 0, 3 };
    assert_int_equal(uring_region_find(uring_of(io), memory, 1), -1);
    for (unsigned i = 0; i < 3; i++) enroll_or_skip(io, memory + order[i] * SIZE, SIZE);
    for (int i = 0; i < 3; i++) {
        uint8_t *start = memory + order[i] * SIZE;
        assert_int_equal(uring_region_find(uring_of(io), start, SIZE), i);
        assert_int_equal(uring_region_find(uring_of(io), start + SIZE - 1, 1), i);
        assert_int_equal(uring_region_find(uring_of(io), start + 1, SIZE), -1);
    }
    assert_int_equal(uring_region_find(uring_of(io), memory + SIZE, 1), -1);
    assert_int_equal(uring_region_find(uring_of(io), memory - 1, 1), -1);
    io_end(io);
    free(memory);
}

static void enrolled_memory_is_written_and_read_like_any_other(void **state)
{
    (void)state;
    struct io *io = ring_open();
    uint8_t *memory = aligned_alloc(PAGE, 2 * SIZE);
    char name[64];
    int file;
    enroll_or_skip(io, memory, 2 * SIZE);
    (void)snprintf(name, sizeof name, "uring-enroll-test-%d", (int)getpid());
    assert_int_equal(files_open(files_kernel(), FILES_HERE, name, FILES_WRITE | FILES_CREATE | FILES_DIRECT, &file),
                     STATUS_OK);
    assert_int_equal(files_remove(files_kernel(), FILES_HERE, name), STATUS_OK);
    for (unsigned i = 0; i < SIZE; i++) memory[i] = (uint8_t)(i * 7);
    struct iovec part = { memory, SIZE };
    struct operation written = OPERATION, read = OPERATION;
    io_write(io, &written.io, file, &part, 1, 0, IO_DURABLE);
    assert_int_equal(finish(io, &written), STATUS_OK);
    io_read(io, &read.io, file, memory + SIZE, SIZE, 0);
    assert_int_equal(finish(io, &read), STATUS_OK);
    assert_memory_equal(memory, memory + SIZE, SIZE);
    close_now(io, file);
    io_end(io);
    free(memory);
}

static void what_the_kernel_refuses_once_is_not_asked_again(void **state)
{
    (void)state;
    struct io *io = ring_open();
    uint8_t *memory = aligned_alloc(PAGE, SIZE);
    void *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_not_equal(io_enroll(io, nowhere, PAGE), STATUS_OK); /* No memory there. */
    assert_int_equal(io_enroll(io, memory, SIZE), STATUS_NO_MEMORY);
    assert_int_equal(uring_region_find(uring_of(io), memory, SIZE), -1);
    munmap(nowhere, PAGE);
    io_end(io);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_found_by_what_lies_in_them_whole),
        cmocka_unit_test(enrolled_memory_is_written_and_read_like_any_other),
        cmocka_unit_test(what_the_kernel_refuses_once_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
