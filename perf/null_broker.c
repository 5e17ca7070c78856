/* perf/null_broker.c   The least any broker can do, as the floor that CPU is held against: one thread, epoll; receive,
 * CRC-32C of each batch, one copy into an aligned log, an O_DIRECT write of each full MiB, an answer at once; fetches
 * are sent from memory. It promises nothing: no durability, no validation, no limits, four partitions under any name,
 * memory of a fixed size that wraps.
 *
 *     null_broker PORT FILE GIGABYTES [durable]    prints "ready PID" when it listens on 127.0.0.1:PORT
 *
 * durable: one raw 4 KiB overwrite with DSYNC before each Produce is answered, as raw_write.c makes it: the least that
 * an acknowledgement from the device takes at the pace of whoever asks.
 *
 * Answers ApiVersions 0-2, Metadata 1-4, Produce 3-7, Fetch 4 and ListOffsets 1, just well enough for load.c and
 * librdkafka. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"

enum {
    PARTITIONS = 4,
    CONNECTIONS_MAX = 4096,
    MIB = 1 << 20,
    ANSWER_MAX = 1 << 16,
    DISK_SIZE = 1 << 30,
    BLOCK = 4096,
    BLOCKS = 256
};

struct piece {
    int64_t base, limit; /* offsets */
    size_t position, size;
};

struct partition {
    uint8_t *memory;
    size_t used, capacity;
    int64_t end;
    struct piece *pieces;
    size_t count, capacity_pieces;
};

/* A Fetch that waits for records. */
struct parked {
    bool waits;
    int partition;
    int64_t offset;
    size_t size_max;
    uint32_t correlation;
    char topic[256];
};

struct client {
    int socket;
    bool blocked;
    uint8_t *in;
    size_t in_size, in_capacity;
    uint8_t *out;
    size_t out_size, out_at;
    const uint8_t *body; /* record bytes behind `out`, in a partition's memory */
    size_t body_size;
    struct parked parked;
};

struct null_broker {
    struct partition partitions[PARTITIONS];
    struct client *clients[CONNECTIONS_MAX];
    int port, epoll, disk;
    off_t disk_at;
    uint8_t *block; /* durable: what is written before an answer; else NULL */
    unsigned long block_count;
    unsigned long corrupt;
};

struct pen {
    uint8_t *at;
};

static void pen_i8(struct pen *pen, int n)
{
    *pen->at++ = (uint8_t)n;
}

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

static void broker_write(struct null_broker *broker, const uint8_t *mib)
{
    if (pwrite(broker->disk, mib, MIB, broker->disk_at) != MIB) perror("pwrite");
    broker->disk_at = (broker->disk_at + MIB) % DISK_SIZE;
}

static void broker_write_durably(struct null_broker *broker)
{
    struct iovec part = { broker->block, BLOCK };
    off_t at = (off_t)(broker->block_count++ % BLOCKS) * BLOCK;

    if (pwritev2(broker->disk, &part, 1, at, RWF_DSYNC) != BLOCK) perror("pwritev2");
}

static void partition_note(struct partition *partition, size_t size, int64_t limit)
{
    if (partition->count == partition->capacity_pieces) {
        partition->capacity_pieces = partition->capacity_pieces ? partition->capacity_pieces * 2 : 65536;
        partition->pieces = realloc(partition->pieces, partition->capacity_pieces * sizeof(struct piece));
    }
    partition->pieces[partition->count++] = (struct piece){ partition->end, limit, partition->used, size };
}

static void partition_store(struct null_broker *broker, int index, const uint8_t *batches, size_t size)
{
    struct partition *partition = &broker->partitions[index];

    for (size_t at = 0; at + 61 <= size;) {
        size_t whole = 12 + load_u32(batches + at + 8);
        if (at + whole > size) break;
        if (crc32c(0, batches + at + 21, whole - 21) != load_u32(batches + at + 17)) broker->corrupt++;
        if (partition->used + whole > partition->capacity) partition->used = 0;
        uint8_t *place = partition->memory + partition->used;
        memcpy(place, batches + at, whole);
        store_i64(place, partition->end);
        int64_t limit = partition->end + load_i32(batches + at + 23) + 1;
        partition_note(partition, whole, limit);
        for (size_t mib = partition->used / MIB; mib < (partition->used + whole) / MIB; mib++) {
            broker_write(broker, partition->memory + mib * MIB);
        }
        partition->used += whole;
        partition->end = limit;
        at += whole;
    }
}

