/* replication/cluster/access.h   What the image knows of clients: their quotas (KIP-546) and their SCRAM credentials
 * (KIP-554, KIP-900). Kept and shown here; who enforces them reads them here. */
#ifndef REPLICATION_CLUSTER_ACCESS_H
#define REPLICATION_CLUSTER_ACCESS_H

#include "base/bytes.h"
#include "cluster/image.h"

/* Kinds of names that a quota may be for, in the order in which they are told. */
enum quota_kind { QUOTA_CLIENT_ID, QUOTA_USER, QUOTA_IP, QUOTA_KINDS };

/* Whom a quota is for: of each kind that takes part, one name or (null) whoever has no quota of his own. */
struct quota_entity {
    bool takes_part[QUOTA_KINDS];
    struct text names[QUOTA_KINDS];
};

struct quota_value {
    struct text key;
    double value;
};

struct image_quota {
    struct quota_entity entity;
    struct quota_value *values; /* by key; at least one */
    uint32_t count;
};

enum scram_mechanism { SCRAM_SHA_256 = 1, SCRAM_SHA_512 = 2 };

struct image_credential {
    struct text user;
    int8_t mechanism;
    int32_t iterations;
    struct bytes salt, stored_key, server_key;
};

/* "client-id", "user", "ip". */
struct text quota_kind_name(enum quota_kind kind);
/* QUOTA_KINDS: none of these. */
enum quota_kind quota_kind_of(struct text name);
/* Is there a quota of this name, for addresses or for users and client ids? */
bool quota_key_has(struct text key, bool of_addresses);
bool quota_entity_equal(const struct quota_entity *a, const struct quota_entity *b);
uint64_t quota_entity_hash(const struct quota_entity *entity);
/* May this entity have `key`, and as much of it? STATUS_INVALID_REQUEST: `*why` in Kafka's words, in the arena. That
 * the name of an address is one is the caller's to check. */
must_check enum status quota_entity_check(const struct quota_entity *entity, struct arena *arena, struct text *why);
must_check enum status quota_value_check(const struct quota_entity *entity, struct text key, double value,
                                         struct arena *arena, struct text *why);

/* NULL: none. */
const struct image_quota *image_quota(const struct image *image, const struct quota_entity *entity);
const struct quota_value *image_quota_value(const struct image_quota *quota, struct text key);
const struct image_credential *image_credential(const struct image *image, struct text user, int8_t mechanism);
/* One after the other, in an order of their own that is always the same: begin with *cursor 0; NULL at the end.
 * Credentials come by user, then mechanism. */
const struct image_quota *image_next_quota(const struct image *image, uint32_t *cursor);
const struct image_credential *image_next_credential(const struct image *image, uint32_t *cursor);
/* The cursor behind these, whether they are still there or not: who walks in portions finds his place again. */
uint32_t image_quotas_behind(const struct image *image, const struct quota_entity *entity);
uint32_t image_credentials_behind(const struct image *image, struct text user);

#endif
