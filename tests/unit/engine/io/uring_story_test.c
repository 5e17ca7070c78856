/* Random stories: connections that send and receive in every way, are cancelled and closed at any moment. What must
 * hold in each: bytes arrive in order, an operation ends once, every buffer comes back, nothing is in flight in the
 * end.
 *
 * A story is a seed; the kernel's timing is its own, so a seed tells what was tried, not exactly what happened. */
#include "ring.h"

#include "base/prng.h"
#include "io/uring_engine.h"

enum { PAIRS = 6, STEPS = 400, PARTS = 5, SIZE_MAX_OF_PART = 60000, SENDS = 3, SEEDS = 30 };

struct outgoing {
    struct operation operation;
    struct end *end;
    struct iovec parts[PARTS];
    uint8_t *memory;
};

struct end {
    struct story *story;
    struct operation receive, close;
    struct outgoing sends[SENDS]; /* one on its way into the socket; of others the kernel may still hold the memory */
    bool sending, broken;         /* broken: a send did not come to its end */
    int socket;
    bool exact, finished, closing;
    uint8_t *incoming;
    uint64_t sent, received; /* bytes of the stream begun to be sent, and seen */
    size_t exact_size;
};

struct story {
    struct prng prng;
    struct io *io;
    struct end ends[PAIRS][2];
};

static uint8_t stream_byte(uint64_t position)
{
    return (uint8_t)((position * 2654435761U) >> 13);
}

static void check_stream(struct end *end, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != stream_byte(end->received + i)) fail_msg("byte %zu of %zu is wrong", i, size);
    end->received += size;
}

static void end_received(struct completion *completion)
{
    struct end *end = container_of(container_of(completion, struct operation, io), struct end, receive);
    operation_note(completion);
    if (completion->status != STATUS_OK) {
        /* How far an exact receive came before its cancel nobody knows: the stream is of no more use. */
        if (completion->status == STATUS_CLOSED || end->exact) end->finished = true;
        return;
    }
    if (end->exact) {
        check_stream(end, end->incoming, end->exact_size);
        return;
    }
    check_stream(end, completion->buffer, (size_t)completion->result);
    io_buffer_give(end->story->io, completion->buffer_index);
}

static void end_receive(struct end *end)
{
    struct story *story = end->story;
    if (end->finished || end->closing || end->receive.io.submitted) return;
    end->receive = (struct operation){ .io.resume = end_received };
    unsigned way = (unsigned)prng_below(&story->prng, 3);
    end->exact = way == 2;
    if (end->exact) {
        end->exact_size = 1 + prng_below(&story->prng, SIZE_MAX_OF_PART);
        io_receive_exact(story->io, &end->receive.io, end->socket, end->incoming, end->exact_size);
    } else {
        io_receive(story->io, &end->receive.io, end->socket, way == 1 ? IO_MANY : 0);
    }
}

/* At its end the memory is ours again: written over, so that bytes that were read too late would be wrong ones. */
static void end_sent(struct completion *completion)
{
    struct outgoing *send = container_of(container_of(completion, struct operation, io), struct outgoing, operation);
    struct end *end = send->end;

    if (send->operation.events == 0) end->sending = false;
    operation_note(completion);
    if (completion->more) return;
    if (completion->status != STATUS_OK) end->broken = true;
    memset(send->memory, 0xee, (size_t)PARTS * SIZE_MAX_OF_PART);
}

static void end_send(struct end *end)
{
    struct story *story = end->story;
    struct outgoing *send = NULL;
    for (unsigned i = 0; i < SENDS; i++)
        if (!end->sends[i].operation.io.submitted) send = &end->sends[i];
    if (end->closing || end->sending || end->broken || send == NULL) return;

    uint32_t count = 1 + (uint32_t)prng_below(&story->prng, PARTS);
    uint8_t *at = send->memory;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = 1 + prng_below(&story->prng, SIZE_MAX_OF_PART);
        send->parts[i] = (struct iovec){ at, size };
        for (size_t byte = 0; byte < size; byte++) *at++ = stream_byte(end->sent++);
    }
    send->operation = (struct operation){ .io.resume = end_sent };
    end->sending = true;
    io_send(story->io, &send->operation.io, end->socket, send->parts, count,
            prng_below(&story->prng, 2) == 0 ? IO_ZERO_COPY : 0);
}

