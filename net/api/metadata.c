/* net/api/metadata.c   Metadata: brokers, topics, who leads what; from the shard's own copy of the image, without
 * asking anybody. Many partitions are told in portions, and what is told is copied: each partition is as it is in its
 * step, the brokers are those of the first. A topic that goes in the midst of its partitions is not there.
 *
 * A topic that is missing and may be made is answered with error 3, as Kafka does, while it is being made: the client
 * asks again, and by then it is there. Nobody waits, and two requests for the same name make it once. */
#include "messages/metadata.h"
#include "api/api.h"
#include "api/endpoint.h"
#include "api/error.h"
#include "api/rows.h"
#include "api/seen.h"
#include "api/topic_name.h"
#include "api/topics_all.h"

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

/* False: it is being made, or enough are. */
static bool creation_begin(struct apis *apis, struct text name)
{
    if (apis->creation_count == CREATIONS_MAX || creation_pending(apis, name)) return false;

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
    return true;
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
    struct walk walk;
    struct request *request;
    const struct metadata_ask *ask;
    struct apis *apis;
    struct endpoint *endpoints; /* that are alive */
    uint32_t endpoint_count;
    bool by_ids;  /* there is an id: then names don't count */
    bool unnamed; /* there is one without name */
    struct seen seen;
    struct topics_all all;
    struct rows rows;
    const struct image_topic *topic; /* that the walk is at, in this step, */
    struct metadata_topic_answer *row;
    uint32_t room;      /* in it for partitions: as many as there were when the walk came to it */
    const int32_t *ids; /* of the replicas that were copied last: most partitions of a topic have the same */
    int32_t *kept_ids;
    uint32_t id_count, row_count;
    struct metadata_answer answer;
};

enum { CREATION_ITEMS = 8 }; /* what a topic that is made costs more than an item of the walk */

static bool node_alive(const struct metadata *metadata, int32_t id)
{
    return endpoints_hold(metadata->endpoints, metadata->endpoint_count, id);
}

/* A partition's replicas and its in-sync replicas, which stand behind them; NULL: no memory. */
static int32_t *ids_keep(struct metadata *metadata, const struct image_partition *partition)
{
    uint32_t count = (uint32_t)partition->replica_count + partition->isr_count;

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

static bool rows_make(struct metadata *metadata, uint32_t count)
{
    return rows_begin(&metadata->rows, &metadata->request->arena, &metadata->answer.topics, sizeof(*metadata->row),
                      count);
}

/* NULL: no memory. */
static struct metadata_topic_answer *topic_add(struct metadata *metadata, int16_t error, struct text name,
                                               struct uuid id)
{
    struct metadata_topic_answer *answer = rows_add(&metadata->rows);
    bool operations = metadata->ask->include_topic_authorized_operations;

    if (!answer) return NULL;
    answer->error = error_tell(metadata->request, error);
    answer->name = name;
    answer->topic_id = id;
    answer->is_internal = name.size > 0 && image_internal(name);
    answer->authorized_operations = operations ? OPERATIONS_TOPIC : OPERATIONS_NOT_ASKED;
    return answer;
}

/* The walk goes over its partitions; the name is kept. */
static bool topic_enter(struct metadata *metadata, const struct image_topic *topic, struct text name)
{
    struct metadata_topic_answer *row = topic_add(metadata, ERROR_NONE, name, topic->id);
    if (!row) return false;

    metadata->topic = topic;
    metadata->row = row;
    metadata->ids = NULL;
    metadata->walk.parts = metadata->room = (uint32_t)topic->partition_count;
    row->partitions.items = arena_take_raw(&metadata->request->arena, metadata->room * sizeof(*row->partitions.items));
    return row->partitions.items != NULL;
}

/* In another step; NULL: it is gone, and was not told. */
static void topic_enter_again(struct metadata *metadata, const struct image_topic *topic)
{
    metadata->topic = topic;
    metadata->ids = NULL; /* Something else may be there now. */
    metadata->walk.parts = topic ? metadata->room : 0;
    if (topic) return;
    metadata->row_count -= (uint32_t)metadata->row->partitions.count;
    metadata->answer.topics.count--;
}

static struct metadata *work_of(struct walk *walk)
{
    return container_of(walk, struct metadata, walk);
}

static bool partition_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct metadata *metadata = work_of(walk);
    const struct image_partition *partition = &metadata->topic->partitions[part];
    struct metadata_topic_answer *row = metadata->row;
    (void)at;

    if (!partition->replicas) return true;
    return partition_fill(metadata, partition, (int32_t)part, &row->partitions.items[row->partitions.count++]);
}

/* ---- brokers ---- */

