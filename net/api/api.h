/* net/api/api.h   What each request means: the dispatch table, and what the APIs of one shard keep between requests. */
#ifndef NET_API_API_H
#define NET_API_API_H

#include "cluster/configs.h"
#include "conn/face.h"
#include "conn/listener.h"
#include "log/store.h"
#include "replica/controller.h"
#include "replica/replicas.h"

/* The dispatch table (table.c), ascending by key. What is not in it is neither served nor advertised. */
extern const struct api served_apis[];
extern const uint32_t served_api_count;

struct apis_settings {
    const struct settings *settings; /* of the node */
    struct text cluster_id;
    int32_t node_id;
    int16_t kraft_version; /* 1: the quorum's voters stand in the log */
};

/* Producer ids of this shard: a block from the controller, dealt out one by one. */
struct producer_ids {
    int64_t next, limit;
    struct list waiting; /* requests that wait for a block */
    struct controller_call call;
    bool asking;
};

enum { PRODUCE_LINES = 64 };

/* Batches that found no room in the tail's memory wait here, on the shard that owns their partitions, in the order in
 * which they came: what comes later waits behind them, or a producer's batches would overtake each other. Before that,
 * those that get another codec, and whatever came behind them for the same partition (produce_repack.c). */
struct produce_queue {
    struct list parts;
    struct list lines[PRODUCE_LINES]; /* by partition: until the first of a line is made anew */
    uint32_t lined_count;             /* in all lines */
    struct list unplaced;             /* those to be made anew whose job has not begun */
    uint32_t placed_count;            /* those whose job has begun and that are not appended yet */
    struct ready room;
    struct store_wait wait; /* for room: ready's */
    struct shard *owner;
};

struct apis {
    struct face *face;
    struct shard *shard;
    struct replicas *replicas;
    struct apis_settings settings;
    struct produce_queue produce;
    struct producer_ids producer_ids;
    struct list creations; /* topics that are being created because somebody asked for them (metadata.c) */
    uint32_t creation_count;
    struct list returns_free; /* route.c: pins on their way home */
    struct list aheads_free;  /* fetch_ahead.c */
    uint32_t ahead_count;
};

void apis_attach(struct face *face, const struct apis_settings *settings);
void apis_detach(struct face *face);

static inline struct apis *apis_of(const struct request *request)
{
    return request->face->apis;
}

/* What the rows of the table begin. */
void produce_begin(struct request *request);
void fetch_begin(struct request *request);
void list_offsets_begin(struct request *request);
void metadata_begin(struct request *request);
void api_versions_begin(struct request *request);
void create_topics_begin(struct request *request);
void delete_topics_begin(struct request *request);
void create_partitions_begin(struct request *request);
void describe_partitions_begin(struct request *request);
void incremental_alter_configs_begin(struct request *request);
void alter_configs_begin(struct request *request);
void list_config_resources_begin(struct request *request);
void delete_records_begin(struct request *request);
void init_producer_id_begin(struct request *request);
void describe_configs_begin(struct request *request);
void describe_cluster_begin(struct request *request);
void offset_for_leader_epoch_begin(struct request *request);
void alter_log_dirs_begin(struct request *request);
void describe_log_dirs_begin(struct request *request);
void describe_producers_begin(struct request *request);
void describe_quorum_begin(struct request *request);
void describe_client_quotas_begin(struct request *request);
void alter_client_quotas_begin(struct request *request);
void describe_scram_credentials_begin(struct request *request);
void alter_scram_credentials_begin(struct request *request);
void elect_leaders_begin(struct request *request);
void alter_reassignments_begin(struct request *request);
void list_reassignments_begin(struct request *request);
void update_features_begin(struct request *request);
void unregister_broker_begin(struct request *request);

/* Per shard, made by apis_attach. */
void produce_queue_init(struct produce_queue *queue, struct shard *owner);
void producer_ids_init(struct producer_ids *ids);
void creations_end(struct apis *apis);
void fetch_aheads_end(struct apis *apis);

#endif
