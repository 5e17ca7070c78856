/* net/api/alter_client_quotas.c   AlterClientQuotas: entities and values are checked here, changes are decided by the
 * controller. One row of the answer per entity: when one is named twice, the first is done all the same, and the row
 * says that the second was not, as Kafka does it.
 *
 * Addresses are numbers. Kafka asks the resolver for names; a shard never waits for one. */
#include "messages/alter_client_quotas.h"

#include <arpa/inet.h>

#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "base/map.h"
#include "replica/access.h"

enum { ADDRESS_SIZE = 64 };

struct alter_quota {
    struct quota_alter *alter;
    const struct alter_client_quotas_entry_ask *ask;
    struct text unknown; /* a kind of entity that there is not; or null */
    bool again;          /* an earlier entry is about the same entity */
    bool twice;          /* a later one is, or a key comes twice */
    enum status status;
    struct text why;
};

struct alter_client_quotas {
    struct request *request;
    struct controller_call call;
    struct access_change access;
    struct alter_quota *entries;
    struct alter_client_quotas_answer answer;
};

/* ---- checks ---- */

static bool address_plain(struct text name)
{
    char text[ADDRESS_SIZE];
    struct in6_addr address;

    if (!name.data) return true; /* the default */
    if (name.size >= sizeof(text)) return false;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static enum status entry_check(const struct alter_quota *entry, struct arena *arena, struct text *why)
{
    const struct quota_alter *alter = entry->alter;

    if (entry->unknown.data) {
        *why = text_format(arena, "Unhandled client quota entity type: %.*s", TEXT_ARGS(entry->unknown));
        return STATUS_INVALID_REQUEST;
    }
    enum status status = quota_entity_check(&alter->entity, arena, why);
    if (status != STATUS_OK) return status;
    struct text address = alter->entity.names[QUOTA_IP];
    if (alter->entity.takes_part[QUOTA_IP] && !address_plain(address)) {
        *why = text_format(arena, "%.*s is not a valid IP or resolvable host.", TEXT_ARGS(address));
        return STATUS_INVALID_REQUEST;
    }
    for (uint32_t i = 0; i < alter->change_count && status == STATUS_OK; i++) {
        const struct quota_change *change = &alter->changes[i];
        if (!change->remove) status = quota_value_check(&alter->entity, change->key, change->value, arena, why);
    }
    return status;
}

/* ---- the answer ---- */

/* As Java prints a map. */
static struct text entity_print(const struct alter_quota *entry, struct arena *arena)
{
    const struct quota_entity *entity = &entry->alter->entity;
    struct text text = TEXT("");

    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++) {
        if (!entity->takes_part[kind]) continue;
        struct text name = entity->names[kind].data ? entity->names[kind] : TEXT("null");
        text = text_format(arena, "%.*s%s%.*s=%.*s", TEXT_ARGS(text), text.size > 0 ? ", " : "",
                           TEXT_ARGS(quota_kind_name(kind)), TEXT_ARGS(name));
    }
    return text_format(arena, "ClientQuotaEntity(entries={%.*s})", TEXT_ARGS(text));
}

/* Kinds in their order, once each; what is no kind behind them. */
static bool entity_show(const struct alter_quota *entry, struct alter_client_quotas_entry_answer *row,
                        struct arena *arena)
{
    const struct quota_entity *entity = &entry->alter->entity;

    row->entity.items = arena_take(arena, (QUOTA_KINDS + 1) * sizeof(*row->entity.items));
    if (!row->entity.items) return false;
    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++) {
        if (!entity->takes_part[kind]) continue;
        row->entity.items[row->entity.count++] =
            (struct alter_client_quotas_entity_answer){ quota_kind_name(kind), entity->names[kind] };
    }
    for (int32_t i = 0; entry->unknown.data && i < entry->ask->entity.count; i++) {
        const struct alter_client_quotas_entity_ask *part = &entry->ask->entity.items[i];
        if (!text_equal(part->type, entry->unknown)) continue;
        row->entity.items[row->entity.count++] = (struct alter_client_quotas_entity_answer){ part->type, part->name };
        break;
    }
    return true;
}

