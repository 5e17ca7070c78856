/* tools/topic_describe.c   `sluice topic describe`: what Metadata, ListOffsets and DescribeConfigs know of a topic,
 * joined. A setting is shown when somebody set it. */
#include <stdio.h>

#include "client/codes.h"
#include "client/offsets.h"
#include "command.h"
#include "messages/describe_configs.h"
#include "output.h"
#include "session.h"
#include "topic_command.h"

enum { RESOURCE_TOPIC = 2, LIST_MAX = 1024 };

struct description {
    struct session *session;
    struct metadata_answer topics;
    struct offset_query *starts, *ends; /* one per partition, in the order of the topics */
    struct describe_configs_answer configs;
};

static bool ask_offsets(struct description *all)
{
    struct session *session = all->session;
    uint32_t count = 0, at = 0;

    for (int32_t i = 0; i < all->topics.topics.count; i++) {
        count += (uint32_t)all->topics.topics.items[i].partitions.count;
    }
    all->starts = session_take(session, count * sizeof(*all->starts));
    all->ends = session_take(session, count * sizeof(*all->ends));
    for (int32_t i = 0; i < all->topics.topics.count; i++) {
        const struct metadata_topic_answer *topic = &all->topics.topics.items[i];
        for (int32_t p = 0; p < topic->partitions.count; p++, at++) {
            all->starts[at].topic = topic->name;
            all->starts[at].partition = topic->partitions.items[p].index;
            all->starts[at].leader = topic->partitions.items[p].leader_id;
            all->ends[at] = all->starts[at];
            all->starts[at].timestamp_ms = LIST_OFFSETS_EARLIEST;
            all->ends[at].timestamp_ms = LIST_OFFSETS_LATEST;
        }
    }
    if (client_offsets(&session->client, all->starts, count, false) == STATUS_OK &&
        client_offsets(&session->client, all->ends, count, false) == STATUS_OK) {
        return true;
    }
    (void)session_lost(session);
    return false;
}

static bool ask_configs(struct description *all)
{
    struct describe_configs_ask ask = { 0 };
    int32_t count = all->topics.topics.count;

    ask.resources.items = session_take(all->session, (size_t)max_of(count, 1) * sizeof(*ask.resources.items));
    for (int32_t i = 0; i < count; i++) {
        if (all->topics.topics.items[i].error != CODE_NONE) continue;
        struct describe_configs_resource_ask *resource = &ask.resources.items[ask.resources.count++];
        resource->type = RESOURCE_TOPIC;
        resource->name = all->topics.topics.items[i].name;
        resource->keys.count = -1;
    }
    if (ask.resources.count == 0) return true;
    return session_ask(all->session, CLIENT_ANY, API_DESCRIBE_CONFIGS, true, &ask, &all->configs);
}

static const struct describe_configs_resource_answer *configs_of(const struct description *all, struct text topic)
{
    for (int32_t i = 0; i < all->configs.resources.count; i++) {
        if (text_equal(all->configs.resources.items[i].name, topic)) return &all->configs.resources.items[i];
    }
    return NULL;
}

/* ---- for people ---- */

static void numbers_cell(struct table *table, const int32_t *items, int32_t count)
{
    char list[LIST_MAX] = "";
    size_t used = 0;

    for (int32_t i = 0; i < count && used + 16 < sizeof(list); i++) {
        used += (size_t)snprintf(list + used, sizeof(list) - used, i ? ",%d" : "%d", items[i]);
    }
    table_cell(table, "%s", count > 0 ? list : "-");
}

static void offset_cell(struct table *table, const struct offset_query *query)
{
    if (query->error != CODE_NONE) {
        table_cell(table, "%s", code_name(query->error));
    } else {
        table_cell(table, "%lld", (long long)query->offset);
    }
}

