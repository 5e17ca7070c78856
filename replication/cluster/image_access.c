/* replication/cluster/image_access.c   Quotas and credentials of the image, each as pointers in a fixed order, so that
 * they are found by halving and walked alike on every shard. Keys and salts are copied: records are not ours. */
#include <string.h>

#include "cluster/access.h"
#include "cluster/image_work.h"

/* Null (the default) before names; who takes no part first of all. */
static int entity_compare(const struct quota_entity *a, const struct quota_entity *b)
{
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        if (a->takes_part[kind] != b->takes_part[kind]) return a->takes_part[kind] ? 1 : -1;
        int order = a->takes_part[kind] ? text_compare(a->names[kind], b->names[kind]) : 0;
        if (order != 0) return order;
    }
    return 0;
}

static int credential_compare(const struct image_credential *a, const struct image_credential *b)
{
    int order = text_compare(a->user, b->user);
    return order != 0 ? order : a->mechanism - b->mechanism;
}

/* ---- quotas ---- */

/* Where it is, or where it belongs. */
static uint32_t quota_place(const struct image_access *access, const struct quota_entity *entity, bool *there)
{
    uint32_t first = 0, limit = access->quota_count;
    *there = false;
    while (first < limit) {
        uint32_t middle = first + (limit - first) / 2;
        int order = entity_compare(&access->quotas[middle]->entity, entity);
        if (order == 0) *there = true;
        if (order < 0) {
            first = middle + 1;
        } else {
            limit = middle;
        }
    }
    return first;
}

static void quota_end(struct heap *heap, struct image_quota *quota)
{
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) heap_give(heap, (void *)quota->entity.names[kind].data);
    for (uint32_t i = 0; i < quota->count; i++) heap_give(heap, (void *)quota->values[i].key.data);
    heap_give(heap, quota->values);
    heap_give(heap, quota);
}

static struct image_quota *quota_add(struct heap *heap, struct image_access *access, uint32_t place,
                                     const struct quota_entity *entity)
{
    struct image_quota *quota = heap_take(heap, sizeof(*quota));

    quota->entity = *entity;
    for (uint32_t kind = 0; kind < QUOTA_KINDS; kind++) {
        quota->entity.names[kind] = image_text_copy(heap, entity->names[kind]);
    }
    access->quotas = heap_resize(heap, access->quotas, (access->quota_count + 1) * sizeof(struct image_quota *));
    memmove(access->quotas + place + 1, access->quotas + place,
            (access->quota_count - place) * sizeof(struct image_quota *));
    access->quotas[place] = quota;
    access->quota_count++;
    return quota;
}

static void value_set(struct heap *heap, struct image_quota *quota, struct text key, double value)
{
    uint32_t place = 0;
    while (place < quota->count && text_compare(quota->values[place].key, key) < 0) place++;
    if (place == quota->count || !text_equal(quota->values[place].key, key)) {
        quota->values = heap_resize(heap, quota->values, (quota->count + 1) * sizeof(*quota->values));
        memmove(quota->values + place + 1, quota->values + place, (quota->count - place) * sizeof(*quota->values));
        quota->values[place].key = image_text_copy(heap, key);
        quota->count++;
    }
    quota->values[place].value = value;
}

static void value_remove(struct heap *heap, struct image_quota *quota, struct text key)
{
    for (uint32_t i = 0; i < quota->count; i++) {
        if (!text_equal(quota->values[i].key, key)) continue;
        heap_give(heap, (void *)quota->values[i].key.data);
        quota->count--;
        memmove(quota->values + i, quota->values + i + 1, (quota->count - i) * sizeof(*quota->values));
        return;
    }
}

enum status image_set_quota(struct image *image, const struct client_quota_record *record)
{
    struct image_access *access = &image_work(image)->access;
    struct quota_entity entity = { 0 };
    bool there;

    for (int32_t i = 0; i < record->entity.count; i++) {
        enum quota_kind kind = quota_kind_of(record->entity.items[i].entity_type);
        if (kind == QUOTA_KINDS) return STATUS_UNSUPPORTED;
        entity.takes_part[kind] = true;
        entity.names[kind] = record->entity.items[i].entity_name;
    }
    uint32_t place = quota_place(access, &entity, &there);
    if (!record->remove) {
        struct image_quota *quota = there ? access->quotas[place] : quota_add(image->heap, access, place, &entity);
        value_set(image->heap, quota, record->key, record->value);
        return STATUS_OK;
    }
    if (!there) return STATUS_OK;
    value_remove(image->heap, access->quotas[place], record->key);
    if (access->quotas[place]->count > 0) return STATUS_OK;
    quota_end(image->heap, access->quotas[place]);
    access->quota_count--;
    memmove(access->quotas + place, access->quotas + place + 1,
            (access->quota_count - place) * sizeof(struct image_quota *));
    return STATUS_OK;
}

const struct image_quota *image_quota(const struct image *image, const struct quota_entity *entity)
{
    const struct image_access *access = &image_work(image)->access;
    bool there;
    uint32_t place = quota_place(access, entity, &there);
    return there ? access->quotas[place] : NULL;
}

const struct quota_value *image_quota_value(const struct image_quota *quota, struct text key)
{
    for (uint32_t i = 0; quota && i < quota->count; i++) {
        if (text_equal(quota->values[i].key, key)) return &quota->values[i];
    }
    return NULL;
}

const struct image_quota *image_next_quota(const struct image *image, uint32_t *cursor)
{
    const struct image_access *access = &image_work(image)->access;
    return *cursor < access->quota_count ? access->quotas[(*cursor)++] : NULL;
}

