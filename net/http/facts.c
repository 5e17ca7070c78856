/* net/http/facts.c   From the structs of a shard to the cells of a survey, on the shard. What is known to nobody counts
 * as zero. */
#include "http/facts.h"

#include <string.h>

#include "cluster/configs.h"
#include "conn/connection.h"
#include "http/survey.h"
#include "log/checkpoint.h"
#include "log/flush.h"
#include "log/reader.h"
#include "log/spill.h"
#include "log/wal.h"
#include "replica/replicas.h"
#include "shard/memory.h"

/* clang-format off */
static const char *const budgets[MEMORY_BUDGETS] = {
    [MEMORY_RECEIVE] = "receive", [MEMORY_TAIL] = "tail", [MEMORY_CACHE] = "cache", [MEMORY_ANSWER] = "answer",
};

#define COUNTER    METRIC_COUNTER, METRIC_NO_UNIT, METRIC_EACH, NULL, NULL, 1
#define BYTE_COUNT METRIC_COUNTER, METRIC_BYTES, METRIC_EACH, NULL, NULL, 1
#define GAUGE      METRIC_GAUGE, METRIC_NO_UNIT, METRIC_EACH, NULL, NULL, 1
#define BYTES      METRIC_GAUGE, METRIC_BYTES, METRIC_EACH, NULL, NULL, 1
#define BUDGETS    METRIC_GAUGE, METRIC_BYTES, METRIC_EACH, "budget", budgets, MEMORY_BUDGETS
#define SECONDS    METRIC_GAUGE, METRIC_NS_AS_SECONDS, METRIC_EACH, NULL, NULL, 1
#define BUSY       METRIC_COUNTER, METRIC_NS_AS_SECONDS, METRIC_EACH, NULL, NULL, 1
#define TIMES      METRIC_HISTOGRAM, METRIC_NS_AS_SECONDS, METRIC_SUM, NULL, NULL, 1
#define SUM        METRIC_GAUGE, METRIC_NO_UNIT, METRIC_SUM, NULL, NULL, 1
#define MOST       METRIC_GAUGE, METRIC_NO_UNIT, METRIC_MOST, NULL, NULL, 1

