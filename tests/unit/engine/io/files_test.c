/* The kernel's files behind the blocking seam, in a directory of our own that is removed at the end. */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/heap.h"

struct scene {
    struct files *files;
    int directory;
    char path[64];
    struct heap heap;
    struct arena arena;
};

static int scene_open(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    scene->files = files_kernel();
    (void)snprintf(scene->path, sizeof scene->path, "files-test-XXXXXX");
    assert_non_null(mkdtemp(scene->path));
    assert_int_equal(files_open_directory(scene->files, FILES_HERE, scene->path, &scene->directory), STATUS_OK);
    heap_init(&scene->heap);
    arena_init(&scene->arena, &scene->heap, NULL, 0, 1 << 20);
    *state = scene;
    return 0;
}

static int scene_close(void **state)
{
    struct scene *scene = *state;
    struct files_entry *entries;
    uint32_t count;
    assert_int_equal(files_list(scene->files, scene->directory, &scene->arena, &entries, &count), STATUS_OK);
    for (uint32_t i = 0; i < count; i++) {
        enum status status = entries[i].directory
                                 ? files_remove_directory(scene->files, scene->directory, entries[i].name)
                                 : files_remove(scene->files, scene->directory, entries[i].name);
        assert_int_equal(status, STATUS_OK);
    }
    files_close(scene->files, scene->directory);
    assert_int_equal(files_remove_directory(scene->files, FILES_HERE, scene->path), STATUS_OK);
    heap_end(&scene->heap);
    free(scene);
    return 0;
}

static int open_new(struct scene *scene, const char *name)
{
    int file;
    assert_int_equal(files_open(scene->files, scene->directory, name, FILES_WRITE | FILES_CREATE, &file), STATUS_OK);
    return file;
}

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
    struct uring_settings settings = { 8, 16, 4096, 8 };
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

static void a_listing_is_sorted_and_tells_what_is_what(void **state)
{
    struct scene *scene = *state;
    struct files_entry *entries, entry;
    uint32_t count;
    assert_int_equal(files_list(scene->files, scene->directory, &scene->arena, &entries, &count), STATUS_OK);
    assert_int_equal(count, 0);
    for (int i = 199; i >= 0; i--) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%03d", i);
        int file = open_new(scene, name);
        assert_int_equal(files_write(scene->files, file, name, (size_t)i % 5 + 1, 0, 0), STATUS_OK);
        files_close(scene->files, file);
    }
    assert_int_equal(files_make_directory(scene->files, scene->directory, "sub"), STATUS_OK);
    assert_int_equal(files_make_directory(scene->files, scene->directory, "sub"), STATUS_EXISTS);
    assert_int_equal(files_list(scene->files, scene->directory, &scene->arena, &entries, &count), STATUS_OK);
    assert_int_equal(count, 201);
    for (uint32_t i = 0; i < 200; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%03u", i);
        assert_string_equal(entries[i].name, name);
        assert_int_equal(entries[i].size, i % 5 + 1);
        assert_false(entries[i].directory);
    }
    assert_string_equal(entries[200].name, "sub");
    assert_true(entries[200].directory);
    assert_int_equal(files_entry(scene->files, scene->directory, "f004", &entry), STATUS_OK);
    assert_int_equal(entry.size, 5);
    assert_true(entry.modified_ms > INT64_C(1600000000000));
    assert_int_equal(files_entry(scene->files, scene->directory, "none", &entry), STATUS_NOT_FOUND);
}