static struct pen answer_begin(struct client *client, uint32_t correlation)
{
    struct pen pen = { client->out + 4 };

    pen_i32(&pen, correlation);
    return pen;
}

static void answer_end(struct client *client, struct pen pen, const uint8_t *body, size_t body_size)
{
    client->out_size = (size_t)(pen.at - client->out);
    client->out_at = 0;
    client->body = body;
    client->body_size = body_size;
    store_u32(client->out, (uint32_t)(client->out_size - 4 + body_size));
}

static void serve_versions(struct client *client, int version, uint32_t correlation)
{
    static const int16_t served[][3] = { { 0, 0, 7 }, { 1, 4, 4 }, { 2, 1, 1 }, { 3, 4, 4 }, { 18, 0, 2 } };
    struct pen pen = answer_begin(client, correlation);

    pen_i16(&pen, version > 2 ? 35 : 0);
    pen_i32(&pen, array_count(served));
    for (size_t i = 0; i < array_count(served); i++) {
        for (size_t j = 0; j < 3; j++) pen_i16(&pen, served[i][j]);
    }
    if (version == 1 || version == 2) pen_i32(&pen, 0);
    answer_end(client, pen, NULL, 0);
}

static void serve_metadata(struct null_broker *broker, struct client *client, const uint8_t *at, uint32_t correlation)
{
    struct pen pen = answer_begin(client, correlation);
    bool asked = load_i32(at) > 0;
    char name[256] = "";

    if (asked) {
        size_t size = load_u16(at + 4) & 255;
        memcpy(name, at + 6, size);
        name[size] = 0;
    }
    pen_i32(&pen, 0); /* throttle */
    pen_i32(&pen, 1); /* brokers */
    pen_i32(&pen, 1);
    pen_text(&pen, "127.0.0.1");
    pen_i32(&pen, broker->port);
    pen_i16(&pen, -1); /* rack */
    pen_i16(&pen, -1); /* cluster id */
    pen_i32(&pen, 1);  /* controller */
    pen_i32(&pen, asked);
    if (asked) {
        pen_i16(&pen, 0);
        pen_text(&pen, name);
        pen_i8(&pen, 0);
        pen_i32(&pen, PARTITIONS);
        for (int i = 0; i < PARTITIONS; i++) {
            pen_i16(&pen, 0);
            pen_i32(&pen, i);
            pen_i32(&pen, 1); /* leader */
            for (int list = 0; list < 2; list++) {
                pen_i32(&pen, 1);
                pen_i32(&pen, 1);
            }
        }
    }
    answer_end(client, pen, NULL, 0);
}

static void serve_produce(struct null_broker *broker, struct client *client, const uint8_t *at, int version,
                          uint32_t correlation)
{
    struct pen pen = answer_begin(client, correlation);
    int16_t transactional = load_i16(at);

    at += 2 + (transactional > 0 ? transactional : 0);
    int acks = load_i16(at);
    int32_t topics = load_i32(at + 6);
    at += 10;
    pen_i32(&pen, topics);
    while (topics-- > 0) {
        size_t name = load_u16(at) + 2u;
        memcpy(pen.at, at, name);
        pen.at += name;
        int32_t count = load_i32(at + name);
        at += name + 4;
        pen_i32(&pen, count);
        while (count-- > 0) {
            int index = load_i32(at) % PARTITIONS;
            size_t size = load_u32(at + 4);
            pen_i32(&pen, index);
            pen_i16(&pen, 0);
            pen_i64(&pen, broker->partitions[index].end);
            pen_i64(&pen, -1);
            if (version >= 5) pen_i64(&pen, 0);
            partition_store(broker, index, at + 8, size);
            at += 8 + size;
        }
    }
    pen_i32(&pen, 0); /* throttle */
    if (broker->block) broker_write_durably(broker);
    if (acks) answer_end(client, pen, NULL, 0);
}

static void serve_offsets(struct null_broker *broker, struct client *client, const uint8_t *at, uint32_t correlation)
{
    struct pen pen = answer_begin(client, correlation);
    int32_t topics = load_i32(at + 4);

    at += 8;
    pen_i32(&pen, topics);
    while (topics-- > 0) {
        size_t name = load_u16(at) + 2u;
        memcpy(pen.at, at, name);
        pen.at += name;
        int32_t count = load_i32(at + name);
        at += name + 4;
        pen_i32(&pen, count);
        for (; count-- > 0; at += 12) {
            pen_i32(&pen, load_i32(at));
            pen_i16(&pen, 0);
            pen_i64(&pen, -1);
            pen_i64(&pen, load_i64(at + 4) == -2 ? 0 : broker->partitions[load_u32(at) % PARTITIONS].end);
        }
    }
    answer_end(client, pen, NULL, 0);
}

