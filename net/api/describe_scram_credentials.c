/* net/api/describe_scram_credentials.c   DescribeUserScramCredentials: which users have credentials, with which
 * mechanisms and iterations; never a key. Out of the shard's own image, whose order is by user; many users in portions,
 * a step each, between which the image may change: names are copied. */
#include "messages/describe_scram_credentials.h"
#include "api/api.h"
#include "api/error.h"
#include "base/map.h"
#include "cluster/access.h"

struct describe_scram {
    struct request *request;
    const struct image *image;
    struct ready ready;
    struct map users;   /* the rows, when users are named */
    uint32_t asked;     /* and so many are looked up */
    struct text last;   /* else: the last that is shown; null: none */
    uint32_t room;      /* of the answer */
    uint32_t row_count; /* with those inside the rows */
    struct describe_scram_credentials_answer answer;
};

enum { MECHANISMS = 2, USERS_PORTION = 250 };

enum users_turn { USERS_MORE, USERS_ALL, USERS_NO_MEMORY };

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
    work->row_count += 1 + (uint32_t)row->credentials.count;
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
static bool named_show(struct describe_scram *work, const struct text *name)
{
    uint64_t hash = text_hash(*name);
    struct describe_scram_credentials_result *row = map_find(&work->users, hash, name);

    if (row) {
        row->error = error_tell(work->request, ERROR_DUPLICATE_RESOURCE);
        row->error_message = text_format(
            &work->request->arena,
            "Cannot describe SCRAM credentials for the same user twice in a single request: %.*s", TEXT_ARGS(*name));
        row->credentials.count = 0;
        return true;
    }
    row = &work->answer.results.items[work->answer.results.count++];
    row->user = *name;
    map_add(&work->users, hash, name, row);
    return user_show(work, row);
}

static enum users_turn users_show(struct describe_scram *work, const struct describe_scram_credentials_ask *ask)
{
    uint32_t count = (uint32_t)ask->users.count;
    uint32_t limit = work->asked + min_of(count - work->asked, (uint32_t)USERS_PORTION);

    for (; work->asked < limit; work->asked++) {
        if (!named_show(work, &ask->users.items[work->asked].name)) return USERS_NO_MEMORY;
    }
    return limit < count ? USERS_MORE : USERS_ALL;
}

/* The answer has rows for `count` users. */
static bool room_make(struct describe_scram *work, uint32_t count)
{
    struct describe_scram_credentials_answer *answer = &work->answer;
    if (count <= work->room) return true;

    uint32_t room = max_of(2 * work->room, count);
    struct describe_scram_credentials_result *items = arena_take(&work->request->arena, room * sizeof(*items));
    if (!items) return false;
    if (work->room > 0) memcpy(items, answer->results.items, work->room * sizeof(*items));
    answer->results.items = items;
    work->room = room;
    return true;
}

static enum users_turn all_show(struct describe_scram *work)
{
    struct describe_scram_credentials_answer *answer = &work->answer;
    uint32_t cursor = work->last.data ? image_credentials_behind(work->image, work->last) : 0;

    if (!room_make(work, (uint32_t)answer->results.count + USERS_PORTION)) return USERS_NO_MEMORY;
    for (int i = 0; i < USERS_PORTION; i++) {
        const struct image_credential *credential = image_next_credential(work->image, &cursor);
        if (!credential) return USERS_ALL;
        struct describe_scram_credentials_result *row = &answer->results.items[answer->results.count++];
        row->user = credential->user;
        row->user.data = arena_copy(&work->request->arena, row->user.data, row->user.size);
        if (!row->user.data || !user_show(work, row)) return USERS_NO_MEMORY;
        work->last = row->user;
        cursor = image_credentials_behind(work->image, work->last);
    }
    return USERS_MORE;
}

static void describe_go(struct ready *ready)
{
    struct describe_scram *work = container_of(ready, struct describe_scram, ready);
    const struct describe_scram_credentials_ask *ask = work->request->ask;

    enum users_turn turn = ask->users.count > 0 ? users_show(work, ask) : all_show(work);
    if (turn == USERS_MORE) {
        shard_ready(work->request->shard, &work->ready);
        return;
    }
    map_end(&work->users);
    if (turn == USERS_ALL) {
        request_answer_rows(work->request, &work->answer, work->row_count);
    } else {
        request_abort(work->request, "no memory");
    }
}

void describe_scram_credentials_begin(struct request *request)
{
    const struct describe_scram_credentials_ask *ask = request->ask;
    struct describe_scram *work = arena_take(&request->arena, sizeof(*work));

    if (work) {
        work->request = request;
        work->image = &apis_of(request)->replicas->image;
        work->answer.error_message = TEXT("");
    }
    if (!work || !room_make(work, (uint32_t)max_of(ask->users.count, 0))) {
        request_abort(request, "no memory");
        return;
    }
    map_init(&work->users, &request->shard->heap, same_user);
    ready_init(&work->ready, describe_go);
    describe_go(&work->ready);
}
