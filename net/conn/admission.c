/* net/conn/admission.c   A cell is one word, so that it is found, claimed and counted by one compare-and-swap:
 *
 *     | hash of the address, 40 bits | count, 24 bits |      0: never used. count 0: free for anybody
 *
 * A search ends at a cell that was never used, or after PROBE_MAX steps; what finds no cell is not counted. */
#include "conn/admission.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"
#include "base/heap.h"
#include "base/map.h"

enum { PROBE_MAX = 32, COUNT_BITS = 24, CELLS_MIN = 1024, CELLS_MAX = 1 << 18, BURST_S = 10 };

#define NS_PER_S INT64_C(1000000000)

static const uint64_t count_mask = (1 << COUNT_BITS) - 1;

/* ---- limits ---- */

void admission_init(struct admission *admission, uint32_t connections_max, uint32_t connections_per_ip_max,
                    uint64_t seed, struct heap *heap)
{
    *admission = (struct admission){ .seed = seed, .connections_bound = UINT32_MAX };
    admission_change(admission, connections_max, connections_per_ip_max);
    admission->cell_count = CELLS_MIN;
    while (admission->cell_count < CELLS_MAX && admission->cell_count / 2 < connections_max) admission->cell_count *= 2;
    admission->cells = heap_take(heap, admission->cell_count * sizeof(*admission->cells));
}

void admission_bound(struct admission *admission, uint32_t connections_bound)
{
    admission->connections_bound = connections_bound;
}

void admission_change(struct admission *admission, uint32_t connections_max, uint32_t connections_per_ip_max)
{
    atomic_store_explicit(&admission->connections_max, connections_max, memory_order_relaxed);
    atomic_store_explicit(&admission->connections_per_ip_max, connections_per_ip_max, memory_order_relaxed);
}

void admission_change_rate(struct admission *admission, uint32_t rate_max)
{
    atomic_store_explicit(&admission->rate_max, rate_max, memory_order_relaxed);
}

int64_t admission_pace(struct admission *admission, int64_t now_ns)
{
    uint32_t rate_max = atomic_load_explicit(&admission->rate_max, memory_order_relaxed);
    int64_t due_ns = atomic_load_explicit(&admission->due_ns, memory_order_relaxed), next_ns;

    if (rate_max == 0) return 0;
    do {
        next_ns = max_of(due_ns, now_ns) + NS_PER_S / rate_max;
    } while (!atomic_compare_exchange_weak_explicit(&admission->due_ns, &due_ns, next_ns, memory_order_relaxed,
                                                    memory_order_relaxed));
    return max_of(next_ns - now_ns - BURST_S * NS_PER_S, INT64_C(0));
}

static uint64_t address_hash(const struct admission *admission, const struct in6_addr *address)
{
    uint64_t halves[2];
    memcpy(halves, address, sizeof(halves));
    uint64_t hash = hash_join(hash_join(admission->seed, hash_u64(halves[0])), hash_u64(halves[1])) >> COUNT_BITS;
    return hash == 0 ? 1 : hash;
}

/* "address:count", as at Kafka: the last colon parts them. Addresses of the fourth version are kept mapped. */
static bool override_read(const struct admission *admission, struct text item, uint64_t *override)
{
    char address[INET6_ADDRSTRLEN + sizeof("::ffff:")] = "::ffff:";
    struct in6_addr parsed;
    size_t colon = item.size;
    int64_t limit = 0;

    while (colon > 0 && item.data[colon - 1] != ':') colon--;
    if (colon < 2 || colon > INET6_ADDRSTRLEN) return false;
    struct text count = { item.data + colon, item.size - colon }, host = { item.data, colon - 1 };
    bool sixth = memchr(host.data, ':', host.size) != NULL;
    char *end = sixth ? address : address + strlen(address);
    memcpy(end, host.data, host.size);
    end[host.size] = '\0';
    if (inet_pton(AF_INET6, address, &parsed) != 1 || !text_to_i64(text_trim(count), &limit) || limit < 0) return false;
    *override = address_hash(admission, &parsed) << COUNT_BITS | (uint64_t)min_of(limit, (int64_t)count_mask);
    return true;
}

bool admission_override(struct admission *admission, struct text overrides, const char **why)
{
    uint64_t read[ADMISSION_OVERRIDES_MAX] = { 0 };
    uint32_t count = 0;

    while (overrides.size > 0) {
        struct text item = text_trim(text_cut(&overrides, ','));
        if (item.size == 0) continue;
        *why = "max.connections.per.ip.overrides: more than 256 addresses";
        if (count == ADMISSION_OVERRIDES_MAX) return false;
        *why = "max.connections.per.ip.overrides: not address:count, ... (names are not looked up)";
        if (!override_read(admission, item, &read[count++])) return false;
    }
    for (uint32_t i = 0; i < ADMISSION_OVERRIDES_MAX; i++) {
        atomic_store_explicit(&admission->overrides[i], read[i], memory_order_relaxed);
    }
    return true;
}

static uint64_t limit_of(const struct admission *admission, uint64_t hash)
{
    for (uint32_t i = 0; i < ADMISSION_OVERRIDES_MAX; i++) {
        uint64_t override = atomic_load_explicit(&admission->overrides[i], memory_order_relaxed);
        if (override == 0) break;
        if (override >> COUNT_BITS == hash) return override & count_mask;
    }
    return atomic_load_explicit(&admission->connections_per_ip_max, memory_order_relaxed);
}

/* ---- counting ---- */

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
    uint64_t hash = address_hash(admission, address), limit = limit_of(admission, hash);

    *counted = (uint32_t)ADMISSION_UNCOUNTED;
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
    uint32_t most = atomic_load_explicit(&admission->connections_max, memory_order_relaxed);
    bool room = before < min_of(most, admission->connections_bound);
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
