/* replication/replica/topics.c   Topics are created and deleted: every rule of Kafka's controller, in its order and in
 * its words (they were read off a real 4.3.1), decided against the image that is ahead.
 *
 *     each item is noted --> names with dots: each topic that is there is looked at --> each item is decided:
 *
 *     twice in the request -> the metadata topic -> name -> collides -> exists -> configs -> numbers -> replicas ->
 *         records */
#include <string.h>

#include "cluster/config_checks.h"
#include "replica/controller_work.h"
#include "replica/replicas.h"

enum { TOPIC_NAME_MAX = 249, PARTITIONS_MAX = 10000 };

/* ---- names ---- */

static bool name_is_plain(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '_' && c != '-') return false;
    }
    return true;
}

enum status topic_name_check(struct text name, char *room, struct text *why)
{
    if (name.size == 0) {
        *why = controller_words(room, "Topic name is invalid: the empty string is not allowed");
    } else if (text_equal(name, TEXT(".")) || text_equal(name, TEXT(".."))) {
        *why = controller_words(room, "Topic name is invalid: '%.*s' is not allowed", TEXT_ARGS(name));
    } else if (name.size > TOPIC_NAME_MAX) {
        *why = controller_words(room,
                                "Topic name is invalid: the length of '%.*s' is longer than the max allowed length %d",
                                TEXT_ARGS(name), TOPIC_NAME_MAX);
    } else if (!name_is_plain(name)) {
        *why = controller_words(room,
                                "Topic name is invalid: '%.*s' contains one or more characters other than ASCII "
                                "alphanumerics, '.', '_' and '-'",
                                TEXT_ARGS(name));
    } else {
        return STATUS_OK;
    }
    return STATUS_INVALID_TOPIC;
}

/* ---- many at once ---- */

/* The items of a request by the hash of what they name, in chains: nothing is compared with everything. */
struct chains {
    uint32_t *first, *next; /* index + 1; 0: the end */
    uint32_t mask;
};

static bool chains_make(struct chains *chains, struct arena *arena, uint32_t count)
{
    chains->mask = 15;
    while (chains->mask < count) chains->mask = 2 * chains->mask + 1;
    chains->first = arena_take(arena, ((size_t)chains->mask + 1) * sizeof(*chains->first));
    chains->next = arena_take(arena, count * sizeof(*chains->next));
    return chains->first && chains->next;
}

static void chains_add(struct chains *chains, uint32_t index, uint64_t hash)
{
    uint32_t *first = &chains->first[hash & chains->mask];
    chains->next[index] = *first;
    *first = index + 1;
}

/* Metric names can't tell '.' from '_', so Kafka doesn't allow two topics that differ in nothing else. */
static bool collides(struct text a, struct text b)
{
    if (a.size != b.size) return false;
    for (size_t i = 0; i < a.size; i++) {
        bool same = a.data[i] == b.data[i] || (strchr("._", a.data[i]) && strchr("._", b.data[i]));
        if (!same) return false;
    }
    return true;
}

static bool may_collide(struct text name)
{
    return name.size > 0 && (memchr(name.data, '.', name.size) || memchr(name.data, '_', name.size));
}

/* The same for names that collide. */
static uint64_t hash_alike(struct text name)
{
    char plain[TOPIC_NAME_MAX];
    size_t size = min_of(name.size, sizeof(plain));

    memcpy(plain, name.data, size);
    for (size_t i = 0; i < size; i++) {
        if (plain[i] == '.') plain[i] = '_';
    }
    return text_hash((struct text){ plain, size });
}

/* What is known of all items before the first is decided. */
struct crowd {
    struct chains named;              /* by what they name */
    struct chains dotted;             /* of topics to create, those whose names may collide */
    bool dots;                        /* there are some */
    const struct image_topic **alike; /* for each item the first topic that is there and collides with it, or NULL */
    int64_t partitions;               /* that are asked for, together */
};

/* Made for the first item; NULL: no memory. */
static struct crowd *crowd_of(struct controller *controller, uint32_t count)
{
    struct decision *decision = &controller->decision;
    struct crowd *crowd = decision->next.work;
    if (crowd) return crowd;

