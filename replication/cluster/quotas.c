/* replication/cluster/quotas.c   Whom quotas are for, which there are, and what they may be: the rules of Kafka's
 * controller, in its order and its words (read off Kafka 4.3.1; tests/wire/admin_cases.py). */
#include "base/check.h"
#include "cluster/access.h"

enum quota_type { QUOTA_DOUBLE, QUOTA_LONG, QUOTA_INT };

struct quota_row {
    struct text key;
    enum quota_type type;
    bool of_addresses; /* or of users and client ids */
};

/* clang-format off */
static const struct quota_row quota_rows[] = {
    { TEXT("producer_byte_rate"),       QUOTA_LONG,   false },
    { TEXT("consumer_byte_rate"),       QUOTA_LONG,   false },
    { TEXT("request_percentage"),       QUOTA_DOUBLE, false },
    { TEXT("controller_mutation_rate"), QUOTA_DOUBLE, false },
    { TEXT("connection_creation_rate"), QUOTA_INT,    true },
};

static const struct text kind_names[QUOTA_KINDS] = {
    [QUOTA_CLIENT_ID] = TEXT("client-id"),
    [QUOTA_USER]      = TEXT("user"),
    [QUOTA_IP]        = TEXT("ip"),
};
/* clang-format on */

struct text quota_kind_name(enum quota_kind kind)
{
    invariant(kind < QUOTA_KINDS);
    return kind_names[kind];
}

enum quota_kind quota_kind_of(struct text name)
{
    enum quota_kind kind = QUOTA_CLIENT_ID;
    while (kind < QUOTA_KINDS && !text_equal(kind_names[kind], name)) kind++;
    return kind;
}

static bool name_equal(struct text a, struct text b)
{
    return a.data && b.data ? text_equal(a, b) : !a.data && !b.data;
}

bool quota_entity_equal(const struct quota_entity *a, const struct quota_entity *b)
{
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        if (a->takes_part[kind] != b->takes_part[kind]) return false;
        if (a->takes_part[kind] && !name_equal(a->names[kind], b->names[kind])) return false;
    }
    return true;
}

uint64_t quota_entity_hash(const struct quota_entity *entity)
{
    uint64_t hash = 0;
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        uint64_t name = entity->names[kind].data ? text_hash(entity->names[kind]) : 1;
        hash = hash_join(hash, entity->takes_part[kind] ? name : 0);
    }
    return hash;
}

enum status quota_entity_check(const struct quota_entity *entity, struct arena *arena, struct text *why)
{
    bool any = false;

    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        any |= entity->takes_part[kind];
        if (!entity->takes_part[kind] || !entity->names[kind].data || entity->names[kind].size > 0) continue;
        *why = text_format(arena, "Empty %.*s not supported", TEXT_ARGS(kind_names[kind]));
        return STATUS_INVALID_REQUEST;
    }
    if (!any) {
        *why = TEXT("Invalid empty client quota entity");
        return STATUS_INVALID_REQUEST;
    }
    if (entity->takes_part[QUOTA_IP] && (entity->takes_part[QUOTA_USER] || entity->takes_part[QUOTA_CLIENT_ID])) {
        *why = TEXT("Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId");
        return STATUS_INVALID_REQUEST;
    }
    return STATUS_OK;
}

static const struct quota_row *quota_row_find(struct text key, bool of_addresses)
{
    for (uint32_t i = 0; i < array_count(quota_rows); i++) {
        const struct quota_row *row = &quota_rows[i];
        if (row->of_addresses == of_addresses && text_equal(row->key, key)) return row;
    }
    return NULL;
}

bool quota_key_has(struct text key, bool of_addresses)
{
    return quota_row_find(key, of_addresses) != NULL;
}

/* As Java converts and compares: what is no number passes, and a millionth above a whole is whole. */
enum status quota_value_check(const struct quota_entity *entity, struct text key, double value, struct arena *arena,
                              struct text *why)
{
    const struct quota_row *row = quota_row_find(key, entity->takes_part[QUOTA_IP]);
    const double limits[] = { [QUOTA_LONG] = 0x1p63, [QUOTA_INT] = INT32_MAX };

    if (!row) {
        *why = text_format(arena, "Invalid configuration key %.*s", TEXT_ARGS(key));
    } else if (value <= 0) {
        *why = text_format(arena, "Quota %.*s must be greater than 0", TEXT_ARGS(key));
    } else if (row->type != QUOTA_DOUBLE && value > limits[row->type]) {
        *why = text_format(arena, "Proposed value for %.*s is too large for %s.", TEXT_ARGS(key),
                           row->type == QUOTA_LONG ? "a LONG" : "an INT");
    } else if (row->type != QUOTA_DOUBLE && value < 0x1p53 && value - (double)(int64_t)value > 1e-6) {
        *why = text_format(arena, "%.*s cannot be a fractional value.", TEXT_ARGS(key));
    } else {
        return STATUS_OK;
    }
    return STATUS_INVALID_REQUEST;
}
