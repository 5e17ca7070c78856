/* What stands in a directory, on the kernel's files: sorted, told apart, within an arena. */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scene(a_listing_waits_for_a_descriptor),
        with_scene(a_listing_is_sorted_and_tells_what_is_what),
        with_scene(a_listing_that_exceeds_its_arena_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
