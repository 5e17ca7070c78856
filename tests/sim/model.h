/* tests/sim/model.h   What the checkers believe: the logs as lists of batches, bytes and all, and how much of each was
 * promised. It knows the record batch format and nothing else of the product.
 *
 *     |-- gone --|------ promised: must survive ------|-- asked: may survive, as a prefix --|
 *     0          start                                promised                              end
 *
 * After a start each log is looked at once (model_recovered): its end must be one of the ends that are possible, at a
 * border of batches; then everything beyond is forgotten, and what is left must be read back equal. */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "log/log.h"
#include "sim/story.h"

enum { MODEL_NAME_SIZE = 24, MODEL_IN_FLIGHT = 5 };

struct model_batch {
    int64_t first, limit;
    uint8_t *data; /* as it must stand in the log */
    uint32_t size;
    int64_t max_timestamp_ms;
    int32_t epoch;    /* of the leader */
    int16_t producer; /* index in the log, or -1 */
    int32_t sequence;
};

/* An idempotent producer of one log. */
struct model_producer {
    int64_t id;
    int16_t epoch;
    int32_t next_sequence;
};

struct model_log {
    struct model_log *next;
    struct log_key key;
    char name[MODEL_NAME_SIZE];
    struct log_settings settings;
    bool exists;   /* the metadata says so */
    bool gone;     /* its removal was told to be durable: must never be found again */
    bool retained; /* by retention: its start moves by itself */
    bool replica;  /* may be truncated: no idempotent producers */
    struct model_batch *batches;
    uint32_t count, room;
    int64_t end, promised;
    int64_t settled;               /* the end at the last start: on the device even where promises are relaxed */
    int64_t start, start_promised; /* as asked; as told to be durable */
    int64_t forgotten;             /* the end at the last start by Kafka's rules: one batch per producer is known */
    int64_t truncated;             /* an end that was asked for and not told to be durable yet; -1 */
    int32_t leader_epoch;
    struct model_producer *producers;
    uint32_t producer_count;
};

struct model {
    struct sim_world *world;
    struct model_log *logs; /* all that ever were, newest first */
    uint32_t log_count;
    uint64_t values; /* so that no two records are equal */
    int64_t next_producer_id;
};

struct model_log *model_log_make(struct model *model, const char *name, int32_t partition, uint32_t producer_count);
struct model_log *model_find(const struct model *model, struct log_key key);
/* A batch as a client would send it, in the world's heap: base offset 0, no leader epoch. producer -1: none. */
uint8_t *model_batch_build(struct model *model, const struct model_log *log, int producer, int32_t sequence,
                           uint32_t records, uint32_t value_size, uint32_t *size);
/* It was appended at [first, limit): the model takes the bytes over and stamps them. */
void model_appended(struct model *model, struct model_log *log, uint8_t *data, uint32_t size, int producer,
                    int32_t sequence, int64_t first, int64_t limit);
void model_promise(struct model_log *log, int64_t limit);
/* Everything from `end` on is void. */
void model_cut(struct model *model, struct model_log *log, int64_t end);
/* The batch that holds `offset`, or the next one; `count` when there is none. */
uint32_t model_locate(const struct model_log *log, int64_t offset);
/* A start found the log with these borders; fails the seed unless they are possible. `relaxed`: promises need not
 * hold. */
void model_recovered(struct model *model, struct model_log *log, int64_t start, int64_t end, bool relaxed);
/* Next sequence after what the log holds now. */
void model_producers_rewind(struct model_log *log);
/* `size` bytes that were read from `offset` on must be whole batches, equal to the model's; gives the offset after
 * them. */
int64_t model_read(struct model *model, const struct model_log *log, int64_t offset, const uint8_t *data, size_t size);

#endif
