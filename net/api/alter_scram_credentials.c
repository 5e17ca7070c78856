/* net/api/alter_scram_credentials.c   AlterUserScramCredentials: the password comes salted and iterated, and goes no
 * further than here: what is written are the two keys made from it. One row of the answer per user.
 *
 *     TAKING --all are taken--> CALLING --the controller is done--> SHOWING --all are shown--> answered
 *      \_/ a portion, a step                                         \_/ a portion, a step
 */
#include "messages/alter_scram_credentials.h"
#include "api/api.h"
#include "api/error.h"
#include "api/scram.h"
#include "base/map.h"
#include "replica/access.h"

/* The keys of one credential cost some microseconds, a row of the answer next to nothing. */
enum { ITERATIONS_MIN = 4096, ITERATIONS_MAX = 16384, TAKEN_PORTION = 100, SHOWN_PORTION = 1000 };

enum alter_scram_stage { SCRAM_TAKING, SCRAM_CALLING, SCRAM_SHOWING };

struct alter_scram_credentials {
    struct request *request;
    enum alter_scram_stage stage;
    struct ready ready;
    struct controller_call call;
    struct access_change access; /* as many as credential_count are taken, */
    uint32_t shown;              /* and so many shown */
    struct map users;            /* while they are taken: the first credential of each */
    struct alter_scram_credentials_answer answer;
};

static void fault_show(enum credential_fault fault, struct alter_scram_credentials_result *row)
{
    static const struct {
        int16_t error;
        struct text why;
    } words[] = {
        [CREDENTIAL_FINE] = { ERROR_NONE, { NULL, 0 } },
        [CREDENTIAL_NAMELESS] = { ERROR_UNACCEPTABLE_CREDENTIAL, TEXT("Username must not be empty") },
        [CREDENTIAL_UNKNOWN_MECHANISM] = { ERROR_UNSUPPORTED_SASL_MECHANISM, TEXT("Unknown SCRAM mechanism") },
        [CREDENTIAL_FEW_ITERATIONS] = { ERROR_UNACCEPTABLE_CREDENTIAL, TEXT("Too few iterations") },
        [CREDENTIAL_MANY_ITERATIONS] = { ERROR_UNACCEPTABLE_CREDENTIAL, TEXT("Too many iterations") },
        [CREDENTIAL_NO_PASSWORD] = { ERROR_UNACCEPTABLE_CREDENTIAL, TEXT("Salted password must not be empty") },
        [CREDENTIAL_TWICE] = { ERROR_DUPLICATE_RESOURCE,
                               TEXT("A user credential cannot be altered twice in the same request") },
        [CREDENTIAL_MISSING] = { ERROR_RESOURCE_NOT_FOUND,
                                 TEXT("Attempt to delete a user credential that does not exist") },
    };
    row->error = words[fault].error;
    row->error_message = words[fault].why;
}

static void user_show(struct alter_scram_credentials *work, const struct credential_alter *alter)
{
    struct alter_scram_credentials_result *row = &work->answer.results.items[work->answer.results.count++];

    row->user = alter->credential.user;
    if (work->call.status == STATUS_OK) {
        fault_show(alter->outcome, row);
    } else {
        row->error = error_of(work->call.status);
        row->error_message = error_text(work->call.status);
    }
    (void)error_tell(work->request, row->error);
}

/* A portion. */
static void users_show(struct alter_scram_credentials *work)
{
    uint32_t limit = work->shown + min_of(work->access.credential_count - work->shown, (uint32_t)SHOWN_PORTION);

    for (; work->shown < limit; work->shown++) {
        const struct credential_alter *alter = &work->access.credentials[work->shown];
        if (alter->first == work->shown) user_show(work, alter);
    }
}

/* ---- the question ---- */

static enum credential_fault common_fault(struct text name, int8_t mechanism)
{
    if (name.size == 0) return CREDENTIAL_NAMELESS;
    return mechanism == SCRAM_SHA_256 || mechanism == SCRAM_SHA_512 ? CREDENTIAL_FINE : CREDENTIAL_UNKNOWN_MECHANISM;
}

static enum credential_fault upsertion_fault(const struct alter_scram_credentials_upsertion *ask)
{
    enum credential_fault fault = common_fault(ask->name, ask->mechanism);
    if (fault != CREDENTIAL_FINE) return fault;
    if (ask->iterations < ITERATIONS_MIN) return CREDENTIAL_FEW_ITERATIONS;
    if (ask->iterations > ITERATIONS_MAX) return CREDENTIAL_MANY_ITERATIONS;
    return ask->salted_password.size == 0 ? CREDENTIAL_NO_PASSWORD : CREDENTIAL_FINE;
}

