/* net/conn/frame.c   A frame is i32 length, then the request, which begins with i16 key and i16 version. Nothing is
 * granted before these eight bytes are there and say something that is served here: a connection that has sent less
 * holds nothing.
 *
 *     FRAME_HEAD --8 bytes--> FRAME_ROOM --slot and memory--> FRAME_BODY --whole--> slot_begin, and the next FRAME_HEAD
 *
 * Two ways to receive. RECEIVE_PIECES: one operation that goes on and delivers pieces in buffers of the engine, each
 * copied once to its frame and given back at once; best for small frames. RECEIVE_STRAIGHT: the head, then the body
 * exactly, straight to its memory, no copy at all; best for large ones, and what a connection that has sent one goes
 * on with.
 *
 * When a frame finds no room, its socket is left unread until there is some. What comes before that takes effect goes
 * into the connection's stash, so that one who waits never holds the buffers that all others need. */
#include "conn/frame.h"

#include <string.h>

#include "conn/slot.h"
#include "shard/memory.h"

enum {
    INLINE_SIZE_MAX = 1024,    /* bodies up to here lie in the slot */
    LARGE_SIZE_MIN = 16 << 10, /* a rest of this size is worth leaving the pieces for */
    SMALL_FRAMES_MANY = 16,    /* so many small frames in a row, and pieces are better again */
    IN_FLIGHT_MAX = 256,       /* requests of one connection */
    STASH_SIZE_MAX = 2 << 20,  /* received before it was known that there is no room */
    OWED_MAX = 8 << 20,        /* bytes of answers beyond which no request is taken */
    LENGTH_SIZE = 4,
    REQUEST_SIZE_MIN = 8,   /* key, version, correlation id */
    FRAME_GRACE_MS = 30000, /* a frame may take this long, and in addition ... */
    FRAME_BYTES_PER_SECOND_MIN = 16 << 10,
};

static void frame_receive(struct connection *connection);

/* ---- input ---- */

/* Bytes that were received and could not be eaten yet: kept until there is room. False: too many, or no memory. */
static bool stash_add(struct connection *connection, struct bytes more)
{
    uint32_t kept = connection->stash ? connection->stash_size - connection->stash_at : 0;
    size_t wanted = kept + more.size;

    if (!connection->stash || connection->stash_size + more.size > connection->stash->size) {
        if (wanted > STASH_SIZE_MAX) return false;
        struct block *block = block_take(connection->face->shard->memory, MEMORY_ANSWER, wanted);
        if (!block) return false;
        if (kept > 0) memcpy(block->data, connection->stash->data + connection->stash_at, kept);
        if (connection->stash) block_unpin(connection->stash);
        connection->stash = block;
        connection->stash_at = 0;
        connection->stash_size = kept;
    }
    memcpy(connection->stash->data + connection->stash_size, more.data, more.size);
    connection->stash_size += (uint32_t)more.size;
    return true;
}

static void stash_drop(struct connection *connection)
{
    if (connection->stash) block_unpin(connection->stash);
    connection->stash = NULL;
    connection->stash_at = connection->stash_size = 0;
}

static size_t input_copy(struct connection *connection, uint8_t *to, size_t wanted)
{
    struct bytes *input = &connection->input;
    size_t size = min_of(input->size, wanted);

    memcpy(to, input->data, size);
    input->data += size;
    input->size -= size;
    return size;
}

/* ---- the three stages ---- */

static void frame_refuse(struct connection *connection, enum frame_refusal refusal, const char *why)
{
    metric_add(&connection->face->cells, CONN_METRIC_FRAMES_REFUSED, refusal, 1);
    face_complain(connection->face, connection, "bad frame", why);
    connection_drain(connection, END_FRAME);
}

/* Its client ended in the middle of it. */
static void frame_cut(struct connection *connection)
{
    metric_add(&connection->face->cells, CONN_METRIC_FRAMES_REFUSED, FRAME_CUT, 1);
}

static uint32_t frame_size(const struct connection *connection)
{
    return load_u32(connection->head);
}

