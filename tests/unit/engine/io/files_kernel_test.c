/* The kernel's files behind the blocking seam: what a call does, and which status its failure has. */
#include "scene.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static void a_file_is_made_once_and_found_again(void **state)
{
    struct scene *scene = *state;
    int file;
    assert_int_equal(files_open(scene->files, scene->directory, "a", FILES_READ, &file), STATUS_NOT_FOUND);
    int flags = FILES_WRITE | FILES_CREATE | FILES_EXCLUSIVE;
    assert_int_equal(files_open(scene->files, scene->directory, "a", flags, &file), STATUS_OK);
    files_close(scene->files, file);
    assert_int_equal(files_open(scene->files, scene->directory, "a", flags, &file), STATUS_EXISTS);
    assert_int_equal(files_open(scene->files, scene->directory, "a", FILES_READ, &file), STATUS_OK);
    assert_int_equal(files_write(scene->files, file, "x", 1, 0, 0), STATUS_INVALID); /* Open for reading. */
    files_close(scene->files, file);
}

static void bytes_are_read_where_they_were_written(void **state)
{
    struct scene *scene = *state;
    int file = open_new(scene, "a");
    char back[16];
    size_t done;
    uint64_t size;
    assert_int_equal(files_write(scene->files, file, "hello", 5, 10, 0), STATUS_OK);
    assert_int_equal(files_write(scene->files, file, "world", 5, 15, FILES_DURABLE), STATUS_OK);
    assert_int_equal(files_size(scene->files, file, &size), STATUS_OK);
    assert_int_equal(size, 20);
    assert_int_equal(files_read(scene->files, file, back, 10, 10, &done), STATUS_OK);
    assert_int_equal(done, 10);
    assert_memory_equal(back, "helloworld", 10);
    assert_int_equal(files_read(scene->files, file, back, 10, 18, &done), STATUS_OK);
    assert_int_equal(done, 2);
    assert_int_equal(files_read(scene->files, file, back, 10, 100, &done), STATUS_OK);
    assert_int_equal(done, 0);
    assert_int_equal(files_truncate(scene->files, file, 12), STATUS_OK);
    assert_int_equal(files_allocate(scene->files, file, 0, 8192), STATUS_OK);
    assert_int_equal(files_size(scene->files, file, &size), STATUS_OK);
    assert_int_equal(size, 8192);
    assert_int_equal(files_read(scene->files, file, back, 3, 11, &done), STATUS_OK);
    assert_memory_equal(back, "e\0\0", 3);
    assert_int_equal(files_sync(scene->files, file), STATUS_OK);
    files_close(scene->files, file);
}

static void direct_files_take_aligned_memory(void **state)
{
    struct scene *scene = *state;
    bool works;
    int file;
    size_t done;
    uint8_t *page = aligned_alloc(4096, 8192);
    assert_int_equal(files_direct_works(scene->files, scene->directory, &works), STATUS_OK);
    assert_int_equal(files_open(scene->files, scene->directory, "d",
                                FILES_WRITE | FILES_CREATE | FILES_EXCLUSIVE | FILES_DIRECT, &file),
                     STATUS_OK);
    memset(page, 9, 4096);
    assert_int_equal(files_write(scene->files, file, page, 4096, 4096, FILES_DURABLE), STATUS_OK);
    assert_int_equal(files_read(scene->files, file, page + 4096, 4096, 4096, &done), STATUS_OK);
    assert_memory_equal(page, page + 4096, 4096);
    assert_int_equal((fcntl(file, F_GETFL) & O_DIRECT) != 0, works);
    files_close(scene->files, file);
    free(page);
}

/* /proc has no O_DIRECT, and here no files of ours; an existing file does for the fallback. */
static void a_direct_open_without_direct_support_is_buffered(void **state)
{
    struct scene *scene = *state;
    int file;
    char byte;
    size_t done;
    assert_int_equal(files_open(scene->files, FILES_HERE, "/proc/self/stat", FILES_DIRECT, &file), STATUS_OK);
    assert_int_equal(fcntl(file, F_GETFL) & O_DIRECT, 0);
    assert_int_equal(files_read(scene->files, file, &byte, 1, 0, &done), STATUS_OK);
    files_close(scene->files, file);
}

/* In a child with a mount of its own: 0 when ramfs, which has no O_DIRECT, was told from other file systems and wrote
 * durably; 77 when this user may not mount. */
