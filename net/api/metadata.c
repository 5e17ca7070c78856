/* net/api/metadata.c   Metadata: brokers, topics, who leads what; from the shard's own copy of the image, without
 * asking anybody. A large answer is encoded in several steps: what it says is copied from the image first.
 *
 * A topic that is missing and may be made is answered with error 3, as Kafka does, while it is being made: the client
 * asks again, and by then it is there. Nobody waits, and two requests for the same name make it once. */
#include "messages/metadata.h"
#include "api/api.h"
#include "api/endpoint.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/topic_name.h"

enum { CREATIONS_MAX = 256, CREATION_MEMORY = 4096 };

/* ---- topics made on demand ---- */

struct creation {
    struct list_node node; /* in apis->creations */
    struct apis *apis;
    struct controller_call call;
    struct topic_create create;
    struct arena arena;
    uint8_t memory[CREATION_MEMORY];
};

static void creation_done(struct controller_call *call)
{
    struct creation *creation = container_of(call, struct creation, call);
    struct apis *apis = creation->apis;

    if (call->status != STATUS_OK) face_complain(apis->face, NULL, "topic not created", status_text(call->status));
    list_remove(&creation->node);
    apis->creation_count--;
    arena_reset(&creation->arena);
    heap_give(&apis->shard->heap, creation);
}

static bool creation_pending(const struct apis *apis, struct text name)
{
    list_each(&apis->creations, node)
    {
        if (text_equal(container_of(node, struct creation, node)->create.name, name)) return true;
    }
    return false;
}

static void creation_begin(struct apis *apis, struct text name)
{
    if (apis->creation_count == CREATIONS_MAX || creation_pending(apis, name)) return;

    struct creation *creation = heap_take(&apis->shard->heap, sizeof(*creation));
    creation->apis = apis;
    list_node_init(&creation->node);
    list_append(&apis->creations, &creation->node);
    apis->creation_count++;
    arena_init(&creation->arena, &apis->shard->heap, creation->memory, CREATION_MEMORY, 1 << 20);
    creation->create = (struct topic_create){ .name = text_copy(&creation->arena, name),
                                              .partition_count = -1,
                                              .replication_factor = -1 };
    creation->call = (struct controller_call){ .caller = apis->shard,
                                               .kind = CONTROLLER_CREATE_TOPICS,
                                               .arena = &creation->arena,
                                               .creates = &creation->create,
                                               .create_count = 1,
                                               .done = creation_done };
    controller_begin(apis->shard, &creation->call);
}

void creations_end(struct apis *apis)
{
    for (struct list_node *node; (node = list_take_first(&apis->creations));) {
        heap_give(&apis->shard->heap, container_of(node, struct creation, node));
    }
    apis->creation_count = 0;
}

/* ---- the answer ---- */

struct metadata {
    struct request *request;
    const struct metadata_ask *ask;
    struct apis *apis;
    struct endpoint *endpoints; /* that are alive */
    uint32_t endpoint_count;
    struct seen seen;
    bool keeps; /* the answer may be large: what it says is copied from the image, which may change before it is out */
    const int32_t *ids; /* of the replicas that were copied last: most partitions of a topic have the same */
    int32_t *kept_ids;
    uint32_t id_count;
    uint32_t row_count;
    struct metadata_answer answer;
};

enum { METADATA_SMALL = 1000 };

static bool node_alive(const struct metadata *metadata, int32_t id)
{
    return endpoints_hold(metadata->endpoints, metadata->endpoint_count, id);
}

/* A partition's replicas and its in-sync replicas, which stand behind them; NULL: no memory. */
static int32_t *ids_keep(struct metadata *metadata, const struct image_partition *partition)
{
    uint32_t count = (uint32_t)partition->replica_count + partition->isr_count;

    if (!metadata->keeps) return partition->replicas;
    if (metadata->ids == partition->replicas && metadata->id_count == count) return metadata->kept_ids;
    metadata->ids = partition->replicas;
    metadata->id_count = count;
    metadata->kept_ids = arena_copy(&metadata->request->arena, partition->replicas, count * sizeof(int32_t));
    return metadata->kept_ids;
}

