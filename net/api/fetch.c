/* net/api/fetch.c   Fetch: which partitions (a session may know), the rounds of reading and watching, and their end.
 * Nothing polls: a fetch that has not enough sits on the watermarks of its partitions, and in the queues of the read
 * caches that had no room for it, with a deadline. KIP-227, KIP-320, KIP-516. */
#include "api/fetch.h"

#include "api/error.h"
#include "api/seen.h"
#include "shard/probe.h"

static void read_joined(struct route *route);
static void watch_joined(struct route *route);
static void watch_returned(struct route *route, struct route_part *part);
static void fetch_late(struct timer *timer);
static void fetch_give_up(struct request *request);

/* ---- the partitions ---- */

static struct fetch_group *group_for(struct fetch *fetch, uint32_t owner)
{
    struct request *request = fetch->request;

    for (uint32_t i = 0; i < fetch->group_count; i++) {
        if (fetch->groups[i]->owner_index == owner) return fetch->groups[i];
    }
    struct fetch_group *group = arena_take(&request->arena, sizeof(*group));
    if (!group) return NULL;
    group->fetch = fetch;
    group->owner_index = owner;
    group->parts_end = &group->parts;
    group->arena = owner == request->shard->index ? &request->arena : &group->lent;
    group->size_max = (uint32_t)fetch->size_max;
    list_init(&group->aheads);
    fetch->groups[fetch->group_count++] = group;
    return group;
}

/* Partitions of one topic mostly stand together: it is looked up once for them. */
static struct image_topic *topic_of(struct fetch *fetch, struct uuid id, struct text name)
{
    const struct image *image = &fetch->apis->replicas->image;
    struct image_topic *last = fetch->topic;

    if (last && (fetch->by_id ? uuid_equal(last->id, id) : text_equal(last->name, name))) return last;
    fetch->topic = fetch->by_id ? image_topic_by_id(image, id) : image_topic_by_name(image, name);
    return fetch->topic;
}

static bool part_add(struct fetch *fetch, struct uuid topic, struct text name, const struct fetch_partition_ask *ask)
{
    struct route_place place = route_in(topic_of(fetch, topic, name), ask->index);
    struct fetch_part *part = &fetch->parts[fetch->part_count++];

    *part = (struct fetch_part){ .topic = place.topic ? place.topic->id : topic, .name = name, .ask = *ask };
    part->ask.current_leader_epoch = max_of(ask->current_leader_epoch, -1); /* below 0: it says none */
    part->told_high_watermark = part->told_start = -1;
    part->high_watermark = part->last_stable = part->start = -1;
    part->diverging.epoch = -1;
    if (!place.partition) {
        bool unknown_id = fetch->by_id && !place.topic;
        part->error = unknown_id ? ERROR_UNKNOWN_TOPIC_ID : ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        return true;
    }

    part->group = group_for(fetch, place.owner);
    if (!part->group) return false;
    part->group->part_count++;
    *part->group->parts_end = part;
    part->group->parts_end = &part->next;
    return true;
}

static bool parts_room(struct fetch *fetch, uint32_t count)
{
    struct arena *arena = &fetch->request->arena;
    uint32_t shards = fetch->request->shard->shard_count;

    fetch->parts = arena_take(arena, count * sizeof(*fetch->parts));
    fetch->groups = arena_take(arena, min_of(shards, max_of(count, 1U)) * sizeof(struct fetch_group *));
    return fetch->parts && fetch->groups;
}

/* Which of the request's partitions are named again later. */
static const bool *again_of_ask(const struct fetch *fetch, const struct fetch_ask *ask, uint32_t count)
{
    struct arena *arena = &fetch->request->arena;
    uint64_t *hashes = arena_take(arena, count * sizeof(*hashes));
    uint32_t at = 0;

    for (int32_t i = 0; hashes && i < ask->topics.count; i++) {
        const struct fetch_topic_ask *topic = &ask->topics.items[i];
        uint64_t hash = fetch->by_id ? uuid_hash(topic->topic_id) : text_hash(topic->name);
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            hashes[at++] = hash_join(hash, (uint32_t)topic->partitions.items[j].index);
        }
    }
    return hashes ? seen_again(arena, hashes, count) : NULL;
}

