/* tests/sim/network.h   Connections as pairs of ends. Bytes go from one end's send into the other's inbox: first on
 * their way, then arrived, in random pieces after random delays, in order within a connection and in no order between
 * connections.
 *
 *     inbox   [ arrived: may be taken ............ | on their way ...... ]  room, up to the window
 *
 * An end belongs to a socket of a node (sockets.c) or to a simulated client; its owner hears of everything by `wake`
 * and looks for itself: bytes, the peer's end of stream (`finished`), a reset, or room to send. */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "base/list.h"
#include "sim/world.h"

struct sim_link;

struct sim_end {
    struct sim_link *link;
    struct sim_end *peer;
    uint8_t *inbox;
    uint32_t room;            /* of the inbox until now */
    uint32_t gone;            /* bytes at its front that were taken */
    uint32_t arrived, total;  /* bytes behind them that may be taken; all of them */
    struct sim_event arrival; /* of the next piece, or of the end of the stream */
    int64_t delay_ns;         /* mean; of this connection in this direction */
    bool finishing, finished; /* the peer sends no more; and we know, having all bytes */
    bool reset;               /* nothing comes or goes any more */
    bool closed;              /* by its owner */
    void (*wake)(struct sim_end *end);
    void *owner;
    uint16_t port;
};

struct sim_link {
    struct list_node node;
    struct sim_network *network;
    uint64_t number;
    struct sim_end ends[2];
    bool offered;   /* to a listener, or there was none */
    bool half_open; /* the wire is cut and nobody knows */
};

/* Who hears of new connections to a port of a machine; several may listen to one port. */
struct sim_listener {
    struct list_node node;
    uint32_t machine;
    uint16_t port;
    void (*offer)(struct sim_listener *listener, struct sim_end *end);
};

struct sim_network {
    struct sim_world *world;
    struct prng prng;
    struct prng notices; /* of zero-copy sends */
    struct list links, listeners;
    int64_t delay_ns;                  /* mean of a piece's way */
    uint32_t window;                   /* bytes that may lie in one inbox */
    uint32_t split;                    /* pieces in a thousand that are cut at a random place */
    uint32_t reset_ppm, half_open_ppm; /* of pieces */
};

void sim_network_init(struct sim_network *network, struct sim_world *world);
void sim_network_end(struct sim_network *network);

/* The client's end at once; the other end is offered to a listener later. NULL when nobody listens. */
struct sim_end *sim_connect(struct sim_network *network, uint32_t machine, uint16_t port,
                            void (*wake)(struct sim_end *end), void *owner);
/* As much as fits into the window; the rest after a wake. */
size_t sim_end_send(struct sim_end *end, const void *data, size_t size);
/* Takes up to `size` of the bytes that have arrived. */
size_t sim_end_take(struct sim_end *end, void *data, size_t size);
/* The owner lets go: with unread bytes, or `hard`, the peer sees a reset, else the end of the stream. */
void sim_end_close(struct sim_end *end, bool hard);
void sim_link_reset(struct sim_link *link);
/* Nothing more will come. */
static inline bool sim_end_done(const struct sim_end *end)
{
    return end->reset || (end->finished && !end->arrived);
}

#endif
