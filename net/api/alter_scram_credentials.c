/* net/api/alter_scram_credentials.c   AlterUserScramCredentials: the password comes salted and iterated, and goes no
 * further than here: what is written are the two keys made from it. One row of the answer per user. */
#include "messages/alter_scram_credentials.h"
#include "api/api.h"
#include "api/error.h"
#include "api/scram.h"
#include "base/map.h"
#include "replica/access.h"

enum { ITERATIONS_MIN = 4096, ITERATIONS_MAX = 16384 };

struct alter_scram_credentials {
    struct request *request;
    struct controller_call call;
    struct access_change access;
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

static void alter_done(struct controller_call *call)
{
    struct alter_scram_credentials *work = container_of(call, struct alter_scram_credentials, call);

    for (uint32_t i = 0; i < work->access.credential_count; i++) {
        const struct credential_alter *alter = &work->access.credentials[i];
        if (alter->first != i) continue;
        struct alter_scram_credentials_result *row = &work->answer.results.items[work->answer.results.count++];
        row->user = alter->credential.user;
        if (call->status == STATUS_OK) {
            fault_show(alter->outcome, row);
        } else {
            row->error = error_of(call->status);
            row->error_message = error_text(call->status);
        }
        (void)error_tell(work->request, row->error);
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

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

static bool upsertion_add(struct alter_scram_credentials *work, const struct alter_scram_credentials_upsertion *ask)
{
    struct credential_alter *alter = &work->access.credentials[work->access.credential_count++];

    alter->credential = (struct image_credential){
        .user = ask->name, .mechanism = ask->mechanism, .iterations = ask->iterations, .salt = ask->salt
    };
    alter->fault = upsertion_fault(ask);
    if (alter->fault != CREDENTIAL_FINE) return true;

    struct scram_keys *keys = arena_take(&work->request->arena, sizeof(*keys));
    if (!keys || !scram_keys_make((enum scram_mechanism)ask->mechanism, ask->salted_password, keys)) return false;
    alter->credential.stored_key = (struct bytes){ keys->stored, keys->size };
    alter->credential.server_key = (struct bytes){ keys->server, keys->size };
    return true;
}

static bool same_user(const void *value, const void *key)
{
    return text_equal(((const struct credential_alter *)value)->credential.user, *(const struct text *)key);
}

/* Which alter is the first of its user. */
static void users_join(struct alter_scram_credentials *work)
{
    struct access_change *access = &work->access;
    struct map users;

    map_init(&users, &work->request->shard->heap, same_user);
    for (uint32_t i = 0; i < access->credential_count; i++) {
        struct credential_alter *alter = &access->credentials[i];
        const struct text *name = &alter->credential.user;
        const struct credential_alter *first = map_find(&users, text_hash(*name), name);
        alter->first = first ? (uint32_t)(first - access->credentials) : i;
        if (!first) map_add(&users, text_hash(*name), name, alter);
    }
    map_end(&users);
}

static bool alter_make(struct alter_scram_credentials *work, const struct alter_scram_credentials_ask *ask)
{
    struct arena *arena = &work->request->arena;
    size_t count = (size_t)ask->deletions.count + (size_t)ask->upsertions.count;

    work->access.credentials = arena_take(arena, count * sizeof(*work->access.credentials));
    work->answer.results.items = arena_take(arena, count * sizeof(*work->answer.results.items));
    if (!work->access.credentials || !work->answer.results.items) return false;
    for (int32_t i = 0; i < ask->deletions.count; i++) {
        const struct alter_scram_credentials_deletion *deletion = &ask->deletions.items[i];
        struct credential_alter *alter = &work->access.credentials[work->access.credential_count++];
        alter->remove = true;
        alter->credential.user = deletion->name;
        alter->credential.mechanism = deletion->mechanism;
        alter->fault = common_fault(deletion->name, deletion->mechanism);
    }
    for (int32_t i = 0; i < ask->upsertions.count; i++) {
        if (!upsertion_add(work, &ask->upsertions.items[i])) return false;
    }
    users_join(work);
    return true;
}

void alter_scram_credentials_begin(struct request *request)
{
    struct alter_scram_credentials *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !alter_make(work, request->ask)) {
        request_abort(request, "no memory");
        return;
    }
    work->call.kind = CONTROLLER_ALTER_ACCESS;
    work->call.arena = &request->arena;
    work->call.access = &work->access;
    work->call.done = alter_done;
    controller_begin(request->shard, &work->call);
}