    crowd = arena_take(&controller->arena, sizeof(*crowd));
    if (!crowd || !chains_make(&crowd->named, &controller->arena, count)) return NULL;
    decision->next.work = crowd;
    return crowd;
}

static bool crowd_expect_dots(struct crowd *crowd, struct arena *arena, uint32_t count)
{
    if (crowd->alike) return true;
    crowd->alike = arena_take(arena, count * sizeof(struct image_topic *));
    return crowd->alike && chains_make(&crowd->dotted, arena, count);
}

static void topic_compare(const struct crowd *crowd, const struct topic_create *creates,
                          const struct image_topic *topic)
{
    const struct chains *dotted = &crowd->dotted;

    if (!may_collide(topic->name)) return;
    for (uint32_t at = dotted->first[hash_alike(topic->name) & dotted->mask]; at; at = dotted->next[at - 1]) {
        if (!crowd->alike[at - 1] && collides(topic->name, creates[at - 1].name)) crowd->alike[at - 1] = topic;
    }
}

static void check_collision(struct topic_create *create, const struct image_topic *alike)
{
    if (!alike) return;
    refuse(create, STATUS_INVALID_TOPIC, "Topic '%.*s' collides with existing topic: %.*s", TEXT_ARGS(create->name),
           TEXT_ARGS(alike->name));
}

/* ---- configs ---- */

static void check_configs(struct controller *controller, struct topic_create *create)
{
    struct config_place place = controller_configs(controller, NULL);
    struct image_config *configs = arena_take(&controller->arena, create->config_count * sizeof(*configs));
    struct text why = TEXT_NULL;

    for (uint32_t i = 0; configs && i < create->config_count; i++) {
        configs[i] = (struct image_config){ create->configs[i].name, create->configs[i].value };
    }
    enum status status = configs ? topic_configs_check(&place, configs, create->config_count, &controller->arena, &why)
                                 : STATUS_NO_MEMORY;
    if (status == STATUS_OK) return;
    refuse(create, status == STATUS_INVALID ? STATUS_INVALID_CONFIG : status, "%.*s", TEXT_ARGS(why));
}

/* ---- partitions ---- */

/* Brokers that can be given replicas: registered. `usable`: of these, not fenced and not stopping. */
static uint32_t brokers_count(const struct image *image, uint32_t *usable)
{
    uint32_t count = 0;
    *usable = 0;
    list_each(&image->brokers, node)
    {
        const struct image_broker *broker = container_of(node, struct image_broker, node);
        count++;
        *usable += !broker->fenced && !broker->stopping;
    }
    return count;
}

