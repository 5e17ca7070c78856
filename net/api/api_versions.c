/* net/api/api_versions.c   ApiVersions: what is served here, from the dispatch table. A version that nobody knows is
 * answered in the shape of version 0, with error 35 and the one row that says which versions of this call there are.
 * KIP-35, KIP-511, KIP-584. */
#include "messages/api_versions.h"
#include "api/api.h"
#include "api/error.h"
#include "cluster/features.h"
#include "messages/apis.h"

enum { API_ROWS_MAX = 96, FEATURES_MAX = 16 };

struct api_versions_work {
    struct api_versions_answer answer;
    struct api_versions_api rows[API_ROWS_MAX];
    struct api_versions_supported_feature supported[FEATURES_MAX];
    struct api_versions_finalized_feature finalized[FEATURES_MAX];
};

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters and digits, joined by dots and dashes: [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])? */
static bool software_name_valid(struct text name)
{
    if (name.size == 0 || !letter_or_digit(name.data[0]) || !letter_or_digit(name.data[name.size - 1])) return false;
    for (size_t i = 0; i < name.size; i++) {
        if (!letter_or_digit(name.data[i]) && name.data[i] != '-' && name.data[i] != '.') return false;
    }
    return true;
}

static void rows_add(struct api_versions_work *work, const struct api *api)
{
    invariant(work->answer.api_keys.count < API_ROWS_MAX);
    work->rows[work->answer.api_keys.count++] =
        (struct api_versions_api){ api->key, api->advertised_since, api->until };
    work->answer.api_keys.items = work->rows;
}

/* A client of version 3 refuses a feature whose least level is 0, so it is not told of it. */
static void features_add(struct api_versions_work *work, const struct apis *apis, int16_t version)
{
    const struct image *image = &apis->replicas->image;
    struct api_versions_answer *answer = &work->answer;
    struct text name;
    uint32_t cursor = 0;
    int16_t level = 0;

    for (uint32_t i = 0; i < feature_count && answer->supported_features.count < FEATURES_MAX; i++) {
        if (version < 4 && features[i].least == 0) continue;
        work->supported[answer->supported_features.count++] =
            (struct api_versions_supported_feature){ features[i].name, features[i].least, features[i].most };
    }
    if (apis->settings.kraft_version > 0) {
        work->finalized[answer->finalized_features.count++] =
            (struct api_versions_finalized_feature){ FEATURE_KRAFT, apis->settings.kraft_version,
                                                     apis->settings.kraft_version };
    }
    while (image_next_feature(image, &cursor, &name, &level) && answer->finalized_features.count < FEATURES_MAX) {
        if (level == 0) continue;
        work->finalized[answer->finalized_features.count++] =
            (struct api_versions_finalized_feature){ name, level, level };
    }
    answer->supported_features.items = work->supported;
    answer->finalized_features.items = work->finalized;
    answer->finalized_features_epoch = image->offset - 1;
}

void api_versions_begin(struct request *request)
{
    const struct face_settings *settings = &request->face->settings;
    const struct api_versions_ask *ask = request->ask;
    struct api_versions_work *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    message_clear(request->api->answer, &work->answer);
    if (!ask) {
        work->answer.error = error_tell(request, ERROR_UNSUPPORTED_VERSION);
        rows_add(work, request->api);
        request->version = 0;
    } else if (request->version >= 3 &&
               !(software_name_valid(ask->client_software_name) && software_name_valid(ask->client_software_version))) {
        work->answer.error = error_tell(request, ERROR_INVALID_REQUEST);
    } else {
        for (uint32_t i = 0; i < settings->api_count; i++) {
            if (settings->apis[i].callers & request->listener->settings->callers) rows_add(work, &settings->apis[i]);
        }
        features_add(work, apis_of(request), request->version);
    }
    request_answer(request, &work->answer, NULL, 0, NULL);
}
