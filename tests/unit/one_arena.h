/* tests/unit/one_arena.h   A heap and an arena for all tests of a program; what they took is given back at the end. */
#ifndef TESTS_UNIT_ONE_ARENA_H
#define TESTS_UNIT_ONE_ARENA_H

#include "base/arena.h"
#include "base/heap.h"

static struct heap heap;
static struct arena arena;

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 24);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_reset(&arena);
    heap_end(&heap);
    return 0;
}

#endif
