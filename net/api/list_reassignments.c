/* net/api/list_reassignments.c   ListPartitionReassignments on one node: nothing is ever on its way anywhere, and Kafka
 * says nothing of topics and partitions that it does not find. */
#include "messages/list_reassignments.h"
#include "api/api.h"

void list_reassignments_begin(struct request *request)
{
    struct list_reassignments_answer answer;

    message_clear(request->api->answer, &answer);
    answer.error_message = TEXT_NULL;
    request_answer(request, &answer, NULL, 0, NULL);
}
