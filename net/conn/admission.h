/* net/conn/admission.h   How many connections a node has, over all shards, and how many come in a second:
 * max.connections, max.connections.per.ip and max.connection.creation.rate are promises about the node, while each
 * shard accepts on its own. So this is the one thing that shards share here: a few relaxed atomics in one struct,
 * touched when a connection comes and goes, never by its traffic.
 *
 * Addresses have a cell each, {hash, count} in one word; two addresses with the same 40-bit hash share a cell, and two
 * shards that meet a new address at the same moment may give it two: the limit is then a little stricter or looser. */
#ifndef NET_CONN_ADMISSION_H
#define NET_CONN_ADMISSION_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct heap;

enum { ADMISSION_OVERRIDES_MAX = 256 };

struct admission {
    _Atomic uint32_t connections_max;        /* of the node */
    _Atomic uint32_t connections_per_ip_max; /* UINT32_MAX: no limit */
    uint32_t connections_bound;              /* what the descriptors allow, whatever is configured */
    _Atomic uint32_t connections;
    _Atomic uint32_t rate_max; /* new ones per second; 0: no limit */
    _Atomic int64_t due_ns;    /* when all that came would have come, one after the other at that rate */
    _Atomic uint64_t *cells;   /* hash << 24 | count */
    uint32_t cell_count;       /* a power of two */
    uint64_t seed;
    _Atomic uint64_t overrides[ADMISSION_OVERRIDES_MAX]; /* hash << 24 | limit, up to the first 0 */
};

enum admission_answer { ADMITTED, REFUSED_NODE_FULL, REFUSED_ADDRESS_FULL };
enum { ADMISSION_UNCOUNTED = UINT32_MAX };

void admission_init(struct admission *admission, uint32_t connections_max, uint32_t connections_per_ip_max,
                    uint64_t seed, struct heap *heap);
/* Never more than these, before anybody comes. */
void admission_bound(struct admission *admission, uint32_t connections_bound);
/* Other limits, for who comes from now on; who is there stays. Any thread. */
void admission_change(struct admission *admission, uint32_t connections_max, uint32_t connections_per_ip_max);
/* Limits of single addresses, max.connections.per.ip.overrides: "address:count, ...". Names are not looked up: that
 * would block. False, with the fault in `*why`, and nothing changes. Any thread; several at once must say the same. */
bool admission_override(struct admission *admission, struct text overrides, const char **why);
/* max.connection.creation.rate, from now on; 0: no limit. Any thread. */
void admission_change_rate(struct admission *admission, uint32_t rate_max);
/* Counts one that came. For how many ns no more should be taken: 0 while it is not more than the rate allows, over ten
 * seconds, as at Kafka (quota.window.num less one). Any thread. */
int64_t admission_pace(struct admission *admission, int64_t now_ns);
/* Counts a connection from `address`. `*cell` is what admission_leave wants back. Any thread. */
enum admission_answer admission_enter(struct admission *admission, const struct in6_addr *address, uint32_t *cell);
void admission_leave(struct admission *admission, uint32_t cell);

#endif
