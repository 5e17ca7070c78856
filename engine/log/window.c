/* engine/log/window.c   A read-ahead for recovery: chunks are small and many, reads from a device are few and large.
 * One piece of the file stands in aligned memory; what lies outside is read anew: a little beyond what is asked for,
 * and twice as much whenever a read goes on where the one before ended, so that a look here and there is cheap and a
 * walk is fast. */
#include "log/recovery.h"

#include "io/files.h"

enum { AHEAD_MIN = 64 << 10, AHEAD_MAX = 4 << 20 };

void window_init(struct window *window, struct files *files, struct heap *heap)
{
    *window = (struct window){ .files = files, .heap = heap, .file = -1, .last_file = -1 };
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
    window->room = max_of(room, window->ahead);
    window->memory = heap_take(window->heap, window->room + CHUNK_BLOCK);
    window->data = (uint8_t *)round_up((uintptr_t)window->memory, (uintptr_t)CHUNK_BLOCK);
}

/* How much to read at `from`, when `size` is wanted. */
static size_t window_reach(struct window *window, int file, uint64_t from, size_t size)
{
    uint64_t ended = window->position + window->size;
    bool goes_on = file == window->last_file && from + AHEAD_MIN >= ended && from <= ended + AHEAD_MIN;

    window->ahead = goes_on ? min_of(window->ahead * 2, (size_t)AHEAD_MAX) : (size_t)AHEAD_MIN;
    return max_of(round_up(size, (size_t)CHUNK_BLOCK), window->ahead);
}

enum status window_read(struct window *window, int file, uint64_t position, size_t size, const uint8_t **data)
{
    bool inside =
        window->file == file && position >= window->position && position + size <= window->position + window->size;
    if (!inside) {
        uint64_t from = round_down(position, (uint64_t)CHUNK_BLOCK);
        size_t reach = window_reach(window, file, from, (size_t)(position - from) + size);
        window_widen(window, reach);
        window->file = -1;
        enum status status = files_read(window->files, file, window->data, reach, from, &window->size);
        if (status != STATUS_OK) return status;
        window->file = window->last_file = file;
        window->position = from;
        if (position + size > from + window->size) return STATUS_TRUNCATED;
    }
    *data = window->data + (position - window->position);
    return STATUS_OK;
}