static void a_listing_that_exceeds_its_arena_is_refused(void **state)
{
    struct scene *scene = *state;
    struct files_entry *entries;
    uint32_t count;
    struct arena small;
    files_close(scene->files, open_new(scene, "a"));
    arena_init(&small, NULL, NULL, 0, 0);
    assert_int_equal(files_list(scene->files, scene->directory, &small, &entries, &count), STATUS_NO_MEMORY);
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

static void a_small_file_is_loaded_whole_or_refused(void **state)
{
    struct scene *scene = *state;
    const uint8_t *data;
    size_t size;
    int file = open_new(scene, "a");
    assert_int_equal(files_load(scene->files, scene->directory, "a", 10, &scene->arena, &data, &size), STATUS_OK);
    assert_int_equal(size, 0);
    assert_int_equal(data[0], 0);
    assert_int_equal(files_write(scene->files, file, "0123456789", 10, 0, 0), STATUS_OK);
    assert_int_equal(files_load(scene->files, scene->directory, "a", 10, &scene->arena, &data, &size), STATUS_OK);
    assert_int_equal(size, 10);
    assert_memory_equal(data, "0123456789", 11);
    assert_int_equal(files_load(scene->files, scene->directory, "a", 9, &scene->arena, &data, &size), STATUS_TOO_LARGE);
    assert_int_equal(files_load(scene->files, scene->directory, "b", 9, &scene->arena, &data, &size), STATUS_NOT_FOUND);
    files_close(scene->files, file);
}

static void a_replacement_is_whole_and_leaves_nothing_beside_it(void **state)
{
    struct scene *scene = *state;
    static const char *const paths[] = { "a", "sub/a" };
    assert_int_equal(files_make_directory(scene->files, scene->directory, "sub"), STATUS_OK);
    for (int i = 0; i < 2; i++)
        for (size_t length = 10; length > 0; length--) {
            const uint8_t *data;
            size_t size;
            struct files_entry entry;
            char temporary[16];
            (void)snprintf(temporary, sizeof temporary, "%s.tmp", paths[i]);
            assert_int_equal(files_replace(scene->files, scene->directory, paths[i], "0123456789", length), STATUS_OK);
            assert_int_equal(files_load(scene->files, scene->directory, paths[i], 10, &scene->arena, &data, &size),
                             STATUS_OK);
            assert_int_equal(size, length);
            assert_int_equal(files_entry(scene->files, scene->directory, temporary, &entry), STATUS_NOT_FOUND);
        }
    assert_int_equal(files_replace(scene->files, scene->directory, "none/a", "x", 1), STATUS_NOT_FOUND);
    assert_int_equal(files_remove(scene->files, scene->directory, "sub/a"), STATUS_OK);
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

static void *give_back(void *argument)
{
    usleep(50000);
    close(*(int *)argument);
    return NULL;
}

/* Whoever has all descriptors gives one back in a moment. */
static void a_listing_waits_for_a_descriptor(void **state)
{
    struct scene *scene = *state;
    struct rlimit before, few;
    struct files_entry *entries;
    uint32_t count;
    int taken[64], taken_count = 0;
    pthread_t thread;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 48;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (taken_count < 64 && (taken[taken_count] = open("/dev/null", O_RDONLY)) >= 0) taken_count++;
    assert_int_equal(errno, EMFILE);
    assert_int_equal(pthread_create(&thread, NULL, give_back, &taken[taken_count - 1]), 0);
    assert_int_equal(files_list(scene->files, scene->directory, &scene->arena, &entries, &count), STATUS_OK);
    pthread_join(thread, NULL);
    while (--taken_count > 0) close(taken[taken_count - 1]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_listing_waits_for_a_descriptor),
        IN_SCENE(a_file_is_made_once_and_found_again),
        IN_SCENE(bytes_are_read_where_they_were_written),
        IN_SCENE(direct_files_take_aligned_memory),
        IN_SCENE(a_direct_open_without_direct_support_is_buffered),
        IN_SCENE(a_file_system_without_direct_works_buffered_and_durable),
        IN_SCENE(a_listing_is_sorted_and_tells_what_is_what),
        IN_SCENE(a_listing_that_exceeds_its_arena_is_refused),
        IN_SCENE(names_are_changed_and_removed),
        IN_SCENE(a_small_file_is_loaded_whole_or_refused),
        IN_SCENE(a_replacement_is_whole_and_leaves_nothing_beside_it),
        IN_SCENE(a_lock_keeps_another_process_out),
        IN_SCENE(space_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
