/* tests/sim/client.h   A client of the wire protocol on a simulated connection: requests go out as frames, answers come
 * back in order and are decoded with net/messages. A lost connection or a request that nobody answers in time ends all
 * that is in flight with answer NULL: what became of it is then unknown, and the caller's to find out. The next request
 * connects anew. */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "base/arena.h"
#include "messages/apis.h"
#include "sim/machine.h"

enum { CLIENT_IN_FLIGHT_MAX = 16, CLIENT_FRAME_MAX = 4 << 20 };

struct client_request {
    struct list_node node;
    struct client *client;
    const struct api_row *api;
    int16_t version;
    int32_t correlation;
    int64_t sent_ns;
    /* `answer`: the decoded struct, good until this returns; NULL: lost. */
    void (*answered)(struct client_request *request, const void *answer);
    void *context;
};

struct client {
    struct sim_world *world;
    struct sim_network *network;
    uint32_t machine;
    uint16_t port;
    struct sim_end *end;   /* NULL: not connected */
    struct list in_flight; /* oldest first */
    uint32_t in_flight_count;
    int32_t next_correlation;
    uint8_t *out, *in;
    size_t out_size, out_room, in_size, in_room;
    struct sim_event deadline, stalled;
    int64_t timeout_ns;
    uint32_t stall_ppm; /* of arrivals: then nothing is read for a while */
    uint64_t stall_count;
    uint64_t lives; /* connections given up */
    uint64_t answered_count, lost_count;
    bool broken; /* inside client_lose: no request may be made */
};

void client_init(struct client *client, struct sim_world *world, struct sim_network *network, uint32_t machine,
                 uint16_t port);
void client_end(struct client *client);
/* False: not now, too much is in flight. silent: Produce with acks 0, which has no answer. */
bool client_ask(struct client *client, int16_t key, int16_t version, const void *ask, bool silent,
                void (*answered)(struct client_request *request, const void *answer), void *context);
/* Gives the connection up. */
void client_lose(struct client *client);

#endif
