/* net/conn/reply.c   Sending is pulled: a window of parts is gathered from the ready prefix of the slots, and the next
 * one only when the socket has taken it. So answers that became ready together leave together, and a slow reader
 * holds one window.
 *
 *     slots:   [answered][answered][begun][answered]      an answer:   | fields | extent | extent | fields | extent |
 *              \__ the ready prefix __/                                 encoded     gap 0         encoded    gap 1
 *
 * A window whose large parts the kernel sends from where they lie (zero copy) is given back later: the socket takes it,
 * the next one goes out, and the kernel lets go of its memory when the peer has acknowledged the bytes. Until then the
 * answers in it keep their slots and their pins.
 *
 *     gathered --> sending --taken--> held --let go--> given back         windows:  [held][held][sending]
 *                     +-- with a copy ---------------------^
 *
 * WINDOWS_MAX of them hold memory at most; beyond that it is copied. The first report that the kernel copied after all
 * ends zero copy on that connection. A reader that is too slow for a window is cut off: 30 s, and a second for each
 * 16 KiB; so is one that does not acknowledge what the kernel holds for it. */
#include "conn/reply.h"

#include "base/heap.h"
#include "conn/slot.h"
#include "conn/timing.h"
#include "shard/memory.h"

enum {
    WINDOW_PARTS = 64,
    WINDOW_SIZE_MAX = 2 << 20,
    WINDOWS_MAX = 4,
    SEND_GRACE_MS = 30000,
    SEND_BYTES_PER_SECOND_MIN = 16 << 10,
};

struct reply_window {
    struct list_node node; /* in connection->windows or face->windows_free */
    struct completion io;
    struct connection *connection;
    uint64_t number;
    int64_t deadline_ns;
    uint32_t count;
    uint64_t size;
    struct iovec parts[WINDOW_PARTS];
};

static void window_resume(struct completion *io);

static struct reply_window *window_take(struct connection *connection)
{
    struct face *face = connection->face;
    struct list_node *node = list_take_first(&face->windows_free);
    struct reply_window *window = NULL;

    if (node) {
        window = container_of(node, struct reply_window, node);
    } else {
        window = heap_take(&face->shard->heap, sizeof(*window));
        list_node_init(&window->node);
        window->io.resume = window_resume;
    }
    window->connection = connection;
    window->number = connection->window_number + 1;
    window->count = 0;
    window->size = 0;
    return window;
}

static void window_give(struct reply_window *window)
{
    list_prepend(&window->connection->face->windows_free, &window->node);
}

static struct reply_window *window_first(const struct connection *connection)
{
    struct list_node *node = list_first(&connection->windows);
    return node ? container_of(node, struct reply_window, node) : NULL;
}

static bool window_full(const struct reply_window *window)
{
    return window->count == WINDOW_PARTS || window->size >= WINDOW_SIZE_MAX;
}

static void window_add(struct reply_window *window, const uint8_t *data, uint32_t size)
{
    window->parts[window->count++] = (struct iovec){ (void *)(uintptr_t)data, size };
    window->size += size;
}

/* ---- gathering ---- */

/* The encoded bytes up to the next gap, or the next piece of the gap we are in; false at the end of the answer. */
static bool slot_next(struct slot *slot, struct reply_window *window)
{
    struct slot_cursor *cursor = &slot->cursor;

    if (cursor->gap_left > 0) {
        invariant(cursor->extent < slot->extent_count);
        const struct extent *extent = &slot->extents[cursor->extent];
        uint32_t size = min_of(cursor->gap_left, extent->size - cursor->extent_at);
        window_add(window, extent->data + cursor->extent_at, size);
        cursor->gap_left -= size;
        cursor->extent_at += size;
        if (cursor->extent_at == extent->size) {
            cursor->extent++;
            cursor->extent_at = 0;
        }
        return true;
    }

    bool more = cursor->gap < slot->gap_count;
    uint32_t stop = more ? slot->gaps[cursor->gap].position : slot->answer_size;
    if (stop > cursor->position) window_add(window, slot->answer + cursor->position, stop - cursor->position);
    bool moved = stop > cursor->position || more;
    cursor->position = stop;
    if (more) cursor->gap_left = (uint32_t)slot->gaps[cursor->gap++].size;
    return moved;
}

static void window_gather(struct connection *connection, struct reply_window *window)
{
    list_each(&connection->slots, node)
    {
        struct slot *slot = container_of(node, struct slot, node);
        if (slot->stage == SLOT_SILENT || slot->stage == SLOT_GATHERED) continue;
        if (slot->stage != SLOT_ANSWERED) break;

        if (slot->request.times.sending == 0) slot->request.times.sending = shard_now_ns(connection->face->shard);
        while (!window_full(window)) {
            if (slot_next(slot, window)) continue;
            slot->stage = SLOT_GATHERED;
            slot->window = window->number;
            break;
        }
        if (slot->stage != SLOT_GATHERED) break;
    }
}

/* ---- slots that are done ---- */

static void slot_done(struct connection *connection, struct slot *slot)
{
    int64_t *sent = &slot->request.times.sent;
    if (slot->stage == SLOT_GATHERED && *sent == 0) *sent = shard_now_ns(connection->face->shard);
    timing_note(&slot->request);
    list_remove(&slot->node);
    connection->slot_count--;
    if (slot->sent) slot->sent(&slot->request);
    slot_give(connection, slot);
}

