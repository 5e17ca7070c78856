/* net/api/alter_log_dirs.c   AlterReplicaLogDirs on a node with one log directory: what is to lie there lies there
 * already, and any other path is not a log directory. So nothing moves, and every answer can be read off the image.
 *
 * As Kafka does it: a partition that is named twice goes where it was sent last; a path is compared letter by letter;
 * a name that leaves no room for the name of the folder it would be moved through is refused before the path is
 * looked at; what is named without partitions is left out. Topics are answered in the order of their names, where
 * Kafka's order is a hash's. */
#include "messages/alter_log_dirs.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/error.h"
#include "log/store.h"

enum {
    FOLDER_SIZE_MAX = 255,
    FOLDER_REST_SIZE = 1 + 1 + 32 + 7, /* "TOPIC-PARTITION.ID-future" without topic and partition */
};

/* One partition of the request. */
struct move {
    struct text topic;
    int32_t index;
    uint32_t position; /* in the request */
    int16_t error;
};

struct alter_log_dirs {
    struct request *request;
    struct move *moves;
    uint32_t move_count;
    struct alter_log_dirs_answer answer;
};

static size_t digits_of(int32_t number)
{
    size_t digits = number < 0 ? 2 : 1;

    for (number /= 10; number != 0; number /= 10) digits++;
    return digits;
}

static int16_t move_error(const struct alter_log_dirs *work, struct text path, struct text name, int32_t index)
{
    const struct replicas *replicas = apis_of(work->request)->replicas;
    const struct directory *directory = replicas->store->directory;

    if (name.size + digits_of(index) + FOLDER_REST_SIZE > FOLDER_SIZE_MAX) return ERROR_INVALID_TOPIC;
    if (!text_equal(path, text_of(directory->path))) return ERROR_LOG_DIR_NOT_FOUND;
    if (directory->failed) return ERROR_KAFKA_STORAGE_ERROR;

    const struct image_topic *topic = image_topic_by_name(&replicas->image, name);
    if (!topic || index < 0 || index >= topic->partition_count || !topic->partitions[index].replicas) {
        return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    }
    return ERROR_NONE;
}

/* By topic and partition; of the same partition the last named comes first. */
static int moves_compare(const void *left, const void *right)
{
    const struct move *a = left, *b = right;
    int order = text_compare(a->topic, b->topic);

    if (order != 0) return order;
    if (a->index != b->index) return a->index < b->index ? -1 : 1;
    return a->position > b->position ? -1 : 1;
}

static bool moves_take(struct alter_log_dirs *work, const struct alter_log_dirs_ask *ask)
{
    uint32_t count = 0;

    for (int32_t i = 0; i < ask->directories.count; i++) {
        const struct alter_log_dirs_directory *directory = &ask->directories.items[i];
        for (int32_t j = 0; j < directory->topics.count; j++) {
            count += (uint32_t)directory->topics.items[j].partitions.count;
        }
    }
    work->moves = arena_take(&work->request->arena, count * sizeof(*work->moves));
    return work->moves;
}

static void moves_make(struct alter_log_dirs *work, const struct alter_log_dirs_directory *directory)
{
    for (int32_t i = 0; i < directory->topics.count; i++) {
        const struct alter_log_dirs_topic_ask *topic = &directory->topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            int32_t index = topic->partitions.items[j];
            int16_t error = move_error(work, directory->path, topic->name, index);
            work->moves[work->move_count] = (struct move){ topic->name, index, work->move_count, error };
            work->move_count++;
        }
    }
}

/* A topic's rows stand one after the other in one block, as long as all moves. */
static bool answer_make(struct alter_log_dirs *work)
{
    struct arena *arena = &work->request->arena;
    struct alter_log_dirs_partition *rows = arena_take(arena, work->move_count * sizeof(*rows));
    struct alter_log_dirs_topic_answer *topic = NULL;
    const struct move *before = NULL;

    work->answer.topics.items = arena_take(arena, work->move_count * sizeof(*work->answer.topics.items));
    if (!rows || !work->answer.topics.items) return false;
    for (uint32_t i = 0; i < work->move_count; before = &work->moves[i++]) {
        const struct move *move = &work->moves[i];
        bool same_topic = before && text_equal(before->topic, move->topic);
        if (same_topic && before->index == move->index) continue;
        if (!same_topic) {
            topic = &work->answer.topics.items[work->answer.topics.count++];
            topic->name = move->topic;
            topic->partitions.items = rows;
        }
        int16_t error = error_tell(work->request, move->error);
        *rows++ = (struct alter_log_dirs_partition){ .index = move->index, .error = error };
        topic->partitions.count++;
    }
    return true;
}

void alter_log_dirs_begin(struct request *request)
{
    const struct alter_log_dirs_ask *ask = request->ask;
    struct alter_log_dirs *work = arena_take(&request->arena, sizeof(*work));

    if (work) work->request = request;
    if (!work || !moves_take(work, ask)) {
        request_abort(request, "no memory");
        return;
    }
    for (int32_t i = 0; i < ask->directories.count; i++) moves_make(work, &ask->directories.items[i]);
    if (work->move_count > 1) qsort(work->moves, work->move_count, sizeof(*work->moves), moves_compare);
    if (!answer_make(work)) {
        request_abort(request, "no memory");
        return;
    }
    request_answer(request, &work->answer, NULL, 0, NULL);
}
