/* net/api/alter_configs.c   IncrementalAlterConfigs (KIP-339) and the older AlterConfigs (KIP-133), which replaces all
 * that is set. Both become rows; what the broker that is asked can refuse is refused here, in Kafka's order; the rest
 * is one call of the controller, and when that is done every shard goes by the new values.
 *
 *     rows named --> twice? keys twice? nulls? whose?--> refused
 *     \_/ a portion  \_/ a portion, a step          \--> controller --> answer, in the order of the request
 *                                                                       \_/ a portion, a step
 */
#include "messages/alter_configs.h"
#include "api/api.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/walk.h"
#include "messages/incremental_alter_configs.h"

/* Of one resource: far more than there are names; and bytes after which a list of names in an answer ends. */
enum { CHANGES_MAX = 2000, NAMES_SIZE_MAX = 300 };

/* One resource of the request. */
struct alter_row {
    int8_t type;
    struct text name;
    uint32_t change_count;
    struct config_change *changes; /* once they are taken */
    int16_t error;                 /* when it was refused here */
    struct text why;
    struct config_alter *alter; /* what the controller was asked; NULL: refused here */
};

struct alter {
    struct walk walk;
    struct request *request;
    struct controller_call call;
    struct alter_row *rows; /* in the order of the request */
    uint32_t row_count;
    bool replace;            /* AlterConfigs */
    struct seen once, twice; /* resources, by the hash of type and name */
    union {
        struct alter_configs_answer replace;
        struct incremental_alter_configs_answer incremental;
    } answer;
};

static struct alter *alter_of(struct walk *walk)
{
    return container_of(walk, struct alter, walk);
}

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

static void check_type(const struct alter *alter, struct alter_row *row)
{
    if (row->type == RESOURCE_BROKER) {
        if (row->name.size > 0) check_node(alter, row, "Unexpected broker id, expected %d, but received %.*s");
    } else if (row->type == RESOURCE_LOGGER && !alter->replace) {
        check_logger(alter, row);
    } else if (row->type != RESOURCE_TOPIC && row->type != RESOURCE_METRICS && row->type != RESOURCE_GROUP) {
        refuse(row, ERROR_INVALID_REQUEST, text_format(&alter->request->arena, "Unknown resource type %d", row->type));
    }
}

/* ---- the question, of which there are two kinds ---- */

static uint32_t asked_count(const struct alter *alter)
{
    const struct alter_configs_ask *replace = alter->request->ask;
    const struct incremental_alter_configs_ask *incremental = alter->request->ask;

    return (uint32_t)max_of(alter->replace ? replace->resources.count : incremental->resources.count, 0);
}

static struct alter_row asked_row(const struct alter *alter, uint32_t at)
{
    if (alter->replace) {
        const struct alter_configs_ask *ask = alter->request->ask;
        const struct alter_configs_resource_ask *resource = &ask->resources.items[at];
        return (struct alter_row){ .type = resource->type,
                                   .name = resource->name,
                                   .change_count = (uint32_t)max_of(resource->configs.count, 0) };
    }
    const struct incremental_alter_configs_ask *ask = alter->request->ask;
    const struct incremental_alter_configs_resource_ask *resource = &ask->resources.items[at];
    return (struct alter_row){ .type = resource->type,
                               .name = resource->name,
                               .change_count = (uint32_t)max_of(resource->configs.count, 0) };
}

static struct config_change asked_change(const struct alter *alter, uint32_t at, uint32_t index)
{
    if (alter->replace) {
        const struct alter_configs_ask *ask = alter->request->ask;
        const struct alter_configs_config *config = &ask->resources.items[at].configs.items[index];
        return (struct config_change){ config->name, config->value, CONFIG_SET };
    }
    const struct incremental_alter_configs_ask *ask = alter->request->ask;
    const struct incremental_alter_configs_config *config = &ask->resources.items[at].configs.items[index];
    return (struct config_change){ config->name, config->value, config->operation };
}

/* ---- the answer, too ---- */

static bool showing_begin(struct walk *walk)
{
    struct alter *alter = alter_of(walk);

    walk->count = alter->row_count;
    if (alter->replace) {
        alter->answer.replace.resources.items =
            walk_take(walk, walk->count * sizeof(*alter->answer.replace.resources.items));
        return alter->answer.replace.resources.items != NULL;
    }
    alter->answer.incremental.resources.items =
        walk_take(walk, walk->count * sizeof(*alter->answer.incremental.resources.items));
    return alter->answer.incremental.resources.items != NULL;
}

