/* net/api/alter_configs.c   IncrementalAlterConfigs (KIP-339) and the older AlterConfigs (KIP-133), which replaces all
 * that is set. Both become rows; what the broker that is asked can refuse is refused here, in Kafka's order; the rest
 * is one call of the controller, and when that is done every shard goes by the new values.
 *
 *     rows --twice? keys twice? nulls? whose?--> refused
 *         \--> controller --> answer, in the order of the request */
#include "messages/alter_configs.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "messages/incremental_alter_configs.h"

/* Of one resource: far more than there are names; and bytes after which a list of names in an answer ends. */
enum { CHANGES_MAX = 2000, NAMES_SIZE_MAX = 300 };

/* One resource of the request. */
struct alter_row {
    int8_t type;
    struct text name;
    struct config_change *changes;
    uint32_t change_count;
    int16_t error; /* when it was refused here */
    struct text why;
    struct config_alter *alter; /* what the controller was asked; NULL: refused here */
};

struct alter {
    struct request *request;
    struct controller_call call;
    struct alter_row *rows; /* in the order of the request */
    uint32_t row_count;
    bool replace;
    struct seen once, twice; /* resources, by the hash of type and name */
};

/* ---- what is refused here ---- */

static void refuse(struct alter_row *row, int16_t error, struct text why)
{
    row->error = error;
    row->why = why;
}

static uint64_t row_hash(const struct alter_row *row)
{
    return text_hash(row->name) * 31 + (uint8_t)row->type;
}

/* Each key once, each new value there, each operation known. */
static bool check_changes(struct alter *alter, struct alter_row *row)
{
    struct arena *arena = &alter->request->arena;
    struct text nulls = TEXT("");
    struct seen keys;

    if (row->change_count > CHANGES_MAX) {
        refuse(row, ERROR_POLICY_VIOLATION, TEXT("Excessively large number of configs per resource."));
        return true;
    }
    if (!seen_init(&keys, arena, row->change_count)) return false;
    for (uint32_t i = 0; i < row->change_count; i++) {
        if (seen_add(&keys, text_hash(row->changes[i].name))) continue;
        refuse(row, ERROR_INVALID_REQUEST, TEXT("Error due to duplicate config keys"));
        return true;
    }
    for (uint32_t i = 0; i < row->change_count && nulls.data && nulls.size < NAMES_SIZE_MAX; i++) {
        const struct config_change *change = &row->changes[i];
        if (change->operation == CONFIG_DELETE || change->value.data) continue;
        nulls = text_format(arena, "%.*s%s%.*s", TEXT_ARGS(nulls), nulls.size > 0 ? ", " : "", TEXT_ARGS(change->name));
    }
    if (nulls.size > 0) {
        refuse(row, ERROR_INVALID_REQUEST, text_format(arena, "Null value not supported for : %.*s", TEXT_ARGS(nulls)));
        return true;
    }
    for (uint32_t i = 0; i < row->change_count && nulls.data; i++) {
        int8_t operation = row->changes[i].operation;
        if (operation >= CONFIG_SET && operation <= CONFIG_SUBTRACT) continue;
        refuse(row, ERROR_INVALID_REQUEST, text_format(arena, "Unknown operations type %d", operation));
    }
    return nulls.data != NULL;
}

/* Settings of one broker are changed at that broker. */
static void check_node(const struct alter *alter, struct alter_row *row, const char *unexpected)
{
    struct arena *arena = &alter->request->arena;
    int32_t own = apis_of(alter->request)->settings.node_id;
    int64_t id = 0;

    if (!text_to_i64(row->name, &id)) {
        refuse(row, ERROR_INVALID_REQUEST,
               text_format(arena, "Node id must be an integer, but it is: %.*s", TEXT_ARGS(row->name)));
    } else if (id != own) {
        refuse(row, ERROR_INVALID_REQUEST, text_format(arena, unexpected, own, TEXT_ARGS(row->name)));
    }
}

/* There are no loggers to turn up or down. */
static void check_logger(const struct alter *alter, struct alter_row *row)
{
    check_node(alter, row, "Unexpected node id. Expected %d, but received %.*s");
    if (row->error != ERROR_NONE || row->change_count == 0) return;
    refuse(row, ERROR_INVALID_CONFIG,
           text_format(&alter->request->arena, "Logger %.*s does not exist!", TEXT_ARGS(row->changes[0].name)));
}

static bool row_check(struct alter *alter, struct alter_row *row)
{
    if (seen_has(&alter->twice, row_hash(row))) {
        refuse(row, ERROR_INVALID_REQUEST, TEXT("Each resource must appear at most once."));
        return true;
    }
    if (!check_changes(alter, row)) return false;
    if (row->error != ERROR_NONE) return true;

    if (row->type == RESOURCE_BROKER) {
        if (row->name.size > 0) check_node(alter, row, "Unexpected broker id, expected %d, but received %.*s");
    } else if (row->type == RESOURCE_LOGGER && !alter->replace) {
        check_logger(alter, row);
    } else if (row->type != RESOURCE_TOPIC && row->type != RESOURCE_METRICS && row->type != RESOURCE_GROUP) {
        refuse(row, ERROR_INVALID_REQUEST, text_format(&alter->request->arena, "Unknown resource type %d", row->type));
    }
    return true;
}

/* ---- the answer ---- */

static struct alter_row row_done(const struct alter *alter, uint32_t index)
{
    struct alter_row row = alter->rows[index];

    if (row.alter) {
        enum status status = alter->call.status != STATUS_OK ? alter->call.status : row.alter->status;
        row.error = error_of(status);
        row.why = alter->call.status != STATUS_OK ? error_text(status) : row.alter->why;
    }
    row.error = error_tell(alter->request, row.error);
    return row;
}

