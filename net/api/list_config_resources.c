/* net/api/list_config_resources.c   ListConfigResources: what has configs. Topics, brokers and their loggers are listed
 * whether something is set or not, client metrics and groups when something is. KIP-714, KIP-1142. A pass of the walk
 * per type, in Kafka's order; names are copied, because they may go before the answer does. */
#include "messages/list_config_resources.h"
#include "api/api.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/topics_all.h"

enum { SET_RUN = 250 }; /* resources that are looked at as one item: the place behind them is found by name again */

struct listing {
    struct walk walk;
    struct request *request;
    const struct image *image;
    bool all;       /* types, or those of these bits, which the types are: */
    uint8_t wanted; /* none when there was one that nobody knows */
    struct topics_all topics;
    int8_t type;        /* that the walk is at, */
    int32_t type_first; /* its first row, */
    int8_t last_type;   /* and the resource behind which it goes on: */
    struct text last;   /* null: at the beginning */
    struct rows rows;
    struct list_config_resources_answer answer;
};

static struct listing *listing_of(struct walk *walk)
{
    return container_of(walk, struct listing, walk);
}

/* The name is kept. */
static bool listing_add(struct listing *listing, struct text name)
{
    struct list_config_resources_resource *row = name.data ? rows_add(&listing->rows) : NULL;

    if (!row) return false;
    row->name = name;
    row->type = listing->type;
    return true;
}

/* ---- which types ---- */

static bool types_begin(struct walk *walk)
{
    struct listing *listing = listing_of(walk);
    const struct list_config_resources_ask *ask = walk->request->ask;
    bool oldest = walk->request->version == 0;

    walk->count = oldest ? 0 : (uint32_t)max_of(ask->types.count, 0);
    listing->all = !oldest && walk->count == 0;
    listing->wanted = oldest ? RESOURCE_METRICS : 0;
    return rows_begin(&listing->rows, &walk->request->arena, &listing->answer.resources,
                      sizeof(struct list_config_resources_resource), 0);
}

static bool type_take(struct walk *walk, uint32_t at, uint32_t part)
{
    static const uint8_t known = RESOURCE_TOPIC | RESOURCE_BROKER | RESOURCE_LOGGER | RESOURCE_METRICS | RESOURCE_GROUP;
    struct listing *listing = listing_of(walk);
    const struct list_config_resources_ask *ask = walk->request->ask;
    uint8_t type = (uint8_t)ask->types.items[at];
    bool one = type != 0 && (type & (type - 1)) == 0;
    (void)part;

    if (!one || !(type & known)) {
        listing->answer.error = error_tell(walk->request, ERROR_UNSUPPORTED_VERSION);
        listing->wanted = 0;
        walk_over(walk);
        return true;
    }
    listing->wanted |= type;
    return true;
}

/* A pass of `count` items about a type that is wanted, else of none. */
static bool type_begin(struct walk *walk, int8_t type, uint32_t count)
{
    struct listing *listing = listing_of(walk);

    walk->count = listing->all || (listing->wanted & type) ? count : 0;
    listing->type = type;
    listing->type_first = listing->answer.resources.count;
    listing->last = TEXT_NULL;
    return true;
}

/* ---- what always has configs ---- */

static bool topics_begin(struct walk *walk)
{
    return type_begin(walk, RESOURCE_TOPIC, UINT32_MAX);
}

static bool topic_open(struct walk *walk, uint32_t at)
{
    (void)at;
    return topics_all_open(&listing_of(walk)->topics, walk);
}

static bool topic_take(struct walk *walk, uint32_t at, uint32_t part)
{
    (void)at, (void)part;
    return listing_add(listing_of(walk), listing_of(walk)->topics.name);
}

static bool brokers_begin(struct walk *walk)
{
    return type_begin(walk, RESOURCE_BROKER, 1);
}

static bool loggers_begin(struct walk *walk)
{
    return type_begin(walk, RESOURCE_LOGGER, 1);
}

static bool brokers_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct listing *listing = listing_of(walk);
    (void)at, (void)part;

    list_each(&listing->image->brokers, node)
    {
        const struct image_broker *broker = container_of(node, struct image_broker, node);
        if (!listing_add(listing, text_format(&walk->request->arena, "%d", broker->id))) return false;
    }
    return true;
}

/* ---- what has configs when they are set ---- */

static bool metrics_begin(struct walk *walk)
{
    return type_begin(walk, RESOURCE_METRICS, UINT32_MAX);
}

static bool groups_begin(struct walk *walk)
{
    return type_begin(walk, RESOURCE_GROUP, UINT32_MAX);
}

/* Where to go on. When the last one is gone nobody knows: then the type is listed anew. */
static uint32_t place_find(struct listing *listing)
{
    uint32_t cursor =
        listing->last.data ? image_resources_behind(listing->image, listing->last_type, listing->last) : 0;

    if (cursor == 0) listing->answer.resources.count = listing->type_first;
    return cursor;
}

static bool set_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct listing *listing = listing_of(walk);
    struct arena *arena = &walk->request->arena;
    uint32_t cursor = place_find(listing);
    struct text name = TEXT_NULL;
    int8_t type = 0;
    (void)at, (void)part;

    for (int i = 0; i < SET_RUN; i++) {
        if (!image_next_resource(listing->image, &cursor, &type, &name)) {
            walk_over(walk);
            return true;
        }
        if (type == listing->type && !listing_add(listing, text_copy(arena, name))) return false;
    }
    walk->spent += SET_RUN;
    listing->last_type = type;
    listing->last = text_copy(arena, name);
    return listing->last.data != NULL;
}

/* ---- begin and end ---- */

static const struct walk_pass passes[] = {
    { types_begin, NULL, type_take },         /* of the request */
    { topics_begin, topic_open, topic_take }, /* and of each of them what there is: */
    { brokers_begin, NULL, brokers_take },
    { loggers_begin, NULL, brokers_take },
    { metrics_begin, NULL, set_take },
    { groups_begin, NULL, set_take },
    { NULL, NULL, NULL },
};

static void all_listed(struct walk *walk)
{
    struct listing *listing = listing_of(walk);

    if (!walk_whole(walk)) return;
    request_answer_rows(walk->request, &listing->answer, (uint32_t)listing->answer.resources.count);
}

void list_config_resources_begin(struct request *request)
{
    struct listing *listing = arena_take(&request->arena, sizeof(*listing));

    if (!listing) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    listing->request = request;
    listing->image = &apis_of(request)->replicas->image;
    message_clear(request->api->answer, &listing->answer);
    walk_begin(&listing->walk, request, passes, all_listed);
}
