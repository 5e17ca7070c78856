/* tests/sim/world.c   The queue is a binary heap of pointers; each event knows its place, so that setting it anew and
 * clearing it cost as much as adding it. Order: time, then birth; never an address. */
#include "sim/world.h"

#include "base/check.h"

#define SIM_FAULT_TEXT(name, text) [(name)] = (text),
static const char *const fault_texts[SIM_FAULTS] = { SIM_FAULT_ROWS(SIM_FAULT_TEXT) };
#undef SIM_FAULT_TEXT

static bool earlier(const struct sim_event *a, const struct sim_event *b);
static void rise(struct sim_world *world, uint32_t place);
static void sink(struct sim_world *world, uint32_t place);
static void put(struct sim_world *world, uint32_t place, struct sim_event *event);

const char *sim_fault_text(enum sim_fault fault)
{
    return fault_texts[fault];
}

void sim_world_init(struct sim_world *world, uint64_t seed, struct sim_trace *trace)
{
    *world = (struct sim_world){ .seed = seed, .wall_ms = 1700000000000, .trace = trace };
    heap_init(&world->heap);
    prng_seed(&world->prng, seed);
    sim_trace_init(trace, seed);
}

void sim_world_end(struct sim_world *world)
{
    for (uint32_t i = 1; i <= world->waiting; i++) world->queue[i]->place = 0;
    heap_end(&world->heap);
}

void sim_event_set(struct sim_world *world, struct sim_event *event, int64_t at_ns)
{
    if (event->place) sim_event_clear(world, event);
    if (world->waiting + 1 >= world->room) {
        world->room = world->room ? world->room * 2 : 256;
        world->queue = heap_resize(&world->heap, world->queue, world->room * sizeof(void *));
    }

    event->at_ns = max_of(at_ns, world->now_ns);
    event->order = world->births++;
    put(world, ++world->waiting, event);
    rise(world, world->waiting);
}

void sim_event_clear(struct sim_world *world, struct sim_event *event)
{
    uint32_t place = event->place;
    if (!place) return;

    invariant(world->queue[place] == event);
    event->place = 0;
    struct sim_event *last = world->queue[world->waiting--];
    if (last == event) return;

    put(world, place, last);
    rise(world, place);
    sink(world, last->place);
}

bool sim_world_step(struct sim_world *world, int64_t until_ns)
{
    if (!world->waiting || world->queue[1]->at_ns > until_ns) {
        if (until_ns != INT64_MAX) world->now_ns = max_of(world->now_ns, until_ns);
        return false;
    }

    struct sim_event *event = world->queue[1];
    sim_event_clear(world, event);
    invariant(event->at_ns >= world->now_ns);
    world->now_ns = event->at_ns;
    world->event_count++;
    event->fire(event);
    return true;
}

int64_t sim_tail(struct prng *prng, int64_t mean)
{
    int64_t time = (int64_t)sim_between(prng, (uint64_t)mean / 2, (uint64_t)mean + (uint64_t)mean / 2);

    if (sim_chance(prng, 1, 100)) time *= (int64_t)sim_between(prng, 2, 100);
    return time;
}

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void rise(struct sim_world *world, uint32_t place)
{
    struct sim_event *event = world->queue[place];

    for (; place > 1 && earlier(event, world->queue[place / 2]); place /= 2) put(world, place, world->queue[place / 2]);
    put(world, place, event);
}

static void sink(struct sim_world *world, uint32_t place)
{
    struct sim_event *event = world->queue[place];

    for (;;) {
        uint32_t child = place * 2;
        if (child > world->waiting) break;
        if (child < world->waiting && earlier(world->queue[child + 1], world->queue[child])) child++;
        if (!earlier(world->queue[child], event)) break;
        put(world, place, world->queue[child]);
        place = child;
    }
    put(world, place, event);
}

static void put(struct sim_world *world, uint32_t place, struct sim_event *event)
{
    world->queue[place] = event;
    event->place = place;
}
