/* tests/unit/tools/client/broker.h   A broker that follows a script, on a thread of its own and a loopback port: for
 * each request that comes, one step. What it can't follow it closes. */
#ifndef TESTS_UNIT_TOOLS_CLIENT_BROKER_H
#define TESTS_UNIT_TOOLS_CLIENT_BROKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "messages/api_versions.h"
#include "messages/apis.h"
#include "messages/header.h"

enum broker_does {
    BROKER_ANSWERS, /* with `answer`, in the version that was asked for */
    BROKER_REFUSES, /* the version of ApiVersions: error 35, in the shape of version 0 */
    BROKER_SAYS,    /* `said`, as it is, and closes */
    BROKER_CLOSES,
    BROKER_WAITS, /* until the client hangs up */
    BROKER_IGNORES,
};

struct broker_step {
    enum broker_does does;
    const void *answer;
    const char *said;
    size_t said_size;
    int32_t shift; /* of the answer's correlation id */
};

struct broker {
    int listener;
    uint16_t port;
    pthread_t thread;
    const struct broker_step *steps;
    size_t count;
    int16_t keys[16], versions[16]; /* what was asked, for each step */
};

static inline bool broker_take(int socket, uint8_t *request, size_t room)
{
    if (recv(socket, request, 4, MSG_WAITALL) != 4) return false;
    uint32_t size = load_u32(request);
    return size >= 8 && size <= room && recv(socket, request, size, MSG_WAITALL) == (ssize_t)size;
}

static inline bool broker_answer(int socket, const uint8_t *request, const struct broker_step *step)
{
    const struct api_row *row = api_find(load_i16(request));
    int16_t version = load_i16(request + 2);
    uint8_t memory[1 << 16];
    struct writer writer = { .start = memory, .at = memory + 4, .limit = memory + sizeof(memory) };
    struct response_header header = { load_i32(request + 4) + step->shift };
    struct api_versions_answer refusal = { .error = 35 };
    bool refuses = step->does == BROKER_REFUSES;
    int16_t header_version = api_answer_header(row, version), shape = (int16_t)(refuses ? 0 : version);

    message_write(&response_header_schema, header_version, header_version > 0, &header, &writer);
    message_write(row->answer, shape, api_flexible(row, shape), refuses ? &refusal : step->answer, &writer);
    store_u32(memory, (uint32_t)(writer.at - memory - 4));
    return !writer.overrun && send(socket, memory, (size_t)(writer.at - memory), MSG_NOSIGNAL) == writer.at - memory;
}

static inline bool broker_do(int socket, const uint8_t *request, const struct broker_step *step)
{
    char byte;

    switch (step->does) {
    case BROKER_ANSWERS:
    case BROKER_REFUSES: return broker_answer(socket, request, step);
    case BROKER_SAYS: (void)send(socket, step->said, step->said_size, MSG_NOSIGNAL); return false;
    case BROKER_WAITS: return recv(socket, &byte, 1, 0) > 0;
    case BROKER_IGNORES: return true;
    case BROKER_CLOSES: break;
    }
    return false;
}

static inline void *broker_run(void *context)
{
    struct broker *broker = context;
    uint8_t request[4096];
    int socket = -1;

    for (size_t i = 0; i < broker->count; i++) {
        while (socket < 0 || !broker_take(socket, request, sizeof(request))) {
            if (socket >= 0) close(socket);
            socket = accept(broker->listener, NULL, NULL);
            if (socket < 0) return NULL;
        }
        broker->keys[i] = load_i16(request);
        broker->versions[i] = load_i16(request + 2);
        if (broker_do(socket, request, &broker->steps[i])) continue;
        close(socket);
        socket = -1;
    }
    if (socket >= 0) close(socket);
    return NULL;
}

static inline void broker_begin(struct broker *broker, const struct broker_step *steps, size_t count)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);

    *broker = (struct broker){ .steps = steps, .count = count, .listener = socket(AF_INET, SOCK_STREAM, 0) };
    assert_int_equal(bind(broker->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(broker->listener, 8), 0);
    assert_int_equal(getsockname(broker->listener, (struct sockaddr *)&address, &size), 0);
    broker->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&broker->thread, NULL, broker_run, broker), 0);
}

/* After the client has hung up. */
static inline void broker_end(struct broker *broker)
{
    shutdown(broker->listener, SHUT_RDWR);
    pthread_join(broker->thread, NULL);
    close(broker->listener);
}

#endif