static bool row_show(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter *alter = alter_of(walk);
    struct alter_row row = alter->rows[at];
    (void)part;

    if (row.alter) {
        enum status status = alter->call.status != STATUS_OK ? alter->call.status : row.alter->status;
        row.error = error_of(status);
        row.why = alter->call.status != STATUS_OK ? error_text(status) : row.alter->why;
    }
    row.error = error_tell(alter->request, row.error);
    if (alter->replace) {
        alter->answer.replace.resources.items[alter->answer.replace.resources.count++] =
            (struct alter_configs_resource_answer){ row.error, row.why, row.type, row.name };
    } else {
        alter->answer.incremental.resources.items[alter->answer.incremental.resources.count++] =
            (struct incremental_alter_configs_resource_answer){ row.error, row.why, row.type, row.name };
    }
    return true;
}

static void all_shown(struct walk *walk)
{
    struct alter *alter = alter_of(walk);

    if (walk_whole(walk)) request_answer_rows(alter->request, &alter->answer, alter->row_count);
}

static const struct walk_pass showing[] = { { showing_begin, NULL, row_show }, { NULL, NULL, NULL } };

static void alter_done(struct controller_call *call)
{
    struct alter *alter = container_of(call, struct alter, call);
    walk_begin(&alter->walk, alter->request, showing, all_shown);
}

/* ---- the way ---- */

static bool naming_begin(struct walk *walk)
{
    struct alter *alter = alter_of(walk);

    walk->count = alter->row_count = asked_count(alter);
    alter->rows = walk_take(walk, walk->count * sizeof(*alter->rows));
    return alter->rows && seen_prepare(&alter->once, walk, walk->count) &&
           seen_prepare(&alter->twice, walk, walk->count);
}

static bool row_name(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter *alter = alter_of(walk);
    (void)part;

    alter->rows[at] = asked_row(alter, at);
    uint64_t hash = row_hash(&alter->rows[at]);
    if (!seen_add(&alter->once, hash)) (void)seen_add(&alter->twice, hash);
    return true;
}

static bool taking_begin(struct walk *walk)
{
    struct alter *alter = alter_of(walk);

    walk->count = alter->row_count;
    alter->call.alters = walk_take(walk, walk->count * sizeof(*alter->call.alters));
    return alter->call.alters != NULL;
}

/* For the controller. */
static bool row_pass(struct alter *alter, struct alter_row *row)
{
    char *room = arena_take_raw(&alter->request->arena, CONTROLLER_WHY_MAX);

    row->alter = &alter->call.alters[alter->call.alter_count++];
    *row->alter = (struct config_alter){ .type = row->type,
                                         .name = row->name,
                                         .replace = alter->replace,
                                         .changes = row->changes,
                                         .change_count = row->change_count,
                                         .room = room };
    return room != NULL;
}

/* What is refused for its own sake is not read. */
static bool row_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter *alter = alter_of(walk);
    struct alter_row *row = &alter->rows[at];
    (void)part;

    if (seen_has(&alter->twice, row_hash(row))) {
        refuse(row, ERROR_INVALID_REQUEST, TEXT("Each resource must appear at most once."));
        return true;
    }
    if (row->change_count > CHANGES_MAX) {
        refuse(row, ERROR_POLICY_VIOLATION, TEXT("Excessively large number of configs per resource."));
        return true;
    }
    walk->spent += row->change_count;
    row->changes = arena_take(&alter->request->arena, row->change_count * sizeof(*row->changes));
    if (!row->changes) return false;
    for (uint32_t i = 0; i < row->change_count; i++) row->changes[i] = asked_change(alter, at, i);
    if (!check_changes(alter, row)) return false;
    if (row->error == ERROR_NONE) check_type(alter, row);
    return row->error != ERROR_NONE || row_pass(alter, row);
}

static void all_taken(struct walk *walk)
{
    struct alter *alter = alter_of(walk);
    if (!walk_whole(walk)) return;

    alter->call.kind = CONTROLLER_ALTER_CONFIGS;
    alter->call.arena = &alter->request->arena;
    alter->call.done = alter_done;
    controller_begin(alter->request->shard, &alter->call);
}

static const struct walk_pass taking[] = {
    { naming_begin, NULL, row_name },
    { taking_begin, NULL, row_take },
    { NULL, NULL, NULL },
};

static void alter_begin(struct request *request, bool replace, bool validate_only)
{
    struct alter *alter = arena_take(&request->arena, sizeof(*alter));

    if (!alter) {
        request_abort(request, "no memory");
        return;
    }
    alter->request = request;
    alter->replace = replace;
    alter->call.validate_only = validate_only;
    walk_begin(&alter->walk, request, taking, all_taken);
}

void incremental_alter_configs_begin(struct request *request)
{
    const struct incremental_alter_configs_ask *ask = request->ask;
    alter_begin(request, false, ask->validate_only);
}

void alter_configs_begin(struct request *request)
{
    const struct alter_configs_ask *ask = request->ask;
    alter_begin(request, true, ask->validate_only);
}
