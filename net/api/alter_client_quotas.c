/* net/api/alter_client_quotas.c   AlterClientQuotas: entities and values are checked here, changes are decided by the
 * controller. One row of the answer per entity: when one is named twice, the first is done all the same, and the row
 * says that the second was not, as Kafka does it.
 *
 * Addresses are numbers. Kafka asks the resolver for names; a shard never waits for one.
 *
 *     begin --all are taken--> the controller --done--> all are shown --> answered
 *           \_/ a portion, a step  (if not only validated)  \_/ a portion, a step
 */
#include "messages/alter_client_quotas.h"

#include <arpa/inet.h>

#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/walk.h"
#include "replica/access.h"

enum {
    ADDRESS_SIZE = 64,
    SHOWN_ITEMS = 3,  /* what an entry that is shown costs more than an item of a walk */
    UNKNOWN_MOST = 8, /* kinds that there are not, of those that an entry names: more are not shown */
};

struct alter_quota {
    struct quota_alter *alter;
    const struct alter_client_quotas_entry_ask *ask;
    struct alter_client_quotas_entity_answer *unknown; /* kinds of entities that there are not; of each the last */
    uint32_t unknown_count;
    bool again;       /* an earlier entry is about the same entity */
    struct seen keys; /* of the operations that are taken */
    bool key_twice;
    uint64_t hash; /* of the entity */
    enum status status;
    struct text why;
};

struct alter_client_quotas {
    struct walk walk;
    struct request *request;
    struct controller_call call;
    struct access_change access;
    struct alter_quota *entries; /* as many as access.quota_count are taken */
    uint32_t row_count;          /* of the answer */
    struct seen once, twice;     /* entities, by their hash */
    struct alter_client_quotas_answer answer;
};

static struct alter_client_quotas *work_of(struct walk *walk)
{
    return container_of(walk, struct alter_client_quotas, walk);
}

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

    if (entry->unknown_count > 0) {
        *why = text_format(arena, "Unhandled client quota entity type: %.*s", TEXT_ARGS(entry->unknown[0].type));
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

    row->entity.items = arena_take(arena, (QUOTA_KINDS + entry->unknown_count) * sizeof(*row->entity.items));
    if (!row->entity.items) return false;
    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++) {
        if (!entity->takes_part[kind]) continue;
        row->entity.items[row->entity.count++] =
            (struct alter_client_quotas_entity_answer){ quota_kind_name(kind), entity->names[kind] };
    }
    for (uint32_t i = 0; i < entry->unknown_count; i++) row->entity.items[row->entity.count++] = entry->unknown[i];
    return true;
}

static bool entry_show(struct alter_client_quotas *work, const struct alter_quota *entry)
{
    struct arena *arena = &work->request->arena;
    struct alter_client_quotas_entry_answer *row = &work->answer.entries.items[work->answer.entries.count++];
    enum status status = entry->status == STATUS_OK ? work->call.status : entry->status;

    row->error_message = status == STATUS_OK ? TEXT_NULL : entry->why.data ? entry->why : error_text(status);
    if (entry->key_twice || (entry->unknown_count == 0 && seen_has(&work->twice, entry->hash))) {
        status = STATUS_INVALID_REQUEST;
        row->error_message =
            text_format(arena, "Ignoring duplicate entity %.*s", TEXT_ARGS(entity_print(entry, arena)));
    }
    row->error = error_tell(work->request, error_of(status));
    if (!entity_show(entry, row, arena)) return false;
    work->row_count += 1 + (uint32_t)row->entity.count;
    return true;
}

static bool showing_begin(struct walk *walk)
{
    struct alter_client_quotas *work = work_of(walk);

    walk->count = work->access.quota_count;
    work->answer.entries.items = walk_take(walk, walk->count * sizeof(*work->answer.entries.items));
    return work->answer.entries.items != NULL;
}

static bool entry_tell(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_client_quotas *work = work_of(walk);
    const struct alter_quota *entry = &work->entries[at];
    (void)part;

    walk->spent += SHOWN_ITEMS;
    return entry->again || entry_show(work, entry);
}

static void all_shown(struct walk *walk)
{
    struct alter_client_quotas *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, work->row_count);
}

static const struct walk_pass showing[] = { { showing_begin, NULL, entry_tell }, { NULL, NULL, NULL } };

static void alter_done(struct controller_call *call)
{
    struct alter_client_quotas *work = container_of(call, struct alter_client_quotas, call);
    walk_begin(&work->walk, work->request, showing, all_shown);
}

/* ---- the question ---- */

static bool unknown_take(struct alter_quota *entry, const struct alter_client_quotas_entity_ask *part,
                         struct arena *arena)
{
    uint32_t at = 0;

