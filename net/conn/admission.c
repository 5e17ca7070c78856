/* net/conn/admission.c   A cell is one word, so that it is found, claimed and counted by one compare-and-swap:
 *
 *     | hash of the address, 40 bits | count, 24 bits |      0: never used. count 0: free for anybody
 *
 * A search ends at a cell that was never used, or after PROBE_MAX steps; what finds no cell is not counted. */
#include "conn/admission.h"

#include <string.h>

#include "base/check.h"
#include "base/heap.h"
#include "base/map.h"

enum { PROBE_MAX = 32, COUNT_BITS = 24, CELLS_MIN = 1024, CELLS_MAX = 1 << 18 };

static const uint64_t count_mask = (1 << COUNT_BITS) - 1;

void admission_init(struct admission *admission, uint32_t connections_max, uint32_t connections_per_ip_max,
                    uint64_t seed, struct heap *heap)
{
    *admission = (struct admission){ .seed = seed };
    admission_change(admission, connections_max, connections_per_ip_max);
    admission->cell_count = CELLS_MIN;
    while (admission->cell_count < CELLS_MAX && admission->cell_count / 2 < connections_max) admission->cell_count *= 2;
    admission->cells = heap_take(heap, admission->cell_count * sizeof(*admission->cells));
}

void admission_change(struct admission *admission, uint32_t connections_max, uint32_t connections_per_ip_max)
{
    atomic_store_explicit(&admission->connections_max, connections_max, memory_order_relaxed);
    atomic_store_explicit(&admission->connections_per_ip_max, connections_per_ip_max, memory_order_relaxed);
}

static uint64_t address_hash(const struct admission *admission, const struct in6_addr *address)
{
    uint64_t halves[2];
    memcpy(halves, address, sizeof(halves));
    uint64_t hash = hash_join(hash_join(admission->seed, hash_u64(halves[0])), hash_u64(halves[1])) >> COUNT_BITS;
    return hash == 0 ? 1 : hash;
}

/* The cell of `hash`, or else a free one; -1 when all that were looked at belong to others. */
static int64_t cell_search(const struct admission *admission, uint64_t hash, uint64_t *found)
{
    int64_t free_cell = -1;
    uint64_t free_found = 0;

    for (uint32_t step = 0; step < PROBE_MAX; step++) {
        uint32_t place = (uint32_t)(hash + step) & (admission->cell_count - 1);
        uint64_t cell = atomic_load_explicit(&admission->cells[place], memory_order_relaxed);
        if (cell >> COUNT_BITS == hash) {
            *found = cell;
            return place;
        }
        if ((cell & count_mask) == 0 && free_cell < 0) {
            free_cell = place;
            free_found = cell;
        }
        if (cell == 0) break;
    }
    *found = free_found;
    return free_cell;
}

static bool address_enter(struct admission *admission, const struct in6_addr *address, uint32_t *counted)
{
    uint32_t limit = atomic_load_explicit(&admission->connections_per_ip_max, memory_order_relaxed);
    *counted = (uint32_t)ADMISSION_UNCOUNTED;
    uint64_t hash = address_hash(admission, address);
    for (;;) {
        uint64_t found = 0;
        int64_t place = cell_search(admission, hash, &found);
        if (place < 0) return true;

        uint64_t count = found & count_mask;
        if (count >= limit || count == count_mask) return false;
        if (atomic_compare_exchange_strong_explicit(&admission->cells[place], &found, hash << COUNT_BITS | (count + 1),
                                                    memory_order_relaxed, memory_order_relaxed)) {
            *counted = (uint32_t)place;
            return true;
        }
    }
}

enum admission_answer admission_enter(struct admission *admission, const struct in6_addr *address, uint32_t *cell)
{
    uint32_t before = atomic_fetch_add_explicit(&admission->connections, 1, memory_order_relaxed);
    bool room = before < atomic_load_explicit(&admission->connections_max, memory_order_relaxed);
    if (room && address_enter(admission, address, cell)) return ADMITTED;

    atomic_fetch_sub_explicit(&admission->connections, 1, memory_order_relaxed);
    return room ? REFUSED_ADDRESS_FULL : REFUSED_NODE_FULL;
}

void admission_leave(struct admission *admission, uint32_t cell)
{
    uint32_t before = atomic_fetch_sub_explicit(&admission->connections, 1, memory_order_relaxed);
    invariant(before > 0);
    if (cell == (uint32_t)ADMISSION_UNCOUNTED) return;

    invariant(cell < admission->cell_count);
    uint64_t counted = atomic_fetch_sub_explicit(&admission->cells[cell], 1, memory_order_relaxed);
    invariant((counted & count_mask) > 0);
}
