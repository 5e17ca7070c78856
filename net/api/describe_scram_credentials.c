/* net/api/describe_scram_credentials.c   DescribeUserScramCredentials: which users have credentials, with which
 * mechanisms and iterations; never a key. Out of the shard's own image, whose order is by user. */
#include "messages/describe_scram_credentials.h"
#include "api/api.h"
#include "api/error.h"
#include "base/map.h"
#include "cluster/access.h"

struct describe_scram {
    struct request *request;
    const struct image *image;
    struct describe_scram_credentials_answer answer;
};

enum { MECHANISMS = 2 };

static bool user_show(struct describe_scram *work, struct describe_scram_credentials_result *row)
{
    row->credentials.items = arena_take(&work->request->arena, MECHANISMS * sizeof(*row->credentials.items));
    if (!row->credentials.items) return false;
    for (int mechanism = SCRAM_SHA_256; mechanism <= SCRAM_SHA_512; mechanism++) {
        const struct image_credential *credential = image_credential(work->image, row->user, (int8_t)mechanism);
        if (!credential) continue;
        row->credentials.items[row->credentials.count++] =
            (struct describe_scram_credentials_credential){ credential->mechanism, credential->iterations };
    }
    row->error_message = TEXT("");
    if (row->credentials.count > 0) return true;
    row->error = error_tell(work->request, ERROR_RESOURCE_NOT_FOUND);
    row->error_message = text_format(
        &work->request->arena, "Attempt to describe a user credential that does not exist: %.*s", TEXT_ARGS(row->user));
    return true;
}

static bool same_user(const void *value, const void *key)
{
    return text_equal(((const struct describe_scram_credentials_result *)value)->user, *(const struct text *)key);
}

/* A user who is named twice gets one row, which says so. */
static bool users_show(struct describe_scram *work, const struct describe_scram_credentials_ask *ask)
{
    struct map users;
    bool whole = true;

    work->answer.results.items =
        arena_take(&work->request->arena, (size_t)ask->users.count * sizeof(*work->answer.results.items));
    if (!work->answer.results.items) return false;
    map_init(&users, &work->request->shard->heap, same_user);
    for (int32_t i = 0; i < ask->users.count && whole; i++) {
        const struct text *name = &ask->users.items[i].name;
        struct describe_scram_credentials_result *row = map_find(&users, text_hash(*name), name);
        if (row) {
            row->error = error_tell(work->request, ERROR_DUPLICATE_RESOURCE);
            row->error_message =
                text_format(&work->request->arena,
                            "Cannot describe SCRAM credentials for the same user twice in a single request: %.*s",
                            TEXT_ARGS(*name));
            row->credentials.count = 0;
            continue;
        }
        row = &work->answer.results.items[work->answer.results.count++];
        row->user = *name;
        map_add(&users, text_hash(*name), name, row);
        whole = user_show(work, row);
    }
    map_end(&users);
    return whole;
}

static bool all_show(struct describe_scram *work)
{
    const struct image_credential *credential;
    uint32_t cursor = 0, count = 0;
    struct text last = TEXT_NULL;

    while (image_next_credential(work->image, &cursor)) count++;
    work->answer.results.items = arena_take(&work->request->arena, count * sizeof(*work->answer.results.items));
    if (!work->answer.results.items) return false;
    for (cursor = 0; (credential = image_next_credential(work->image, &cursor)) != NULL;) {
        if (last.data && text_equal(last, credential->user)) continue;
        last = credential->user;
        struct describe_scram_credentials_result *row = &work->answer.results.items[work->answer.results.count++];
        row->user = credential->user;
        if (!user_show(work, row)) return false;
    }
    return true;
}

void describe_scram_credentials_begin(struct request *request)
{
    const struct describe_scram_credentials_ask *ask = request->ask;
    struct describe_scram work = { .request = request, .image = &apis_of(request)->replicas->image };

    work.answer.error_message = TEXT("");
    if (ask->users.count > 0 ? users_show(&work, ask) : all_show(&work)) {
        request_answer(request, &work.answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