static void print_topic(const struct description *all, const struct metadata_topic_answer *topic, uint32_t first)
{
    static const char *const headings[] = { ">PARTITION", ">LEADER", "REPLICAS", "ISR", ">START", ">END", ">RECORDS" };
    const struct describe_configs_resource_answer *configs = configs_of(all, topic->name);
    char id[UUID_TEXT_SIZE + 1];
    struct table table;

    uuid_print(topic->topic_id, id);
    printf("%.*s  id %s%s\n", TEXT_ARGS(topic->name), id, topic->is_internal ? "  internal" : "");
    for (int32_t i = 0; configs && i < configs->configs.count; i++) {
        const struct describe_configs_config *config = &configs->configs.items[i];
        if (config->source != CONFIG_SOURCE_TOPIC) continue;
        printf("  %.*s = %.*s\n", TEXT_ARGS(config->name), TEXT_ARGS(config->value));
    }
    table_begin(&table, headings, array_count(headings));
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        const struct metadata_partition_answer *partition = &topic->partitions.items[i];
        const struct offset_query *start = &all->starts[first + (uint32_t)i], *end = &all->ends[first + (uint32_t)i];
        table_cell(&table, "%d", partition->index);
        table_cell(&table, partition->leader_id < 0 ? "none" : "%d", partition->leader_id);
        numbers_cell(&table, partition->replicas.items, partition->replicas.count);
        numbers_cell(&table, partition->isr.items, partition->isr.count);
        offset_cell(&table, start);
        offset_cell(&table, end);
        table_cell(&table, "%lld", (long long)(end->offset - start->offset));
    }
    table_end(&table, stdout);
}

/* ---- for programs ---- */

static void json_numbers(struct json *json, const char *name, const int32_t *items, int32_t count)
{
    json_open(json, name, '[');
    for (int32_t i = 0; i < count; i++) json_number(json, NULL, items[i]);
    json_close(json, ']');
}

static void json_topic(const struct description *all, struct json *json, const struct metadata_topic_answer *topic,
                       uint32_t first)
{
    const struct describe_configs_resource_answer *configs = configs_of(all, topic->name);
    char id[UUID_TEXT_SIZE + 1];

    uuid_print(topic->topic_id, id);
    json_open(json, NULL, '{');
    json_text(json, "topic", topic->name);
    json_word(json, "id", id);
    json_bool(json, "internal", topic->is_internal);
    json_open(json, "configs", '{');
    for (int32_t i = 0; configs && i < configs->configs.count; i++) {
        const struct describe_configs_config *config = &configs->configs.items[i];
        char name[256];
        if (config->source != CONFIG_SOURCE_TOPIC) continue;
        snprintf(name, sizeof(name), "%.*s", TEXT_ARGS(config->name));
        json_text(json, name, config->value);
    }
    json_close(json, '}');
    json_open(json, "partitions", '[');
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        const struct metadata_partition_answer *partition = &topic->partitions.items[i];
        json_open(json, NULL, '{');
        json_number(json, "partition", partition->index);
        json_number(json, "leader", partition->leader_id);
        json_number(json, "epoch", partition->leader_epoch);
        json_numbers(json, "replicas", partition->replicas.items, partition->replicas.count);
        json_numbers(json, "isr", partition->isr.items, partition->isr.count);
        json_number(json, "start", all->starts[first + (uint32_t)i].offset);
        json_number(json, "end", all->ends[first + (uint32_t)i].offset);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static int describe_ask(struct session *session, const struct topic_options *options)
{
    struct description all = { .session = session };
    struct json json = { .out = stdout };
    bool with_internal = options->internal || options->common.operands.count > 0;
    uint32_t first = 0, printed = 0;
    int code = EXIT_FINE;

    if (!session_topics(session, &options->common.operands, &all.topics)) return EXIT_FAILED;
    if (!ask_offsets(&all) || !ask_configs(&all)) return EXIT_FAILED;
    if (options->common.json) json_open(&json, NULL, '[');
    for (int32_t i = 0; i < all.topics.topics.count; i++) {
        const struct metadata_topic_answer *topic = &all.topics.topics.items[i];
        if (topic->error != CODE_NONE) {
            code = session_refused(session, topic->name, topic->error, TEXT_NULL);
        } else if (with_internal || !topic->is_internal) {
            if (!options->common.json && printed++ > 0) putchar('\n');
            if (options->common.json) {
                json_topic(&all, &json, topic, first);
            } else {
                print_topic(&all, topic, first);
            }
        }
        first += (uint32_t)topic->partitions.count;
    }
    if (options->common.json) {
        json_close(&json, ']');
        json_line(&json);
    }
    return code;
}

int topic_describe(void *given)
{
    const struct topic_options *options = given;
    struct session session;

    if (!session_begin(&session, "sluice topic describe", &options->common)) return EXIT_USAGE;
    return session_end(&session, describe_ask(&session, options));
}