static void end_cancel_sends(struct end *end)
{
    for (unsigned i = 0; i < SENDS; i++) io_cancel(end->story->io, &end->sends[i].operation.io);
    end->broken = true;
}

/* Everything of this end is cancelled, then it is closed: with operations still on their way, as a shard does it. */
static void end_close(struct end *end)
{
    if (end->closing) return;
    end->closing = true;
    io_cancel(end->story->io, &end->receive.io);
    end_cancel_sends(end);
    end->close = OPERATION;
    io_close(end->story->io, &end->close.io, end->socket);
}

static void story_step(struct story *story)
{
    struct end *end = &story->ends[prng_below(&story->prng, PAIRS)][prng_below(&story->prng, 2)];
    switch (prng_below(&story->prng, 40)) {
    case 0: io_cancel(story->io, &end->receive.io); break;
    case 1:
        if (prng_below(&story->prng, 8) == 0) end_cancel_sends(end);
        break;
    case 2:
        if (prng_below(&story->prng, 20) == 0) end_close(end);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12: end_send(end); break;
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
    case 20:
    case 21:
    case 22: end_receive(end); break;
    default: io_turn(story->io, story->io->now_ns + (int64_t)prng_below(&story->prng, 200000));
    }
}

static void story_tell(uint64_t seed)
{
    struct story *story = calloc(1, sizeof *story);
    prng_seed(&story->prng, seed);
    uint32_t entries = UINT32_C(1) << (2 + prng_below(&story->prng, 6));
    story->io = ring_open_sized(entries, entries * 2, UINT32_C(1024) << prng_below(&story->prng, 4),
                                UINT32_C(4) << prng_below(&story->prng, 5));
    for (unsigned i = 0; i < PAIRS; i++) {
        int pair[2];
        connected_pair(story->io, pair);
        for (unsigned side = 0; side < 2; side++) {
            struct end *end = &story->ends[i][side];
            *end = (struct end){ .story = story, .socket = pair[side] };
            for (unsigned n = 0; n < SENDS; n++) {
                end->sends[n].end = end;
                end->sends[n].memory = malloc((size_t)PARTS * SIZE_MAX_OF_PART);
            }
            end->incoming = malloc(SIZE_MAX_OF_PART);
        }
    }
    for (unsigned i = 0; i < STEPS; i++) story_step(story);
    for (unsigned i = 0; i < PAIRS; i++)
        for (unsigned side = 0; side < 2; side++) end_close(&story->ends[i][side]);
    int64_t limit_ns = story->io->now_ns + PATIENCE_NS;
    while (story->io->in_flight > 0 && story->io->now_ns < limit_ns) io_turn(story->io, story->io->now_ns + 10 * MS);
    for (unsigned i = 0; i < PAIRS; i++)
        for (unsigned side = 0; side < 2; side++) {
            const struct end *end = &story->ends[i][side];
            if (!end->receive.io.submitted && !end->close.io.submitted && !end->sending) continue;
            print_error("seed %llu, pair %u, end %u: receive %d (exact %d, flags %x) close %d\n",
                        (unsigned long long)seed, i, side, end->receive.io.submitted, end->exact, end->receive.io.flags,
                        end->close.io.submitted);
        }
    assert_int_equal(story->io->in_flight, 0);
    const struct uring_buffers *buffers = &uring_of(story->io)->buffers;
    assert_int_equal(buffers->free, buffers->fresh); /* All that were ever given out are back. */
    io_end(story->io);
    for (unsigned i = 0; i < PAIRS; i++)
        for (unsigned side = 0; side < 2; side++) {
            for (unsigned n = 0; n < SENDS; n++) free(story->ends[i][side].sends[n].memory);
            free(story->ends[i][side].incoming);
        }
    free(story);
}

static void every_story_ends_well(void **state)
{
    (void)state;
    const char *only = getenv("STORY_SEED");
    if (only != NULL) {
        story_tell(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) story_tell(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_story_ends_well) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