/* One partition of a request is served, the first with something new: good enough for a floor. */
static void park_fetch(struct null_broker *broker, struct client *client, const uint8_t *at, uint32_t correlation)
{
    struct parked *parked = &client->parked;
    int32_t topics = load_i32(at + 17);

    parked->waits = false;
    at += 21;
    while (topics-- > 0) {
        size_t name = load_u16(at);
        memcpy(parked->topic, at + 2, name & 255);
        parked->topic[name & 255] = 0;
        int32_t count = load_i32(at + 2 + name);
        at += 2 + name + 4;
        for (; count-- > 0; at += 16) {
            if (parked->waits && parked->offset < broker->partitions[parked->partition].end) continue;
            parked->partition = (int)(load_u32(at) % PARTITIONS);
            parked->offset = load_i64(at + 4);
            parked->size_max = load_u32(at + 12);
            parked->correlation = correlation;
            parked->waits = true;
        }
    }
}

/* True when there was something to answer with. */
static bool serve_parked(struct null_broker *broker, struct client *client)
{
    struct parked *parked = &client->parked;
    struct partition *partition = &broker->partitions[parked->partition];
    size_t low = 0, high = partition->count, size = 0;

    if (!parked->waits || client->blocked || parked->offset >= partition->end) return false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (partition->pieces[middle].limit <= parked->offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t position = partition->pieces[low].position;
    for (; low < partition->count; low++) {
        const struct piece *piece = &partition->pieces[low];
        if (piece->position != position + size) break;
        if (size && size + piece->size > parked->size_max) break;
        size += piece->size;
    }
    struct pen pen = answer_begin(client, parked->correlation);
    pen_i32(&pen, 0); /* throttle */
    pen_i32(&pen, 1);
    pen_text(&pen, parked->topic);
    pen_i32(&pen, 1);
    pen_i32(&pen, parked->partition);
    pen_i16(&pen, 0);
    pen_i64(&pen, partition->end);
    pen_i64(&pen, partition->end);
    pen_i32(&pen, 0);
    pen_i32(&pen, (int64_t)size);
    answer_end(client, pen, partition->memory + position, size);
    parked->waits = false;
    return true;
}

/* 1: all sent, 0: the socket takes no more, -1: it is gone. */
static int client_flush(struct client *client)
{
    while (client->out_at < client->out_size || client->body_size) {
        bool head = client->out_at < client->out_size;
        const uint8_t *from = head ? client->out + client->out_at : client->body;
        size_t left = head ? client->out_size - client->out_at : client->body_size;
        ssize_t done = send(client->socket, from, left, MSG_NOSIGNAL | (head && client->body_size ? MSG_MORE : 0));
        if (done < 0) return errno == EAGAIN ? 0 : -1;
        if (head) {
            client->out_at += (size_t)done;
        } else {
            client->body += done;
            client->body_size -= (size_t)done;
        }
    }
    return 1;
}

static void client_watch(struct null_broker *broker, struct client *client, bool blocked)
{
    struct epoll_event event = { .events = EPOLLIN | (blocked ? (uint32_t)EPOLLOUT : 0), .data.fd = client->socket };

    if (client->blocked == blocked) return;
    client->blocked = blocked;
    epoll_ctl(broker->epoll, EPOLL_CTL_MOD, client->socket, &event);
}

static bool client_push(struct null_broker *broker, struct client *client)
{
    int sent = client_flush(client);

    client_watch(broker, client, sent == 0);
    return sent >= 0;
}

static void serve_frame(struct null_broker *broker, struct client *client, const uint8_t *frame)
{
    int key = load_i16(frame), version = load_i16(frame + 2), name = load_i16(frame + 8);
    uint32_t correlation = load_u32(frame + 4);
    const uint8_t *body = frame + 10 + (name > 0 ? name : 0);

    switch (key) {
    case 0: serve_produce(broker, client, body, version, correlation); break;
    case 1: park_fetch(broker, client, body, correlation); break;
    case 2: serve_offsets(broker, client, body, correlation); break;
    case 3: serve_metadata(broker, client, body, correlation); break;
    case 18: serve_versions(client, version, correlation); break;
    default: fprintf(stderr, "null_broker: key %d\n", key);
    }
}

static bool serve_everyone_parked(struct null_broker *broker, const struct client *self)
{
    bool alive = true;

    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        struct client *client = broker->clients[i];
        if (!client || !serve_parked(broker, client)) continue;
        if (!client_push(broker, client) && client == self) alive = false;
    }
    return alive;
}