/* From the front: what was sent and is held no more, and what has nothing to send. */
static void slots_pass(struct connection *connection)
{
    const struct reply_window *first = window_first(connection);
    uint64_t limit = first ? first->number : UINT64_MAX;

    list_each(&connection->slots, node)
    {
        struct slot *slot = container_of(node, struct slot, node);
        if (slot->stage != SLOT_GATHERED && slot->stage != SLOT_SILENT) break;
        if (slot->stage == SLOT_GATHERED && slot->window >= limit) break;
        slot_done(connection, slot);
    }
}

/* Answers are sent when the socket has taken them, although their memory may be held for longer. */
static void slots_taken(struct connection *connection, uint64_t window_number)
{
    list_each(&connection->slots, node)
    {
        struct slot *slot = container_of(node, struct slot, node);
        if (slot->stage != SLOT_GATHERED && slot->stage != SLOT_SILENT) break;
        if (slot->stage == SLOT_GATHERED && slot->window == window_number)
            slot->request.times.sent = shard_now_ns(connection->face->shard);
    }
}

/* Room may have come for what was not read. Who waits for a slot is woken by the next that is given back, or by having
 * none any more: one is his right, and he must not stand behind those who wait for another. */
static void reader_wake(struct connection *connection)
{
    if (!connection->stalled || (list_linked(&connection->wait) && connection->slot_count > 0)) return;
    list_remove(&connection->wait);
    shard_ready(connection->face->shard, &connection->wake);
}

void reply_abandon(struct connection *connection)
{
    invariant(list_empty(&connection->windows));
    list_each(&connection->slots, node)
    {
        struct slot *slot = container_of(node, struct slot, node);
        if (slot->stage != SLOT_BEGUN && slot->stage != SLOT_READING) slot_done(connection, slot);
    }
    connection->owed = 0;
}

/* ---- sending ---- */

static bool window_zero_copy(const struct connection *connection, const struct reply_window *window)
{
    const struct reply_window *first = window_first(connection);
    bool room = !first || window->number - first->number < WINDOWS_MAX;

    if (connection->copies || !connection->transform->straight || !room) return false;
    for (uint32_t i = 0; i < window->count; i++) {
        if (window->parts[i].iov_len >= IO_ZERO_COPY_PART_MIN) return true;
    }
    return false;
}

static void deadline_move(struct connection *connection)
{
    const struct reply_window *first = window_first(connection);

    connection->send_deadline_ns = first ? first->deadline_ns : INT64_MAX;
    connection_watch(connection);
}

static void window_send(struct connection *connection, struct reply_window *window)
{
    struct face *face = connection->face;
    int64_t allowed_ms = SEND_GRACE_MS + (int64_t)window->size * 1000 / SEND_BYTES_PER_SECOND_MIN;
    bool zero_copy = window_zero_copy(connection, window);

    window->count = connection->transform->seal(NULL, window->parts, window->count);
    window->deadline_ns = shard_now_ns(face->shard) + allowed_ms * 1000000;
    connection->window_number = window->number;
    connection->sending = window;
    list_append(&connection->windows, &window->node);
    deadline_move(connection);
    face_count(face, CONN_METRIC_SENDS, 1);
    if (zero_copy) face_count(face, CONN_METRIC_ZERO_COPY_SENDS, 1);
    connection->traffic.bytes_out += window->size;
    face_count(face, CONN_METRIC_BYTES_OUT, (int64_t)window->size);
    io_send(face->shard->io, &window->io, connection->socket, window->parts, window->count,
            zero_copy ? IO_ZERO_COPY : 0);
}

static bool aborted_first(const struct connection *connection)
{
    struct list_node *node = list_first(&connection->slots);
    return node && container_of(node, struct slot, node)->stage == SLOT_ABORTED;
}

void reply_flush(struct connection *connection)
{
    if (connection->stage >= CONNECTION_JOINING) {
        if (list_empty(&connection->windows)) reply_abandon(connection);
    } else if (!connection->sending) {
        slots_pass(connection);
        struct reply_window *window = window_take(connection);
        window_gather(connection, window);
        if (window->count > 0) {
            window_send(connection, window);
        } else {
            window_give(window);
            connection_watch(connection); /* After what has no answer there is no send that would. */
            if (aborted_first(connection)) connection_close(connection, END_API);
        }
        reader_wake(connection);
    }
    connection_settle(connection);
}

static void window_copied(struct connection *connection)
{
    face_count(connection->face, CONN_METRIC_ZERO_COPY_COPIED, 1);
    if (connection->copies) return;
    connection->copies = true;
    face_count(connection->face, CONN_METRIC_ZERO_COPY_OFF, 1);
}

static void window_resume(struct completion *io)
{
    struct reply_window *window = container_of(io, struct reply_window, io);
    struct connection *connection = window->connection;

    connection->active_ns = shard_now_ns(connection->face->shard);
    if (connection->sending == window) connection->sending = NULL;
    if (io->more) {
        slots_taken(connection, window->number);
        reply_flush(connection);
        return;
    }

    if (io->copied) window_copied(connection);
    invariant(connection->owed >= window->size);
    connection->owed -= window->size;
    list_remove(&window->node);
    window_give(window);

    if (io->status != STATUS_OK) {
        connection_close(connection, io->status == STATUS_CLOSED ? END_CLIENT : END_ERROR);
    } else {
        slots_pass(connection);
        deadline_move(connection);
    }
    reply_flush(connection);
}

void reply_stop(struct connection *connection)
{
    list_each(&connection->windows, node)
    {
        io_cancel(connection->face->shard->io, &container_of(node, struct reply_window, node)->io);
    }
}

void reply_end(struct face *face)
{
    for (struct list_node *node; (node = list_take_first(&face->windows_free));) {
        heap_give(&face->shard->heap, container_of(node, struct reply_window, node));
    }
}
