/* net/api/alter_client_quotas.c   AlterClientQuotas: entities and values are checked here, changes are decided by the
 * controller. One row of the answer per entity: when one is named twice, the first is done all the same, and the row
 * says that the second was not, as Kafka does it.
 *
 * Addresses are numbers. Kafka asks the resolver for names; a shard never waits for one.
 *
 *     TAKING --all are taken--> CALLING --the controller is done--> SHOWING --all are shown--> answered
 *      \_/ a portion, a step     (when only validated: at once)      \_/ a portion, a step
 */
#include "messages/alter_client_quotas.h"

#include <arpa/inet.h>

#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "replica/access.h"

enum { ADDRESS_SIZE = 64, QUOTAS_PORTION = 250 };

enum alter_quotas_stage { QUOTAS_TAKING, QUOTAS_CALLING, QUOTAS_SHOWING };

struct alter_quota {
    struct quota_alter *alter;
    const struct alter_client_quotas_entry_ask *ask;
    struct text unknown; /* a kind of entity that there is not; or null */
    bool again;          /* an earlier entry is about the same entity */
    bool key_twice;
    uint64_t hash; /* of the entity */
    enum status status;
    struct text why;
};

struct alter_client_quotas {
    struct request *request;
    enum alter_quotas_stage stage;
    struct ready ready;
    struct controller_call call;
    struct access_change access;
    struct alter_quota *entries; /* as many as access.quota_count are taken, */
    uint32_t shown;              /* and so many shown */
    uint32_t row_count;          /* of the answer */
    struct seen once, twice;     /* entities, by their hash */
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

static bool entry_show(struct alter_client_quotas *work, const struct alter_quota *entry)
{
    struct arena *arena = &work->request->arena;
    struct alter_client_quotas_entry_answer *row = &work->answer.entries.items[work->answer.entries.count++];
    enum status status = entry->status == STATUS_OK ? work->call.status : entry->status;

    row->error_message = status == STATUS_OK ? TEXT_NULL : entry->why.data ? entry->why : error_text(status);
    if (entry->key_twice || (!entry->unknown.data && seen_has(&work->twice, entry->hash))) {
        status = STATUS_INVALID_REQUEST;
        row->error_message =
            text_format(arena, "Ignoring duplicate entity %.*s", TEXT_ARGS(entity_print(entry, arena)));
    }
    row->error = error_tell(work->request, error_of(status));
    if (!entity_show(entry, row, arena)) return false;
    work->row_count += 1 + (uint32_t)row->entity.count;
    return true;
}

/* A portion; false: no memory. */
static bool entries_show(struct alter_client_quotas *work)
{
    uint32_t limit = work->shown + min_of(work->access.quota_count - work->shown, (uint32_t)QUOTAS_PORTION);

    for (; work->shown < limit; work->shown++) {
        const struct alter_quota *entry = &work->entries[work->shown];
        if (!entry->again && !entry_show(work, entry)) return false;
    }
    return true;
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
        entry->key_twice |= !seen_add(&seen, text_hash(operation->key));
    }
    return true;
}

/* An entry about what an earlier one was about is ignored. */
static void entity_join(struct alter_client_quotas *work, struct alter_quota *entry)
{
    if (entry->unknown.data) return;
    entry->hash = quota_entity_hash(&entry->alter->entity);
    entry->again = !seen_add(&work->once, entry->hash);
    if (entry->again) (void)seen_add(&work->twice, entry->hash);
}

static bool entry_take(struct alter_client_quotas *work, const struct alter_client_quotas_entry_ask *ask)
{
    struct arena *arena = &work->request->arena;
    uint32_t index = work->access.quota_count++;
    struct alter_quota *entry = &work->entries[index];

    entry->alter = &work->access.quotas[index];
    entry->ask = ask;
    entity_take(entry);
    if (!changes_take(entry, arena)) return false;
    entry->status = entry_check(entry, arena, &entry->why);
    entity_join(work, entry);
    entry->alter->refused = entry->again || entry->key_twice || entry->status != STATUS_OK;
    return true;
}

/* A portion; false: no memory. */
static bool entries_take(struct alter_client_quotas *work)
{
    const struct alter_client_quotas_ask *ask = work->request->ask;
    bool whole = true;

    for (int i = 0; i < QUOTAS_PORTION && whole && work->access.quota_count < (uint32_t)ask->entries.count; i++) {
        whole = entry_take(work, &ask->entries.items[work->access.quota_count]);
    }
    return whole;
}

static bool alter_make(struct alter_client_quotas *work, size_t count)
{
    struct arena *arena = &work->request->arena;

    work->access.quotas = arena_take(arena, count * sizeof(*work->access.quotas));
    work->entries = arena_take(arena, count * sizeof(*work->entries));
    work->answer.entries.items = arena_take(arena, count * sizeof(*work->answer.entries.items));
    return work->access.quotas && work->entries && work->answer.entries.items &&
           seen_init(&work->once, arena, (uint32_t)count) && seen_init(&work->twice, arena, (uint32_t)count);
}

/* ---- the way ---- */

static void alter_resume(struct alter_client_quotas *work);

static void alter_done(struct controller_call *call)
{
    struct alter_client_quotas *work = container_of(call, struct alter_client_quotas, call);

    work->stage = QUOTAS_SHOWING;
    alter_resume(work);
}

static void alter_call(struct alter_client_quotas *work)
{
    const struct alter_client_quotas_ask *ask = work->request->ask;

    work->stage = QUOTAS_CALLING;
    if (ask->validate_only) {
        work->call.status = STATUS_OK;
        alter_done(&work->call);
        return;
    }
    work->call.kind = CONTROLLER_ALTER_ACCESS;
    work->call.arena = &work->request->arena;
    work->call.access = &work->access;
    work->call.done = alter_done;
    controller_begin(work->request->shard, &work->call);
}

/* One step. */
static void alter_resume(struct alter_client_quotas *work)
{
    const struct alter_client_quotas_ask *ask = work->request->ask;
    uint32_t count = (uint32_t)ask->entries.count;
    bool taking = work->stage == QUOTAS_TAKING;

    invariant(work->stage != QUOTAS_CALLING);
    if (!(taking ? entries_take(work) : entries_show(work))) {
        request_abort(work->request, "no memory");
    } else if ((taking ? work->access.quota_count : work->shown) < count) {
        shard_ready(work->request->shard, &work->ready);
    } else if (taking) {
        alter_call(work);
    } else {
        request_answer_rows(work->request, &work->answer, work->row_count);
    }
}

static void alter_go(struct ready *ready)
{
    alter_resume(container_of(ready, struct alter_client_quotas, ready));
}

void alter_client_quotas_begin(struct request *request)
{
    const struct alter_client_quotas_ask *ask = request->ask;
    struct alter_client_quotas *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !alter_make(work, (size_t)ask->entries.count)) {
        request_abort(request, "no memory");
        return;
    }
    ready_init(&work->ready, alter_go);
    shard_ready(request->shard, &work->ready); /* The frame was work enough for this step. */
}