static bool partition_fill(struct metadata *metadata, const struct image_partition *partition, int32_t index,
                           struct metadata_partition_answer *answer)
{
    int32_t *ids = ids_keep(metadata, partition);
    if (!ids) return false;
    bool led = partition->leader >= 0 && node_alive(metadata, partition->leader);
    *answer = (struct metadata_partition_answer){
        .error = led ? ERROR_NONE : ERROR_LEADER_NOT_AVAILABLE,
        .index = index,
        .leader_id = led ? partition->leader : -1,
        .leader_epoch = partition->leader_epoch,
        .replicas = { ids, partition->replica_count },
        .isr = { ids + partition->replica_count, partition->isr_count },
    };
    metadata->row_count++;

    for (uint16_t i = 0; i < partition->replica_count; i++) {
        if (node_alive(metadata, partition->replicas[i])) continue;
        if (!answer->offline_replicas.items) {
            size_t size = partition->replica_count * sizeof(int32_t);
            answer->offline_replicas.items = arena_take(&metadata->request->arena, size);
            if (!answer->offline_replicas.items) return false;
        }
        answer->offline_replicas.items[answer->offline_replicas.count++] = partition->replicas[i];
    }
    return true;
}

static struct metadata_topic_answer *topic_add(struct metadata *metadata, int16_t error, struct text name,
                                               struct uuid id)
{
    struct metadata_topic_answer *answer = &metadata->answer.topics.items[metadata->answer.topics.count++];
    bool operations = metadata->ask->include_topic_authorized_operations;

    *answer = (struct metadata_topic_answer){
        .error = error_tell(metadata->request, error),
        .name = name,
        .topic_id = id,
        .is_internal = name.size > 0 && image_internal(name),
        .authorized_operations = operations ? OPERATIONS_TOPIC : OPERATIONS_NOT_ASKED,
    };
    return answer;
}

static bool text_keep(struct metadata *metadata, struct text *text)
{
    if (!metadata->keeps || !text->data) return true;
    *text = text_copy(&metadata->request->arena, *text);
    return text->data != NULL;
}

static bool topic_found(struct metadata *metadata, const struct image_topic *topic)
{
    struct metadata_topic_answer *answer = topic_add(metadata, ERROR_NONE, topic->name, topic->id);
    if (!text_keep(metadata, &answer->name)) return false;
    size_t size = (size_t)topic->partition_count * sizeof(*answer->partitions.items);

    answer->partitions.items = arena_take(&metadata->request->arena, size);
    if (!answer->partitions.items) return false;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        if (!topic->partitions[i].replicas) continue;
        struct metadata_partition_answer *partition = &answer->partitions.items[answer->partitions.count++];
        if (!partition_fill(metadata, &topic->partitions[i], i, partition)) return false;
    }
    return true;
}

static void topic_missing(struct metadata *metadata, struct text name)
{
    struct apis *apis = metadata->apis;
    bool valid = topic_name_status(name, NULL) == STATUS_OK;
    bool may = metadata->request->version < 4 || metadata->ask->allow_auto_topic_creation;

    topic_add(metadata, valid ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_INVALID_TOPIC, name, UUID_NONE);
    if (valid && may && apis->settings.settings->values.auto_create_topics && !image_internal(name)) {
        creation_begin(apis, name);
    }
}

static bool topic_named(struct metadata *metadata, const struct metadata_topic_ask *ask, bool by_ids)
{
    const struct image *image = &metadata->apis->replicas->image;
    const struct image_topic *topic = NULL;

    bool by_id = by_ids || !ask->name.data;

    if (by_ids && uuid_none(ask->topic_id)) return true;
    topic = by_id ? image_topic_by_id(image, ask->topic_id) : image_topic_by_name(image, ask->name);
    if (!topic && by_id) {
        if (!seen_add(&metadata->seen, uuid_hash(ask->topic_id))) return true;
        topic_add(metadata, ERROR_UNKNOWN_TOPIC_ID, TEXT_NULL, ask->topic_id);
        return true;
    }
    if (!seen_add(&metadata->seen, text_hash(topic ? topic->name : ask->name))) return true;
    if (topic) return topic_found(metadata, topic);
    topic_missing(metadata, ask->name);
    return true;
}

static bool ids_given(const struct metadata_ask *ask)
{
    for (int32_t i = 0; i < ask->topics.count; i++) {
        if (!uuid_none(ask->topics.items[i].topic_id)) return true;
    }
    return false;
}

static bool names_given(const struct metadata_ask *ask)
{
    for (int32_t i = 0; i < ask->topics.count; i++) {
        if (!ask->topics.items[i].name.data) return false;
    }
    return true;
}

