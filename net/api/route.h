/* net/api/route.h   A request whose partitions live on several shards is split into parts by owner; the parts travel
 * there by mail and come back by mail, and the request goes on when the last one is home. What lives on the
 * connection's own shard does not travel: it arrives at once.
 *
 *     route_begin (holds one) --> route_send: [mail] --> part->arrive(part, owner) ... route_return: [mail] --+
 *                                                              joined(route) <--the last one-- route_release <--+
 *
 * A part lies in the request's arena. Between send and return it is the owner's, which may read the request's body but
 * nothing else of it. */
#ifndef NET_API_ROUTE_H
#define NET_API_ROUTE_H

#include "api/api.h"
#include "shard/memory.h"

struct route_part;

struct route {
    struct shard *home;
    uint32_t pending;
    void (*joined)(struct route *route);
    void (*returned)(struct route *route, struct route_part *part); /* at home, for each part; may be NULL */
};

struct route_part {
    struct mail mail;
    struct route *route;
    void (*arrive)(struct route_part *part, struct shard *owner);
};

/* The one who begins holds the route open until its own release. */
void route_begin(struct route *route, struct shard *home, void (*joined)(struct route *route));
void route_send(struct route *route, struct route_part *part, uint32_t owner,
                void (*arrive)(struct route_part *part, struct shard *owner));
void route_return(struct route_part *part, struct shard *owner);
void route_release(struct route *route);

/* Where a partition lives. */
struct route_place {
    struct image_topic *topic;               /* NULL: there is none */
    const struct image_partition *partition; /* NULL: none with this index */
    uint32_t owner;
};

struct route_place route_by_name(const struct apis *apis, struct text name, int32_t index);
struct route_place route_by_id(const struct apis *apis, struct uuid id, int32_t index);
/* Of a topic that was looked up before; NULL: there is none. */
struct route_place route_in(struct image_topic *topic, int32_t index);

/* Gives pins back, each on the shard of its block. */
void route_unpin(struct apis *apis, const struct extent *extents, uint32_t count);

#endif
