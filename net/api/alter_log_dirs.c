/* net/api/alter_log_dirs.c   AlterReplicaLogDirs on a node with one log directory: what is to lie there lies there
 * already, and any other path is not a log directory. So nothing moves, and every answer can be read off the image.
 *
 *     directories are counted --> topics, each once --> partitions: where each was named last --> answered
 *     \_/ a portion, a step       \_/ a portion        \_/ a portion, a step
 *
 * As Kafka does it: a partition that is named twice goes where it was sent last; a path is compared letter by letter;
 * a name that leaves no room for the name of the folder it would be moved through is refused before the path is
 * looked at; what is named without partitions is left out. Topics are answered in the order in which they are named
 * first, where Kafka's order is a hash's. */
#include "messages/alter_log_dirs.h"
#include "api/api.h"
#include "api/error.h"
#include "api/topics_named.h"
#include "api/walk.h"
#include "base/map.h"
#include "log/store.h"

enum {
    FOLDER_SIZE_MAX = 255,
    FOLDER_REST_SIZE = 1 + 1 + 32 + 7, /* "TOPIC-PARTITION.ID-future" without topic and partition */
};

/* A topic of the request in one of its directories. */
struct move {
    const struct alter_log_dirs_directory *directory;
    const struct alter_log_dirs_topic_ask *topic;
};

struct alter_log_dirs {
    struct walk walk;
    struct move *moves;
    uint32_t move_count;
    struct topics_named named;
    struct numbered last; /* of each partition: where it is named last, of all that are named, from 1 */
    uint32_t place;       /* of all that are named */
    uint64_t hash;        /* of the topic that the walk is at, in this step; */
    const struct image_topic *topic;
    struct alter_log_dirs_topic_answer *row;
    struct alter_log_dirs_answer answer;
};

static size_t digits_of(int32_t number)
{
    size_t digits = number < 0 ? 2 : 1;

    for (number /= 10; number != 0; number /= 10) digits++;
    return digits;
}

static struct alter_log_dirs *work_of(struct walk *walk)
{
    return container_of(walk, struct alter_log_dirs, walk);
}

static const struct alter_log_dirs_directory *directory_of(const struct walk *walk, uint32_t at)
{
    const struct alter_log_dirs_ask *ask = walk->request->ask;
    return &ask->directories.items[at];
}

/* ---- what is named ---- */

static bool counting_begin(struct walk *walk)
{
    const struct alter_log_dirs_ask *ask = walk->request->ask;

    walk->count = (uint32_t)ask->directories.count;
    return true;
}

static bool directory_count(struct walk *walk, uint32_t at, uint32_t part)
{
    (void)part;

    work_of(walk)->move_count += (uint32_t)directory_of(walk, at)->topics.count;
    return true;
}

static bool naming_begin(struct walk *walk)
{
    struct alter_log_dirs *work = work_of(walk);
    uint32_t count = work->move_count;

    (void)counting_begin(walk);
    work->move_count = 0;
    work->moves = arena_take_raw(&walk->request->arena, count * sizeof(*work->moves));
    work->named = TOPICS_NAMED(&work->answer.topics, struct alter_log_dirs_topic_answer);
    return work->moves && topics_named_prepare(&work->named, walk, count);
}

static bool directory_enter(struct walk *walk, uint32_t at)
{
    walk->parts = (uint32_t)directory_of(walk, at)->topics.count;
    return true;
}

static bool topic_name(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_log_dirs *work = work_of(walk);
    const struct alter_log_dirs_directory *directory = directory_of(walk, at);
    const struct alter_log_dirs_topic_ask *topic = &directory->topics.items[part];
    struct alter_log_dirs_topic_answer *row =
        topics_named_count(&work->named, text_hash(topic->name), topic->partitions.count);

    if (!row) return true;
    row->name = topic->name;
    work->moves[work->move_count++] = (struct move){ directory, topic };
    return true;
}

static bool partitions_begin(struct walk *walk)
{
    struct alter_log_dirs *work = work_of(walk);

    walk->count = work->move_count;
    return topics_named_furnish(&work->named, &walk->request->arena) &&
           numbered_prepare(&work->last, walk, work->named.partition_count);
}

static bool move_enter(struct walk *walk, uint32_t at)
{
    struct alter_log_dirs *work = work_of(walk);
    const struct alter_log_dirs_topic_ask *topic = work->moves[at].topic;

    walk->parts = (uint32_t)topic->partitions.count;
    work->hash = text_hash(topic->name);
    return true;
}

static uint32_t *last_of(struct alter_log_dirs *work, int32_t index)
{
    return numbered_of(&work->last, hash_join(work->hash, (uint32_t)index));
}

static bool partition_name(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_log_dirs *work = work_of(walk);

    *last_of(work, work->moves[at].topic->partitions.items[part]) = ++work->place;
    return true;
}

/* ---- the answer ---- */

static int16_t move_error(const struct alter_log_dirs *work, struct text path, struct text name, int32_t index)
{
    const struct directory *directory = apis_of(work->walk.request)->replicas->store->directory;
    const struct image_topic *topic = work->topic;

    if (name.size + digits_of(index) + FOLDER_REST_SIZE > FOLDER_SIZE_MAX) return ERROR_INVALID_TOPIC;
    if (!text_equal(path, text_of(directory->path))) return ERROR_LOG_DIR_NOT_FOUND;
    if (directory->failed) return ERROR_KAFKA_STORAGE_ERROR;
    if (!topic || index < 0 || index >= topic->partition_count || !topic->partitions[index].replicas) {
        return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    }
    return ERROR_NONE;
}

static bool answering_begin(struct walk *walk)
{
    walk->count = work_of(walk)->move_count;
    work_of(walk)->place = 0;
    return true;
}

static bool move_open(struct walk *walk, uint32_t at)
{
    struct alter_log_dirs *work = work_of(walk);

    (void)move_enter(walk, at);
    work->row = topics_named_row(&work->named, work->hash);
    work->topic = image_topic_by_name(&apis_of(walk->request)->replicas->image, work->moves[at].topic->name);
    return true;
}

static bool partition_answer(struct walk *walk, uint32_t at, uint32_t part)
{
    struct alter_log_dirs *work = work_of(walk);
    const struct move *move = &work->moves[at];
    int32_t index = move->topic->partitions.items[part];
    if (*last_of(work, index) != ++work->place) return true;

    int16_t error = move_error(work, move->directory->path, move->topic->name, index);
    work->row->partitions.items[work->row->partitions.count++] =
        (struct alter_log_dirs_partition){ .index = index, .error = error_tell(walk->request, error) };
    return true;
}

static void all_answered(struct walk *walk)
{
    struct alter_log_dirs *work = work_of(walk);
    uint32_t rows = (uint32_t)work->answer.topics.count + work->named.partition_count;

    if (walk_whole(walk)) request_answer_rows(walk->request, &work->answer, rows);
}

static const struct walk_pass passes[] = {
    { counting_begin, NULL, directory_count },
    { naming_begin, directory_enter, topic_name },
    { partitions_begin, move_enter, partition_name },
    { answering_begin, move_open, partition_answer },
    { NULL, NULL, NULL },
};

void alter_log_dirs_begin(struct request *request)
{
    struct alter_log_dirs *work = arena_take(&request->arena, sizeof(*work));

    if (work) {
        walk_begin(&work->walk, request, passes, all_answered);
    } else {
        request_abort(request, "no memory");
    }
}
