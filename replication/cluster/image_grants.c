/* replication/cluster/image_grants.c   Access rules and delegation tokens of the image: maps that keep the order in
 * which they came. A snapshot tells them in that order, so whoever reads it has the same. */
#include <string.h>

#include "cluster/grants.h"
#include "cluster/image_work.h"

static bool rule_has_id(const void *value, const void *key)
{
    return uuid_equal(((const struct image_rule *)value)->id, *(const struct uuid *)key);
}

static bool token_has_id(const void *value, const void *key)
{
    return text_equal(((const struct image_token *)value)->id, *(const struct text *)key);
}

void image_grants_init(struct image *image)
{
    map_init(&image_work(image)->rules, image->heap, rule_has_id);
    map_init(&image_work(image)->tokens, image->heap, token_has_id);
}

static struct text piece_copy(char **at, struct text text)
{
    struct text copy = { *at, text.size };
    if (text.size > 0) memcpy(*at, text.data, text.size);
    *at += text.size;
    return copy;
}

/* ---- access rules ---- */

enum status image_remove_rule(struct image *image, const struct remove_access_control_entry_record *record)
{
    void *rule = map_remove(&image_work(image)->rules, uuid_hash(record->id), &record->id);
    if (!rule) return STATUS_DAMAGED;

    heap_give(image->heap, rule);
    return STATUS_OK;
}

/* One piece: the struct and its three texts. */
enum status image_add_rule(struct image *image, const struct access_control_entry_record *record)
{
    struct map *rules = &image_work(image)->rules;
    heap_give(image->heap, map_remove(rules, uuid_hash(record->id), &record->id));

    struct image_rule *rule =
        heap_take(image->heap, sizeof(*rule) + record->resource_name.size + record->principal.size + record->host.size);
    char *at = (char *)(rule + 1);
    rule->id = record->id;
    rule->resource_type = record->resource_type;
    rule->pattern_type = record->pattern_type;
    rule->operation = record->operation;
    rule->permission_type = record->permission_type;
    rule->resource = piece_copy(&at, record->resource_name);
    rule->principal = piece_copy(&at, record->principal);
    rule->host = piece_copy(&at, record->host);
    map_add(rules, uuid_hash(rule->id), &rule->id, rule);
    return STATUS_OK;
}

const struct image_rule *image_rule(const struct image *image, struct uuid id)
{
    return map_find(&image_work(image)->rules, uuid_hash(id), &id);
}

const struct image_rule *image_next_rule(const struct image *image, uint32_t *cursor)
{
    return map_next(&image_work(image)->rules, cursor);
}

/* ---- tokens ---- */

/* Kafka forgets one that it does not know, too: it may have expired on the way. */
enum status image_remove_token(struct image *image, const struct remove_delegation_token_record *record)
{
    struct text id = record->token_id;
    heap_give(image->heap, map_remove(&image_work(image)->tokens, text_hash(id), &id));
    return STATUS_OK;
}

/* One piece: the struct, the renewers, all texts. */
enum status image_set_token(struct image *image, const struct delegation_token_record *record)
{
    struct map *tokens = &image_work(image)->tokens;
    uint32_t count = (uint32_t)max_of(record->renewers.count, 0);
    size_t size = record->token_id.size + record->owner.size + record->requester.size;
    for (uint32_t i = 0; i < count; i++) size += record->renewers.items[i].size;
    heap_give(image->heap, map_remove(tokens, text_hash(record->token_id), &record->token_id));

    struct image_token *token = heap_take(image->heap, sizeof(*token) + count * sizeof(*token->renewers) + size);
    token->renewers = (struct text *)(token + 1);
    token->renewer_count = count;
    char *at = (char *)(token->renewers + count);
    token->id = piece_copy(&at, record->token_id);
    token->owner = piece_copy(&at, record->owner);
    token->requester = piece_copy(&at, record->requester);
    for (uint32_t i = 0; i < count; i++) token->renewers[i] = piece_copy(&at, record->renewers.items[i]);
    token->issue_ms = record->issue_timestamp_ms;
    token->max_ms = record->max_timestamp_ms;
    token->expiration_ms = record->expiration_timestamp_ms;
    map_add(tokens, text_hash(token->id), &token->id, token);
    return STATUS_OK;
}

const struct image_token *image_token(const struct image *image, struct text id)
{
    return map_find(&image_work(image)->tokens, text_hash(id), &id);
}

const struct image_token *image_next_token(const struct image *image, uint32_t *cursor)
{
    return map_next(&image_work(image)->tokens, cursor);
}

/* ---- all of it ---- */

uint64_t image_grants_hash(uint64_t hash, const struct image *image)
{
    map_each(&image_work(image)->rules, struct image_rule, rule)
    {
        hash = hash_join(hash, uuid_hash(rule->id));
        hash =
            hash_join(hash, (uint64_t)(uint8_t)rule->resource_type << 24 | (uint64_t)(uint8_t)rule->pattern_type << 16 |
                                (uint64_t)(uint8_t)rule->operation << 8 | (uint8_t)rule->permission_type);
        hash = hash_join(hash, text_hash(rule->resource));
        hash = hash_join(hash, text_hash(rule->principal));
        hash = hash_join(hash, text_hash(rule->host));
    }
    map_each(&image_work(image)->tokens, struct image_token, token)
    {
        hash = hash_join(hash, text_hash(token->id));
        hash = hash_join(hash, text_hash(token->owner));
        hash = hash_join(hash, text_hash(token->requester));
        hash = hash_join(hash, token->renewer_count);
        for (uint32_t i = 0; i < token->renewer_count; i++) hash = hash_join(hash, text_hash(token->renewers[i]));
        hash = hash_join(hash, (uint64_t)token->issue_ms);
        hash = hash_join(hash, (uint64_t)token->max_ms);
        hash = hash_join(hash, (uint64_t)token->expiration_ms);
    }
    return hash;
}

void image_grants_end(struct image *image)
{
    struct image_work *work = image_work(image);
    map_each(&work->rules, struct image_rule, rule) heap_give(image->heap, rule);
    map_each(&work->tokens, struct image_token, token) heap_give(image->heap, token);
    map_end(&work->rules);
    map_end(&work->tokens);
}
