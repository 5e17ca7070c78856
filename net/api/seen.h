/* net/api/seen.h   What a request has named already: clients may name a topic or a partition twice, and each API has
 * its own rule for that. A set of hashes in the request's arena, so that a long list costs no more than its length. */
#ifndef NET_API_SEEN_H
#define NET_API_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"

struct walk;

struct seen {
    uint64_t *hashes; /* 0: free */
    uint32_t mask;
};

/* For up to `count` things; false when the arena has no room. */
bool seen_init(struct seen *seen, struct arena *arena, uint32_t count);
/* The same by walk_take: however many things, no step is long; used from the walk's next item or part on. */
must_check bool seen_prepare(struct seen *seen, struct walk *walk, uint32_t count);
/* True when it is the first of its kind. */
bool seen_add(struct seen *seen, uint64_t hash);
bool seen_has(const struct seen *seen, uint64_t hash);

/* A set whose members have a number each, 0 until somebody writes another. */
struct numbered {
    struct seen seen;
    uint32_t *numbers; /* by place in the set */
};

/* For up to `count` things; false when the arena has no room. */
must_check bool numbered_init(struct numbered *set, struct arena *arena, uint32_t count);
must_check bool numbered_prepare(struct numbered *set, struct walk *walk, uint32_t count);
/* That of `hash`, which joins the set if it is new. */
uint32_t *numbered_of(struct numbered *set, uint64_t hash);

/* Of things in a row, by their hashes: which are named again later, so that the last word holds. NULL: no room. */
const bool *seen_again(struct arena *arena, const uint64_t *hashes, uint32_t count);

#endif
