/* tests/unit/engine/io/scene.h   The kernel's files behind the blocking seam, in a directory of a test's own that is
 * removed at its end. */
#ifndef TESTS_UNIT_ENGINE_IO_SCENE_H
#define TESTS_UNIT_ENGINE_IO_SCENE_H

#include "ring.h"

#include "base/arena.h"
#include "base/heap.h"

struct scene {
    struct files *files;
    int directory;
    char path[64];
    struct heap heap;
    struct arena arena;
};

static inline int scene_open(void **state)
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

static inline int scene_close(void **state)
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

static inline int open_new(struct scene *scene, const char *name)
{
    int file;
    assert_int_equal(files_open(scene->files, scene->directory, name, FILES_WRITE | FILES_CREATE, &file), STATUS_OK);
    return file;
}

#define with_scene(test) cmocka_unit_test_setup_teardown(test, scene_open, scene_close)

#endif
