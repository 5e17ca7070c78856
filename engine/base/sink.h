/* engine/base/sink.h   Where text goes: a file, a socket's buffer, a growing piece of memory. Pure rooms print into a
 * sink that they are given. */
#ifndef ENGINE_BASE_SINK_H
#define ENGINE_BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/text.h"

struct heap;

struct sink {
    void (*put)(struct sink *sink, const char *data, size_t size);
};

void sink_put(struct sink *sink, struct text text);
/* Up to SINK_FORMAT_MAX bytes; what is longer is cut. */
enum { SINK_FORMAT_MAX = 1024 };
void sink_format(struct sink *sink, const char *format, ...) printf_like(2, 3);

/* Keeps what it is given. At `size_max` it says `full` and takes no more. */
struct memory_sink {
    struct sink sink;
    struct heap *heap;
    char *data;
    size_t size, room, size_max;
    bool full;
};

void memory_sink_init(struct memory_sink *memory, struct heap *heap, size_t size_max);
void memory_sink_end(struct memory_sink *memory);
struct text memory_sink_text(const struct memory_sink *memory);

#endif
