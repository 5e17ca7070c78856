/* net/http/survey.c   Laws. (a) A part is either with the HTTP thread or with its shard; `out` says which, and passes
 * it on with release and acquire. (b) On a shard nothing waits and nothing is allocated; a survey costs it some
 * microseconds, and with logs a copy per partition, of at most SURVEY_LOGS_MAX. (c) Cells are atomics, so a part that
 * comes late harms nobody. */
#include "http/survey.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "http/facts.h"

enum { SLICE_MS = 50, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

void survey_init(struct survey *survey, const struct node *node, struct heap *heap)
{
    *survey = (struct survey){ .node = node, .heap = heap, .shard_count = node->shard_count };
    survey->parts = heap_take(heap, survey->shard_count * sizeof(*survey->parts));
    survey->cells = heap_take(heap, survey->shard_count * sizeof(*survey->cells));
    metrics_init(&survey->metrics, survey_rows, SURVEY_COUNT, heap);
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        survey->parts[i].survey = survey;
        metric_cells_init(&survey->cells[i], &survey->metrics, heap);
    }
    invariant(sem_init(&survey->answered, 0, 0) == 0);
}

void survey_end(struct survey *survey)
{
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        heap_give(survey->heap, survey->parts[i].logs);
        heap_give(survey->heap, survey->parts[i].clients);
    }
    (void)sem_destroy(&survey->answered);
}

/* ---- on the shard ---- */

static void part_go(struct ready *ready)
{
    struct survey_part *part = container_of(ready, struct survey_part, ready);

    if (!facts_go(&part->facts)) {
        shard_ready(part->shard, &part->ready);
        return;
    }
    part->log_count = part->facts.log_count;
    part->client_count = part->client_room > 0 ? facts_note_clients(part->shard, part->clients, part->client_room) : 0;
    atomic_store_explicit(&part->out, false, memory_order_release);
    (void)sem_post(&part->survey->answered);
}

static void part_delivered(struct mail *mail, struct shard *shard)
{
    struct survey_part *part = container_of(mail, struct survey_part, mail);

    part->shard = shard;
    ready_init(&part->ready, part_go);
    facts_begin(&part->facts, shard, &part->survey->cells[shard->index], part->logs, part->log_room);
    part_go(&part->ready);
}

/* ---- on the thread that asks ---- */

static bool part_out(const struct survey_part *part)
{
    return atomic_load_explicit(&part->out, memory_order_acquire);
}

static uint32_t count_out(const struct survey *survey)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < survey->shard_count; i++) count += part_out(&survey->parts[i]);
    return count;
}

static struct timespec in_ms(int ms)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_REALTIME, &time); /* the clock that sem_timedwait goes by */
    time.tv_nsec += (long)ms * NS_PER_MS;
    time.tv_sec += time.tv_nsec / NS_PER_S;
    time.tv_nsec %= NS_PER_S;
    return time;
}

/* In slices: a node that has begun to stop may have shards that never answer. */
static void wait_for_answers(struct survey *survey, int patience_ms)
{
    for (int waited_ms = 0; waited_ms < patience_ms && count_out(survey) > 0; waited_ms += SLICE_MS) {
        struct timespec limit = in_ms(SLICE_MS);
        while (count_out(survey) > 0 && (sem_timedwait(&survey->answered, &limit) == 0 || errno == EINTR)) {
        }
        if (node_stopping(survey->node)) return;
    }
}

static uint32_t ask(struct survey *survey, int patience_ms)
{
    uint32_t silent = 0;

    for (uint32_t i = 0; i < survey->shard_count; i++) {
        struct survey_part *part = &survey->parts[i];
        if (part_out(part)) continue;
        atomic_store_explicit(&part->out, true, memory_order_relaxed);
        mail_post_outside(survey->node->shards[i], &part->mail, part_delivered);
    }
    wait_for_answers(survey, patience_ms);
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        survey->parts[i].silent = part_out(&survey->parts[i]);
        silent += survey->parts[i].silent;
    }
    return silent;
}

uint32_t survey_take(struct survey *survey, int patience_ms)
{
    return ask(survey, patience_ms);
}

/* Room for as many as the last survey counted; a few that were made since then are left for the next time. */
void survey_take_logs(struct survey *survey, int patience_ms)
{
    survey_drop_logs(survey); /* a part that came home late still has some */
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        struct survey_part *part = &survey->parts[i];
        if (part_out(part)) continue;
        int64_t count =
            atomic_load_explicit(metric_cell(&survey->cells[i], SURVEY_PARTITIONS, 0), memory_order_relaxed);
        part->log_room = (uint32_t)min_of(max_of(count, INT64_C(0)), (int64_t)SURVEY_LOGS_MAX);
        part->logs = heap_take(survey->heap, part->log_room * sizeof(*part->logs));
    }
    (void)ask(survey, patience_ms);
}

void survey_drop_logs(struct survey *survey)
{
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        struct survey_part *part = &survey->parts[i];
        if (part_out(part)) continue;
        heap_give(survey->heap, part->logs);
        part->logs = NULL;
        part->log_room = part->log_count = 0;
    }
}

void survey_take_clients(struct survey *survey, int patience_ms)
{
    survey_drop_clients(survey);
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        struct survey_part *part = &survey->parts[i];
        if (part_out(part)) continue;
        part->client_room = SURVEY_CLIENTS_MAX / survey->shard_count;
        part->clients = heap_take(survey->heap, part->client_room * sizeof(*part->clients));
    }
    (void)ask(survey, patience_ms);
}

void survey_drop_clients(struct survey *survey)
{
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        struct survey_part *part = &survey->parts[i];
        if (part_out(part)) continue;
        heap_give(survey->heap, part->clients);
        part->clients = NULL;
        part->client_room = part->client_count = 0;
    }
}

uint32_t survey_silent(const struct survey *survey)
{
    for (uint32_t i = 0; i < survey->shard_count; i++) {
        if (survey->parts[i].silent) return i;
    }
    return survey->shard_count;
}
