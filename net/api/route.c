/* net/api/route.c   Splitting and joining; and pins that go home. */
#include "api/route.h"

void route_begin(struct route *route, struct shard *home, void (*joined)(struct route *route))
{
    route->home = home;
    route->pending = 1;
    route->joined = joined;
    route->returned = NULL;
}

static void part_arrived(struct mail *mail, struct shard *at)
{
    struct route_part *part = container_of(mail, struct route_part, mail);
    part->arrive(part, at);
}

static void part_home(struct route_part *part)
{
    struct route *route = part->route;

    if (route->returned) route->returned(route, part);
    route_release(route);
}

static void part_returned(struct mail *mail, struct shard *at)
{
    struct route_part *part = container_of(mail, struct route_part, mail);
    invariant(at == part->route->home);
    part_home(part);
}

void route_send(struct route *route, struct route_part *part, uint32_t owner,
                void (*arrive)(struct route_part *part, struct shard *owner))
{
    part->route = route;
    part->arrive = arrive;
    route->pending++;
    if (owner == route->home->index) {
        arrive(part, route->home);
    } else {
        mail_post(route->home, owner, &part->mail, part_arrived);
    }
}

void route_return(struct route_part *part, struct shard *owner)
{
    struct route *route = part->route;

    if (owner == route->home) {
        part_home(part);
    } else {
        mail_post(owner, route->home->index, &part->mail, part_returned);
    }
}

void route_release(struct route *route)
{
    invariant(route->pending > 0);
    if (--route->pending == 0) route->joined(route);
}

/* ---- places ---- */

struct route_place route_in(struct image_topic *topic, int32_t index)
{
    struct route_place place = { .topic = topic };

    if (!topic || index < 0 || index >= topic->partition_count || !topic->partitions[index].replicas) return place;
    place.partition = &topic->partitions[index];
    place.owner = place.partition->shard;
    return place;
}

struct route_place route_by_name(const struct apis *apis, struct text name, int32_t index)
{
    return route_in(image_topic_by_name(&apis->replicas->image, name), index);
}

struct route_place route_by_id(const struct apis *apis, struct uuid id, int32_t index)
{
    return route_in(image_topic_by_id(&apis->replicas->image, id), index);
}

/* ---- pins ---- */

enum { RETURN_BLOCKS = 60 };

/* Pins on their way to the shard of their blocks, and the empty envelope back to where it is kept. */
struct pin_return {
    struct mail mail;
    struct list_node node;
    struct apis *home;
    uint32_t owner;
    uint32_t count;
    struct block *blocks[RETURN_BLOCKS];
};

static struct pin_return *return_take(struct apis *apis, uint32_t owner)
{
    struct list_node *node = list_take_first(&apis->returns_free);
    struct pin_return *pins = NULL;

    if (node) {
        pins = container_of(node, struct pin_return, node);
    } else {
        pins = heap_take(&apis->shard->heap, sizeof(*pins));
        list_node_init(&pins->node);
    }
    pins->home = apis;
    pins->owner = owner;
    pins->count = 0;
    return pins;
}

static void return_came_back(struct mail *mail, struct shard *at)
{
    struct pin_return *pins = container_of(mail, struct pin_return, mail);
    invariant(at == pins->home->shard);
    list_append(&pins->home->returns_free, &pins->node);
}

static void return_arrived(struct mail *mail, struct shard *at)
{
    struct pin_return *pins = container_of(mail, struct pin_return, mail);

    for (uint32_t i = 0; i < pins->count; i++) block_unpin(pins->blocks[i]);
    mail_post(at, pins->home->shard->index, &pins->mail, return_came_back);
}

void route_unpin(struct apis *apis, const struct extent *extents, uint32_t count)
{
    struct shard *home = apis->shard;
    struct pin_return *pins = NULL;

    for (uint32_t i = 0; i < count; i++) {
        struct block *block = extents[i].block;
        if (block->shard == home) {
            block_unpin(block);
            continue;
        }
        if (pins && (pins->owner != block->shard->index || pins->count == RETURN_BLOCKS)) {
            mail_post(home, pins->owner, &pins->mail, return_arrived);
            pins = NULL;
        }
        if (!pins) pins = return_take(apis, block->shard->index);
        pins->blocks[pins->count++] = block;
    }
    if (pins) mail_post(home, pins->owner, &pins->mail, return_arrived);
}
