/* net/api/update_features.c   UpdateFeatures on one node: every start finalizes the highest levels that this release
 * has (replica/activation.c), so what can be asked for holds already, or is refused, in the order and the words of
 * Kafka's controller. One fault fails all. */
#include "messages/update_features.h"
#include "api/api.h"
#include "api/error.h"
#include "api/walk.h"
#include "cluster/features.h"

enum { UPGRADE = 1, DOWNGRADE_SAFE = 2, DOWNGRADE_UNSAFE = 3 };

/* kraft.version belongs to raft, which keeps it where it found it. */
static int16_t level_now(const struct request *request, const struct feature *feature)
{
    if (feature->in_log) return image_feature(&apis_of(request)->replicas->image, feature->name);
    return apis_of(request)->settings.kraft_version;
}

static struct text unsupported(const struct request *request, const struct feature *feature, int16_t level,
                               struct arena *arena)
{
    int32_t node = apis_of(request)->settings.node_id;

    if (!feature) {
        if (level == 0) return TEXT_NULL; /* the level of what is not there */
        return text_format(arena, "Local controller %d does not support this feature.", node);
    }
    if (level >= feature->least && level <= feature->most) return TEXT_NULL;
    return text_format(arena, "Local controller %d only supports versions %d-%d", node, feature->least, feature->most);
}

/* Why this level can't be; null: it can, and is. */
static struct text update_fault(struct request *request, const struct update_features_feature_ask *ask, int8_t kind)
{
    const struct feature *feature = feature_find(ask->name);
    struct arena *arena = &request->arena;
    int16_t level = ask->max_version_level;

    if (kind < UPGRADE || kind > DOWNGRADE_UNSAFE) {
        return TEXT("The controller does not support the given upgrade type.");
    }
    if (level < 0) return TEXT("A feature version cannot be less than 0.");
    struct text why = unsupported(request, feature, level, arena);
    if (why.data) return why;
    if (!feature) return text_format(arena, "Feature %.*s not found.", TEXT_ARGS(ask->name));

    int16_t now = level_now(request, feature);
    if (level == now) return TEXT_NULL;
    if (level > now) return TEXT("A running node does not raise it.");
    if (kind == UPGRADE) {
        return TEXT("Can't downgrade the version of this feature without setting the upgrade type to either safe or "
                    "unsafe downgrade.");
    }
    return TEXT("Can't downgrade the version of this feature.");
}

/* Of metadata.version, once its kind allows it, Kafka speaks in other words. */
static struct text fault_print(struct request *request, const struct update_features_feature_ask *ask, int8_t kind,
                               struct text why)
{
    static const char prefix[] = "The update failed for all features since the following feature had an error:";
    int16_t now = image_feature(&apis_of(request)->replicas->image, FEATURE_METADATA);
    const struct feature *feature = feature_find(FEATURE_METADATA);
    int16_t level = ask->max_version_level;
    bool lower = text_equal(ask->name, FEATURE_METADATA) && level >= feature->least && level < now;

    if (lower && (kind == DOWNGRADE_SAFE || kind == DOWNGRADE_UNSAFE)) {
        return text_format(&request->arena, "%s Unsupported metadata.version downgrade from %d to %d. %s", prefix, now,
                           level,
                           kind == DOWNGRADE_UNSAFE ? "Unsafe metadata downgrade is not supported in this version."
                                                    : "Refusing to perform the requested downgrade because it might "
                                                      "delete metadata information.");
    }
    return text_format(&request->arena, "%s Invalid update version %d for feature %.*s. %.*s", prefix, level,
                       TEXT_ARGS(ask->name), TEXT_ARGS(why));
}

/* ---- the way: each in its turn, until the first fault ---- */

struct update_features {
    struct walk walk;
    struct update_features_answer answer;
};

static struct update_features *work_of(struct walk *walk)
{
    return container_of(walk, struct update_features, walk);
}

static bool rows_begin(struct walk *walk)
{
    const struct update_features_ask *ask = walk->request->ask;
    struct update_features_answer *answer = &work_of(walk)->answer;

    walk->count = (uint32_t)ask->features.count;
    answer->features.items = walk_take(walk, walk->count * sizeof(*answer->features.items));
    return answer->features.items != NULL;
}

static bool feature_update(struct walk *walk, uint32_t at, uint32_t part)
{
    struct request *request = walk->request;
    const struct update_features_ask *ask = request->ask;
    const struct update_features_feature_ask *feature = &ask->features.items[at];
    struct update_features_answer *answer = &work_of(walk)->answer;
    int8_t kind = feature->upgrade_type;
    (void)part;

    if (request->version == 0) kind = feature->allow_downgrade ? DOWNGRADE_SAFE : UPGRADE;
    struct text why = update_fault(request, feature, kind);
    if (!why.data) {
        answer->features.items[answer->features.count++] =
            (struct update_features_feature_answer){ feature->name, ERROR_NONE, TEXT("NONE") };
        return true;
    }
    answer->error = error_tell(request, ERROR_INVALID_UPDATE_VERSION);
    answer->error_message = fault_print(request, feature, kind, why);
    answer->features.count = 0;
    walk->count = at + 1;
    return true;
}

static void all_updated(struct walk *walk)
{
    struct update_features *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(walk->request, &work->answer, (uint32_t)work->answer.features.count);
}

static const struct walk_pass passes[] = { { rows_begin, NULL, feature_update }, { NULL, NULL, NULL } };

void update_features_begin(struct request *request)
{
    struct update_features *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    message_clear(request->api->answer, &work->answer);
    work->answer.error_message = TEXT_NULL;
    walk_begin(&work->walk, request, passes, all_updated);
}
