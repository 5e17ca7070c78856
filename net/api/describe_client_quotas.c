/* net/api/describe_client_quotas.c   DescribeClientQuotas: the quotas whose entities match a filter, out of the shard's
 * own image. A component asks for one name, for the default, or for any name or default of its kind; strict: the entity
 * has nothing else. */
#include "messages/describe_client_quotas.h"
#include "api/api.h"
#include "api/error.h"
#include "cluster/access.h"

enum { MATCH_NAME = 0, MATCH_DEFAULT = 1, MATCH_ANY = 2 };

struct quota_filter {
    struct {
        bool asked, any;
        struct text name; /* null: the default */
    } kinds[QUOTA_KINDS];
    bool strict;
};

static struct text match_fault(const struct describe_client_quotas_component *component, struct arena *arena)
{
    switch (component->match_type) {
    case MATCH_NAME:
        if (component->match.data) return TEXT_NULL;
        return TEXT("Request specified MATCH_TYPE_EXACT, but set match string to null.");
    case MATCH_DEFAULT:
        if (!component->match.data) return TEXT_NULL;
        return TEXT("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
    case MATCH_ANY:
        if (!component->match.data) return TEXT_NULL;
        return TEXT("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
    default: return text_format(arena, "Unknown match type %d", component->match_type);
    }
}

static int16_t component_take(struct quota_filter *filter, const struct describe_client_quotas_component *component,
                              struct arena *arena, struct text *why)
{
    enum quota_kind kind = quota_kind_of(component->type);

    if (component->type.size == 0) {
        *why = TEXT("Invalid empty entity type.");
        return ERROR_INVALID_REQUEST;
    }
    if (kind == QUOTA_KINDS) {
        *why = text_format(arena, "Unsupported entity type %.*s", TEXT_ARGS(component->type));
        return ERROR_UNSUPPORTED_VERSION;
    }
    if (filter->kinds[kind].asked) {
        *why = text_format(arena, "Entity type %.*s cannot appear more than once in the filter.",
                           TEXT_ARGS(component->type));
        return ERROR_INVALID_REQUEST;
    }
    *why = match_fault(component, arena);
    filter->kinds[kind].asked = true;
    filter->kinds[kind].any = component->match_type == MATCH_ANY;
    filter->kinds[kind].name = component->match;
    return why->data ? ERROR_INVALID_REQUEST : ERROR_NONE;
}

static int16_t filter_take(struct quota_filter *filter, const struct describe_client_quotas_ask *ask,
                           struct arena *arena, struct text *why)
{
    filter->strict = ask->strict;
    for (int32_t i = 0; i < ask->components.count; i++) {
        int16_t error = component_take(filter, &ask->components.items[i], arena, why);
        if (error != ERROR_NONE) return error;
    }
    if (filter->kinds[QUOTA_IP].asked && (filter->kinds[QUOTA_USER].asked || filter->kinds[QUOTA_CLIENT_ID].asked)) {
        *why = TEXT("Invalid entity filter component combination. IP filter component should not be used with user or "
                    "clientId filter component.");
        return ERROR_INVALID_REQUEST;
    }
    return ERROR_NONE;
}

static bool matches(const struct quota_filter *filter, const struct quota_entity *entity)
{
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        if (!filter->kinds[kind].asked) {
            if (filter->strict && entity->takes_part[kind]) return false;
            continue;
        }
        if (!entity->takes_part[kind]) return false;
        if (filter->kinds[kind].any) continue;
        struct text wanted = filter->kinds[kind].name, name = entity->names[kind];
        if (!wanted.data || !name.data ? wanted.data != name.data : !text_equal(wanted, name)) return false;
    }
    return true;
}

static bool entry_show(const struct image_quota *quota, struct describe_client_quotas_entry *entry, struct arena *arena)
{
    entry->entity.items = arena_take(arena, QUOTA_KINDS * sizeof(*entry->entity.items));
    entry->values.items = arena_take(arena, quota->count * sizeof(*entry->values.items));
    if (!entry->entity.items || !entry->values.items) return false;
    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++) {
        if (!quota->entity.takes_part[kind]) continue;
        entry->entity.items[entry->entity.count++] =
            (struct describe_client_quotas_entity){ quota_kind_name(kind), quota->entity.names[kind] };
    }
    for (uint32_t i = 0; i < quota->count; i++) {
        entry->values.items[entry->values.count++] =
            (struct describe_client_quotas_value){ quota->values[i].key, quota->values[i].value };
    }
    return true;
}

static bool entries_show(const struct image *image, const struct quota_filter *filter,
                         struct describe_client_quotas_answer *answer, struct arena *arena)
{
    const struct image_quota *quota;
    uint32_t cursor = 0, count = 0;

    while ((quota = image_next_quota(image, &cursor)) != NULL) count += matches(filter, &quota->entity);
    answer->entries.items = arena_take(arena, count * sizeof(*answer->entries.items));
    if (!answer->entries.items) return false;
    for (cursor = 0; (quota = image_next_quota(image, &cursor)) != NULL;) {
        if (!matches(filter, &quota->entity)) continue;
        if (!entry_show(quota, &answer->entries.items[answer->entries.count++], arena)) return false;
    }
    return true;
}

void describe_client_quotas_begin(struct request *request)
{
    struct describe_client_quotas_answer answer;
    struct quota_filter filter = { 0 };
    struct text why = TEXT_NULL;

    message_clear(request->api->answer, &answer);
    answer.error = error_tell(request, filter_take(&filter, request->ask, &request->arena, &why));
    answer.error_message = why.data ? why : TEXT("");
    if (answer.error != ERROR_NONE) {
        answer.entries.count = -1;
        request_answer(request, &answer, NULL, 0, NULL);
    } else if (entries_show(&apis_of(request)->replicas->image, &filter, &answer, &request->arena)) {
        request_answer(request, &answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