static int buffered_in_child(struct scene *scene)
{
    struct uring_settings settings = {
        .entries = 8, .completion_entries = 16, .receive_buffer_size = 4096, .receive_buffer_count = 8
    };
    struct io *io;
    const char *why;
    bool works = true;
    int directory, file;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return 77;
    if (mount("none", scene->path, "ramfs", 0, NULL) != 0) return 77;
    if (files_open_directory(scene->files, FILES_HERE, scene->path, &directory) != STATUS_OK) return 1;
    if (files_direct_works(scene->files, directory, &works) != STATUS_OK || works) return 2;
    int flags = FILES_WRITE | FILES_CREATE | FILES_EXCLUSIVE | FILES_DIRECT;
    if (files_open(scene->files, directory, "a", flags, &file) != STATUS_OK) return 3;
    if (files_write(scene->files, file, "abc", 3, 1, FILES_DURABLE) != STATUS_OK) return 4;

    if (uring_make(&settings, &io, &why) != STATUS_OK) return 5;
    struct operation written = OPERATION;
    struct iovec part = { "def", 3 };
    io_write(io, &written.io, file, &part, 1, 4, IO_DURABLE);
    while (!written.done) io_turn(io, INT64_MAX);
    char back[6];
    size_t done;
    if (written.io.status != STATUS_OK) return 6;
    if (files_read(scene->files, file, back, 6, 1, &done) != STATUS_OK || memcmp(back, "abcdef", 6) != 0) return 7;
    return 0;
}

static void a_file_system_without_direct_works_buffered_and_durable(void **state)
{
    struct scene *scene = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(buffered_in_child(scene));
    int exited;
    assert_int_equal(waitpid(child, &exited, 0), child);
    assert_true(WIFEXITED(exited));
    if (WEXITSTATUS(exited) == 77) skip();
    assert_int_equal(WEXITSTATUS(exited), 0);
}

static void names_are_changed_and_removed(void **state)
{
    struct scene *scene = *state;
    files_close(scene->files, open_new(scene, "a"));
    struct files_entry entry;
    assert_int_equal(files_rename(scene->files, scene->directory, "a", "b"), STATUS_OK);
    assert_int_equal(files_rename(scene->files, scene->directory, "a", "c"), STATUS_NOT_FOUND);
    assert_int_equal(files_entry(scene->files, scene->directory, "a", &entry), STATUS_NOT_FOUND);
    assert_int_equal(files_make_directory(scene->files, scene->directory, "d"), STATUS_OK);
    assert_int_equal(files_rename(scene->files, scene->directory, "b", "d/b"), STATUS_OK);
    assert_int_equal(files_remove_directory(scene->files, scene->directory, "d"), STATUS_EXISTS); /* Not empty. */
    assert_int_equal(files_remove(scene->files, scene->directory, "d/b"), STATUS_OK);
    assert_int_equal(files_remove(scene->files, scene->directory, "d/b"), STATUS_NOT_FOUND);
    assert_int_equal(files_remove_directory(scene->files, scene->directory, "d"), STATUS_OK);
    assert_int_equal(files_sync_directory(scene->files, scene->directory), STATUS_OK);
    assert_int_equal(files_sync_directory(scene->files, FILES_HERE), STATUS_OK);
}

static void a_lock_keeps_another_process_out(void **state)
{
    struct scene *scene = *state;
    int file = open_new(scene, ".lock");
    assert_int_equal(files_lock(scene->files, file), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        int mine;
        enum status status = files_open(scene->files, scene->directory, ".lock", FILES_WRITE, &mine);
        if (status == STATUS_OK) status = files_lock(scene->files, mine);
        _exit(status == STATUS_LOCKED ? 0 : 1);
    }
    int exited;
    assert_int_equal(waitpid(child, &exited, 0), child);
    assert_int_equal(exited, 0);
    files_close(scene->files, file);
}

static void space_is_told(void **state)
{
    struct scene *scene = *state;
    uint64_t available, total;
    assert_int_equal(files_space(scene->files, scene->directory, &available, &total), STATUS_OK);
    assert_true(total > 0 && available <= total);
    assert_int_equal(files_space(scene->files, FILES_HERE, &available, &total), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scene(a_file_is_made_once_and_found_again),
        with_scene(bytes_are_read_where_they_were_written),
        with_scene(direct_files_take_aligned_memory),
        with_scene(a_direct_open_without_direct_support_is_buffered),
        with_scene(a_file_system_without_direct_works_buffered_and_durable),
        with_scene(names_are_changed_and_removed),
        with_scene(a_lock_keeps_another_process_out),
        with_scene(space_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