static const struct api *frame_api(const struct connection *connection)
{
    const struct face_settings *settings = &connection->face->settings;
    int16_t key = load_i16(connection->head + LENGTH_SIZE);

    for (uint32_t i = 0; i < settings->api_count; i++) {
        if (settings->apis[i].key == key) return &settings->apis[i];
    }
    return NULL;
}

/* Kafka's reaction to each of these is to close; only ApiVersions is answered in versions that nobody knows. */
static void head_check(struct connection *connection)
{
    uint32_t size = frame_size(connection);
    if (size < REQUEST_SIZE_MIN || size > connection->face->settings.request_size_max) {
        frame_refuse(connection, FRAME_LENGTH, "its length can't be");
        return;
    }
    if (connection->head_have < FRAME_HEAD_SIZE) return;

    const struct api *api = frame_api(connection);
    int16_t version = load_i16(connection->head + LENGTH_SIZE + 2);
    if (!api || (api->callers & connection->listener->settings->callers) == 0) {
        frame_refuse(connection, FRAME_KEY, "its key is not served here");
    } else if ((version < api->since || version > api->until) && !api->any_version) {
        frame_refuse(connection, FRAME_VERSION, "its version is not served");
    } else {
        connection->frame = FRAME_ROOM;
    }
}

static bool head_step(struct connection *connection)
{
    if (connection->input.size == 0) return false;
    bool had_length = connection->head_have >= LENGTH_SIZE;
    size_t wanted = (size_t)(FRAME_HEAD_SIZE - connection->head_have);

    connection->head_have += (uint8_t)input_copy(connection, connection->head + connection->head_have, wanted);
    if (connection->head_have == FRAME_HEAD_SIZE || (!had_length && connection->head_have >= LENGTH_SIZE)) {
        head_check(connection);
    }
    return true;
}

/* Leaves the socket alone until frame_wake. */
static bool frame_stall(struct connection *connection, enum conn_stall why)
{
    connection->stalled = true;
    connection->stalled_ns = shard_now_ns(connection->face->shard);
    connection->frame_deadline_ns = INT64_MAX; /* It is we who make it wait. */
    metric_add(&connection->face->cells, CONN_METRIC_STALLED, why, 1);
    if (connection->receive.submitted && !connection->cancelling) {
        connection->cancelling = true;
        io_cancel(connection->face->shard->io, &connection->receive);
    }
    return false;
}

static bool room_slot(struct connection *connection)
{
    struct face *face = connection->face;

    if (connection->reading) return frame_stall(connection, STALL_READING);
    if (connection->slot_count >= IN_FLIGHT_MAX) return frame_stall(connection, STALL_IN_FLIGHT);
    if (connection->owed > OWED_MAX) return frame_stall(connection, STALL_OWED);
    connection->arriving = slot_take(connection);
    if (connection->arriving) return true;

    list_append(&face->crowded, &connection->wait);
    return frame_stall(connection, STALL_SLOTS);
}

static bool room_memory(struct connection *connection, struct slot *slot, uint32_t size)
{
    struct memory *memory = connection->face->shard->memory;

    if (size <= INLINE_SIZE_MAX) {
        slot->body = arena_take(&slot->request.arena, size);
        invariant(slot->body != NULL);
        return true;
    }
    slot->body_block = block_take(memory, MEMORY_RECEIVE, size);
    if (slot->body_block) {
        slot->body = slot->body_block->data;
        return true;
    }
    if (size > memory_used(memory, MEMORY_RECEIVE) + memory_free(memory, MEMORY_RECEIVE)) {
        frame_refuse(connection, FRAME_MEMORY, "larger than all memory for requests");
        return false;
    }
    memory_wait(memory, MEMORY_RECEIVE, &connection->wake);
    return frame_stall(connection, STALL_MEMORY);
}

