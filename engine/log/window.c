/* engine/log/window.c   A read-ahead for recovery: chunks are small and many, reads from a device are few and large.
 * One piece of the file stands in aligned memory; what lies outside is read anew, WINDOW_SIZE at a time or more when
 * more is asked for. */
#include "log/recovery.h"

#include "io/files.h"

enum { WINDOW_SIZE = 4 << 20 };

void window_init(struct window *window, struct files *files, struct heap *heap)
{
    *window = (struct window){ .files = files, .heap = heap, .file = -1 };
}

void window_end(struct window *window)
{
    heap_give(window->heap, window->memory);
    *window = (struct window){ .file = -1 };
}

static void window_widen(struct window *window, size_t room)
{
    if (room <= window->room) return;
    heap_give(window->heap, window->memory);
    window->room = max_of(room, (size_t)WINDOW_SIZE);
    window->memory = heap_take(window->heap, window->room + CHUNK_BLOCK);
    window->data = (uint8_t *)round_up((uintptr_t)window->memory, (uintptr_t)CHUNK_BLOCK);
}

enum status window_read(struct window *window, int file, uint64_t position, size_t size, const uint8_t **data)
{
    bool inside =
        window->file == file && position >= window->position && position + size <= window->position + window->size;
    if (!inside) {
        uint64_t from = round_down(position, (uint64_t)CHUNK_BLOCK);
        window_widen(window, round_up((size_t)(position - from) + size, (size_t)CHUNK_BLOCK));
        window->file = -1;
        enum status status = files_read(window->files, file, window->data, window->room, from, &window->size);
        if (status != STATUS_OK) return status;
        window->file = file;
        window->position = from;
        if (position + size > from + window->size) return STATUS_TRUNCATED;
    }
    *data = window->data + (position - window->position);
    return STATUS_OK;
}
