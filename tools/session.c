/* tools/session.c   Asking and complaining, the same way in every command. */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
#include "command.h"
#include "output.h"

enum { ARENA_MAX = INT32_MAX, TIMEOUT_MOST_S = 86400 };

bool session_begin(struct session *session, const char *called, const struct common *common)
{
    *session = (struct session){ .called = called, .common = common };
    uint64_t timeout_s = min_of(max_of(common->timeout_s, 1), TIMEOUT_MOST_S);

    enum status status = client_open(&session->client, common->servers, "sluice", (int64_t)timeout_s * 1000);
    arena_init(&session->arena, &session->client.heap, NULL, 0, ARENA_MAX);
    if (status == STATUS_OK) return true;
    complain(called, "%s", session->client.why);
    client_close(&session->client);
    return false;
}

int session_end(struct session *session, int code)
{
    client_close(&session->client);
    return output_end(session->called, code);
}

bool session_ask(struct session *session, int32_t node, int16_t key, bool repeatable, const void *ask, void *answer)
{
    struct client_call call = {
        .node = node,
        .key = key,
        .version_max = LATEST,
        .repeatable = repeatable,
        .wait_ms = repeatable ? 0 : (int32_t)session->client.timeout_ms,
        .ask = ask,
        .answer = answer,
        .arena = &session->arena,
    };

    if (client_ask(&session->client, &call) == STATUS_OK) return true;
    (void)session_lost(session);
    return false;
}

int session_lost(struct session *session)
{
    if (session->progress) progress_wipe(session->progress);
    complain(session->called, "%s", session->client.why);
    return EXIT_FAILED;
}

int session_refused(struct session *session, struct text what, int16_t error, struct text message)
{
    if (session->progress) progress_wipe(session->progress);
    complain(session->called, "%.*s: %s%s%.*s", TEXT_ARGS(what), code_name(error), message.size ? ": " : "",
             TEXT_ARGS(message));
    return EXIT_FAILED;
}

void *session_take(struct session *session, size_t size)
{
    void *piece = arena_take(&session->arena, size);

    invariant(piece);
    return piece;
}

/* ---- topics ---- */

static int topic_order(const void *a, const void *b)
{
    return text_compare(((const struct metadata_topic_answer *)a)->name,
                        ((const struct metadata_topic_answer *)b)->name);
}

static int partition_order(const void *a, const void *b)
{
    int32_t left = ((const struct metadata_partition_answer *)a)->index;
    int32_t right = ((const struct metadata_partition_answer *)b)->index;

    return (left > right) - (left < right);
}

static void answer_sort(struct metadata_answer *answer)
{
    if (answer->topics.count < 1) return;
    qsort(answer->topics.items, (size_t)answer->topics.count, sizeof(*answer->topics.items), topic_order);
    for (int32_t i = 0; i < answer->topics.count; i++) {
        struct metadata_topic_answer *topic = &answer->topics.items[i];
        if (topic->partitions.count < 1) continue;
        qsort(topic->partitions.items, (size_t)topic->partitions.count, sizeof(*topic->partitions.items),
              partition_order);
    }
}

static bool passing(const struct metadata_answer *answer)
{
    for (int32_t i = 0; i < answer->topics.count; i++) {
        int16_t error = answer->topics.items[i].error;
        if (error != CODE_UNKNOWN_TOPIC_OR_PARTITION && code_retriable(error)) return true;
    }
    return false;
}

bool session_topics(struct session *session, const struct words *names, struct metadata_answer *answer)
{
    int64_t deadline_ms = clock_ms() + session->client.timeout_ms;
    int32_t count = (int32_t)names->count;
    struct text *texts = session_take(session, names->count * sizeof(*texts));

    for (uint32_t i = 0; i < names->count; i++) texts[i] = text_of(names->items[i]);
    for (;;) {
        enum status status =
            client_metadata(&session->client, texts, count ? count : -1, false, answer, &session->arena);
        if (status != STATUS_OK) {
            (void)session_lost(session);
            return false;
        }
        if (!passing(answer) || clock_ms() >= deadline_ms) break;
        client_pause();
    }
    answer_sort(answer);
    return true;
}