static bool room_step(struct connection *connection)
{
    uint32_t size = frame_size(connection);

    if (!connection->arriving && !room_slot(connection)) return false;
    struct slot *slot = connection->arriving;
    if (!room_memory(connection, slot, size)) return false;

    slot->request.api = frame_api(connection);
    slot->request.times.queued = connection->queued_ns;
    connection->queued_ns = 0;
    slot->body_size = size;
    slot->body_have = FRAME_HEAD_SIZE - LENGTH_SIZE;
    memcpy(slot->body, connection->head + LENGTH_SIZE, slot->body_have);
    connection->frame = FRAME_BODY;
    connection->frame_deadline_ns = INT64_MAX; /* That of its head; the body's is by its size. */
    return true;
}

static void frame_whole(struct connection *connection)
{
    struct slot *slot = connection->arriving;
    bool large = slot->body_size >= LARGE_SIZE_MIN;

    connection->small_count = large ? 0 : (uint8_t)min_of(connection->small_count + 1, UINT8_MAX);
    if (connection->small_count >= SMALL_FRAMES_MANY) connection->way = RECEIVE_PIECES;
    connection->arriving = NULL;
    connection->frame = FRAME_HEAD;
    connection->head_have = 0;
    connection->frame_deadline_ns = INT64_MAX;
    connection->active_ns = shard_now_ns(connection->face->shard);
    connection->traffic.bytes_in += slot->body_size + LENGTH_SIZE;
    face_count(connection->face, CONN_METRIC_BYTES_IN, (int64_t)slot->body_size + LENGTH_SIZE);
    slot_begin(connection, slot);
}

static bool body_step(struct connection *connection)
{
    struct slot *slot = connection->arriving;
    uint32_t left = slot->body_size - slot->body_have;

    if (left > 0) {
        if (connection->input.size == 0) return false;
        slot->body_have += (uint32_t)input_copy(connection, slot->body + slot->body_have, left);
        return true;
    }
    frame_whole(connection);
    return true;
}

static bool frame_step(struct connection *connection)
{
    if (connection->stage != CONNECTION_OPEN || connection->stalled) return false;
    switch ((enum frame_stage)connection->frame) {
    case FRAME_HEAD: return head_step(connection);
    case FRAME_ROOM: return room_step(connection);
    case FRAME_BODY: return body_step(connection);
    }
    return false;
}

/* ---- receiving ---- */

/* A frame that has begun has to come to its end. Not while it is we who don't read. */
static void frame_watch(struct connection *connection)
{
    bool begun = connection->frame == FRAME_BODY || connection->head_have > 0;
    if (!begun || connection->frame == FRAME_ROOM || connection->frame_deadline_ns != INT64_MAX) return;

    int64_t size = connection->frame == FRAME_BODY ? frame_size(connection) : 0;
    int64_t allowed_ms = FRAME_GRACE_MS + size * 1000 / FRAME_BYTES_PER_SECOND_MIN;
    connection->frame_deadline_ns = shard_now_ns(connection->face->shard) + allowed_ms * 1000000;
    connection_watch(connection);
}

static void frame_eat(struct connection *connection)
{
    while (frame_step(connection)) continue;
    if (connection->stage != CONNECTION_OPEN) return;

    if (connection->finished && !connection->stalled) {
        bool border = connection->frame == FRAME_HEAD && connection->head_have == 0;
        if (!border) frame_cut(connection);
        connection_drain(connection, border ? END_CLIENT : END_FRAME);
        return;
    }
    frame_watch(connection);
    frame_receive(connection);
}

static bool body_straight(const struct connection *connection)
{
    if (connection->frame != FRAME_BODY || !connection->transform->straight) return false;
    const struct slot *slot = connection->arriving;
    return slot->body_size - slot->body_have >= LARGE_SIZE_MIN;
}

static void receive_straight(struct connection *connection)
{
    struct io *io = connection->face->shard->io;

    connection->straight = true;
    if (connection->frame == FRAME_BODY) {
        struct slot *slot = connection->arriving;
        io_receive_exact(io, &connection->receive, connection->socket, slot->body + slot->body_have,
                         slot->body_size - slot->body_have);
    } else {
        io_receive_exact(io, &connection->receive, connection->socket, connection->head + connection->head_have,
                         (size_t)(FRAME_HEAD_SIZE - connection->head_have));
    }
}