static void incremental_done(struct controller_call *call)
{
    struct alter *alter = container_of(call, struct alter, call);
    struct incremental_alter_configs_answer answer = { 0 };

    answer.resources.items = arena_take(&alter->request->arena, alter->row_count * sizeof(*answer.resources.items));
    if (!answer.resources.items) {
        request_abort(alter->request, "no memory");
        return;
    }
    for (uint32_t i = 0; i < alter->row_count; i++) {
        struct alter_row row = row_done(alter, i);
        answer.resources.items[answer.resources.count++] =
            (struct incremental_alter_configs_resource_answer){ row.error, row.why, row.type, row.name };
    }
    request_answer(alter->request, &answer, NULL, 0, NULL);
}

static void replace_done(struct controller_call *call)
{
    struct alter *alter = container_of(call, struct alter, call);
    struct alter_configs_answer answer = { 0 };

    answer.resources.items = arena_take(&alter->request->arena, alter->row_count * sizeof(*answer.resources.items));
    if (!answer.resources.items) {
        request_abort(alter->request, "no memory");
        return;
    }
    for (uint32_t i = 0; i < alter->row_count; i++) {
        struct alter_row row = row_done(alter, i);
        answer.resources.items[answer.resources.count++] =
            (struct alter_configs_resource_answer){ row.error, row.why, row.type, row.name };
    }
    request_answer(alter->request, &answer, NULL, 0, NULL);
}

/* ---- the request ---- */

static bool rows_check(struct alter *alter)
{
    struct arena *arena = &alter->request->arena;

    if (!seen_init(&alter->once, arena, alter->row_count) || !seen_init(&alter->twice, arena, alter->row_count)) {
        return false;
    }
    for (uint32_t i = 0; i < alter->row_count; i++) {
        uint64_t hash = row_hash(&alter->rows[i]);
        if (!seen_add(&alter->once, hash)) (void)seen_add(&alter->twice, hash);
    }
    alter->call.alters = arena_take(arena, alter->row_count * sizeof(*alter->call.alters));
    if (!alter->call.alters) return false;
    for (uint32_t i = 0; i < alter->row_count; i++) {
        struct alter_row *row = &alter->rows[i];
        if (!row_check(alter, row)) return false;
        if (row->error != ERROR_NONE) continue;
        row->alter = &alter->call.alters[alter->call.alter_count++];
        *row->alter = (struct config_alter){ .type = row->type,
                                             .name = row->name,
                                             .replace = alter->replace,
                                             .changes = row->changes,
                                             .change_count = row->change_count };
    }
    return true;
}

static struct alter *alter_make(struct request *request, int32_t count)
{
    struct alter *alter = arena_take(&request->arena, sizeof(*alter));
    if (!alter) return NULL;

    alter->request = request;
    alter->row_count = (uint32_t)max_of(count, 0);
    alter->rows = arena_take(&request->arena, alter->row_count * sizeof(*alter->rows));
    return alter->rows ? alter : NULL;
}

static struct config_change *changes_make(struct alter *alter, struct alter_row *row, int32_t count)
{
    row->change_count = (uint32_t)max_of(count, 0);
    row->changes = arena_take(&alter->request->arena, row->change_count * sizeof(*row->changes));
    return row->changes;
}

static void alter_go(struct alter *alter, bool validate_only, void (*done)(struct controller_call *call))
{
    struct controller_call *call = &alter->call;

    if (!rows_check(alter)) {
        request_abort(alter->request, "no memory");
        return;
    }
    call->caller = alter->request->shard;
    call->kind = CONTROLLER_ALTER_CONFIGS;
    call->validate_only = validate_only;
    call->arena = &alter->request->arena;
    call->done = done;
    controller_begin(alter->request->shard, call);
}

void incremental_alter_configs_begin(struct request *request)
{
    const struct incremental_alter_configs_ask *ask = request->ask;
    struct alter *alter = alter_make(request, ask->resources.count);
    bool whole = alter != NULL;

    for (uint32_t i = 0; whole && i < alter->row_count; i++) {
        const struct incremental_alter_configs_resource_ask *resource = &ask->resources.items[i];
        struct alter_row *row = &alter->rows[i];
        row->type = resource->type;
        row->name = resource->name;
        whole = changes_make(alter, row, resource->configs.count) != NULL;
        for (uint32_t at = 0; whole && at < row->change_count; at++) {
            const struct incremental_alter_configs_config *config = &resource->configs.items[at];
            row->changes[at] = (struct config_change){ config->name, config->value, config->operation };
        }
    }
    if (whole) {
        alter_go(alter, ask->validate_only, incremental_done);
    } else {
        request_abort(request, "no memory");
    }
}

void alter_configs_begin(struct request *request)
{
    const struct alter_configs_ask *ask = request->ask;
    struct alter *alter = alter_make(request, ask->resources.count);
    bool whole = alter != NULL;

    for (uint32_t i = 0; whole && i < alter->row_count; i++) {
        const struct alter_configs_resource_ask *resource = &ask->resources.items[i];
        struct alter_row *row = &alter->rows[i];
        row->type = resource->type;
        row->name = resource->name;
        whole = changes_make(alter, row, resource->configs.count) != NULL;
        for (uint32_t at = 0; whole && at < row->change_count; at++) {
            const struct alter_configs_config *config = &resource->configs.items[at];
            row->changes[at] = (struct config_change){ config->name, config->value, CONFIG_SET };
        }
    }
    if (whole) {
        alter->replace = true;
        alter_go(alter, ask->validate_only, replace_done);
    } else {
        request_abort(request, "no memory");
    }
}
