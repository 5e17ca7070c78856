/* tests/sim/site.h   A whole node on a simulated machine: made from drawn settings by node_make, exactly as `sluice
 * serve` does it, turned by the world's events, and ended by a clean stop, a kill or a power cut. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "cluster/configs.h"
#include "node/node.h"
#include "sim/machine.h"

enum { SITE_PORT = 9092, SITE_PICTURES = 8 };

struct site {
    struct sim_world *world;
    struct sim_network network;
    struct sim_machine machine;
    struct prng prng;
    /* Drawn once. */
    bool relaxed, errors;
    bool narrow;  /* the least memory that a node can do with */
    bool damaged; /* a bit was flipped at rest: a start may refuse in so many words, and a node give up */
    uint64_t wal_size, wal_file_size;
    int64_t segment_bytes;
    /* One start. */
    struct node_platform platform;
    struct node *node; /* NULL: none runs */
    struct heap heap;  /* of the settings */
    struct arena arena;
    struct settings settings;
    uint64_t starts;
    /* The metadata as the shards saw it when the node was last stopped, however that was. */
    struct site_picture {
        int64_t offset; /* of the log; -1: none */
        uint64_t hash;
    } pictures[SITE_PICTURES];
};

void site_init(struct site *site, struct sim_world *world);
/* False: power was cut, or the device failed, before shards could run. What the metadata log was replayed to must be
 * what the shards saw at the last stop, where that was as far. */
bool site_start(struct site *site);
/* The node has died of a failing or damaged device (or was cut off): it must be stopped hard. */
bool site_down(const struct site *site);
/* Asks for a clean stop and waits for it. False: power was cut or the device failed meanwhile. */
bool site_stop_clean(struct site *site);
void site_stop_hard(struct site *site, bool power);
void site_end(struct site *site);

#endif