static void check_numbers(struct controller *controller, struct topic_create *create)
{
    const struct broker_values *values = &controller->shard->replicas->settings->values;
    int32_t factor = create->replication_factor;
    uint32_t usable;

    if (factor < -1 || factor == 0) {
        refuse(create, STATUS_INVALID_REPLICATION,
               "Replication factor must be larger than 0, or -1 to use the default value.");
        return;
    }
    if (create->partition_count < -1 || create->partition_count == 0) {
        refuse(create, STATUS_INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.");
        return;
    }
    if (factor == -1) factor = values->replication_factor;
    uint32_t brokers = brokers_count(&controller->ahead, &usable);
    if (usable == 0) {
        refuse(create, STATUS_INVALID_REPLICATION,
               "Unable to replicate the partition %d time(s): All brokers are currently fenced.", factor);
    } else if ((uint32_t)factor > brokers) {
        refuse(create, STATUS_INVALID_REPLICATION,
               "Unable to replicate the partition %d time(s): The target replication factor of %d cannot be reached "
               "because "
               "only %u broker(s) are registered or some brokers have all their log directories cordoned.",
               factor, factor, brokers);
    }
}

static void check_replicas(struct controller *controller, struct topic_create *create, uint32_t index)
{
    const int32_t *replicas = create->assignments[index];
    uint16_t count = create->assignment_sizes[index];

    create->status = replicas_check(controller, replicas, count, create->room, &create->why);
    if (create->status != STATUS_OK) return;
    if (index > 0 && count != create->assignment_sizes[index - 1]) {
        refuse(
            create, STATUS_INVALID_ASSIGNMENT,
            "The manual partition assignment includes a partition with %u replica(s), but this is not consistent with "
            "previous partitions, which have %u replica(s).",
            count, create->assignment_sizes[index - 1]);
    }
}

static int32_t assignment_partition(const struct topic_create *create, uint32_t index)
{
    return create->assignment_indexes ? create->assignment_indexes[index] : (int32_t)index;
}

static void check_assignments(struct controller *controller, struct topic_create *create)
{
    if (create->replication_factor != -1) {
        refuse(create, STATUS_INVALID_REQUEST,
               "A manual partition assignment was specified, but replication factor was not set to -1.");
        return;
    }
    if (create->partition_count != -1) {
        refuse(create, STATUS_INVALID_REQUEST,
               "A manual partition assignment was specified, but numPartitions was not set to -1.");
        return;
    }
    uint8_t *seen = arena_take(&controller->arena, create->assignment_count);
    for (uint32_t i = 0; seen && i < create->assignment_count && create->status == STATUS_OK; i++) {
        int32_t partition = assignment_partition(create, i);
        if (partition >= 0 && (uint32_t)partition < create->assignment_count && seen[partition]++) {
            refuse(create, STATUS_INVALID_ASSIGNMENT, "Found multiple manual partition assignments for partition %d",
                   partition);
            return;
        }
        check_replicas(controller, create, i);
    }
    for (uint32_t i = 0; seen && i < create->assignment_count && create->status == STATUS_OK; i++) {
        if (seen[i]) continue;
        refuse(create, STATUS_INVALID_ASSIGNMENT, "partitions should be a consecutive 0-based integer sequence");
    }
    if (!seen) create->status = STATUS_NO_MEMORY;
}

/* ---- records ---- */

static struct uuid draw_id(struct controller *controller)
{
    struct uuid id;
    do {
        id = uuid_draw(&controller->shard->prng);
    } while (image_topic_by_id(&controller->ahead, id));
    return id;
}

/* Kafka writes configs in the order of a hash map; by name is as good and always the same. */
static void config_records(struct record_list *list, const struct topic_create *create)
{
    struct text last = TEXT_NULL;
    for (;;) {
        const struct config_change *next = NULL;
        for (uint32_t i = 0; i < create->config_count; i++) {
            const struct config_change *config = &create->configs[i];
            if (last.data && text_compare(config->name, last) <= 0) continue;
            if (!next || text_compare(config->name, next->name) <= 0) next = config;
        }
        if (!next) return;

        struct config_record *record = &record_list_add(list, RECORD_CONFIG)->config;
        record->resource_type = 2;
        record->resource_name = create->name;
        record->name = next->name;
        record->value = next->value;
        last = next->name;
    }
}

static void topic_records(struct controller *controller, struct record_list *list, struct topic_create *create)
{
    create->id = draw_id(controller);
    struct topic_record *topic = &record_list_add(list, RECORD_TOPIC)->topic;
    topic->name = create->name;
    topic->topic_id = create->id;
    config_records(list, create);

    for (int32_t i = 0; create->assignment_count == 0 && i < create->partition_count; i++) {
        partition_record_add(controller, list, create->id, i, (int32_t *)&controller->identity->id, 1);
    }
    uint32_t *places = arena_take(list->arena, create->assignment_count * sizeof(*places));
    if (!places) {
        list->full = true;
        return;
    }
    for (uint32_t i = 0; i < create->assignment_count; i++) places[assignment_partition(create, i)] = i;
    for (int32_t i = 0; i < (int32_t)create->assignment_count; i++) {
        partition_record_add(controller, list, create->id, i, create->assignments[places[i]],
                             create->assignment_sizes[places[i]]);
    }
}

static void numbers_of(const struct controller *controller, struct topic_create *create)
{
    const struct broker_values *values = &controller->shard->replicas->settings->values;
    if (create->assignment_count > 0) {
        create->partition_count = (int32_t)create->assignment_count;
        create->replication_factor = (int16_t)create->assignment_sizes[0];
        return;
    }
    if (create->partition_count == -1) create->partition_count = values->num_partitions;
    if (create->replication_factor == -1) create->replication_factor = (int16_t)values->replication_factor;
}

/* ---- the request ---- */

static void check_request(const struct chains *chains, struct controller_call *call, struct topic_create *create)
{
    for (uint32_t at = chains->first[text_hash(create->name) & chains->mask]; at; at = chains->next[at - 1]) {
        const struct topic_create *other = &call->creates[at - 1];
        if (other == create || !text_equal(other->name, create->name)) continue;
        refuse(create, STATUS_INVALID_REQUEST, "Duplicate topic name.");
        return;
    }
    if (text_equal(create->name, TEXT("__cluster_metadata"))) {
        refuse(create, STATUS_INVALID_REQUEST, "Creation of internal topic __cluster_metadata is prohibited.");
    }
}

static void create_one(struct controller *controller, struct controller_call *call, const struct crowd *crowd,
                       struct topic_create *create, struct record_list *list)
{
    create->status = STATUS_OK;
    create->why = TEXT_NULL;
    create->id = UUID_NONE;
    if (crowd->partitions > PARTITIONS_MAX) {
        refuse(create, STATUS_POLICY, "Excessively large number of partitions per request.");
        return;
    }
    check_request(&crowd->named, call, create);
    if (create->status == STATUS_OK) create->status = topic_name_check(create->name, create->room, &create->why);
    if (create->status == STATUS_OK && image_topic_by_name(&controller->ahead, create->name)) {
        refuse(create, STATUS_EXISTS, "Topic '%.*s' already exists.", TEXT_ARGS(create->name));
    }
    if (create->status == STATUS_OK) check_collision(create, crowd->alike[create - call->creates]);
    if (create->status == STATUS_OK && create->config_count > 0) check_configs(controller, create);
    if (create->status == STATUS_OK) {
        if (create->assignment_count > 0) {
            check_assignments(controller, create);
        } else {
            check_numbers(controller, create);
        }
    }
    if (create->status != STATUS_OK) return;

    numbers_of(controller, create);
    topic_records(controller, list, create);
}

static void create_note(struct crowd *crowd, const struct topic_create *create, uint32_t index)
{
    chains_add(&crowd->named, index, text_hash(create->name));
    crowd->partitions +=
        create->assignment_count > 0 ? (int64_t)create->assignment_count : (int64_t)max_of(create->partition_count, 0);
    if (!may_collide(create->name)) return;
    chains_add(&crowd->dotted, index, hash_alike(create->name));
    crowd->dots = true;
}

/* The last item is noted. */
static void create_noted(struct controller *controller, const struct controller_call *call, const struct crowd *crowd,
                         struct record_list *list)
{
    struct list *topics = &controller->ahead.topics;

    controller->decision.next.topic = crowd->dots ? topics->head.next : &topics->head;
    record_list_reserve(list, call->create_count + (uint32_t)min_of(crowd->partitions, (int64_t)PARTITIONS_MAX));
}

bool topics_create(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    struct decision *decision = &controller->decision;
    struct list_node **topic = &decision->next.topic;
    uint32_t *item = &decision->next.item, count = call->create_count;
    struct crowd *crowd = crowd_of(controller, count);

    if (!crowd || !crowd_expect_dots(crowd, &controller->arena, count)) {
        call->status = STATUS_NO_MEMORY;
        return false;
    }
    if (*item == 2 * count) return false;
    if (*item < count) {
        create_note(crowd, &call->creates[*item], *item);
        if (++*item == count) create_noted(controller, call, crowd, list);
    } else if (*topic != &controller->ahead.topics.head) {
        topic_compare(crowd, call->creates, container_of(*topic, struct image_topic, node));
        *topic = (*topic)->next;
    } else {
        create_one(controller, call, crowd, &call->creates[*item - count], list);
        ++*item;
    }
    return true;
}

/* ---- deletion ---- */

/* What another item says of the topic that is deleted by its name, or by its id; NULL: nothing. */
static const char *said_again(const struct topic_delete *delete, const struct topic_delete *other,
                              const struct image_topic *topic)
{
    if (delete->by == DELETE_BY_NAME && other->by == DELETE_BY_NAME && text_equal(delete->name, other->name)) {
        return "Duplicate topic name.";
    }
    if (delete->by == DELETE_BY_ID && other->by == DELETE_BY_ID && uuid_equal(delete->id, other->id)) {
        return "Duplicate topic id.";
    }
    if (!topic) return NULL;
    bool same = other->by == DELETE_BY_ID
                    ? delete->by == DELETE_BY_NAME && uuid_equal(other->id, topic->id)
                    : delete->by == DELETE_BY_ID && other->by == DELETE_BY_NAME && text_equal(other->name, topic->name);
    return same ? "The provided topic name maps to an ID that was already supplied." : NULL;
}

static uint64_t delete_hash(const struct topic_delete *delete)
{
    return delete->by == DELETE_BY_NAME ? text_hash(delete->name) : uuid_hash(delete->id);
}

/* The first item of the request that names the same topic has the word: under the same key, or under the other one. */
static const char *said_twice(const struct controller_call *call, const struct chains *chains,
                              const struct topic_delete *delete, const struct image_topic *topic)
{
    uint64_t keys[2] = { delete_hash(delete), 0 };
    uint32_t first = UINT32_MAX;
    const char *word = NULL;

    if (delete->by == DELETE_BY_NOTHING || delete->by == DELETE_BY_BOTH) return NULL;
    if (topic) keys[1] = delete->by == DELETE_BY_NAME ? uuid_hash(topic->id) : text_hash(topic->name);
    for (int i = 0; i < (topic ? 2 : 1); i++) {
        for (uint32_t at = chains->first[keys[i] & chains->mask]; at; at = chains->next[at - 1]) {
            const struct topic_delete *other = &call->deletes[at - 1];
            const char *said = other == delete || at > first ? NULL : said_again(delete, other, topic);
            if (!said) continue;
            first = at;
            word = said;
        }
    }
    return word;
}

static void delete_found(struct topic_delete *delete, const struct image_topic *topic, struct record_list *list)
{
    record_list_add(list, RECORD_REMOVE_TOPIC)->remove_topic.topic_id = topic->id;
    if (delete->by == DELETE_BY_NAME) {
        delete->id = topic->id;
    } else {
        memcpy(delete->room, topic->name.data, topic->name.size);
        delete->name = (struct text){ delete->room, topic->name.size };
    }
}

static void delete_one(struct controller *controller, struct controller_call *call, const struct chains *chains,
                       struct topic_delete *delete, struct record_list *list)
{
    const struct image_topic *topic = NULL;
    if (delete->by == DELETE_BY_NAME) topic = image_topic_by_name(&controller->ahead, delete->name);
    if (delete->by == DELETE_BY_ID) topic = image_topic_by_id(&controller->ahead, delete->id);
    const char *twice = said_twice(call, chains, delete, topic);

    delete->status = STATUS_OK;
    delete->why = TEXT_NULL;
    if (!controller->shard->replicas->settings->values.delete_topics) {
        delete->status = STATUS_DELETION_DISABLED;
    } else if (delete->by == DELETE_BY_BOTH) {
        refuse(delete, STATUS_INVALID_REQUEST, "You may not specify both topic name and topic id.");
    } else if (delete->by == DELETE_BY_NOTHING) {
        refuse(delete, STATUS_INVALID_REQUEST, "Neither topic name nor id were specified.");
    } else if (twice) {
        if (delete->by == DELETE_BY_NAME && topic) delete->id = topic->id;
        refuse(delete, STATUS_INVALID_REQUEST, "%s", twice);
    } else if (!topic && delete->by == DELETE_BY_NAME) {
        refuse(delete, STATUS_NOT_FOUND, "This server does not host this topic-partition.");
    } else if (!topic) {
        refuse(delete, STATUS_UNKNOWN_TOPIC_ID, "This server does not host this topic ID.");
    } else {
        delete_found(delete, topic, list);
    }
}

static void delete_note(struct crowd *crowd, const struct topic_delete *delete, uint32_t index)
{
    bool one = delete->by == DELETE_BY_NAME || delete->by == DELETE_BY_ID;
    if (one) chains_add(&crowd->named, index, delete_hash(delete));
}

bool topics_delete(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    uint32_t *item = &controller->decision.next.item, count = call->delete_count;
    struct crowd *crowd = crowd_of(controller, count);

    if (!crowd) {
        call->status = STATUS_NO_MEMORY;
        return false;
    }
    if (*item == 2 * count) return false;
    if (*item < count) {
        delete_note(crowd, &call->deletes[*item], *item);
    } else {
        delete_one(controller, call, &crowd->named, &call->deletes[*item - count], list);
    }
    ++*item;
    return true;
}
