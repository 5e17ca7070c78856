/* net/api/init_producer_id.c   InitProducerId: a new id for an idempotent producer, out of the shard's block; when that
 * is used up, who asks waits until the controller has given the next one. Without a transactional id every call gets
 * a fresh id with epoch 0, whatever id it names (as Kafka does). Transactional ids come with transactions; until then
 * they are refused. */
#include "messages/init_producer_id.h"
#include "api/api.h"
#include "api/error.h"

enum { PRODUCER_ID_BLOCK = 1000, TRANSACTION_TIMEOUT_MS_MAX = 900000 };

struct waiting_producer {
    struct list_node node;
    struct request *request;
};

static void producer_answer(struct request *request, int16_t error, int64_t id)
{
    struct init_producer_id_answer answer;

    message_clear(request->api->answer, &answer);
    answer.error = error_tell(request, error);
    answer.producer_id = id;
    answer.producer_epoch = error == ERROR_NONE ? 0 : -1;
    request_answer(request, &answer, NULL, 0, NULL);
}

static void block_came(struct controller_call *call)
{
    struct producer_ids *ids = container_of(call, struct producer_ids, call);

    ids->asking = false;
    if (call->status == STATUS_OK) {
        ids->next = call->first_producer_id;
        ids->limit = ids->next + PRODUCER_ID_BLOCK;
    }
    struct list now;
    list_init(&now);
    list_join(&now, &ids->waiting);
    for (struct list_node *node; (node = list_take_first(&now));) {
        struct request *request = container_of(node, struct waiting_producer, node)->request;
        if (call->status == STATUS_OK) {
            init_producer_id_begin(request);
        } else {
            producer_answer(request, ERROR_COORDINATOR_LOAD_IN_PROGRESS, -1); /* Clients try again. */
        }
    }
}

static void block_wait(struct apis *apis, struct request *request)
{
    struct producer_ids *ids = &apis->producer_ids;
    struct waiting_producer *waiting = arena_take(&request->arena, sizeof(*waiting));

    if (!waiting) {
        request_abort(request, "no memory");
        return;
    }
    list_node_init(&waiting->node);
    waiting->request = request;
    list_append(&ids->waiting, &waiting->node);
    if (ids->asking) return;

    ids->asking = true;
    ids->call = (struct controller_call){
        .caller = apis->shard, .kind = CONTROLLER_PRODUCER_IDS, .arena = &request->arena, .done = block_came
    };
    controller_begin(apis->shard, &ids->call);
}

void producer_ids_init(struct producer_ids *ids)
{
    list_init(&ids->waiting);
}

void init_producer_id_begin(struct request *request)
{
    const struct init_producer_id_ask *ask = request->ask;
    struct apis *apis = apis_of(request);
    struct producer_ids *ids = &apis->producer_ids;

    bool half = (ask->producer_id == -1) != (ask->producer_epoch == -1); /* both are known, or none */

    if (half || (ask->transactional_id.data && ask->transactional_id.size == 0)) {
        producer_answer(request, ERROR_INVALID_REQUEST, -1);
    } else if (ask->transactional_id.data &&
               (ask->transaction_timeout_ms <= 0 || ask->transaction_timeout_ms > TRANSACTION_TIMEOUT_MS_MAX)) {
        producer_answer(request, ERROR_INVALID_TRANSACTION_TIMEOUT, -1);
    } else if (ask->transactional_id.data) {
        producer_answer(request, ERROR_COORDINATOR_NOT_AVAILABLE, -1);
    } else if (ids->next == ids->limit) {
        block_wait(apis, request);
    } else {
        producer_answer(request, ERROR_NONE, ids->next++);
    }
}
