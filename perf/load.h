/* perf/load.h   The one client of all figures: raw sockets, one thread, epoll, requests built once. It speaks Produce
 * v7, Fetch v4, Metadata v4: what the null broker, Apache Kafka and Sluice all understand, so that each of them gets
 * the same bytes. */
#ifndef PERF_LOAD_H
#define PERF_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_settings {
    struct sockaddr_in address;
    const char *mode; /* produce, rate, consume, idle, first, calls */
    const char *call; /* calls: metadata, describe, session */
    int topics;       /* calls */
    const char *topic;
    int partitions;
    int connections;
    int inflight; /* requests on the way per connection (produce) */
    int acks;
    long record_size; /* bytes of a record's value */
    long batch_size;  /* bytes of a batch; as many records as fit, at least one */
    double size;      /* bytes to move (produce, consume) */
    double count;     /* requests to make; 0: as many as `size` needs */
    double rate;      /* requests per second (rate) */
    double seconds;   /* of a rate run */
    long fetch_size;  /* of a partition in one Fetch */
    int64_t from;     /* offset at which consuming begins */
    char **command;   /* first: what to start */
};

/* A connection: what is being sent, what has come. */
struct link {
    int socket;
    uint8_t *out;
    size_t out_size, out_at, out_capacity;
    uint8_t *in;
    size_t in_size, in_capacity;
    int64_t *sent_ns; /* intended send times of the requests under way, a ring */
    uint32_t sent_first, sent_count, sent_capacity;
    bool blocked; /* waits for the socket to take more */
};

int64_t load_now_ns(void);
void load_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

void link_open(struct link *link, const struct load_settings *settings, uint32_t capacity);
void link_close(struct link *link);
/* Sends now what the socket takes; the rest stays. `request` is a whole frame. */
void link_send(struct link *link, const uint8_t *request, size_t size, int64_t intended_ns);
void link_flush(struct link *link);
/* Receives what is there. The frames are taken by link_frame: NULL when none is whole. */
void link_receive(struct link *link);
const uint8_t *link_frame(struct link *link, size_t *size);
void link_frame_done(struct link *link, size_t size);
/* The next whole frame, waiting for it; false when the peer closed. */
bool link_wait_frame(struct link *link, const uint8_t **frame, size_t *size);

/* Frames. `frame` has room; the size comes back. */
size_t frame_metadata(uint8_t *frame, const char *topic);
size_t frame_produce(uint8_t *frame, const struct load_settings *settings, int partition, const uint8_t *batch,
                     size_t batch_size);
size_t frame_fetch(uint8_t *frame, const struct load_settings *settings, int partition, int64_t offset);
/* The error code of the (only) partition in a Produce v7 answer, behind its length. */
/* A Metadata answer whose first topic is `topic`, without an error. */
bool frame_topic_ready(const uint8_t *answer, size_t size, const char *topic);
int frame_produced_error(const uint8_t *answer, size_t size);
/* Walks a Fetch v4 answer: bytes of records; *next is moved behind the last whole batch. */
size_t frame_fetched(const uint8_t *answer, size_t size, int64_t *next);
/* calls.c: the mode of that name, and its frames. Topics are called PREFIX-0, PREFIX-1, ... */
void run_calls(const struct load_settings *settings);
size_t frame_create_topics(uint8_t *frame, const char *prefix, int topics, int partitions);
size_t frame_metadata_all(uint8_t *frame);
int frame_topic_count(const uint8_t *answer, size_t size);
size_t frame_describe_configs(uint8_t *frame, const char *prefix, int topics);
/* A session over all partitions of a topic, from offset 0; then what is new in it, at once. */
size_t frame_session_open(uint8_t *frame, const char *topic, int partitions);
size_t frame_session_next(uint8_t *frame, int32_t id, int32_t epoch);
/* -1: an error. */
int32_t frame_session_id(const uint8_t *answer, size_t size);
/* A batch of as many records as settings->batch_size holds; *count says how many. */
size_t frame_batch(uint8_t *memory, size_t capacity, const struct load_settings *settings, int *count);

#endif
