/* net/api/describe_quorum.c   DescribeQuorum: who votes about the metadata log, and how far everybody is. Only that log
 * has a quorum: whatever else is asked for, each of its partitions is unknown, the metadata's own as well. */
#include "messages/describe_quorum.h"
#include "api/api.h"
#include "api/error.h"
#include "replica/quorum_view.h"

#define METADATA_TOPIC TEXT("__cluster_metadata")

struct describe_quorum {
    struct request *request;
    struct controller_call call;
    struct quorum_view view;
    struct describe_quorum_replica voters[QUORUM_MAX];
    struct describe_quorum_partition_answer partition;
    struct describe_quorum_topic_answer topic;
    struct describe_quorum_listener listener;
    struct describe_quorum_node node;
    struct describe_quorum_answer answer;
};

/* A leader is always caught up with itself. */
static void voters_show(struct describe_quorum *work)
{
    const struct quorum_view *view = &work->view;
    int64_t now = shard_wall_ms(work->request->shard);

    for (uint32_t i = 0; i < view->count; i++) {
        const struct quorum_member *member = &view->members[i];
        int64_t seen = member->voter.id == view->leader ? now : -1;
        work->voters[i] = (struct describe_quorum_replica){ .replica_id = member->voter.id,
                                                            .replica_directory_id = member->voter.directory,
                                                            .log_end_offset = member->end,
                                                            .last_fetch_timestamp_ms = seen,
                                                            .last_caught_up_timestamp_ms = seen };
    }
    work->partition.current_voters.items = work->voters;
    work->partition.current_voters.count = (int32_t)view->count;
}

static void node_show(struct describe_quorum *work)
{
    const struct image_endpoint *controller = work->view.controller;

    work->listener = (struct describe_quorum_listener){ controller->listener, controller->host, controller->port };
    work->node.node_id = work->view.leader;
    work->node.listeners.items = &work->listener;
    work->node.listeners.count = 1;
    work->answer.nodes.items = &work->node;
    work->answer.nodes.count = 1;
}

static void quorum_came(struct controller_call *call)
{
    struct describe_quorum *work = container_of(call, struct describe_quorum, call);

    if (call->status != STATUS_OK) {
        work->answer.error = error_tell(work->request, error_of(call->status));
        work->answer.error_message = error_text(call->status);
    } else {
        work->partition.error_message = TEXT("");
        work->partition.leader_id = work->view.leader;
        work->partition.leader_epoch = work->view.epoch;
        work->partition.high_watermark = work->view.committed;
        voters_show(work);
        node_show(work);
        work->topic.name = METADATA_TOPIC;
        work->topic.partitions.items = &work->partition;
        work->topic.partitions.count = 1;
        work->answer.topics.items = &work->topic;
        work->answer.topics.count = 1;
    }
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

static bool about_metadata(const struct describe_quorum_ask *ask)
{
    if (ask->topics.count != 1 || !text_equal(ask->topics.items[0].name, METADATA_TOPIC)) return false;
    return ask->topics.items[0].partitions.count == 1 && ask->topics.items[0].partitions.items[0].index == 0;
}

/* False: no memory. */
static bool all_unknown(struct describe_quorum *work, const struct describe_quorum_ask *ask)
{
    struct arena *arena = &work->request->arena;
    struct describe_quorum_answer *answer = &work->answer;

    answer->topics.items = arena_take(arena, (size_t)ask->topics.count * sizeof(*answer->topics.items));
    if (!answer->topics.items) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct describe_quorum_topic_ask *asked = &ask->topics.items[i];
        struct describe_quorum_topic_answer *topic = &answer->topics.items[answer->topics.count++];
        topic->name = asked->name;
        topic->partitions.items = arena_take(arena, (size_t)asked->partitions.count * sizeof(*topic->partitions.items));
        if (!topic->partitions.items) return false;
        for (int32_t j = 0; j < asked->partitions.count; j++) {
            topic->partitions.items[topic->partitions.count++] = (struct describe_quorum_partition_answer){
                .index = asked->partitions.items[j].index,
                .error = error_tell(work->request, ERROR_UNKNOWN_TOPIC_OR_PARTITION),
                .error_message = TEXT("This server does not host this topic-partition."),
            };
        }
    }
    return true;
}

void describe_quorum_begin(struct request *request)
{
    const struct describe_quorum_ask *ask = request->ask;
    struct describe_quorum *work = arena_take(&request->arena, sizeof(*work));

    if (work) {
        work->request = request;
        work->answer.error_message = TEXT("");
    }
    if (work && about_metadata(ask)) {
        work->call.kind = CONTROLLER_DESCRIBE_QUORUM;
        work->call.arena = &request->arena;
        work->call.quorum = &work->view;
        work->call.done = quorum_came;
        controller_begin(request->shard, &work->call);
    } else if (work && all_unknown(work, ask)) {
        request_answer(request, &work->answer, NULL, 0, NULL);
    } else {
        request_abort(request, "no memory");
    }
}
