/* perf/frames.c   The few frames that the load client sends and reads, byte by byte, in versions old enough for every
 * broker. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "load.h"
#include "log/batch.h"

struct pen {
    uint8_t *at;
};

static void pen_i16(struct pen *pen, int n)
{
    store_i16(pen->at, (int16_t)n);
    pen->at += 2;
}

static void pen_i32(struct pen *pen, int64_t n)
{
    store_u32(pen->at, (uint32_t)n);
    pen->at += 4;
}

static void pen_i64(struct pen *pen, int64_t n)
{
    store_i64(pen->at, n);
    pen->at += 8;
}

static void pen_text(struct pen *pen, const char *text)
{
    size_t size = strlen(text);

    pen_i16(pen, (int)size);
    memcpy(pen->at, text, size);
    pen->at += size;
}

static struct pen frame_begin(uint8_t *frame, int key, int version)
{
    struct pen pen = { frame + 4 };

    pen_i16(&pen, key);
    pen_i16(&pen, version);
    pen_i32(&pen, 7); /* correlation */
    pen_text(&pen, "load");
    return pen;
}

static size_t frame_end(uint8_t *frame, struct pen pen)
{
    store_u32(frame, (uint32_t)(pen.at - frame - 4));
    return (size_t)(pen.at - frame);
}

size_t frame_metadata(uint8_t *frame, const char *topic)
{
    struct pen pen = frame_begin(frame, 3, 4);

    pen_i32(&pen, 1);
    pen_text(&pen, topic);
    *pen.at++ = 1; /* create it */
    return frame_end(frame, pen);
}

/* Behind a text that may be null. */
static size_t behind_text(const uint8_t *answer, size_t at)
{
    int length = load_i16(answer + at);
    return at + 2 + (length > 0 ? (size_t)length : 0);
}

bool frame_topic_ready(const uint8_t *answer, size_t size, const char *topic)
{
    enum { BEGIN = 8, NODE_SIZE_MIN = 12, TOPIC_SIZE_MIN = 16 }; /* behind correlation and throttle */
    size_t at = BEGIN + 4;

    if (size < BEGIN + 4) return false;
    for (uint32_t nodes = load_u32(answer + BEGIN); nodes > 0 && at + NODE_SIZE_MIN < size; nodes--)
        at = behind_text(answer, behind_text(answer, at + 4) + 4); /* id, host, port, rack */
    if (at + TOPIC_SIZE_MIN > size) return false;
    at = behind_text(answer, at) + 4 + 4; /* cluster, controller, number of topics */
    size_t length = strlen(topic);
    if (at + 4 + length > size || load_i16(answer + at) != 0) return false;
    return load_u16(answer + at + 2) == length && memcmp(answer + at + 4, topic, length) == 0;
}

size_t frame_produce(uint8_t *frame, const struct load_settings *settings, int partition, const uint8_t *batch,
                     size_t batch_size)
{
    struct pen pen = frame_begin(frame, 0, 7);

    pen_i16(&pen, -1); /* no transactional id */
    pen_i16(&pen, settings->acks);
    pen_i32(&pen, 30000);
    pen_i32(&pen, 1);
    pen_text(&pen, settings->topic);
    pen_i32(&pen, 1);
    pen_i32(&pen, partition);
    pen_i32(&pen, (int64_t)batch_size);
    memcpy(pen.at, batch, batch_size);
    pen.at += batch_size;
    return frame_end(frame, pen);
}

size_t frame_fetch(uint8_t *frame, const struct load_settings *settings, int partition, int64_t offset)
{
    struct pen pen = frame_begin(frame, 1, 4);

    pen_i32(&pen, -1);  /* no replica */
    pen_i32(&pen, 500); /* max wait, ms */
    pen_i32(&pen, 1);   /* min bytes */
    pen_i32(&pen, 50 << 20);
    *pen.at++ = 0; /* read uncommitted */
    pen_i32(&pen, 1);
    pen_text(&pen, settings->topic);
    pen_i32(&pen, 1);
    pen_i32(&pen, partition);
    pen_i64(&pen, offset);
    pen_i32(&pen, settings->fetch_size);
    return frame_end(frame, pen);
}

static void pen_name(struct pen *pen, const char *prefix, int index)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%s-%d", prefix, index);
    pen_text(pen, name);
}

size_t frame_create_topics(uint8_t *frame, const char *prefix, int topics, int partitions)
{
    struct pen pen = frame_begin(frame, 19, 2);

    pen_i32(&pen, topics);
    for (int i = 0; i < topics; i++) {
        pen_name(&pen, prefix, i);
        pen_i32(&pen, partitions);
        pen_i16(&pen, 1); /* replica */
        pen_i32(&pen, 0); /* assignments */
        pen_i32(&pen, 0); /* configs */
    }
    pen_i32(&pen, 60000);
    *pen.at++ = 0; /* not only validated */
    return frame_end(frame, pen);
}

size_t frame_metadata_all(uint8_t *frame)
{
    struct pen pen = frame_begin(frame, 3, 4);

    pen_i32(&pen, -1);
    *pen.at++ = 0; /* create nothing */
    return frame_end(frame, pen);
}

