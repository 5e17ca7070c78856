/* net/api/alter_scram_credentials.c   AlterUserScramCredentials: the password comes salted and iterated, and goes no
 * further than here: what is written are the two keys made from it. One row of the answer per user.
 *
 *     begin --all are taken--> the controller --done--> all are shown --> answered
 *           \_/ a portion, a step                      \_/ a portion, a step
 */
#include "messages/alter_scram_credentials.h"
#include "api/api.h"
#include "api/error.h"
#include "api/scram.h"
#include "api/seen.h"
#include "api/walk.h"
#include "replica/access.h"

enum { ITERATIONS_MIN = 4096, ITERATIONS_MAX = 16384, KEYS_ITEMS = 9 }; /* of a walk: what making keys costs more */

struct alter_scram_credentials {
    struct walk walk;
    struct request *request;
    struct controller_call call;
    struct access_change access; /* as many as credential_count are taken */
    struct numbered users;       /* the first credential of each, plus 1 */
    struct alter_scram_credentials_answer answer;
};

static struct alter_scram_credentials *work_of(struct walk *walk)
{
    return container_of(walk, struct alter_scram_credentials, walk);
}

/* ---- the answer ---- */

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

static bool showing_begin(struct walk *walk)
{
    struct alter_scram_credentials *work = work_of(walk);

    walk->count = work->access.credential_count;
    work->answer.results.items = walk_take(walk, walk->count * sizeof(*work->answer.results.items));
    return work->answer.results.items != NULL;
}

static bool user_show(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_scram_credentials *work = work_of(walk);
    const struct credential_alter *alter = &work->access.credentials[at];
    (void)part;

    if (alter->first != at) return true;
    struct alter_scram_credentials_result *row = &work->answer.results.items[work->answer.results.count++];

    row->user = alter->credential.user;
    if (work->call.status == STATUS_OK) {
        fault_show(alter->outcome, row);
    } else {
        row->error = error_of(work->call.status);
        row->error_message = error_text(work->call.status);
    }
    (void)error_tell(work->request, row->error);
    return true;
}

static void all_shown(struct walk *walk)
{
    struct alter_scram_credentials *work = work_of(walk);

    if (walk_whole(walk)) {
        request_answer_rows(work->request, &work->answer, (uint32_t)work->answer.results.count);
    }
}

static const struct walk_pass showing[] = { { showing_begin, NULL, user_show }, { NULL, NULL, NULL } };

static void alter_done(struct controller_call *call)
{
    struct alter_scram_credentials *work = container_of(call, struct alter_scram_credentials, call);
    walk_begin(&work->walk, work->request, showing, all_shown);
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

static bool upsertion_take(struct walk *walk, struct credential_alter *alter,
                           const struct alter_scram_credentials_upsertion *ask)
{
    alter->credential = (struct image_credential){
        .user = ask->name, .mechanism = ask->mechanism, .iterations = ask->iterations, .salt = ask->salt
    };
    alter->fault = upsertion_fault(ask);
    if (alter->fault != CREDENTIAL_FINE) return true;

    struct scram_keys *keys = arena_take(&walk->request->arena, sizeof(*keys));
    walk->spent += KEYS_ITEMS;
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

/* Which one is the first of its user. */
static void user_join(struct alter_scram_credentials *work, uint32_t at)
{
    struct credential_alter *alter = &work->access.credentials[at];
    uint32_t *first = numbered_of(&work->users, text_hash(alter->credential.user));

    if (*first == 0) *first = at + 1;
    alter->first = *first - 1;
}

static bool taking_begin(struct walk *walk)
{
    struct alter_scram_credentials *work = work_of(walk);
    const struct alter_scram_credentials_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->deletions.count + (uint32_t)ask->upsertions.count;
    work->access.credentials = walk_take(walk, walk->count * sizeof(*work->access.credentials));
    return work->access.credentials && numbered_prepare(&work->users, walk, walk->count);
}

/* Deletions first. */
static bool credential_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_scram_credentials *work = work_of(walk);
    const struct alter_scram_credentials_ask *ask = walk->request->ask;
    struct credential_alter *alter = &work->access.credentials[work->access.credential_count++];
    uint32_t deletions = (uint32_t)ask->deletions.count;
    bool whole = true;
    (void)part;

    if (at < deletions) {
        deletion_take(alter, &ask->deletions.items[at]);
    } else {
        whole = upsertion_take(walk, alter, &ask->upsertions.items[at - deletions]);
    }
    user_join(work, at);
    return whole;
}

static void all_taken(struct walk *walk)
{
    struct alter_scram_credentials *work = work_of(walk);
    if (!walk_whole(walk)) return;

    work->call.kind = CONTROLLER_ALTER_ACCESS;
    work->call.arena = &work->request->arena;
    work->call.access = &work->access;
    work->call.done = alter_done;
    controller_begin(work->request->shard, &work->call);
}

static const struct walk_pass taking[] = { { taking_begin, NULL, credential_take }, { NULL, NULL, NULL } };

void alter_scram_credentials_begin(struct request *request)
{
    struct alter_scram_credentials *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    walk_begin(&work->walk, request, taking, all_taken);
}
