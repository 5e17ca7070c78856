/* engine/base/sink.c   Formatting on the stack, so that printing a line needs no memory of its own. */
#include "base/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"

void sink_put(struct sink *sink, struct text text)
{
    if (text.size > 0) sink->put(sink, text.data, text.size);
}

void sink_format(struct sink *sink, const char *format, ...)
{
    char line[SINK_FORMAT_MAX + 1];
    va_list list;

    va_start(list, format);
    int size = vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    invariant(size >= 0);
    sink_put(sink, (struct text){ line, min_of((size_t)size, (size_t)SINK_FORMAT_MAX) });
}

static void memory_sink_put(struct sink *sink, const char *data, size_t size)
{
    struct memory_sink *memory = container_of(sink, struct memory_sink, sink);

    if (memory->full || size > memory->size_max - memory->size) {
        memory->full = true;
        return;
    }
    if (size > memory->room - memory->size) {
        size_t wanted = max_of(2 * memory->room, memory->size + size);
        memory->room = min_of(max_of(wanted, (size_t)512), memory->size_max);
        memory->data = heap_resize(memory->heap, memory->data, memory->room);
    }
    memcpy(memory->data + memory->size, data, size);
    memory->size += size;
}

void memory_sink_init(struct memory_sink *memory, struct heap *heap, size_t size_max)
{
    *memory = (struct memory_sink){ .sink.put = memory_sink_put, .heap = heap, .size_max = size_max };
}

void memory_sink_end(struct memory_sink *memory)
{
    heap_give(memory->heap, memory->data);
    memory_sink_init(memory, memory->heap, memory->size_max);
}

struct text memory_sink_text(const struct memory_sink *memory)
{
    return (struct text){ memory->data ? memory->data : "", memory->size };
}