/* correlation, throttle, nodes, cluster, controller, topics ... */
int frame_topic_count(const uint8_t *answer, size_t size)
{
    enum { BEGIN = 8 };
    size_t at = BEGIN + 4;

    for (uint32_t nodes = load_u32(answer + BEGIN); nodes > 0 && at + 12 < size; nodes--)
        at = behind_text(answer, behind_text(answer, at + 4) + 4);
    at = behind_text(answer, at) + 4;
    return at + 4 <= size ? load_i32(answer + at) : -1;
}

size_t frame_describe_configs(uint8_t *frame, const char *prefix, int topics)
{
    struct pen pen = frame_begin(frame, 32, 1);

    pen_i32(&pen, topics);
    for (int i = 0; i < topics; i++) {
        *pen.at++ = 2; /* a topic */
        pen_name(&pen, prefix, i);
        pen_i32(&pen, -1); /* all configs */
    }
    *pen.at++ = 0; /* without synonyms */
    return frame_end(frame, pen);
}

/* The part that both requests of a session begin with: no wait. */
static struct pen session_begin(uint8_t *frame, int32_t id, int32_t epoch)
{
    struct pen pen = frame_begin(frame, 1, 7);

    pen_i32(&pen, -1);
    pen_i32(&pen, 0); /* ms */
    pen_i32(&pen, 1);
    pen_i32(&pen, 50 << 20);
    *pen.at++ = 0;
    pen_i32(&pen, id);
    pen_i32(&pen, epoch);
    return pen;
}

size_t frame_session_open(uint8_t *frame, const char *topic, int partitions)
{
    struct pen pen = session_begin(frame, 0, 0);

    pen_i32(&pen, 1);
    pen_text(&pen, topic);
    pen_i32(&pen, partitions);
    for (int i = 0; i < partitions; i++) {
        pen_i32(&pen, i);
        pen_i64(&pen, 0);
        pen_i64(&pen, -1);
        pen_i32(&pen, 1 << 20);
    }
    pen_i32(&pen, 0); /* nothing is forgotten */
    return frame_end(frame, pen);
}

size_t frame_session_next(uint8_t *frame, int32_t id, int32_t epoch)
{
    struct pen pen = session_begin(frame, id, epoch);

    pen_i32(&pen, 0);
    pen_i32(&pen, 0);
    return frame_end(frame, pen);
}

/* correlation, throttle, error, session */
int32_t frame_session_id(const uint8_t *answer, size_t size)
{
    if (size < 14 || load_i16(answer + 8) != 0) return -1;
    return load_i32(answer + 10);
}

/* correlation, 1 topic, its name, 1 partition, index, error ... */
int frame_produced_error(const uint8_t *answer, size_t size)
{
    if (size < 10) return -1;

    size_t name = load_u16(answer + 8);
    size_t place = 8 + 2 + name + 4 + 4;

    return place + 2 <= size ? load_i16(answer + place) : -1;
}

/* correlation, throttle, 1 topic, its name, 1 partition, index, error, high watermark, last stable, aborted, records */
size_t frame_fetched(const uint8_t *answer, size_t size, int64_t *next)
{
    if (size < 14 || load_u32(answer + 8) == 0) return 0;

    size_t place = 12 + 2 + load_u16(answer + 12) + 4 + 4;
    if (place + 22 > size) load_die("fetch answer of %zu bytes is too short", size);
    if (load_i16(answer + place)) load_die("fetch answered error %d", load_i16(answer + place));
    place += 2 + 8 + 8;
    int32_t aborted = load_i32(answer + place);
    place += 4 + (aborted > 0 ? (size_t)aborted * 16 : 0);
    int32_t records = load_i32(answer + place);
    place += 4;
    if (records <= 0) return 0;

    size_t limit = min_of(place + (size_t)records, size);
    while (place + BATCH_HEADER_SIZE <= limit) {
        size_t whole = BATCH_PREFIX_SIZE + load_u32(answer + place + 8);
        if (place + whole > limit) break;
        *next = load_i64(answer + place) + load_i32(answer + place + 23) + 1;
        place += whole;
    }
    return (size_t)records;
}

size_t frame_batch(uint8_t *memory, size_t capacity, const struct load_settings *settings, int *count)
{
    static uint8_t value[1 << 20];
    struct batch_builder builder;
    int64_t now_ms = time(NULL) * INT64_C(1000); /* Retention would remove what is old. */
    size_t room = (size_t)settings->batch_size;

    for (size_t i = 0; i < sizeof(value); i++) value[i] = (uint8_t)(i * 2654435761u >> 13);
    batch_begin(&builder, memory, capacity, 0, now_ms);
    *count = 0;
    do {
        struct bytes bytes = { value, (size_t)settings->record_size };
        batch_add(&builder, BYTES_NULL, bytes, now_ms);
        (*count)++;
    } while (builder.size + (size_t)settings->record_size + 16 <= room);
    struct bytes batch = batch_end(&builder);
    if (!batch.size) load_die("a batch of %ld bytes does not fit", settings->batch_size);
    return batch.size;
}