static bool client_frames(struct null_broker *broker, struct client *client)
{
    size_t at = 0;
    bool alive = true;

    while (alive && client->in_size - at >= 4) {
        size_t whole = 4 + load_u32(client->in + at);
        if (client->in_size - at < whole) break;
        serve_frame(broker, client, client->in + at + 4);
        at += whole;
        if (client->out_at < client->out_size) alive = client_push(broker, client);
        alive = alive && serve_everyone_parked(broker, client);
    }
    memmove(client->in, client->in + at, client->in_size - at);
    client->in_size -= at;
    return alive;
}

static bool client_receive(struct null_broker *broker, struct client *client)
{
    while (!client->blocked) {
        if (client->in_size == client->in_capacity) {
            client->in_capacity *= 2;
            client->in = realloc(client->in, client->in_capacity);
        }
        ssize_t got = recv(client->socket, client->in + client->in_size, client->in_capacity - client->in_size, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
        if (got < 0) return true;
        client->in_size += (size_t)got;
        if (!client_frames(broker, client)) return false;
    }
    return true;
}

static void client_open(struct null_broker *broker, int listener)
{
    int one = 1, made = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

    if (made < 0 || made >= CONNECTIONS_MAX) return;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct client *client = calloc(1, sizeof(*client));
    client->socket = made;
    client->in_capacity = MIB;
    client->in = malloc(client->in_capacity);
    client->out = malloc(ANSWER_MAX);
    broker->clients[made] = client;
    struct epoll_event event = { .events = EPOLLIN, .data.fd = made };
    epoll_ctl(broker->epoll, EPOLL_CTL_ADD, made, &event);
}

static void client_close(struct null_broker *broker, struct client *client)
{
    if (broker->corrupt) fprintf(stderr, "null_broker: %lu corrupt batches\n", broker->corrupt);
    close(client->socket);
    broker->clients[client->socket] = NULL;
    free(client->in);
    free(client->out);
    free(client);
}

static void broker_prepare(struct null_broker *broker, const char *path, double gigabytes, bool durable)
{
    uint8_t *mib = aligned_alloc(4096, MIB);

    for (int i = 0; i < PARTITIONS; i++) {
        struct partition *partition = &broker->partitions[i];
        partition->capacity = (size_t)(gigabytes * 1e9 / PARTITIONS);
        partition->memory =
            mmap(NULL, partition->capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    }
    memset(mib, 1, MIB);
    broker->disk = open(path, O_RDWR | O_CREAT | O_DIRECT, 0644);
    for (int i = 0; i < DISK_SIZE / MIB; i++) broker_write(broker, mib);
    fsync(broker->disk);
    free(mib);
    if (durable) broker->block = aligned_alloc(BLOCK, BLOCK);
    if (durable) memset(broker->block, 7, BLOCK);
}

static int broker_listen(struct null_broker *broker)
{
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)broker->port) };
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1024)) {
        perror("null_broker: bind");
        exit(1);
    }
    broker->epoll = epoll_create1(0);
    epoll_ctl(broker->epoll, EPOLL_CTL_ADD, listener, &event);
    return listener;
}

int main(int count, char **arguments)
{
    if (count < 4) {
        fprintf(stderr, "usage: null_broker PORT FILE GIGABYTES [durable]\n");
        return 2;
    }
    struct null_broker *broker = calloc(1, sizeof(*broker));
    broker->port = (int)strtol(arguments[1], NULL, 10);
    broker_prepare(broker, arguments[2], strtod(arguments[3], NULL), count > 4 && strcmp(arguments[4], "durable") == 0);
    int listener = broker_listen(broker);
    printf("ready %d\n", getpid());
    fflush(stdout);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(broker->epoll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) {
                client_open(broker, listener);
                continue;
            }
            struct client *client = broker->clients[events[i].data.fd];
            bool alive = true;
            if (!client) continue;
            if (events[i].events & EPOLLOUT) alive = client_push(broker, client);
            if (alive && (events[i].events & (EPOLLIN | EPOLLHUP))) alive = client_receive(broker, client);
            if (!alive) client_close(broker, client);
        }
    }
}
