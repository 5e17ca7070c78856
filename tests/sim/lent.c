/* tests/sim/lent.c   Notices of zero-copy sends. The bytes went to the peer when the socket took them; that the memory
 * still holds them is looked at again when the kernel lets go of it. Some notices say that the kernel copied after all.
 * Randomness is the network's own for this, so that it moves nothing else. */
#include "sim/lent.h"

#include <string.h>

#include "base/crc32c.h"

enum { COPIED_PER_THOUSAND = 20, DEAF_NS = 1000000000 };

static uint32_t lent_sum(const struct sim_lent *lent)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < lent->count; i++) {
        sum = crc32c(sum, lent->parts[i].iov_base, lent->parts[i].iov_len);
    }
    return sum;
}

void sim_lent_begin(struct sim_operation *operation, struct sim_socket *socket)
{
    const struct completion *completion = operation->completion;
    bool large = false;

    for (uint32_t i = 0; i < completion->part_count; i++) {
        if (completion->parts[i].iov_len >= IO_ZERO_COPY_PART_MIN) large = true;
    }
    if ((completion->flags & IO_ZERO_COPY) == 0 || !large) return;

    size_t size = completion->part_count * sizeof(struct iovec);
    struct sim_lent *lent = heap_take(&operation->ring->machine->world->heap, sizeof *lent + size);
    lent->socket = socket;
    lent->count = completion->part_count;
    memcpy(lent->parts, completion->parts, size); /* The engine moves the caller's along. */
    lent->sum = lent_sum(lent);
    operation->lent = lent;
    socket->lent_count++;
}

/* A peer that can't be reached acknowledges nothing, until somebody ends the connection. */
static void notice_event(struct sim_event *event)
{
    struct sim_operation *operation = container_of(event, struct sim_operation, event);
    const struct sim_link *link = operation->lent->socket->end->link;
    struct sim_network *network = link->network;

    if (link->half_open && !operation->lent->socket->end->reset) {
        sim_event_set(network->world, event, network->world->now_ns + DEAF_NS);
        return;
    }
    if (sim_chance(&network->notices, COPIED_PER_THOUSAND, 1000)) {
        sim_fault(network->world, SIM_COPIED);
        operation->completion->copied = true;
    }
    sim_lent_end(operation);
    sim_operation_done(operation, STATUS_OK, 0, -1, false);
}

bool sim_lent_taken(struct sim_operation *operation)
{
    if (!operation->lent) return false;

    struct sim_end *end = operation->lent->socket->end;
    struct sim_network *network = end->link->network;
    operation->event.fire = notice_event;
    sim_event_set(network->world, &operation->event,
                  network->world->now_ns + sim_tail(&network->notices, 4 * end->delay_ns));
    sim_operation_done(operation, STATUS_OK, 0, -1, true);
    return true;
}

void sim_lent_end(struct sim_operation *operation)
{
    struct sim_world *world = operation->ring->machine->world;
    struct sim_lent *lent = operation->lent;

    if (!lent) return;
    bool memory_is_as_it_was_lent = lent_sum(lent) == lent->sum;
    invariant(memory_is_as_it_was_lent);
    invariant(lent->socket->lent_count > 0);
    lent->socket->lent_count--;
    heap_give(&world->heap, lent);
    operation->lent = NULL;
}