/* A partition that is named twice is fetched once, from where was said last. */
static bool parts_of_ask(struct fetch *fetch, const struct fetch_ask *ask)
{
    uint32_t count = 0, at = 0;

    for (int32_t i = 0; i < ask->topics.count; i++) count += (uint32_t)max_of(ask->topics.items[i].partitions.count, 0);
    const bool *again = count > 1 ? again_of_ask(fetch, ask, count) : NULL;
    if (!parts_room(fetch, count) || (count > 1 && !again)) return false;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct fetch_topic_ask *topic = &ask->topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            if (again && again[at++]) continue;
            if (!part_add(fetch, topic->topic_id, topic->name, &topic->partitions.items[j])) return false;
        }
    }
    return true;
}

/* The name of a session's partition may go with the session while we wait; so it is copied. */
static bool parts_of_session(struct fetch *fetch, const struct fetch_session *session)
{
    struct text name = TEXT("");

    if (!parts_room(fetch, session->partition_count)) return false;
    list_each(&session->partitions, node)
    {
        const struct fetch_session_partition *known = container_of(node, struct fetch_session_partition, node);
        bool copied = fetch->by_id || text_equal(name, known->name);
        if (!copied) name = text_copy(&fetch->request->arena, known->name);
        if (!name.data || !part_add(fetch, known->topic, name, &known->ask)) return false;
        struct fetch_part *part = &fetch->parts[fetch->part_count - 1];
        part->told_high_watermark = known->told_high_watermark;
        part->told_start = known->told_start;
    }
    return true;
}

/* ---- sessions ---- */

static bool session_fill(struct fetch_session *session, const struct fetch_ask *ask)
{
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct fetch_topic_ask *topic = &ask->topics.items[i];
        struct text name = session->by_id ? TEXT("") : topic->name;
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            if (!fetch_session_put(session, topic->topic_id, name, &topic->partitions.items[j])) return false;
        }
    }
    return true;
}

static void session_forget(struct fetch_session *session, const struct fetch_ask *ask)
{
    for (int32_t i = 0; i < ask->forgotten_topics.count; i++) {
        const struct fetch_forgotten_topic *topic = &ask->forgotten_topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            fetch_session_drop(session, topic->topic_id, topic->name, topic->partitions.items[j]);
        }
    }
}

/* No session, or a new one: everything that is fetched stands in the request. */
static bool fetch_full(struct fetch *fetch, const struct fetch_ask *ask)
{
    struct fetch_sessions *sessions = fetch->request->face->sessions;
    struct fetch_session *old = ask->session_id != 0 ? fetch_session_find(sessions, ask->session_id) : NULL;

    if (old) fetch_session_close(old);
    if (ask->session_epoch == FETCH_EPOCH_INITIAL) {
        struct fetch_session *session = fetch_session_open(sessions, fetch->by_id);
        if (session && !session_fill(session, ask)) {
            fetch_session_close(session);
        } else if (session) {
            fetch->session_id = session->id;
        }
    }
    return parts_of_ask(fetch, ask);
}

/* The request names what has changed; the session knows the rest. */
static bool fetch_incremental(struct fetch *fetch, const struct fetch_ask *ask, int16_t *error)
{
    struct fetch_session *session = fetch_session_find(fetch->request->face->sessions, ask->session_id);

    *error = ERROR_NONE;
    if (!session) {
        *error = ERROR_FETCH_SESSION_ID_NOT_FOUND;
    } else if (session->by_id != fetch->by_id) {
        *error = ERROR_FETCH_SESSION_TOPIC_ID;
    } else if (session->epoch != ask->session_epoch) {
        *error = ERROR_INVALID_FETCH_SESSION_EPOCH;
    }
    if (*error != ERROR_NONE) return true;

    bool filled = session_fill(session, ask);
    session_forget(session, ask); /* The last word: a partition may be in both lists. */
    fetch_session_advance(session);
    if (session->partition_count == 0 || !filled) {
        fetch_session_close(session);
        return parts_of_ask(fetch, ask);
    }
    fetch->session_id = session->id;
    fetch->incremental = true;
    return parts_of_session(fetch, session);
}

/* ---- rounds ---- */