static bool text_keep(struct metadata *metadata, struct text *text)
{
    if (!text->data) return true;
    *text = text_copy(&metadata->request->arena, *text);
    return text->data != NULL;
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

/* What stands before the topics. */
static bool head_fill(struct metadata *metadata)
{
    struct metadata_answer *answer = &metadata->answer;

    answer->cluster_id = metadata->apis->settings.cluster_id;
    answer->controller_id = metadata->apis->settings.node_id; /* Whoever is asked passes it on. */
    if (metadata->ask->include_cluster_authorized_operations) {
        answer->cluster_authorized_operations = OPERATIONS_CLUSTER;
    }
    return brokers_fill(metadata);
}

/* ---- all topics ---- */

static bool all_begin(struct walk *walk)
{
    struct metadata *metadata = work_of(walk);

    walk->count = UINT32_MAX;
    return head_fill(metadata) && rows_make(metadata, metadata->apis->replicas->image.topic_count);
}

static bool all_open(struct walk *walk, uint32_t at)
{
    struct metadata *metadata = work_of(walk);
    bool again = walk->part > 0;
    (void)at;

    if (!topics_all_open(&metadata->all, walk)) return false;
    if (again) topic_enter_again(metadata, metadata->all.topic);
    if (again || !metadata->all.topic) return true;
    return topic_enter(metadata, metadata->all.topic, metadata->all.name);
}

/* ---- those that are named, or whose ids are ---- */

static bool topic_missing(struct metadata *metadata, const struct metadata_topic_ask *ask, bool by_id)
{
    if (by_id) return topic_add(metadata, ERROR_UNKNOWN_TOPIC_ID, TEXT_NULL, ask->topic_id) != NULL;

    struct apis *apis = metadata->apis;
    bool valid = topic_name_status(ask->name, NULL) == STATUS_OK;
    bool may = metadata->request->version < 4 || metadata->ask->allow_auto_topic_creation;
    int16_t error = valid ? ERROR_UNKNOWN_TOPIC_OR_PARTITION : ERROR_INVALID_TOPIC;
    if (!topic_add(metadata, error, ask->name, UUID_NONE)) return false;
    if (valid && may && apis->settings.settings->values.auto_create_topics && !image_internal(ask->name)) {
        metadata->walk.spent += creation_begin(apis, ask->name) ? CREATION_ITEMS : 0;
    }
    return true;
}

/* Versions 10 and 11 have ids on the wire and don't know them: who uses them gets nothing but that. */
static bool refused(const struct metadata *metadata)
{
    return metadata->request->version < 12 && (metadata->by_ids || metadata->unnamed);
}

static bool looking_begin(struct walk *walk)
{
    walk->count = (uint32_t)max_of(work_of(walk)->ask->topics.count, 0);
    return true;
}

static bool topic_look(struct walk *walk, uint32_t at, uint32_t part)
{
    struct metadata *metadata = work_of(walk);
    const struct metadata_topic_ask *ask = &metadata->ask->topics.items[at];
    (void)part;

    metadata->by_ids |= !uuid_none(ask->topic_id);
    metadata->unnamed |= !ask->name.data;
    return true;
}

static bool naming_begin(struct walk *walk)
{
    struct metadata *metadata = work_of(walk);

    if (refused(metadata)) return true;
    walk->count = (uint32_t)metadata->ask->topics.count;
    return head_fill(metadata) && rows_make(metadata, walk->count) && seen_prepare(&metadata->seen, walk, walk->count);
}

static bool named_open(struct walk *walk, uint32_t at)
{
    struct metadata *metadata = work_of(walk);
    const struct image *image = &metadata->apis->replicas->image;
    const struct metadata_topic_ask *ask = &metadata->ask->topics.items[at];
    bool by_id = metadata->by_ids || !ask->name.data;

    if (walk->part > 0) {
        topic_enter_again(metadata, image_topic_by_id(image, metadata->row->topic_id));
        return metadata->topic || topic_missing(metadata, ask, by_id);
    }
    walk->parts = 0;
    if (metadata->by_ids && uuid_none(ask->topic_id)) return true;
    const struct image_topic *topic =
        by_id ? image_topic_by_id(image, ask->topic_id) : image_topic_by_name(image, ask->name);
    /* An id and a name may mean the same topic. */
    uint64_t hash = !topic && by_id ? uuid_hash(ask->topic_id) : text_hash(topic ? topic->name : ask->name);
    if (!seen_add(&metadata->seen, hash)) return true;
    if (!topic) return topic_missing(metadata, ask, by_id);
    struct text name = text_copy(&metadata->request->arena, topic->name);
    return name.data && topic_enter(metadata, topic, name);
}

static bool refusing_begin(struct walk *walk)
{
    struct metadata *metadata = work_of(walk);

    if (!refused(metadata)) return true;
    walk->count = (uint32_t)metadata->ask->topics.count;
    return rows_make(metadata, walk->count);
}

static bool topic_refuse(struct walk *walk, uint32_t at, uint32_t part)
{
    struct metadata *metadata = work_of(walk);
    const struct metadata_topic_ask *ask = &metadata->ask->topics.items[at];
    struct metadata_topic_answer *row = rows_add(&metadata->rows);
    (void)part;

    if (!row) return false;
    row->error = error_tell(metadata->request, ERROR_INVALID_REQUEST);
    row->name = ask->name.data ? ask->name : TEXT("");
    row->topic_id = ask->topic_id;
    row->authorized_operations = OPERATIONS_NOT_ASKED;
    return true;
}

/* ---- begin and end ---- */

static const struct walk_pass all_topics[] = { { all_begin, all_open, partition_take }, { NULL, NULL, NULL } };
static const struct walk_pass named_topics[] = {
    { looking_begin, NULL, topic_look },
    { naming_begin, named_open, partition_take },
    { refusing_begin, NULL, topic_refuse }, /* or this */
    { NULL, NULL, NULL },
};

static void metadata_end(struct walk *walk)
{
    struct metadata *metadata = work_of(walk);
    uint32_t rows = metadata->row_count + (uint32_t)metadata->answer.topics.count;

    if (walk_whole(walk)) request_answer_rows(metadata->request, &metadata->answer, rows);
}

void metadata_begin(struct request *request)
{
    const struct metadata_ask *ask = request->ask;
    struct metadata *metadata = arena_take(&request->arena, sizeof(*metadata));
    bool all = ask->topics.count < 0 || (request->version == 0 && ask->topics.count == 0);

    if (!metadata) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    metadata->request = request;
    metadata->ask = ask;
    metadata->apis = apis_of(request);
    message_clear(request->api->answer, &metadata->answer);
    walk_begin(&metadata->walk, request, all ? all_topics : named_topics, metadata_end);
}