const struct metric survey_rows[SURVEY_COUNT] = {
    [SURVEY_TURNS]            = { "sluice_shard_turns_total", COUNTER, "turns of the shard's loop" },
    [SURVEY_STEP_MAX]         = { "sluice_shard_step_seconds_max", SECONDS,
                                  "the longest time between two waits of the loop" },
    [SURVEY_STALLS]           = { "sluice_shard_stalls_total", COUNTER, "steps of 5 ms or more between two waits" },
    [SURVEY_STALLED]          = { "sluice_shard_stalled_seconds_total", BUSY, "time in steps of 5 ms or more" },
    [SURVEY_BUSY]             = { "sluice_shard_busy_seconds_total", BUSY, "time between two waits of the loop" },
    [SURVEY_ALLOCATIONS]      = { "sluice_shard_allocations_total", COUNTER,
                                  "pieces taken from the shard's heap; the data path takes none" },
    [SURVEY_HEAP]             = { "sluice_shard_heap_bytes", BYTES,
                                  "bytes taken from the shard's heap and not given back" },
    [SURVEY_MEMORY_USED]      = { "sluice_memory_used_bytes", BUDGETS,
                                  "bytes of the planned region in use, by budget" },
    [SURVEY_MEMORY_LIMIT]     = { "sluice_memory_limit_bytes", BUDGETS, "bytes of the planned region, by budget" },
    [SURVEY_SUBMITS]          = { "sluice_io_submits_total", COUNTER, "system calls made to submit or to wait" },
    [SURVEY_POLLED]           = { "sluice_io_polled_seconds_total", BUSY,
                                  "time that the loop looked instead of sleeping (sluice.poll.us)" },
    [SURVEY_NAPS]             = { "sluice_io_naps_total", COUNTER,
                                  "sleeps that were kept short because more was expected soon (sluice.nap.us)" },
    [SURVEY_COMPLETIONS]      = { "sluice_io_completions_total", COUNTER, "operations that completed" },
    [SURVEY_IN_FLIGHT]        = { "sluice_io_in_flight", GAUGE, "operations submitted and not completed" },
    [SURVEY_MAIL]             = { "sluice_mail_posted_total", COUNTER, "messages to other shards" },
    [SURVEY_WAKES]            = { "sluice_mail_wakes_total", COUNTER, "sleeping shards that were woken" },
    [SURVEY_JOBS]             = { "sluice_jobs", GAUGE, "jobs of helper threads begun and not done" },
    [SURVEY_WAL_BYTES]        = { "sluice_wal_written_bytes_total", BYTE_COUNT,
                                  "bytes written to the write-ahead log" },
    [SURVEY_WAL_CHUNKS]       = { "sluice_wal_chunks_total", COUNTER,
                                  "chunks written to the write-ahead log: group commits" },
    [SURVEY_FLUSH_TIME]       = { "sluice_wal_flush_seconds", TIMES, "how long a chunk took to be durable" },
    [SURVEY_WAL_USED]         = { "sluice_wal_used_bytes", BYTES,
                                  "bytes of the write-ahead log that a restart would need" },
    [SURVEY_WAL_LIMIT]        = { "sluice_wal_limit_bytes", BYTES, "bytes that the write-ahead log may take" },
    [SURVEY_SPILLS]           = { "sluice_segment_writes_total", COUNTER, "writes to segments" },
    [SURVEY_SPILL_BYTES]      = { "sluice_segment_written_bytes_total", BYTE_COUNT, "bytes written to segments" },
    [SURVEY_CHECKPOINTS]      = { "sluice_checkpoints_total", COUNTER, "checkpoints written" },
    [SURVEY_CHECKPOINT_BYTES] = { "sluice_checkpoint_written_bytes_total", BYTE_COUNT, "bytes of checkpoints written" },
    [SURVEY_CACHE_HITS]       = { "sluice_cache_hits_total", COUNTER, "pieces of segments that were in memory" },
    [SURVEY_CACHE_READS]      = { "sluice_cache_reads_total", COUNTER, "pieces of segments that were read" },
    [SURVEY_CACHE_BYTES]      = { "sluice_cache_read_bytes_total", BYTE_COUNT, "bytes read from segments" },
    [SURVEY_CACHE_WAITS]      = { "sluice_cache_waits_total", COUNTER,
                                  "reads that had to queue for the read cache's memory" },
    [SURVEY_DISK_FULL]        = { "sluice_disk_reserve_reached", MOST,
                                  "1 while Produce is refused to keep the disk's reserve" },

    [SURVEY_PARTITIONS]       = { "sluice_partitions", SUM, "partitions on this node" },
    [SURVEY_LEADERS]          = { "sluice_partitions_led", SUM, "partitions that this node leads" },
    [SURVEY_OFFLINE_REPLICAS] = { "sluice_partitions_offline", SUM,
                                  "partitions whose log directory failed" },
    [SURVEY_OFFLINE_DIRECTORIES] = { "sluice_log_directories_offline", MOST,
                                     "log directories out of service" },
    [SURVEY_UNDER_REPLICATED] = { "sluice_partitions_under_replicated", SUM,
                                  "led here with replicas out of sync" },
    [SURVEY_UNDER_MIN]        = { "sluice_partitions_under_min_insync", SUM,
                                  "led here with fewer replicas in sync than min.insync.replicas" },
    [SURVEY_AT_MIN]           = { "sluice_partitions_at_min_insync", SUM, "led here with just as many" },
    [SURVEY_CONTROLLERS]      = { "sluice_controller_active", SUM,
                                  "1 on the active controller" },
    [SURVEY_TOPICS_GLOBAL]    = { "sluice_cluster_topics", SUM, "topics of the cluster" },
    [SURVEY_PARTITIONS_GLOBAL] = { "sluice_cluster_partitions", SUM,
                                   "partitions of the cluster" },
    [SURVEY_PARTITIONS_OFFLINE] = { "sluice_cluster_partitions_leaderless", SUM,
                                    "partitions without a leader" },
    [SURVEY_BROKERS]          = { "sluice_cluster_brokers", SUM, "brokers of the cluster" },
    [SURVEY_BROKERS_ACTIVE]   = { "sluice_cluster_brokers_active", SUM, "brokers that serve" },
    [SURVEY_BROKERS_FENCED]   = { "sluice_cluster_brokers_fenced", SUM, "brokers that don't" },
    [SURVEY_RAFT_LEADER]      = { "sluice_quorum_leader", SUM,
                                  "node that leads the metadata quorum; -1: none" },
    [SURVEY_RAFT_EPOCH]       = { "sluice_quorum_epoch", SUM, "its epoch" },
    [SURVEY_RAFT_COMMITTED]   = { "sluice_quorum_committed_offset", SUM, "committed end of the metadata log" },
    [SURVEY_RAFT_END]         = { "sluice_quorum_end_offset", SUM, "end of the metadata log" },
};
/* clang-format on */