    if (!entry->unknown) entry->unknown = arena_take(arena, UNKNOWN_MOST * sizeof(*entry->unknown));
    if (!entry->unknown) return false;
    while (at < entry->unknown_count && !text_equal(entry->unknown[at].type, part->type)) at++;
    if (at == UNKNOWN_MOST) return true;
    entry->unknown[at] = (struct alter_client_quotas_entity_answer){ part->type, part->name };
    entry->unknown_count = max_of(entry->unknown_count, at + 1);
    return true;
}

/* Of two of a kind the last. False: no memory. */
static bool entity_take(struct alter_quota *entry, uint32_t index, struct arena *arena)
{
    const struct alter_client_quotas_entity_ask *part = &entry->ask->entity.items[index];
    enum quota_kind kind = quota_kind_of(part->type);

    if (kind == QUOTA_KINDS) return unknown_take(entry, part, arena);
    entry->alter->entity.takes_part[kind] = true;
    entry->alter->entity.names[kind] = part->name;
    return true;
}

static void operation_take(struct alter_quota *entry, uint32_t index)
{
    const struct alter_client_quotas_operation *operation = &entry->ask->operations.items[index];

    entry->alter->changes[entry->alter->change_count++] =
        (struct quota_change){ operation->key, operation->value, operation->remove };
    entry->key_twice |= !seen_add(&entry->keys, text_hash(operation->key));
}

/* An entry about what an earlier one was about is ignored. */
static void entity_join(struct alter_client_quotas *work, struct alter_quota *entry)
{
    if (entry->unknown_count > 0) return;
    entry->hash = quota_entity_hash(&entry->alter->entity);
    entry->again = !seen_add(&work->once, entry->hash);
    if (entry->again) (void)seen_add(&work->twice, entry->hash);
}

static bool taking_begin(struct walk *walk)
{
    struct alter_client_quotas *work = work_of(walk);
    const struct alter_client_quotas_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->entries.count;
    work->access.quotas = walk_take(walk, walk->count * sizeof(*work->access.quotas));
    work->entries = walk_take(walk, walk->count * sizeof(*work->entries));
    return work->access.quotas && work->entries && seen_prepare(&work->once, walk, walk->count) &&
           seen_prepare(&work->twice, walk, walk->count);
}

static const struct alter_client_quotas_entry_ask *entry_of(const struct walk *walk, uint32_t at)
{
    const struct alter_client_quotas_ask *ask = walk->request->ask;
    return &ask->entries.items[at];
}

/* First of all there is room; then whom it is about, and what changes, one by one; and whether that may be. */
static bool entry_open(struct walk *walk, uint32_t at)
{
    const struct alter_client_quotas_entry_ask *ask = entry_of(walk, at);

    walk->parts = 1 + (uint32_t)ask->entity.count + (uint32_t)ask->operations.count + 1;
    return true;
}

static bool entry_furnish(struct walk *walk, struct alter_quota *entry)
{
    uint32_t count = (uint32_t)entry->ask->operations.count;

    entry->alter->changes = walk_take(walk, count * sizeof(*entry->alter->changes));
    return entry->alter->changes && seen_prepare(&entry->keys, walk, count);
}

/* A key that is named twice is fault enough. */
static void entry_judge(struct alter_client_quotas *work, struct alter_quota *entry)
{
    if (!entry->key_twice) entry->status = entry_check(entry, &work->request->arena, &entry->why);
    entity_join(work, entry);
    entry->alter->refused = entry->again || entry->key_twice || entry->status != STATUS_OK;
    work->access.quota_count++;
}

static bool part_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_client_quotas *work = work_of(walk);
    struct alter_quota *entry = &work->entries[at];
    const struct alter_client_quotas_entry_ask *ask = entry_of(walk, at);
    uint32_t entities = (uint32_t)ask->entity.count;

    entry->alter = &work->access.quotas[at];
    entry->ask = ask;
    if (part == 0) return entry_furnish(walk, entry);
    if (part <= entities) return entity_take(entry, part - 1, &walk->request->arena);
    if (part <= entities + (uint32_t)ask->operations.count) {
        operation_take(entry, part - 1 - entities);
    } else {
        entry_judge(work, entry);
    }
    return true;
}

static void all_taken(struct walk *walk)
{
    struct alter_client_quotas *work = work_of(walk);
    const struct alter_client_quotas_ask *ask = walk->request->ask;
    if (!walk_whole(walk)) return;

    if (ask->validate_only) {
        alter_done(&work->call);
        return;
    }
    work->call.kind = CONTROLLER_ALTER_ACCESS;
    work->call.arena = &work->request->arena;
    work->call.access = &work->access;
    work->call.done = alter_done;
    controller_begin(work->request->shard, &work->call);
}

static const struct walk_pass taking[] = { { taking_begin, entry_open, part_take }, { NULL, NULL, NULL } };

void alter_client_quotas_begin(struct request *request)
{
    struct alter_client_quotas *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    walk_begin(&work->walk, request, taking, all_taken);
}
