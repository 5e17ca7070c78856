/* perf/calls.c   Requests of which each costs a broker more than a produce: metadata of all topics, configs of all
 * topics, a fetch session in which nothing is new. One connection, one request at a time: what they cost is CPU, not
 * waiting.
 *
 *     load HOST:PORT mode=calls call=make topics=1000    topics of one partition, and one of so many for the session
 *     load HOST:PORT mode=calls call=metadata|describe|session topics=1000 count=100 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "load.h"

enum { FRAME_SIZE = 1 << 20, READY_TRIES = 1200, READY_PAUSE_US = 50000 };

struct calls {
    const struct load_settings *settings;
    struct link link;
    uint8_t *frame;
};

/* The answer stays in the link until the next call. */
static const uint8_t *call(struct calls *calls, size_t frame_size, size_t *size)
{
    const uint8_t *answer;

    link_send(&calls->link, calls->frame, frame_size, 0);
    if (!link_wait_frame(&calls->link, &answer, size)) load_die("no answer to a call");
    return answer;
}

static void called(struct calls *calls, size_t size)
{
    link_frame_done(&calls->link, size);
}

/* Makes what is missing; waits until all are known, which Kafka tells its brokers in its own time. */
static void make_topics(struct calls *calls)
{
    int count = calls->settings->topics;
    size_t size;

    (void)call(calls, frame_create_topics(calls->frame, "many", count, 1), &size);
    called(calls, size);
    (void)call(calls, frame_create_topics(calls->frame, "session", 1, count), &size);
    called(calls, size);
    for (int tries = 0; tries < READY_TRIES; tries++) {
        const uint8_t *answer = call(calls, frame_metadata_all(calls->frame), &size);
        int topics = frame_topic_count(answer, size);
        called(calls, size);
        if (topics > count) return;
        usleep(READY_PAUSE_US);
    }
    load_die("%d topics do not appear", count);
}

static int32_t open_session(struct calls *calls)
{
    size_t size;
    const uint8_t *answer = call(calls, frame_session_open(calls->frame, "session-0", calls->settings->topics), &size);
    int32_t id = frame_session_id(answer, size);

    called(calls, size);
    if (id <= 0) load_die("no fetch session was made");
    return id;
}

void run_calls(const struct load_settings *settings)
{
    struct calls calls = { .settings = settings, .frame = malloc(FRAME_SIZE) };
    bool session = strcmp(settings->call, "session") == 0;
    int32_t id = 0;
    double bytes = 0;

    if (!calls.frame) load_die("out of memory");
    link_open(&calls.link, settings, 1);
    if (strcmp(settings->call, "make") == 0) make_topics(&calls);
    if (session) id = open_session(&calls);

    int64_t begun_ns = load_now_ns();
    for (int32_t i = 0; i < (int32_t)settings->count; i++) {
        size_t size, frame_size = session ? frame_session_next(calls.frame, id, i + 1)
                                  : strcmp(settings->call, "describe") == 0
                                      ? frame_describe_configs(calls.frame, "many", settings->topics)
                                      : frame_metadata_all(calls.frame);
        const uint8_t *answer = call(&calls, frame_size, &size);
        if (session && frame_session_id(answer, size) != id) load_die("the fetch session is gone");
        bytes += (double)size;
        called(&calls, size);
    }
    printf("{\"mode\":\"calls\",\"requests\":%.0f,\"bytes\":%.0f,\"seconds\":%.4f}\n", settings->count, bytes,
           (double)(load_now_ns() - begun_ns) / 1e9);
    link_close(&calls.link);
    free(calls.frame);
}