static void note(const struct metric_cells *cells, enum survey_metric row, uint64_t value)
{
    metric_set(cells, row, 0, (int64_t)value);
}

static void note_loop(const struct shard *shard, const struct metric_cells *cells)
{
    note(cells, SURVEY_TURNS, shard->turn_count);
    note(cells, SURVEY_STEP_MAX, (uint64_t)shard->step_ns_max);
    note(cells, SURVEY_STALLS, shard->stall_count);
    note(cells, SURVEY_STALLED, (uint64_t)shard->stalled_ns);
    note(cells, SURVEY_BUSY, (uint64_t)shard->busy_ns);
    note(cells, SURVEY_ALLOCATIONS, shard->heap.take_count);
    note(cells, SURVEY_HEAP, shard->heap.live_size);
    note(cells, SURVEY_SUBMITS, shard->io->submit_count);
    note(cells, SURVEY_POLLED, shard->io->polled_ns);
    note(cells, SURVEY_NAPS, shard->io->nap_count);
    note(cells, SURVEY_COMPLETIONS, shard->io->complete_count);
    note(cells, SURVEY_IN_FLIGHT, shard->io->in_flight);
    note(cells, SURVEY_MAIL, shard->mailbox.posted);
    note(cells, SURVEY_WAKES, shard->mailbox.pokes);
    note(cells, SURVEY_JOBS, shard->job_count);
    for (uint32_t i = 0; i < MEMORY_BUDGETS; i++) {
        size_t used = memory_used(shard->memory, (enum memory_budget)i);
        metric_set(cells, SURVEY_MEMORY_USED, i, (int64_t)used);
        metric_set(cells, SURVEY_MEMORY_LIMIT, i, (int64_t)(used + memory_free(shard->memory, (enum memory_budget)i)));
    }
}

static void note_flushes(const struct flush *flush, const struct metric_cells *cells)
{
    _Atomic int64_t *first = metric_cell(cells, SURVEY_FLUSH_TIME, 0);

    for (uint32_t i = 0; i < METRIC_BUCKETS; i++) {
        atomic_store_explicit(&first[i], (int64_t)flush->times[i], memory_order_relaxed);
    }
    atomic_store_explicit(&first[METRIC_BUCKETS], (int64_t)flush->time_ns, memory_order_relaxed);
}

