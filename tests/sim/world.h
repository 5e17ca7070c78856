/* tests/sim/world.h   One story: a clock that only events move, the events in order of time and then of birth, the
 * seed's randomness, the trace, and the count of the faults that were fired. Everything that takes time in the
 * simulated kernel, disk and network is an event here; between two events nothing happens. Memory of the simulator
 * itself comes from `heap`. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/prng.h"
#include "sim/trace.h"

#define SIM_FAULT_ROWS(row)                                                                                         \
    row(SIM_CRASH_TIME, "power cut at a random time") row(SIM_CRASH_OPERATION, "power cut at a disk operation")     \
        row(SIM_KILL, "process killed") row(SIM_SECTOR_LOST, "unsynced sector lost")                                \
            row(SIM_SECTOR_TORN, "unsynced sector torn") row(SIM_SECTOR_KEPT, "unsynced sector kept")               \
                row(SIM_NAME_LOST, "unsynced name change lost") row(SIM_NAME_KEPT, "unsynced name change kept")     \
                    row(SIM_SIZE_LOST, "unsynced file size lost") row(SIM_READ_ERROR, "read failed")                \
                        row(SIM_WRITE_ERROR, "write failed") row(SIM_SYNC_ERROR, "sync failed")                     \
                            row(SIM_NO_SPACE, "no space") row(SIM_SLOW, "slow operation")                           \
                                row(SIM_BIT_FLIP, "bit flipped at rest") row(SIM_MISDIRECTED, "write misdirected")  \
                                    row(SIM_RESET, "connection reset") row(SIM_SPLIT, "transfer split")             \
                                        row(SIM_HALF_OPEN, "connection half open")                                  \
                                            row(SIM_STALL, "client stopped reading") row(SIM_CLOCK, "clock jumped") \
                                                row(SIM_FULL, "disk filled by others")                              \
                                                    row(SIM_COPIED, "zero copy copied")                             \
                                                        row(SIM_ROOM, "fetch waited for the read cache")

#define SIM_FAULT_NAME(name, text) name,
enum sim_fault { SIM_FAULT_ROWS(SIM_FAULT_NAME) SIM_FAULTS };
#undef SIM_FAULT_NAME

const char *sim_fault_text(enum sim_fault fault);

/* Intrusive: a field of whatever waits. */
struct sim_event {
    int64_t at_ns;
    uint64_t order;
    uint32_t place; /* in the queue, from 1; 0: not waiting */
    void (*fire)(struct sim_event *event);
};

struct sim_world {
    uint64_t seed;
    int64_t now_ns;
    int64_t wall_ms; /* wall clock at now_ns == 0 */
    uint64_t births;
    uint64_t event_count;
    struct sim_event **queue; /* a binary heap, from index 1 */
    uint32_t waiting, room;
    struct heap heap;
    struct prng prng;
    struct sim_trace *trace;
    uint64_t faults[SIM_FAULTS];
};

void sim_world_init(struct sim_world *world, uint64_t seed, struct sim_trace *trace);
void sim_world_end(struct sim_world *world);

static inline void sim_event_init(struct sim_event *event, void (*fire)(struct sim_event *))
{
    event->place = 0;
    event->fire = fire;
}
/* Sets or moves; not before now. */
void sim_event_set(struct sim_world *world, struct sim_event *event, int64_t at_ns);
void sim_event_clear(struct sim_world *world, struct sim_event *event);
static inline bool sim_event_waiting(const struct sim_event *event)
{
    return event->place != 0;
}

/* Fires the next event; false when none waits or the next one is later than `until_ns` (the clock then stands at
 * until_ns, unless that is INT64_MAX). */
bool sim_world_step(struct sim_world *world, int64_t until_ns);

static inline int64_t sim_wall_ms(const struct sim_world *world)
{
    return world->wall_ms + world->now_ns / 1000000;
}
/* True once in `of` times. */
static inline bool sim_chance(struct prng *prng, uint64_t parts, uint64_t of)
{
    return prng_below(prng, of) < parts;
}
/* From `low` to `high`, both included. */
static inline uint64_t sim_between(struct prng *prng, uint64_t low, uint64_t high)
{
    return low + prng_below(prng, high - low + 1);
}
/* Small most of the time, now and then up to a hundred times `mean`: latencies. */
int64_t sim_tail(struct prng *prng, int64_t mean);

static inline void sim_told(struct sim_world *world, const char *text, const char *what, uint64_t a, uint64_t b,
                            uint64_t c, uint64_t d)
{
    sim_trace_add(world->trace, world->now_ns, text, what, a, b, c, d);
}
static inline void sim_fault(struct sim_world *world, enum sim_fault fault)
{
    world->faults[fault]++;
}

#endif