uint32_t image_quotas_behind(const struct image *image, const struct quota_entity *entity)
{
    bool there;
    uint32_t place = quota_place(&image_work(image)->access, entity, &there);
    return place + there;
}

/* ---- credentials ---- */

static uint32_t credential_place(const struct image_access *access, struct text user, int8_t mechanism, bool *there)
{
    struct image_credential wanted = { .user = user, .mechanism = mechanism };
    uint32_t first = 0, limit = access->credential_count;
    *there = false;
    while (first < limit) {
        uint32_t middle = first + (limit - first) / 2;
        int order = credential_compare(access->credentials[middle], &wanted);
        if (order == 0) *there = true;
        if (order < 0) {
            first = middle + 1;
        } else {
            limit = middle;
        }
    }
    return first;
}

/* One piece: the struct, the name, the three keys. Wiped before it is given back. */
static size_t credential_size(const struct image_credential *credential)
{
    return sizeof(*credential) + credential->user.size + credential->salt.size + credential->stored_key.size +
           credential->server_key.size;
}

static void credential_end(struct heap *heap, struct image_credential *credential)
{
    memset(credential, 0, credential_size(credential));
    heap_give(heap, credential);
}

static struct bytes piece_copy(uint8_t **at, const void *data, size_t size)
{
    struct bytes copy = { *at, size };
    if (size > 0) memcpy(*at, data, size);
    *at += size;
    return copy;
}

static struct image_credential *credential_make(struct heap *heap, const struct user_scram_credential_record *record)
{
    struct image_credential made = { record->name, record->mechanism,  record->iterations,
                                     record->salt, record->stored_key, record->server_key };
    struct image_credential *credential = heap_take(heap, credential_size(&made));
    uint8_t *at = (uint8_t *)(credential + 1);

    *credential = made;
    credential->user.data = (const char *)piece_copy(&at, record->name.data, record->name.size).data;
    credential->salt = piece_copy(&at, record->salt.data, record->salt.size);
    credential->stored_key = piece_copy(&at, record->stored_key.data, record->stored_key.size);
    credential->server_key = piece_copy(&at, record->server_key.data, record->server_key.size);
    return credential;
}

enum status image_set_credential(struct image *image, const struct user_scram_credential_record *record)
{
    struct image_access *access = &image_work(image)->access;
    bool there;
    uint32_t place = credential_place(access, record->name, record->mechanism, &there);
    uint32_t count = access->credential_count;

    if (there) {
        credential_end(image->heap, access->credentials[place]);
    } else {
        access->credentials =
            heap_resize(image->heap, access->credentials, (count + 1) * sizeof(struct image_credential *));
        memmove(access->credentials + place + 1, access->credentials + place,
                (count - place) * sizeof(struct image_credential *));
        access->credential_count++;
    }
    access->credentials[place] = credential_make(image->heap, record);
    return STATUS_OK;
}

enum status image_remove_credential(struct image *image, const struct remove_user_scram_credential_record *record)
{
    struct image_access *access = &image_work(image)->access;
    bool there;
    uint32_t place = credential_place(access, record->name, record->mechanism, &there);
    if (!there) return STATUS_OK;

    credential_end(image->heap, access->credentials[place]);
    access->credential_count--;
    memmove(access->credentials + place, access->credentials + place + 1,
            (access->credential_count - place) * sizeof(struct image_credential *));
    return STATUS_OK;
}

const struct image_credential *image_credential(const struct image *image, struct text user, int8_t mechanism)
{
    const struct image_access *access = &image_work(image)->access;
    bool there;
    uint32_t place = credential_place(access, user, mechanism, &there);
    return there ? access->credentials[place] : NULL;
}

const struct image_credential *image_next_credential(const struct image *image, uint32_t *cursor)
{
    const struct image_access *access = &image_work(image)->access;
    return *cursor < access->credential_count ? access->credentials[(*cursor)++] : NULL;
}

uint32_t image_credentials_behind(const struct image *image, struct text user)
{
    bool there;
    uint32_t place = credential_place(&image_work(image)->access, user, INT8_MAX, &there);
    return place + there;
}

/* ---- all of it ---- */

static uint64_t hash_bytes(uint64_t hash, struct bytes bytes)
{
    return hash_join(hash, text_hash((struct text){ (const char *)bytes.data, bytes.size }));
}

uint64_t image_access_hash(uint64_t hash, const struct image_access *access)
{
    for (uint32_t i = 0; i < access->quota_count; i++) {
        const struct image_quota *quota = access->quotas[i];
        hash = hash_join(hash, quota_entity_hash(&quota->entity));
        for (uint32_t j = 0; j < quota->count; j++) {
            uint64_t value;
            memcpy(&value, &quota->values[j].value, sizeof(value));
            hash = hash_join(hash_join(hash, text_hash(quota->values[j].key)), value);
        }
    }
    for (uint32_t i = 0; i < access->credential_count; i++) {
        const struct image_credential *credential = access->credentials[i];
        hash = hash_join(hash, text_hash(credential->user));
        hash = hash_join(hash, (uint64_t)credential->mechanism << 32 | (uint32_t)credential->iterations);
        hash = hash_bytes(hash, credential->salt);
        hash = hash_bytes(hash, credential->stored_key);
        hash = hash_bytes(hash, credential->server_key);
    }
    return hash;
}

void image_access_end(struct heap *heap, struct image_access *access)
{
    for (uint32_t i = 0; i < access->quota_count; i++) quota_end(heap, access->quotas[i]);
    for (uint32_t i = 0; i < access->credential_count; i++) credential_end(heap, access->credentials[i]);
    heap_give(heap, access->quotas);
    heap_give(heap, access->credentials);
    *access = (struct image_access){ 0 };
}
