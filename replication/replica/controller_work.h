/* replication/replica/controller_work.h   What the controller's files share. Private to the room.
 *
 *     STARTING --we lead--> ACTIVATING --all applied--> ACTIVE --controller_stop--> STOPPING --all applied--> STOPPED
 *         \------------------- the metadata log failed ------------------> FAILED
 *
 * ACTIVATING and STOPPING write a known sequence of batches, one after the other, as the log takes them. */
#ifndef REPLICATION_REPLICA_CONTROLLER_WORK_H
#define REPLICATION_REPLICA_CONTROLLER_WORK_H

#include "replica/controller.h"
#include "replica/metadata_batch.h"
#include "shard/timers.h"

enum controller_stage {
    CONTROLLER_STARTING,
    CONTROLLER_ACTIVATING,
    CONTROLLER_ACTIVE,
    CONTROLLER_STOPPING,
    CONTROLLER_STOPPED,
    CONTROLLER_FAILED,
};

/* The first of the calls, which is being decided. Others take their turn between its portions; no other call is decided
 * before it is through, so none sees half of it.
 *
 *     NONE --> DECIDING --> MAKING --the batch is made--> WRITING --in the log--> AHEAD --the image has it all--> NONE
 *               \_/         \_/ a portion, a step         \_/ no room: retry     \_/ a portion, a step
 */
enum decision_stage { DECISION_NONE, DECISION_DECIDING, DECISION_MAKING, DECISION_WRITING, DECISION_AHEAD };

struct decision {
    enum decision_stage stage;
    struct record_list list; /* in the controller's arena */
    struct {
        uint32_t item, part;     /* of the call, as its own file counts; and where all topics are looked at: */
        struct list_node *topic; /* in the image; NULL: not begun */
        int32_t partition;
        void *work; /* of its own file, in the controller's arena */
    } next;         /* DECIDING: zeroes before the first item */
    uint32_t spent; /* of this step's portion: an item that costs more adds to it */
    struct batch_making making;
    int64_t limit;     /* in the log: the offset behind it */
    uint32_t ahead;    /* records that the image has */
    struct ready more; /* goes on with the next portion */
};

struct controller {
    struct shard *shard;
    struct metadata_log *log;
    const struct node_identity *identity;
    enum controller_stage stage;
    enum status status;  /* why it failed */
    struct image ahead;  /* the committed image plus everything that was decided since */
    bool image_empty;    /* the log was empty at start: bootstrap records come first */
    struct list calls;   /* not decided yet, in order of arrival */
    struct list running; /* decided; done when every shard has applied up to call->applied */
    int64_t applied;     /* by all shards */
    int64_t broker_epoch;
    struct timer retry; /* the log had no room */
    struct decision decision;
    struct arena arena;                /* of one decision */
    const struct topic_values *common; /* in it, once they are wanted: what topics without configs have */

    /* ACTIVATING, STOPPING */
    uint32_t step;
    struct list_node *topic; /* the next partition to write about */
    int32_t partition;
    int64_t script_end; /* all written: the offset to wait for; -1 before */
    struct ready *active, *failed, *stopped;
};

/* Told by the metadata log. */
void controller_lead(struct controller *controller);
void controller_applied(struct controller *controller, int64_t offset);
void controller_failed(struct controller *controller, enum status status);

/* Writes the list as one batch and applies it to `ahead`; nothing when the list is empty. As log_append. */
must_check enum status controller_write(struct controller *controller, struct record_list *list);

/* activation.c: the next batch of the script; false when there is none. */
bool activation_next(struct controller *controller, struct record_list *list);
bool farewell_next(struct controller *controller, struct record_list *list);
void script_begin(struct controller *controller);

/* Words of an answer in an item's own room; what is longer is cut. */
struct text controller_words(char *room, const char *format, ...) printf_like(2, 3);
#define refuse(item, code, ...) ((item)->status = (code), (item)->why = controller_words((item)->room, __VA_ARGS__))

/* decide.c: a portion of a decision; true: it is through. */
must_check bool decide(struct controller *controller, struct controller_call *call, struct record_list *list);

/* topics.c: decides the next item against `ahead` and adds records; results go into the call. False: there was no item
 * left, or the call as a whole is refused. */
must_check bool topics_create(struct controller *controller, struct controller_call *call, struct record_list *list);
must_check bool topics_delete(struct controller *controller, struct controller_call *call, struct record_list *list);
must_check enum status topic_name_check(struct text name, char *room, struct text *why);
/* partitions.c: the same for the partitions of a topic that is there */
must_check bool partitions_create(struct controller *controller, struct controller_call *call,
                                  struct record_list *list);
/* A partition on these replicas, which live as long as the list. */
void partition_record_add(struct controller *controller, struct record_list *list, struct uuid topic, int32_t index,
                          int32_t *replicas, int32_t count);
/* What is wrong with the replicas that a client chose for one partition; words go to `room`. */
must_check enum status replicas_check(const struct controller *controller, const int32_t *replicas, uint16_t count,
                                      char *room, struct text *why);
/* configs.c: where values are looked up; the same for many topics costs little more than for one */
struct config_place controller_configs(struct controller *controller, const struct image_topic *topic);
must_check bool configs_alter(struct controller *controller, struct controller_call *call, struct record_list *list);
/* unregister.c */
must_check bool broker_unregister(struct controller *controller, struct controller_call *call,
                                  struct record_list *list);
/* producer_ids.c */
void producer_ids_take(struct controller *controller, struct controller_call *call, struct record_list *list);

#endif