/* Versions 10 and 11 have ids on the wire and don't know them: who uses them gets nothing but that. */
static bool topics_refuse(struct metadata *metadata)
{
    const struct metadata_ask *ask = metadata->ask;
    struct metadata_answer *answer = &metadata->answer;

    answer->topics.items =
        arena_take(&metadata->request->arena, (size_t)ask->topics.count * sizeof(*answer->topics.items));
    if (!answer->topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct metadata_topic_ask *topic = &ask->topics.items[i];
        answer->topics.items[answer->topics.count++] =
            (struct metadata_topic_answer){ .error = error_tell(metadata->request, ERROR_INVALID_REQUEST),
                                            .name = topic->name.data ? topic->name : TEXT(""),
                                            .topic_id = topic->topic_id,
                                            .authorized_operations = OPERATIONS_NOT_ASKED };
    }
    return true;
}

static bool topics_fill(struct metadata *metadata)
{
    const struct metadata_ask *ask = metadata->ask;
    const struct image *image = &metadata->apis->replicas->image;
    bool all = ask->topics.count < 0 || (metadata->request->version == 0 && ask->topics.count == 0);
    uint32_t count = all ? image->topic_count : (uint32_t)ask->topics.count;
    struct metadata_answer *answer = &metadata->answer;

    answer->topics.items = arena_take(&metadata->request->arena, count * sizeof(*answer->topics.items));
    if (!answer->topics.items || !seen_init(&metadata->seen, &metadata->request->arena, count)) return false;
    if (!all) {
        bool by_ids = ids_given(ask); /* Then names don't count. */
        for (uint32_t i = 0; i < count; i++) {
            if (!topic_named(metadata, &ask->topics.items[i], by_ids)) return false;
        }
        return true;
    }
    list_each(&image->topics, node)
    {
        if (!topic_found(metadata, container_of(node, struct image_topic, node))) return false;
    }
    return true;
}

static bool brokers_fill(struct metadata *metadata)
{
    struct request *request = metadata->request;
    struct metadata_answer *answer = &metadata->answer;

    metadata->endpoints = endpoints_of(request, false, &metadata->endpoint_count);
    if (!metadata->endpoints) return false;
    answer->brokers.items = arena_take(&request->arena, metadata->endpoint_count * sizeof(*answer->brokers.items));
    if (!answer->brokers.items) return false;
    for (uint32_t i = 0; i < metadata->endpoint_count; i++) {
        const struct endpoint *endpoint = &metadata->endpoints[i];
        struct metadata_broker *broker = &answer->brokers.items[answer->brokers.count++];
        *broker = (struct metadata_broker){ endpoint->node_id, endpoint->host, endpoint->port, endpoint->rack };
        if (!text_keep(metadata, &broker->host) || !text_keep(metadata, &broker->rack)) return false;
    }
    return true;
}

void metadata_begin(struct request *request)
{
    struct apis *apis = apis_of(request);
    const struct image *image = &apis->replicas->image;
    struct metadata *metadata = arena_take(&request->arena, sizeof(*metadata));

    if (!metadata) {
        request_abort(request, "no memory");
        return;
    }
    *metadata = (struct metadata){ .request = request, .ask = request->ask, .apis = apis };
    metadata->keeps = image->topic_count + image->partition_count > METADATA_SMALL;
    message_clear(request->api->answer, &metadata->answer);
    if (request->version < 12 && (ids_given(metadata->ask) || !names_given(metadata->ask))) {
        if (topics_refuse(metadata)) {
            request_answer(request, &metadata->answer, NULL, 0, NULL);
        } else {
            request_abort(request, "no memory");
        }
        return;
    }
    metadata->answer.cluster_id = apis->settings.cluster_id;
    metadata->answer.controller_id = apis->settings.node_id; /* Whoever is asked passes it on. */
    if (metadata->ask->include_cluster_authorized_operations) {
        metadata->answer.cluster_authorized_operations = OPERATIONS_CLUSTER;
    }
    if (!brokers_fill(metadata) || !topics_fill(metadata)) {
        request_abort(request, "no memory");
        return;
    }
    if (metadata->keeps) {
        request_answer_rows(request, &metadata->answer, metadata->row_count + (uint32_t)metadata->answer.topics.count);
    } else {
        request_answer(request, &metadata->answer, NULL, 0, NULL);
    }
}