/* Room for the extents of each group, now that its parts are known. */
static bool groups_room(struct fetch *fetch)
{
    for (uint32_t i = 0; i < fetch->group_count; i++) {
        struct fetch_group *group = fetch->groups[i];
        group->extent_max = FETCH_EXTENTS_BASE + FETCH_EXTENTS_PART * min_of(group->part_count, FETCH_EXTENTS_MAX);
        group->extent_max = min_of(group->extent_max, FETCH_EXTENTS_MAX);
        group->extents = arena_take(&fetch->request->arena, group->extent_max * sizeof(*group->extents));
        if (!group->extents) return false;
    }
    return true;
}

static void group_unpin(struct fetch *fetch, struct fetch_group *group)
{
    route_unpin(fetch->apis, group->extents, group->extent_count);
    group->extent_count = 0;
}

static void fetch_read(struct fetch *fetch)
{
    PROBE2(fetch__read, fetch->request, fetch->part_count);
    fetch->stage = FETCH_READING;
    route_begin(&fetch->route, fetch->request->shard, read_joined);
    for (uint32_t i = 0; i < fetch->group_count; i++) fetch_group_send(fetch, fetch->groups[i], fetch_group_read);
    route_release(&fetch->route);
}

static void fetch_watch(struct fetch *fetch)
{
    struct shard *shard = fetch->request->shard;

    for (uint32_t i = 0; i < fetch->group_count; i++) {
        group_unpin(fetch, fetch->groups[i]);
        fetch->groups[i]->recalled = false;
    }
    if (fetch->request->times.waited == 0) fetch->request->times.waited = shard_now_ns(shard);
    fetch->request->patient = true;
    PROBE2(fetch__watch, fetch->request, fetch->part_count);
    fetch->stage = FETCH_WATCHING;
    timer_set(&shard->timers, &fetch->timer, fetch->deadline_ns);
    route_begin(&fetch->route, shard, watch_joined);
    fetch->route.returned = watch_returned;
    fetch->news = false;
    for (uint32_t i = 0; i < fetch->group_count && !fetch->news; i++) {
        fetch_group_send(fetch, fetch->groups[i], fetch_group_watch);
    }
    route_release(&fetch->route);
}

/* Everybody comes home; the next round begins when the last one has. */
static void fetch_recall(struct fetch *fetch)
{
    fetch->route.pending++; /* Groups of this shard come home inside this loop. */
    for (uint32_t i = 0; i < fetch->group_count; i++) {
        struct fetch_group *group = fetch->groups[i];
        if (!group->away || group->recalled) continue;
        group->recalled = true;
        route_send(&fetch->route, &group->recall, group->owner_index, fetch_group_recall);
    }
    route_release(&fetch->route);
}

static void watch_returned(struct route *route, struct route_part *part)
{
    struct fetch *fetch = container_of(route, struct fetch, route);

    for (uint32_t i = 0; i < fetch->group_count; i++) {
        if (part != &fetch->groups[i]->route) continue;
        fetch->groups[i]->away = false;
        fetch->news = true;
    }
    fetch_recall(fetch);
}

static void watch_joined(struct route *route)
{
    struct fetch *fetch = container_of(route, struct fetch, route);

    timer_clear(&fetch->request->shard->timers, &fetch->timer);
    fetch_read(fetch);
}

static void fetch_late(struct timer *timer)
{
    struct fetch *fetch = container_of(timer, struct fetch, timer);

    fetch->last_round = true;
    fetch_recall(fetch);
}

static void fetch_give_up(struct request *request)
{
    struct fetch *fetch = request->work;

    fetch->last_round = true;
    if (fetch->stage == FETCH_WATCHING) fetch_recall(fetch);
}

/* Another shard's aborted list did not fit: it gets more room, and reads again. */
static bool lend_more(struct fetch *fetch)
{
    bool again = false;

    for (uint32_t i = 0; i < fetch->group_count; i++) {
        struct fetch_group *group = fetch->groups[i];
        if (!group->lent_short || group->arena != &group->lent || group->lent_size >= FETCH_LENT_MAX) continue;
        group->lent_size = group->lent_size == 0 ? FETCH_LENT_FIRST : group->lent_size * 2;
        void *room = arena_take(&fetch->request->arena, group->lent_size);
        if (!room) return false;
        arena_init(&group->lent, NULL, room, group->lent_size, 0);
        again = true;
    }
    for (uint32_t i = 0; again && i < fetch->group_count; i++) group_unpin(fetch, fetch->groups[i]);
    return again;
}

