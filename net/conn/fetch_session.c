/* net/conn/fetch_session.c   Sessions by id, partitions of a session by {topic, index}. Bounded three times: sessions,
 * partitions in all of them together, and the names of topics, which outlive the request that brought them. */
#include "conn/fetch_session.h"

#include "base/heap.h"
#include "conn/face.h"

enum { PARTITIONS_PER_SESSION = 512, IDLE_MS = 120000, NAME_SIZE_MAX = 249 /* of a topic that can be */ };

struct fetch_sessions {
    struct face *face;
    struct heap *heap;
    struct map by_id;
    struct list used; /* oldest use first */
    uint32_t session_max;
    uint32_t partition_max, partition_count;
};

struct partition_key {
    struct uuid topic;
    struct text name;
    int32_t index;
};

static bool session_has_id(const void *value, const void *key)
{
    return ((const struct fetch_session *)value)->id == *(const int32_t *)key;
}

static bool partition_has_key(const void *value, const void *key)
{
    const struct fetch_session_partition *partition = value;
    const struct partition_key *wanted = key;

    if (partition->ask.index != wanted->index) return false;
    if (wanted->name.size > 0) return text_equal(partition->name, wanted->name);
    return uuid_equal(partition->topic, wanted->topic);
}

static uint64_t key_hash(const struct partition_key *key)
{
    if (key->name.size > 0) return hash_join(text_hash(key->name), (uint32_t)key->index);
    return hash_partition(key->topic, key->index);
}

/* Which half counts is the session's: the other half may change while it lives. */
static struct partition_key session_key(const struct fetch_session *session, struct uuid topic, struct text name,
                                        int32_t index)
{
    return session->by_id ? (struct partition_key){ topic, TEXT(""), index }
                          : (struct partition_key){ UUID_NONE, name, index };
}

struct fetch_sessions *fetch_sessions_make(struct face *face, uint32_t session_max)
{
    struct heap *heap = &face->shard->heap;
    struct fetch_sessions *sessions = heap_take(heap, sizeof(*sessions));

    *sessions = (struct fetch_sessions){
        .face = face, .heap = heap, .session_max = session_max, .partition_max = session_max * PARTITIONS_PER_SESSION
    };
    map_init(&sessions->by_id, heap, session_has_id);
    list_init(&sessions->used);
    return sessions;
}

void fetch_sessions_end(struct fetch_sessions *sessions)
{
    for (struct list_node *node; (node = list_first(&sessions->used));) {
        fetch_session_close(container_of(node, struct fetch_session, node));
    }
    map_end(&sessions->by_id);
    heap_give(sessions->heap, sessions);
}

static void session_use(struct fetch_session *session)
{
    list_remove(&session->node);
    list_append(&session->sessions->used, &session->node);
    session->used_ns = shard_now_ns(session->sessions->face->shard);
}

struct fetch_session *fetch_session_find(struct fetch_sessions *sessions, int32_t id)
{
    struct fetch_session *session = map_find(&sessions->by_id, hash_u64((uint32_t)id), &id);
    if (session) session_use(session);
    return session;
}

/* Random, so that a client's stale id is not another's; and each shard has its own remainder. */
static int32_t session_id_draw(struct fetch_sessions *sessions)
{
    struct shard *shard = sessions->face->shard;
    for (;;) {
        uint32_t drawn = (uint32_t)prng_below(&shard->prng, INT32_MAX / shard->shard_count);
        int32_t id = (int32_t)(drawn * shard->shard_count + shard->index);
        if (id > 0 && !map_find(&sessions->by_id, hash_u64((uint32_t)id), &id)) return id;
    }
}

static bool sessions_make_room(struct fetch_sessions *sessions)
{
    if (sessions->by_id.count < sessions->session_max) return true;
    struct list_node *node = list_first(&sessions->used);
    if (!node) return false;

    struct fetch_session *oldest = container_of(node, struct fetch_session, node);
    if (shard_now_ns(sessions->face->shard) - oldest->used_ns < (int64_t)IDLE_MS * 1000000) return false;
    fetch_session_close(oldest);
    face_count(sessions->face, CONN_METRIC_FETCH_SESSIONS_EVICTED, 1);
    return true;
}

