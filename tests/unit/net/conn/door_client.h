/* tests/unit/net/conn/door_client.h   The client's end of a connection to the doors, and what is known of it inside.
 * The face turns in the test's own thread while a client sends or waits. */
#ifndef TESTS_UNIT_NET_CONN_DOOR_CLIENT_H
#define TESTS_UNIT_NET_CONN_DOOR_CLIENT_H

#include "door_frames.h"
#include "doors.h"

static inline int door_connect(struct doors *doors)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(doors->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    doors_turns(doors, 3);
    return client;
}

/* Turns the face while the client's socket takes the bytes. */
static inline void door_send(struct doors *doors, int client, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(client, (const char *)data + done, size - done, MSG_NOSIGNAL);
        if (sent > 0) done += (size_t)sent;
        if (sent < 0) assert_int_equal(errno, EAGAIN);
        doors_turn(doors);
    }
}

/* A plain face and a client of it, whose `count` fetches have begun and wait; they are numbered from 1 on. */
static inline int doors_open_waiting(struct doors *doors, int32_t count)
{
    uint8_t frames[1024];
    size_t size = 0;

    doors_open_plain(doors);
    int client = door_connect(doors);
    assert_true(count <= 16);
    for (int32_t i = 1; i <= count; i++) size += frame_fetch(frames + size, i);
    door_send(doors, client, frames, size);
    doors_turns(doors, 3);
    assert_int_equal(doors->calls.waiting_count, count);
    return client;
}

/* What comes within `turns` rounds: the size, 0 when the face closed the connection, -1 when nothing came. */
static inline ssize_t door_receive(struct doors *doors, int client, void *data, size_t size, int turns)
{
    for (int i = 0; i < turns; i++) {
        ssize_t got = recv(client, data, size, 0);
        if (got >= 0) return got;
        if (errno == ECONNRESET) return 0;
        assert_int_equal(errno, EAGAIN);
        doors_turn(doors);
    }
    return -1;
}

/* A whole answer frame: its size without the length, 0 closed, -1 nothing. */
static inline ssize_t door_answer(struct doors *doors, int client, uint8_t *data, size_t size)
{
    size_t have = 0, wanted = 4;

    while (have < wanted) {
        ssize_t got = door_receive(doors, client, data + have, wanted - have, 300);
        if (got <= 0) return got;
        have += (size_t)got;
        if (have == 4) wanted = 4 + load_u32(data);
        assert_true(wanted <= size);
    }
    memmove(data, data + 4, have - 4);
    return (ssize_t)have - 4;
}

static inline bool door_closed_by_us(struct doors *doors, int client)
{
    uint8_t byte;
    return door_receive(doors, client, &byte, 1, 100) == 0;
}

/* The only connection. */
static inline struct connection *doors_connection(const struct doors *doors)
{
    return container_of(list_first(&doors->face->connections), struct connection, node);
}

static inline int64_t doors_counted(const struct doors *doors, enum conn_metric metric, uint32_t series)
{
    return metric_read(doors->face->settings.metrics, &doors->face->cells, 1, metric, series);
}

#endif
