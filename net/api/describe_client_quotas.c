/* net/api/describe_client_quotas.c   DescribeClientQuotas: the quotas whose entities match a filter, out of the shard's
 * own image. A component asks for one name, for the default, or for any name or default of its kind; strict: the entity
 * has nothing else. Many are looked at in portions, and what is told is copied: the image may change between them. */
#include "messages/describe_client_quotas.h"
#include "api/api.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/walk.h"
#include "cluster/access.h"

enum { SHOWN_ITEMS = 3 }; /* what a quota that is told costs more than one that is looked at */
enum { MATCH_NAME = 0, MATCH_DEFAULT = 1, MATCH_ANY = 2 };

struct quota_filter {
    struct {
        bool asked, any;
        struct text name; /* null: the default */
    } kinds[QUOTA_KINDS];
    bool strict;
};

struct describe_client_quotas {
    struct walk walk;
    struct request *request;
    const struct image *image;
    struct quota_filter filter;
    struct quota_entity last; /* that was looked at in the step before; its names live in the arena */
    struct rows rows;
    uint32_t row_count; /* with those inside the rows */
    struct describe_client_quotas_answer answer;
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

/* ---- the answer ---- */

static bool entity_keep(struct quota_entity *kept, const struct quota_entity *entity, struct arena *arena)
{
    *kept = *entity;
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        if (!entity->names[kind].data) continue;
        kept->names[kind].data = arena_copy(arena, entity->names[kind].data, entity->names[kind].size);
        if (!kept->names[kind].data) return false;
    }
    return true;
}

static bool entry_show(struct describe_client_quotas *work, const struct image_quota *quota)
{
    struct arena *arena = &work->request->arena;
    struct describe_client_quotas_entry *entry = rows_add(&work->rows);
    struct quota_entity entity;

    if (!entry || !entity_keep(&entity, &quota->entity, arena)) return false;
    entry->entity.items = arena_take(arena, QUOTA_KINDS * sizeof(*entry->entity.items));
    entry->values.items = arena_take(arena, quota->count * sizeof(*entry->values.items));
    if (!entry->entity.items || !entry->values.items) return false;
    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++) {
        if (!entity.takes_part[kind]) continue;
        entry->entity.items[entry->entity.count++] =
            (struct describe_client_quotas_entity){ quota_kind_name(kind), entity.names[kind] };
    }
    for (uint32_t i = 0; i < quota->count; i++) {
        struct text key = quota->values[i].key;
        key.data = arena_copy(arena, key.data, key.size);
        if (!key.data) return false;
        entry->values.items[entry->values.count++] =
            (struct describe_client_quotas_value){ key, quota->values[i].value };
    }
    work->row_count += 1 + (uint32_t)(entry->entity.count + entry->values.count);
    return true;
}

static struct describe_client_quotas *work_of(struct walk *walk)
{
    return container_of(walk, struct describe_client_quotas, walk);
}

static bool quotas_begin(struct walk *walk)
{
    struct describe_client_quotas *work = work_of(walk);

    walk->count = UINT32_MAX;
    return rows_begin(&work->rows, &walk->request->arena, &work->answer.entries, sizeof(*work->answer.entries.items),
                      0);
}

/* As many as a step may look at: behind the last one it is gone on from there. */
static bool quotas_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe_client_quotas *work = work_of(walk);
    uint32_t cursor = at > 0 ? image_quotas_behind(work->image, &work->last) : 0;
    const struct image_quota *quota = NULL;
    (void)part;

    do {
        const struct image_quota *next = image_next_quota(work->image, &cursor);
        if (!next) {
            walk_over(walk);
            return true;
        }
        quota = next;
        walk->spent++;
        if (!matches(&work->filter, &quota->entity)) continue;
        if (!entry_show(work, quota)) return false;
        walk->spent += SHOWN_ITEMS;
    } while (walk->spent < WALK_PORTION);
    return entity_keep(&work->last, &quota->entity, &walk->request->arena);
}

static const struct walk_pass passes[] = { { quotas_begin, NULL, quotas_take }, { NULL, NULL, NULL } };

static void all_shown(struct walk *walk)
{
    struct describe_client_quotas *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, work->row_count);
}

void describe_client_quotas_begin(struct request *request)
{
    struct describe_client_quotas *work = arena_take(&request->arena, sizeof(*work));
    struct text why = TEXT_NULL;

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    work->image = &apis_of(request)->replicas->image;
    message_clear(request->api->answer, &work->answer);
    work->answer.error = error_tell(request, filter_take(&work->filter, request->ask, &request->arena, &why));
    work->answer.error_message = why.data ? why : TEXT("");
    if (work->answer.error != ERROR_NONE) {
        work->answer.entries.count = -1;
        request_answer(request, &work->answer, NULL, 0, NULL);
        return;
    }
    walk_begin(&work->walk, request, passes, all_shown);
}
