/* engine/log/upkeep.h   What a store does by the clock, a few times a minute while it holds anything: lets go of memory
 * that nobody used for a while, and looks at the space that is left on the device.
 *
 * Space: below the reserve, clients' appends are refused (store->full) while everything else goes on. Beside what is
 * set, the reserve is what a start would write anew, so that one always has the room it needs. If the device is
 * full all the same (store->no_space), writing out rests until the next look; what was acknowledged is in the WAL,
 * whose files are there already. What was appended but finds no place in the WAL stays in memory and goes on when there
 * is room; those who wait for it are answered with STATUS_NO_SPACE meanwhile. A node that stops does not wait: its
 * directory fails. */
#ifndef ENGINE_LOG_UPKEEP_H
#define ENGINE_LOG_UPKEEP_H

#include "log/store.h"
#include "shard/jobs.h"

enum {
    UPKEEP_INTERVAL_MS = 5000,
    UPKEEP_AGE_MS = 60000,
    UPKEEP_ROOM = 16 << 20,
    UPKEEP_GROWN = 8 << 20,
    UPKEEP_LAST_LOOKS = 3, /* when the node stops */
};

struct upkeep {
    struct store *store;
    struct timer timer;
    struct job job;
    uint64_t available; /* bytes of the device, at the last look */
    uint64_t grown;     /* bytes of files since then */
    uint64_t owed;      /* this store's part of directory->owed */
    bool looking;
    uint32_t last_looks;
};

void upkeep_init(struct upkeep *upkeep, struct store *store);
void upkeep_end(struct upkeep *upkeep);
/* There is something to look after. */
void upkeep_soon(struct upkeep *upkeep);
/* Files have grown: a fast stream fills the reserve between two looks by the clock, so every few of these look, too. */
void upkeep_grew(struct upkeep *upkeep, uint64_t size);
/* A write found no space: it is tried again after the next look. */
void upkeep_no_space(struct upkeep *upkeep);
/* Something that was appended found no place in the WAL, and there is no space for more files. */
void upkeep_starved(struct upkeep *upkeep);
/* The node stops: from now on lack of space is a failure, once it was looked at. */
void upkeep_hurry(struct upkeep *upkeep);

#endif
