/* What is built from the calls of the blocking seam: small files loaded whole, and replaced whole. */
#include "scene.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scene(a_small_file_is_loaded_whole_or_refused),
        with_scene(a_replacement_is_whole_and_leaves_nothing_beside_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