static void note_store(const struct store *store, const struct metric_cells *cells)
{
    note(cells, SURVEY_WAL_BYTES, store->flush->byte_count);
    note(cells, SURVEY_WAL_CHUNKS, store->flush->chunk_count);
    note_flushes(store->flush, cells);
    note(cells, SURVEY_WAL_USED, wal_used(store->wal));
    note(cells, SURVEY_WAL_LIMIT, store->wal->size);
    note(cells, SURVEY_SPILLS, store->spill->write_count);
    note(cells, SURVEY_SPILL_BYTES, store->spill->bytes_written);
    note(cells, SURVEY_CHECKPOINTS, store->checkpoint->count);
    note(cells, SURVEY_CHECKPOINT_BYTES, store->checkpoint->byte_count);
    note(cells, SURVEY_DISK_FULL, store->full);
    note(cells, SURVEY_OFFLINE_DIRECTORIES, store->failed);
    if (!store->reader) return;
    note(cells, SURVEY_CACHE_HITS, store->reader->cache.hit_count);
    note(cells, SURVEY_CACHE_READS, store->reader->cache.read_count);
    note(cells, SURVEY_CACHE_BYTES, store->reader->cache.read_bytes);
    note(cells, SURVEY_CACHE_WAITS, store->reader->cache.wait_count);
}

static bool is_metadata(const struct log *log)
{
    return uuid_equal(log->key.topic, UUID_METADATA_TOPIC);
}

#define MIN_INSYNC TEXT("min.insync.replicas")

/* What topics without a word of their own have: as this broker, all of them, or the file that it was started with have
 * it. Looked up once for all partitions. */
static struct text insync_common(const struct replicas *replicas)
{
    struct text value = image_broker_config(&replicas->image, replicas->node, MIN_INSYNC);

    if (!value.data) value = image_broker_config(&replicas->image, -1, MIN_INSYNC);
    if (value.data) return value;
    const struct setting *row = setting_find(&broker_table, MIN_INSYNC);
    const struct property *origin = row ? replicas->settings->origins[row - broker_table.rows] : NULL;
    return origin ? origin->value : TEXT_NULL;
}

static int64_t insync_wanted(const struct image_topic *topic, struct text common)
{
    struct text value = image_topic_config(topic, MIN_INSYNC);
    int64_t wanted = 0;

    return text_to_i64(text_trim(value.data ? value : common), &wanted) ? max_of(wanted, INT64_C(1)) : 1;
}

/* What the cluster says of a log's partition: leader -1 if nothing any more. As in Kafka's metrics no more replicas are
 * wanted in sync than there are, although its tools (kafka-topics --under-min-isr-partitions) take the config as it
 * stands. */
static void replication_of(const struct replicas *replicas, const struct log *log, struct text common,
                           struct log_replication *found)
{
    const struct image_topic *topic = image_topic_by_id(&replicas->image, log->key.topic);

    *found = (struct log_replication){ .leader = -1 };
    if (!topic || log->key.partition >= topic->partition_count) return;
    const struct image_partition *partition = &topic->partitions[log->key.partition];
    if (!partition->replicas) return;
    int64_t wanted = min_of(insync_wanted(topic, common), (int64_t)partition->replica_count);
    *found = (struct log_replication){
        .leader = partition->leader,
        .replicas = partition->replica_count,
        .in_sync = partition->isr_count,
        .preferred = partition->leader == partition->replicas[0],
        .behind = partition->isr_count < partition->replica_count,
        .under_min = partition->isr_count < wanted,
        .at_min = partition->isr_count == wanted,
    };
}

static void note_brokers(const struct image *image, const struct metric_cells *cells)
{
    uint64_t active = 0, fenced = 0;

    list_each(&image->brokers, node)
    {
        const struct image_broker *broker = container_of(node, struct image_broker, node);
        active += !broker->fenced;
        fenced += broker->fenced;
    }
    note(cells, SURVEY_BROKERS, active + fenced);
    note(cells, SURVEY_BROKERS_ACTIVE, active);
    note(cells, SURVEY_BROKERS_FENCED, fenced);
}

