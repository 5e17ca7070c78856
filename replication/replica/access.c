/* replication/replica/access.c   Quotas: a record for each value that really changes. Credentials: by user, in the
 * order of the call, as Kafka's controller goes through them:
 *
 *     the user has a fault already -> nothing; was altered before in this call -> TWICE; a fault of its own -> that;
 *     deleted and not there -> MISSING; else it is chosen */
#include "replica/access.h"

#include "replica/controller_work.h"

enum { CHOSEN_NONE = 0 }; /* else: place in the call, plus 1 */

static void quota_add(struct record_list *list, const struct quota_alter *alter, const struct quota_change *change)
{
    struct client_quota_record *record = &record_list_add(list, RECORD_CLIENT_QUOTA)->client_quota;
    struct client_quota_entity *parts = arena_take(list->arena, QUOTA_KINDS * sizeof(*parts));
    if (!parts) {
        list->full = true;
        return;
    }

    record->entity.items = parts;
    for (enum quota_kind kind = QUOTA_CLIENT_ID; kind < QUOTA_KINDS; kind++) {
        if (!alter->entity.takes_part[kind]) continue;
        parts[record->entity.count++] =
            (struct client_quota_entity){ quota_kind_name(kind), alter->entity.names[kind] };
    }
    record->key = change->key;
    record->value = change->remove ? 0 : change->value;
    record->remove = change->remove;
}

/* The next change of an entity; false: it has no more. */
static bool quota_alter(const struct image *image, const struct quota_alter *alter, uint32_t *part,
                        struct record_list *list)
{
    if (alter->refused || *part == alter->change_count) return false;

    const struct quota_change *change = &alter->changes[(*part)++];
    const struct quota_value *value = image_quota_value(image_quota(image, &alter->entity), change->key);
    bool same = value && value->value == change->value;
    if (change->remove ? value != NULL : !same) quota_add(list, alter, change);
    return *part < alter->change_count;
}

static void credential_choose(const struct image *image, struct credential_alter *alters, uint32_t at)
{
    const struct credential_alter *alter = &alters[at];
    const struct image_credential *credential = &alter->credential;
    struct credential_alter *user = &alters[alter->first];

    invariant(alter->first <= at);
    if (alter->first == at) {
        user->outcome = CREDENTIAL_FINE;
        user->chosen = CHOSEN_NONE;
    }
    if (user->outcome != CREDENTIAL_FINE) return;
    if (user->chosen != CHOSEN_NONE) {
        user->outcome = CREDENTIAL_TWICE;
    } else if (alter->fault != CREDENTIAL_FINE) {
        user->outcome = alter->fault;
    } else if (alter->remove && !image_credential(image, credential->user, credential->mechanism)) {
        user->outcome = CREDENTIAL_MISSING;
    } else {
        user->chosen = at + 1;
    }
}

static void credential_add(struct record_list *list, const struct credential_alter *alter)
{
    const struct image_credential *credential = &alter->credential;

    if (alter->remove) {
        struct remove_user_scram_credential_record *record =
            &record_list_add(list, RECORD_REMOVE_USER_SCRAM_CREDENTIAL)->remove_user_scram_credential;
        record->name = credential->user;
        record->mechanism = credential->mechanism;
        return;
    }
    struct user_scram_credential_record *record =
        &record_list_add(list, RECORD_USER_SCRAM_CREDENTIAL)->user_scram_credential;
    record->name = credential->user;
    record->mechanism = credential->mechanism;
    record->salt = credential->salt;
    record->stored_key = credential->stored_key;
    record->server_key = credential->server_key;
    record->iterations = credential->iterations;
}

/* The quotas one after the other; then the credentials: who is chosen, and when that is known of all, what is
 * written. */
bool access_alter(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    const struct image *image = &controller->ahead;
    const struct access_change *access = call->access;
    struct credential_alter *credentials = access->credentials;
    uint32_t *item = &controller->decision.next.item, *part = &controller->decision.next.part;
    uint32_t quotas = access->quota_count, chosen = quotas + access->credential_count;

    if (*item == chosen + access->credential_count) return false;
    if (*item < quotas) {
        if (quota_alter(image, &access->quotas[*item], part, list)) return true;
        *part = 0;
    } else if (*item < chosen) {
        credential_choose(image, credentials, *item - quotas);
    } else {
        uint32_t at = *item - chosen;
        const struct credential_alter *user = &credentials[at];
        bool fine = user->first == at && user->outcome == CREDENTIAL_FINE && user->chosen != CHOSEN_NONE;
        if (fine) credential_add(list, &credentials[user->chosen - 1]);
    }
    ++*item;
    return true;
}