static void alter_answer(struct alter_client_quotas *work, enum status called)
{
    struct arena *arena = &work->request->arena;

    for (uint32_t i = 0; i < work->access.quota_count; i++) {
        const struct alter_quota *entry = &work->entries[i];
        if (entry->again) continue;
        struct alter_client_quotas_entry_answer *row = &work->answer.entries.items[work->answer.entries.count++];
        enum status status = entry->status == STATUS_OK ? called : entry->status;
        row->error_message = status == STATUS_OK ? TEXT_NULL : entry->why.data ? entry->why : error_text(status);
        if (entry->twice) {
            status = STATUS_INVALID_REQUEST;
            row->error_message =
                text_format(arena, "Ignoring duplicate entity %.*s", TEXT_ARGS(entity_print(entry, arena)));
        }
        row->error = error_tell(work->request, error_of(status));
        if (!entity_show(entry, row, arena)) {
            request_abort(work->request, "no memory");
            return;
        }
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static void alter_done(struct controller_call *call)
{
    alter_answer(container_of(call, struct alter_client_quotas, call), call->status);
}

/* ---- the question ---- */

static void entity_take(struct alter_quota *entry)
{
    for (int32_t i = 0; i < entry->ask->entity.count; i++) {
        const struct alter_client_quotas_entity_ask *part = &entry->ask->entity.items[i];
        enum quota_kind kind = quota_kind_of(part->type);
        if (kind == QUOTA_KINDS) {
            entry->unknown = part->type;
        } else {
            entry->alter->entity.takes_part[kind] = true;
            entry->alter->entity.names[kind] = part->name; /* of two the last */
        }
    }
}

static bool changes_take(struct alter_quota *entry, struct arena *arena)
{
    const struct alter_client_quotas_entry_ask *ask = entry->ask;
    struct quota_alter *alter = entry->alter;
    struct seen seen;

    alter->changes = arena_take(arena, (size_t)ask->operations.count * sizeof(*alter->changes));
    if (!alter->changes || !seen_init(&seen, arena, (uint32_t)ask->operations.count)) return false;
    for (int32_t i = 0; i < ask->operations.count; i++) {
        const struct alter_client_quotas_operation *operation = &ask->operations.items[i];
        alter->changes[alter->change_count++] =
            (struct quota_change){ operation->key, operation->value, operation->remove };
        entry->twice |= !seen_add(&seen, text_hash(operation->key));
    }
    return true;
}

static bool same_entity(const void *value, const void *key)
{
    const struct alter_quota *entry = value;
    return quota_entity_equal(&entry->alter->entity, key);
}

/* An entry about what an earlier one was about is ignored. */
static void entities_join(struct alter_client_quotas *work)
{
    struct map entities;

    map_init(&entities, &work->request->shard->heap, same_entity);
    for (uint32_t i = 0; i < work->access.quota_count; i++) {
        struct alter_quota *entry = &work->entries[i];
        const struct quota_entity *entity = &entry->alter->entity;
        if (entry->unknown.data) continue;
        struct alter_quota *first = map_find(&entities, quota_entity_hash(entity), entity);
        entry->again = first != NULL;
        if (first) first->twice = true;
        if (!first) map_add(&entities, quota_entity_hash(entity), entity, entry);
    }
    map_end(&entities);
}

static bool alter_make(struct alter_client_quotas *work, const struct alter_client_quotas_ask *ask)
{
    struct arena *arena = &work->request->arena;
    size_t count = (size_t)ask->entries.count;

    work->access.quotas = arena_take(arena, count * sizeof(*work->access.quotas));
    work->entries = arena_take(arena, count * sizeof(*work->entries));
    work->answer.entries.items = arena_take(arena, count * sizeof(*work->answer.entries.items));
    if (!work->access.quotas || !work->entries || !work->answer.entries.items) return false;
    for (size_t i = 0; i < count; i++) {
        struct alter_quota *entry = &work->entries[i];
        entry->alter = &work->access.quotas[work->access.quota_count++];
        entry->ask = &ask->entries.items[i];
        entity_take(entry);
        if (!changes_take(entry, arena)) return false;
        entry->status = entry_check(entry, arena, &entry->why);
        entry->alter->refused = entry->twice || entry->status != STATUS_OK;
    }
    entities_join(work);
    for (size_t i = 0; i < count; i++) work->entries[i].alter->refused |= work->entries[i].again;
    return true;
}

void alter_client_quotas_begin(struct request *request)
{
    const struct alter_client_quotas_ask *ask = request->ask;
    struct alter_client_quotas *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !alter_make(work, ask)) {
        request_abort(request, "no memory");
    } else if (ask->validate_only) {
        alter_answer(work, STATUS_OK);
    } else {
        work->call.kind = CONTROLLER_ALTER_ACCESS;
        work->call.arena = &request->arena;
        work->call.access = &work->access;
        work->call.done = alter_done;
        controller_begin(request->shard, &work->call);
    }
}