struct fetch_session *fetch_session_open(struct fetch_sessions *sessions, bool by_id)
{
    if (!sessions_make_room(sessions)) return NULL;

    struct fetch_session *session = heap_take(sessions->heap, sizeof(*session));
    *session = (struct fetch_session){ .sessions = sessions, .epoch = 1, .by_id = by_id };
    session->id = session_id_draw(sessions);
    list_node_init(&session->node);
    list_init(&session->partitions);
    map_init(&session->by_key, sessions->heap, partition_has_key);
    map_add(&sessions->by_id, hash_u64((uint32_t)session->id), &session->id, session);
    session_use(session);
    face_count(sessions->face, CONN_METRIC_FETCH_SESSIONS, 1);
    return session;
}

static void partition_remove(struct fetch_session *session, struct fetch_session_partition *partition)
{
    struct partition_key key = session_key(session, partition->topic, partition->name, partition->ask.index);

    (void)map_remove(&session->by_key, key_hash(&key), &key);
    list_remove(&partition->node);
    session->partition_count--;
    session->sessions->partition_count--;
    heap_give(session->sessions->heap, partition);
}

void fetch_session_close(struct fetch_session *session)
{
    struct fetch_sessions *sessions = session->sessions;

    list_each(&session->partitions, node)
    {
        partition_remove(session, container_of(node, struct fetch_session_partition, node));
    }
    map_end(&session->by_key);
    (void)map_remove(&sessions->by_id, hash_u64((uint32_t)session->id), &session->id);
    list_remove(&session->node);
    heap_give(sessions->heap, session);
    face_count(sessions->face, CONN_METRIC_FETCH_SESSIONS, -1);
}

void fetch_session_advance(struct fetch_session *session)
{
    session->epoch = session->epoch == INT32_MAX ? 1 : session->epoch + 1;
}

struct fetch_session_partition *fetch_session_get(struct fetch_session *session, struct uuid topic, struct text name,
                                                  int32_t index)
{
    struct partition_key key = session_key(session, topic, name, index);
    return map_find(&session->by_key, key_hash(&key), &key);
}

/* The name lies behind the struct. */
static struct fetch_session_partition *partition_new(struct fetch_session *session, struct text name)
{
    struct fetch_session_partition *partition = heap_take(session->sessions->heap, sizeof(*partition) + name.size);
    char *copy = (char *)(partition + 1);

    if (name.size > 0) memcpy(copy, name.data, name.size);
    partition->name = (struct text){ copy, name.size };
    list_node_init(&partition->node);
    partition->told_high_watermark = partition->told_start = -1;
    return partition;
}

bool fetch_session_put(struct fetch_session *session, struct uuid topic, struct text name,
                       const struct fetch_partition_ask *ask)
{
    struct fetch_sessions *sessions = session->sessions;
    struct fetch_session_partition *partition = fetch_session_get(session, topic, name, ask->index);

    if (!partition) {
        if (sessions->partition_count == sessions->partition_max || name.size > NAME_SIZE_MAX) return false;
        partition = partition_new(session, name);
        struct partition_key key = session_key(session, topic, partition->name, ask->index);
        partition->topic = topic;
        partition->ask.index = ask->index;
        map_add(&session->by_key, key_hash(&key), &key, partition);
        list_append(&session->partitions, &partition->node);
        session->partition_count++;
        sessions->partition_count++;
    }
    partition->ask = *ask;
    if (!session->by_id) partition->topic = topic;
    return true;
}

void fetch_session_drop(struct fetch_session *session, struct uuid topic, struct text name, int32_t index)
{
    struct fetch_session_partition *partition = fetch_session_get(session, topic, name, index);
    if (partition) partition_remove(session, partition);
}

void fetch_session_rotate(struct fetch_session *session, struct fetch_session_partition *partition)
{
    list_remove(&partition->node);
    list_append(&session->partitions, &partition->node);
}
