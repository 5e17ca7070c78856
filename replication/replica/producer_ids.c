/* replication/replica/producer_ids.c   Blocks of producer ids (KIP-730): 1000 at a time, never given twice, because the
 * record that moves the next id is committed before the block is used. */
#include "replica/controller_work.h"

enum { PRODUCER_ID_BLOCK = 1000 };

void producer_ids_take(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    struct producer_ids_record *record = &record_list_add(list, RECORD_PRODUCER_IDS)->producer_ids;

    call->first_producer_id = image_next_producer_id(&controller->ahead);
    record->broker_id = controller->identity->id;
    record->broker_epoch = controller->broker_epoch;
    record->next_producer_id = call->first_producer_id + PRODUCER_ID_BLOCK;
}