static void note_cluster(const struct shard *shard, const struct metric_cells *cells)
{
    const struct image *image = &shard->replicas->image;
    uint64_t without = 0;

    list_each(&image->topics, node)
    {
        const struct image_topic *topic = container_of(node, struct image_topic, node);
        for (int32_t i = 0; i < topic->partition_count; i++) without += topic->partitions[i].leader < 0;
    }
    note(cells, SURVEY_CONTROLLERS, image->controller == shard->replicas->node);
    note(cells, SURVEY_TOPICS_GLOBAL, image->topic_count);
    note(cells, SURVEY_PARTITIONS_GLOBAL, image->partition_count);
    note(cells, SURVEY_PARTITIONS_OFFLINE, without);
    note_brokers(image, cells);
    metric_set(cells, SURVEY_RAFT_LEADER, 0, image->controller);
    note(cells, SURVEY_RAFT_EPOCH, (uint64_t)image->epoch);
    list_each(&shard->store->logs, place)
    {
        const struct log *log = container_of(place, struct log, node);
        if (!is_metadata(log)) continue;
        note(cells, SURVEY_RAFT_COMMITTED, (uint64_t)log->committed.at);
        note(cells, SURVEY_RAFT_END, (uint64_t)log->end);
    }
}

/* ---- partitions ---- */

/* Replicas in sync are counted where the leader is, so that the sum over nodes counts each partition once. */
static void count_log(struct facts *facts, const struct log *log, const struct log_replication *replication)
{
    facts->count++;
    facts->offline += log->offline;
    if (replication->leader != facts->shard->replicas->node) return;
    facts->leading++;
    facts->behind += (uint64_t)replication->behind;
    facts->under_min += (uint64_t)replication->under_min;
    facts->at_min += (uint64_t)replication->at_min;
}

static void note_log(struct log_fact *fact, const struct log *log, const struct log_replication *replication)
{
    size_t size = min_of(log->topic.size, sizeof(fact->topic) - 1);

    memcpy(fact->topic, log->topic.data, size);
    fact->topic[size] = '\0';
    fact->partition = log->key.partition;
    fact->start = log->start;
    fact->committed = log->committed.at;
    fact->end = log->end;
    fact->size = log_size(log);
    fact->traffic = log->traffic;
    fact->replication = *replication;
}

static void note_partitions(const struct facts *facts)
{
    const struct metric_cells *cells = facts->cells;

    note(cells, SURVEY_PARTITIONS, facts->count);
    note(cells, SURVEY_LEADERS, facts->leading);
    note(cells, SURVEY_OFFLINE_REPLICAS, facts->offline);
    note(cells, SURVEY_UNDER_REPLICATED, facts->behind);
    note(cells, SURVEY_UNDER_MIN, facts->under_min);
    note(cells, SURVEY_AT_MIN, facts->at_min);
}

void facts_begin(struct facts *facts, const struct shard *shard, const struct metric_cells *cells,
                 struct log_fact *logs, uint32_t room)
{
    *facts = (struct facts){ .shard = shard, .cells = cells, .logs = logs, .log_room = room };
    note_loop(shard, cells);
    note_store(shard->store, cells);
    if (shard->index + 1 == shard->shard_count) note_cluster(shard, cells);
    store_walk_begin(&facts->walk, shard->store);
}

bool facts_go(struct facts *facts)
{
    struct text common = insync_common(facts->shard->replicas);

    for (uint32_t i = 0; i < FACTS_PORTION; i++) {
        const struct log *log = store_walk_next(&facts->walk);
        struct log_replication replication;
        if (!log) {
            note_partitions(facts);
            return true;
        }
        if (is_metadata(log)) continue;
        replication_of(facts->shard->replicas, log, common, &replication);
        count_log(facts, log, &replication);
        if (facts->log_count < facts->log_room) note_log(&facts->logs[facts->log_count++], log, &replication);
    }
    return false;
}

uint32_t facts_note_clients(const struct shard *shard, struct client_fact *facts, uint32_t room)
{
    uint32_t count = 0;

    if (!shard->face) return 0;
    list_each(&shard->face->connections, node)
    {
        const struct connection *connection = container_of(node, struct connection, node);
        if (count == room) break;
        facts[count++] = (struct client_fact){
            .peer = connection->peer,
            .port = connection->peer_port,
            .idle_ns = shard_now_ns(shard) - connection->active_ns,
            .in_flight = connection->slot_count,
            .owed = connection->owed,
            .stalled = connection->stalled,
            .traffic = connection->traffic,
        };
    }
    return count;
}
