/* net/api/unregister_broker.c   UnregisterBroker: a broker that will not come back is forgotten. The one that is asked
 * is running: Kafka takes its own registration away as well, and serves nothing until it is started again; we say
 * no. */
#include "messages/unregister_broker.h"
#include "api/api.h"
#include "api/error.h"

struct unregister_broker {
    struct request *request;
    struct controller_call call;
    struct unregister_broker_answer answer;
};

static void unregister_done(struct controller_call *call)
{
    struct unregister_broker *work = container_of(call, struct unregister_broker, call);
    struct arena *arena = &work->request->arena;

    work->answer.error = error_of(call->status);
    work->answer.error_message = call->status == STATUS_OK ? TEXT("") : error_text(call->status);
    if (call->status == STATUS_NOT_FOUND) {
        work->answer.error = ERROR_BROKER_ID_NOT_REGISTERED;
        work->answer.error_message = text_format(arena, "Broker ID %d is not currently registered", call->broker);
    } else if (call->status == STATUS_INVALID_REQUEST) {
        work->answer.error_message = text_format(arena, "Broker ID %d is this node, which is running", call->broker);
    }
    (void)error_tell(work->request, work->answer.error);
    request_answer(work->request, &work->answer, NULL, 0, NULL);
}

void unregister_broker_begin(struct request *request)
{
    const struct unregister_broker_ask *ask = request->ask;
    struct unregister_broker *work = arena_take(&request->arena, sizeof(*work));

    if (!work) {
        request_abort(request, "no memory");
        return;
    }
    work->request = request;
    work->call.kind = CONTROLLER_UNREGISTER_BROKER;
    work->call.arena = &request->arena;
    work->call.broker = ask->broker_id;
    work->call.done = unregister_done;
    controller_begin(request->shard, &work->call);
}