static bool upsertion_take(struct arena *arena, struct credential_alter *alter,
                           const struct alter_scram_credentials_upsertion *ask)
{
    alter->credential = (struct image_credential){
        .user = ask->name, .mechanism = ask->mechanism, .iterations = ask->iterations, .salt = ask->salt
    };
    alter->fault = upsertion_fault(ask);
    if (alter->fault != CREDENTIAL_FINE) return true;

    struct scram_keys *keys = arena_take(arena, sizeof(*keys));
    if (!keys || !scram_keys_make((enum scram_mechanism)ask->mechanism, ask->salted_password, keys)) return false;
    alter->credential.stored_key = (struct bytes){ keys->stored, keys->size };
    alter->credential.server_key = (struct bytes){ keys->server, keys->size };
    return true;
}

static void deletion_take(struct credential_alter *alter, const struct alter_scram_credentials_deletion *ask)
{
    alter->remove = true;
    alter->credential.user = ask->name;
    alter->credential.mechanism = ask->mechanism;
    alter->fault = common_fault(ask->name, ask->mechanism);
}

static bool same_user(const void *value, const void *key)
{
    return text_equal(((const struct credential_alter *)value)->credential.user, *(const struct text *)key);
}

/* Which one is the first of its user. */
static void user_join(struct alter_scram_credentials *work, struct credential_alter *alter)
{
    const struct text *name = &alter->credential.user;
    uint64_t hash = text_hash(*name);
    struct credential_alter *first = map_find(&work->users, hash, name);

    if (!first) map_add(&work->users, hash, name, alter);
    alter->first = (uint32_t)((first ? first : alter) - work->access.credentials);
}

static uint32_t asked_count(const struct alter_scram_credentials_ask *ask)
{
    return (uint32_t)ask->deletions.count + (uint32_t)ask->upsertions.count;
}

/* A portion, deletions first; false: no memory. */
static bool credentials_take(struct alter_scram_credentials *work)
{
    const struct alter_scram_credentials_ask *ask = work->request->ask;
    uint32_t *taken = &work->access.credential_count, deletions = (uint32_t)ask->deletions.count;
    uint32_t limit = *taken + min_of(asked_count(ask) - *taken, (uint32_t)TAKEN_PORTION);
    bool whole = true;

    for (; whole && *taken < limit; (*taken)++) {
        struct credential_alter *alter = &work->access.credentials[*taken];
        if (*taken < deletions) {
            deletion_take(alter, &ask->deletions.items[*taken]);
        } else {
            whole = upsertion_take(&work->request->arena, alter, &ask->upsertions.items[*taken - deletions]);
        }
        user_join(work, alter);
    }
    return whole;
}

static bool alter_make(struct alter_scram_credentials *work, size_t count)
{
    struct arena *arena = &work->request->arena;

    work->access.credentials = arena_take(arena, count * sizeof(*work->access.credentials));
    work->answer.results.items = arena_take(arena, count * sizeof(*work->answer.results.items));
    return work->access.credentials && work->answer.results.items;
}

/* ---- the way ---- */

static void showing_go(struct alter_scram_credentials *work)
{
    users_show(work);
    if (work->shown < work->access.credential_count) {
        shard_ready(work->request->shard, &work->ready);
    } else {
        request_answer_rows(work->request, &work->answer, (uint32_t)work->answer.results.count);
    }
}

static void alter_done(struct controller_call *call)
{
    struct alter_scram_credentials *work = container_of(call, struct alter_scram_credentials, call);

    invariant(work->stage == SCRAM_CALLING);
    work->stage = SCRAM_SHOWING;
    showing_go(work);
}

static void taking_go(struct alter_scram_credentials *work)
{
    bool whole = credentials_take(work);

    if (whole && work->access.credential_count < asked_count(work->request->ask)) {
        shard_ready(work->request->shard, &work->ready);
        return;
    }
    map_end(&work->users);
    if (!whole) {
        request_abort(work->request, "no memory");
        return;
    }
    work->stage = SCRAM_CALLING;
    work->call.kind = CONTROLLER_ALTER_ACCESS;
    work->call.arena = &work->request->arena;
    work->call.access = &work->access;
    work->call.done = alter_done;
    controller_begin(work->request->shard, &work->call);
}

static void alter_go(struct ready *ready)
{
    struct alter_scram_credentials *work = container_of(ready, struct alter_scram_credentials, ready);

    if (work->stage == SCRAM_TAKING) {
        taking_go(work);
    } else {
        showing_go(work);
    }
}

void alter_scram_credentials_begin(struct request *request)
{
    struct alter_scram_credentials *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !alter_make(work, asked_count(request->ask))) {
        request_abort(request, "no memory");
        return;
    }
    map_init(&work->users, &request->shard->heap, same_user);
    ready_init(&work->ready, alter_go);
    shard_ready(request->shard, &work->ready); /* The frame was work enough for this step. */
}