/* Sees to it that bytes go on coming, in the way that is best now. */
static void frame_receive(struct connection *connection)
{
    struct io *io = connection->face->shard->io;

    if (connection->stage != CONNECTION_OPEN || connection->stalled || connection->finished) return;
    if (body_straight(connection)) connection->way = RECEIVE_STRAIGHT;
    if (connection->receive.submitted) {
        bool wrong = connection->way == RECEIVE_STRAIGHT && !connection->straight;
        if (!wrong || connection->cancelling) return;
        connection->cancelling = true;
        io_cancel(io, &connection->receive);
        return;
    }

    connection->cancelling = false;
    if (connection->way == RECEIVE_STRAIGHT) {
        receive_straight(connection);
    } else {
        connection->straight = false;
        io_receive(io, &connection->receive, connection->socket, IO_MANY);
    }
}

/* Whatever came whole or in part belongs to the frame; a cancelled receive may have had bytes already, so it is given
 * up. */
static void straight_arrived(struct connection *connection, const struct completion *io)
{
    if (io->status != STATUS_OK) {
        bool border = connection->frame == FRAME_HEAD && connection->head_have == 0;
        if (io->status == STATUS_CLOSED && !border) frame_cut(connection);
        connection_drain(connection, io->status != STATUS_CLOSED ? END_ERROR : border ? END_CLIENT : END_FRAME);
        return;
    }
    if (connection->frame == FRAME_BODY) {
        connection->arriving->body_have = connection->arriving->body_size;
    } else {
        connection->head_have = FRAME_HEAD_SIZE;
        head_check(connection);
    }
    frame_eat(connection);
}

/* Eats the bytes if nothing stands before them; what is left is kept. */
static void bytes_arrived(struct connection *connection, struct bytes bytes)
{
    if (!connection->stalled) {
        connection->input = bytes;
        frame_eat(connection);
        bytes = connection->input;
        connection->input = BYTES_NULL;
    }
    if (bytes.size == 0 || connection->stage != CONNECTION_OPEN) return;
    if (!stash_add(connection, bytes)) connection_close(connection, END_NO_MEMORY);
}

static void piece_arrived(struct connection *connection, const struct completion *io)
{
    struct io *engine = connection->face->shard->io;

    if (io->status == STATUS_OK) {
        if (connection->stage == CONNECTION_OPEN) {
            struct bytes piece = { io->buffer, (size_t)io->result };
            bytes_arrived(connection, connection->transform->open(NULL, piece));
        }
        io_buffer_give(engine, io->buffer_index);
    } else if (io->status == STATUS_CLOSED) {
        connection->finished = true;
        if (!connection->stalled) frame_eat(connection);
    } else if (io->status != STATUS_CANCELLED && io->status != STATUS_BUSY) {
        connection_close(connection, END_ERROR);
    }
    /* All buffers were out (BUSY): those who have them give them back before the next turn. */
    if (!io->submitted) frame_receive(connection);
}

void frame_resume(struct completion *io)
{
    struct connection *connection = container_of(io, struct connection, receive);

    if (connection->straight) {
        straight_arrived(connection, io);
    } else {
        piece_arrived(connection, io);
    }
    connection_settle(connection);
}

void frame_begin(struct connection *connection)
{
    frame_receive(connection);
}

void frame_wake(struct connection *connection)
{
    if (connection->stalled) connection->queued_ns += shard_now_ns(connection->face->shard) - connection->stalled_ns;
    connection->stalled = false;
    if (connection->stash) {
        struct bytes kept = { connection->stash->data + connection->stash_at,
                              connection->stash_size - connection->stash_at };
        connection->input = kept;
    }
    frame_eat(connection);
    connection->stash_at = connection->stash_size - (uint32_t)connection->input.size;
    if (connection->input.size == 0) stash_drop(connection);
    connection->input = BYTES_NULL;
}

void frame_abandon(struct connection *connection)
{
    invariant(!connection->receive.submitted);
    list_remove(&connection->wait);
    stash_drop(connection);
    if (connection->arriving) slot_give(connection, connection->arriving);
    connection->arriving = NULL;
}
