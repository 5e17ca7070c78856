/* net/api/list_config_resources.c   ListConfigResources: what has configs. Topics, brokers and their loggers are listed
 * whether something is set or not, client metrics and groups when something is. KIP-714, KIP-1142. */
#include "messages/list_config_resources.h"
#include "api/api.h"
#include "api/endpoint.h"
#include "api/error.h"

static const int8_t types[] = { RESOURCE_TOPIC, RESOURCE_BROKER, RESOURCE_LOGGER, RESOURCE_METRICS, RESOURCE_GROUP };

struct listing {
    struct request *request;
    const struct image *image;
    uint32_t room;
    struct list_config_resources_answer answer;
};

static bool listing_add(struct listing *listing, int8_t type, struct text name)
{
    struct list_config_resources_answer *answer = &listing->answer;

    if ((uint32_t)answer->resources.count == listing->room) {
        uint32_t room = max_of(2 * listing->room, 64u);
        struct list_config_resources_resource *items = arena_take(&listing->request->arena, room * sizeof(*items));
        if (!items) return false;
        for (int32_t i = 0; i < answer->resources.count; i++) items[i] = answer->resources.items[i];
        answer->resources.items = items;
        listing->room = room;
    }
    answer->resources.items[answer->resources.count++] = (struct list_config_resources_resource){ name, type };
    return true;
}

static bool brokers_add(struct listing *listing, int8_t type)
{
    list_each(&listing->image->brokers, node)
    {
        const struct image_broker *broker = container_of(node, struct image_broker, node);
        struct text name = text_format(&listing->request->arena, "%d", broker->id);
        if (!name.data || !listing_add(listing, type, name)) return false;
    }
    return true;
}

static bool type_add(struct listing *listing, int8_t type)
{
    uint32_t cursor = 0;
    struct text name;

    switch (type) {
    case RESOURCE_TOPIC:
        list_each(&listing->image->topics, node)
        {
            if (!listing_add(listing, type, container_of(node, struct image_topic, node)->name)) return false;
        }
        return true;
    case RESOURCE_BROKER:
    case RESOURCE_LOGGER: return brokers_add(listing, type);
    default: break;
    }
    while (image_next_resource(listing->image, type, &cursor, &name)) {
        if (!listing_add(listing, type, name)) return false;
    }
    return true;
}

static bool known(int8_t type)
{
    for (size_t i = 0; i < array_count(types); i++) {
        if (types[i] == type) return true;
    }
    return false;
}

static bool asked_for(const struct list_config_resources_ask *ask, int8_t type)
{
    for (int32_t i = 0; i < ask->types.count; i++) {
        if (ask->types.items[i] == type) return true;
    }
    return ask->types.count <= 0;
}

void list_config_resources_begin(struct request *request)
{
    const struct list_config_resources_ask *ask = request->ask;
    struct listing listing = { .request = request, .image = &apis_of(request)->replicas->image };
    bool whole = true;

    message_clear(request->api->answer, &listing.answer);
    for (int32_t i = 0; request->version >= 1 && i < ask->types.count; i++) {
        if (known(ask->types.items[i])) continue;
        listing.answer.error = error_tell(request, ERROR_UNSUPPORTED_VERSION);
        request_answer(request, &listing.answer, NULL, 0, NULL);
        return;
    }
    for (size_t i = 0; i < array_count(types) && whole; i++) {
        bool wanted = request->version >= 1 ? asked_for(ask, types[i]) : types[i] == RESOURCE_METRICS;
        if (wanted) whole = type_add(&listing, types[i]);
    }
    if (whole) {
        request_answer(request, &listing.answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
