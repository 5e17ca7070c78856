/* tests/unit/engine/log/look.h   A stopped log that the tools look at, and what they say of it. */
#ifndef TESTS_UNIT_ENGINE_LOG_LOOK_H
#define TESTS_UNIT_ENGINE_LOG_LOOK_H

#include "files.h"

#include "base/sink.h"
#include "log/inspect.h"

struct look {
    struct inspect inspect;
    struct memory_sink memory;
    struct heap heap;
};

static inline void look_begin(struct look *look)
{
    heap_init(&look->heap);
    memory_sink_init(&look->memory, &look->heap, 16 << 20);
    look->inspect = (struct inspect){ .files = files_kernel(), .heap = &look->heap, .out = &look->memory.sink };
}

/* Values are printed as they are, with whatever bytes they have. */
static inline bool look_finds(const struct look *look, const char *line)
{
    struct text text = memory_sink_text(&look->memory);
    return memmem(text.data, text.size, line, strlen(line)) != NULL;
}

static inline void look_end(struct look *look)
{
    memory_sink_end(&look->memory);
    assert_int_equal(look->heap.live_count, 0);
    heap_end(&look->heap);
}

static inline void look_make(struct node *node)
{
    files_begin(node, 200 << 10);
    files_fill(node, files_start(node), 60, 5, 2000);
    node_stop(node);
}

#endif