/* What was written in small batches lies in memory batch by batch: who found more of them than the slot has room for
 * gets more room, and all read again. Not a fetch that pins the read cache: what it lets go of, it may not get again.
 * Without memory for it the answer is what there is. */
static bool extents_more(struct fetch *fetch)
{
    bool again = false;

    for (uint32_t i = 0; i < fetch->group_count; i++) {
        if (fetch->groups[i]->cached > 0) return false;
    }
    for (uint32_t i = 0; i < fetch->group_count; i++) {
        struct fetch_group *group = fetch->groups[i];
        bool short_of_room = group->extent_count == group->extent_max && group->size < group->size_max;
        if (!short_of_room || group->extent_max >= FETCH_EXTENTS_MORE) continue;
        struct extent *extents = arena_take(&fetch->request->arena, FETCH_EXTENTS_MORE * sizeof(*extents));
        if (!extents) break;
        group_unpin(fetch, group);
        group->extents = extents;
        group->extent_max = FETCH_EXTENTS_MORE;
        again = true;
    }
    for (uint32_t i = 0; again && i < fetch->group_count; i++) group_unpin(fetch, fetch->groups[i]);
    return again;
}

/* Who has bytes does not wait for memory: there is more to be had, and others may wait for what this one holds. */
static bool fetch_enough(const struct fetch *fetch)
{
    uint64_t size = 0;
    bool more = false;

    if (fetch->last_round || fetch->group_count == 0) return true;
    for (uint32_t i = 0; i < fetch->group_count; i++) {
        if (fetch->groups[i]->full) return true;
        more |= fetch->groups[i]->starved != NULL;
    }
    for (uint32_t i = 0; i < fetch->part_count; i++) {
        const struct fetch_part *part = &fetch->parts[i];
        if (part->group && (part->error != ERROR_NONE || part->diverging.epoch >= 0)) return true;
        size += part->size;
    }
    if (more && size > 0) return true;
    return size >= (uint64_t)max_of(fetch->size_min, 0) || shard_now_ns(fetch->request->shard) >= fetch->deadline_ns;
}

static void read_joined(struct route *route)
{
    struct fetch *fetch = container_of(route, struct fetch, route);

    for (uint32_t i = 0; i < fetch->group_count; i++) fetch->groups[i]->away = false;
    if (lend_more(fetch) || extents_more(fetch)) {
        fetch_read(fetch);
    } else if (fetch_enough(fetch)) {
        fetch_reply(fetch);
    } else {
        fetch_watch(fetch);
    }
}

void fetch_begin(struct request *request)
{
    const struct fetch_ask *ask = request->ask;
    struct fetch *fetch = arena_take(&request->arena, sizeof(*fetch));
    int16_t error = ERROR_NONE;

    if (!fetch) {
        request_abort(request, "no memory");
        return;
    }
    fetch->request = request;
    fetch->apis = apis_of(request);
    fetch->by_id = request->version >= 13;
    fetch->read_committed = ask->isolation_level == 1;
    fetch->replica = ask->replica_state ? ask->replica_state->replica_id : ask->replica_id;
    fetch->size_max = min_of(max_of(ask->max_bytes, 0), FETCH_SIZE_MAX);
    fetch->size_max = min_of(fetch->size_max, fetch->apis->settings.settings->values.fetch_size_max);
    fetch->size_min = min_of(ask->min_bytes, fetch->size_max);
    fetch->deadline_ns = request->times.received + (int64_t)max_of(ask->max_wait_ms, 0) * 1000000;
    timer_init(&fetch->timer, fetch_late);
    request->work = fetch;

    bool full = ask->session_epoch == FETCH_EPOCH_INITIAL || ask->session_epoch == FETCH_EPOCH_FINAL;
    bool room = full ? fetch_full(fetch, ask) : fetch_incremental(fetch, ask, &error);
    if (!room || !groups_room(fetch)) {
        request_abort(request, "no memory");
    } else if (error != ERROR_NONE) {
        fetch_refuse(request, error);
    } else {
        request->give_up = fetch_give_up;
        fetch_read(fetch);
    }
}
