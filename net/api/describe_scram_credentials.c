/* net/api/describe_scram_credentials.c   DescribeUserScramCredentials: which users have credentials, with which
 * mechanisms and iterations; never a key. Out of the shard's own image, whose order is by user; many users in portions,
 * between which the image may change: names are copied. */
#include "messages/describe_scram_credentials.h"
#include "api/api.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/seen.h"
#include "api/walk.h"
#include "cluster/access.h"

struct describe_scram {
    struct walk walk;
    struct request *request;
    const struct image *image;
    struct numbered users; /* the rows of those that are named, from 1 */
    struct text last;      /* else: the last that is shown; null: none */
    struct rows rows;
    uint32_t row_count; /* with those inside the rows */
    struct describe_scram_credentials_answer answer;
};

enum { MECHANISMS = 2, SHOWN_ITEMS = 3 }; /* what a user costs more than an item of a walk */

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

static struct describe_scram *work_of(struct walk *walk)
{
    return container_of(walk, struct describe_scram, walk);
}

static bool rows_make(struct describe_scram *work, uint32_t count)
{
    return rows_begin(&work->rows, &work->request->arena, &work->answer.results,
                      sizeof(struct describe_scram_credentials_result), count);
}

/* ---- users that are named ---- */

static bool named_begin(struct walk *walk)
{
    struct describe_scram *work = work_of(walk);
    const struct describe_scram_credentials_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->users.count;
    return rows_make(work, walk->count) && numbered_prepare(&work->users, walk, walk->count);
}

/* A user who is named twice gets one row, which says so. */
static bool named_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe_scram *work = work_of(walk);
    const struct describe_scram_credentials_ask *ask = walk->request->ask;
    struct text name = ask->users.items[at].name;
    uint32_t *number = numbered_of(&work->users, text_hash(name));
    (void)part;

    walk->spent += SHOWN_ITEMS;
    if (*number == 0) {
        struct describe_scram_credentials_result *row = rows_add(&work->rows);
        if (!row) return false;
        *number = (uint32_t)work->answer.results.count;
        row->user = name;
        return user_show(work, row);
    }
    struct describe_scram_credentials_result *row = &work->answer.results.items[*number - 1];
    row->error = error_tell(work->request, ERROR_DUPLICATE_RESOURCE);
    row->error_message = text_format(
        &walk->request->arena, "Cannot describe SCRAM credentials for the same user twice in a single request: %.*s",
        TEXT_ARGS(name));
    row->credentials.count = 0;
    return true;
}

/* ---- all users ---- */

static bool all_begin(struct walk *walk)
{
    walk->count = UINT32_MAX;
    return rows_make(work_of(walk), 0);
}

static bool all_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe_scram *work = work_of(walk);
    uint32_t cursor = work->last.data ? image_credentials_behind(work->image, work->last) : 0;
    const struct image_credential *credential = image_next_credential(work->image, &cursor);
    (void)at, (void)part;

    if (!credential) {
        walk_over(walk);
        return true;
    }
    struct describe_scram_credentials_result *row = rows_add(&work->rows);
    if (!row) return false;
    walk->spent += SHOWN_ITEMS;
    row->user = work->last = text_copy(&walk->request->arena, credential->user);
    return row->user.data && user_show(work, row);
}

static const struct walk_pass named_users[] = { { named_begin, NULL, named_take }, { NULL, NULL, NULL } };
static const struct walk_pass all_users[] = { { all_begin, NULL, all_take }, { NULL, NULL, NULL } };

static void all_shown(struct walk *walk)
{
    struct describe_scram *work = work_of(walk);

    if (walk_whole(walk)) request_answer_rows(work->request, &work->answer, work->row_count);
}

void describe_scram_credentials_begin(struct request *request)
{
    const struct describe_scram_credentials_ask *ask = request->ask;
    struct describe_scram *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    work->request = request;
    work->image = &apis_of(request)->replicas->image;
    work->answer.error_message = TEXT("");
    walk_begin(&work->walk, request, ask->users.count > 0 ? named_users : all_users, all_shown);
}
