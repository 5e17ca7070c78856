/* client/peer.c   A socket that never waits by itself: poll does, with what is left until the deadline. */
#include "client/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/frame.h"
#include "messages/api_versions.h"

enum { FIRST_ANSWER_MAX = 1 << 20 };

int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum status peer_fail(struct peer *peer, enum status status, const char *format, ...) printf_like(3, 4);

/* Whatever went wrong, the stream can't be trusted any more. */
static enum status peer_fail(struct peer *peer, enum status status, const char *format, ...)
{
    va_list arguments;
    int used =
        snprintf(peer->why, sizeof(peer->why), strchr(peer->host, ':') ? "[%s]:%u " : "%s:%u ", peer->host, peer->port);

    va_start(arguments, format);
    if (used > 0 && used < (int)sizeof(peer->why)) {
        vsnprintf(peer->why + used, sizeof(peer->why) - (size_t)used, format, arguments);
    }
    va_end(arguments);
    peer_end(peer);
    return status;
}

void peer_init(struct peer *peer, struct heap *heap, const char *client_id, int32_t node, const char *host,
               uint16_t port)
{
    *peer = (struct peer){ .heap = heap, .client_id = client_id, .node = node, .port = port, .socket = -1 };
    snprintf(peer->host, sizeof(peer->host), "%s", host);
}

void peer_end(struct peer *peer)
{
    if (peer->socket >= 0) close(peer->socket);
    peer->socket = -1;
}

/* ---- bytes ---- */

static enum status peer_wait(struct peer *peer, short events, int64_t deadline_ms)
{
    struct pollfd poll_one = { .fd = peer->socket, .events = events };

    for (;;) {
        int64_t left = deadline_ms - clock_ms();
        int ready = poll(&poll_one, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
        if (ready > 0) return STATUS_OK;
        if (ready == 0 && left <= 0) return STATUS_TIMED_OUT;
        if (ready < 0 && errno != EINTR) return STATUS_CLOSED;
    }
}

static enum status peer_write(struct peer *peer, const uint8_t *data, size_t size, int64_t deadline_ms)
{
    while (size > 0) {
        ssize_t sent = send(peer->socket, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            enum status status = peer_wait(peer, POLLOUT, deadline_ms);
            if (status == STATUS_TIMED_OUT) return peer_fail(peer, status, "takes no more bytes");
            if (status != STATUS_OK) return peer_fail(peer, status, "is gone: %s", strerror(errno));
        } else if (sent < 0 && errno != EINTR) {
            return peer_fail(peer, STATUS_CLOSED, "closed the connection (%s)", strerror(errno));
        } else if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        }
    }
    return STATUS_OK;
}

static enum status peer_read(struct peer *peer, uint8_t *data, size_t size, int64_t deadline_ms)
{
    while (size > 0) {
        ssize_t got = recv(peer->socket, data, size, 0);
        if (got == 0) return peer_fail(peer, STATUS_CLOSED, "closed the connection");
        if (got < 0 && errno == EAGAIN) {
            enum status status = peer_wait(peer, POLLIN, deadline_ms);
            if (status == STATUS_TIMED_OUT) return peer_fail(peer, status, "does not answer");
            if (status != STATUS_OK) return peer_fail(peer, status, "is gone: %s", strerror(errno));
        } else if (got < 0 && errno != EINTR) {
            return peer_fail(peer, STATUS_CLOSED, "closed the connection (%s)", strerror(errno));
        } else if (got > 0) {
            data += got;
            size -= (size_t)got;
        }
    }
    return STATUS_OK;
}

/* ---- requests and answers ---- */

enum status peer_send(struct peer *peer, int16_t key, int16_t version, const void *ask, int64_t deadline_ms)
{
    const struct api_row *row = api_find(key);
    struct bytes frame;

    invariant(row && peer->socket >= 0);
    frame = frame_make(peer->heap, row, version, ++peer->correlation, peer->client_id, ask);
    enum status status = peer_write(peer, frame.data, frame.size, deadline_ms);
    heap_give(peer->heap, (void *)(uintptr_t)frame.data);
    return status;
}

void peer_unanswered(struct peer *peer)
{
    invariant(peer->answered + 1 == peer->correlation);
    peer->answered = peer->correlation;
}

/* What strangers say first, as the four bytes that should be a size. */
static const char *stranger(const uint8_t *first)
{
    if (memcmp(first, "HTTP", 4) == 0) return "speaks HTTP, not Kafka's protocol";
    if (memcmp(first, "SSH-", 4) == 0) return "speaks SSH, not Kafka's protocol";
    if (first[0] == 0x15 && first[1] == 3) return "wants TLS, which this client does not speak yet";
    return "answers, but not in Kafka's protocol";
}

enum status peer_receive(struct peer *peer, int16_t key, int16_t version, void *answer, struct arena *arena,
                         int64_t deadline_ms)
{
    const struct api_row *row = api_find(key);
    uint8_t size_bytes[4];
    int32_t correlation;

    invariant(row && peer->answered < peer->correlation);
    enum status status = peer_read(peer, size_bytes, sizeof(size_bytes), deadline_ms);
    if (status != STATUS_OK) return status;
    uint32_t size = load_u32(size_bytes);
    if (size < 4 || size > (peer->correlation == 1 ? FIRST_ANSWER_MAX : PEER_ANSWER_MAX))
        return peer_fail(peer, STATUS_MISMATCH, "%s", stranger(size_bytes));

    uint8_t *body = arena_take(arena, size);
    if (!body) return peer_fail(peer, STATUS_NO_MEMORY, "answers with %u bytes, which is too much here", size);
    status = peer_read(peer, body, size, deadline_ms);
    if (status != STATUS_OK) return status;

    status = frame_read(row, version, (struct bytes){ body, size }, &correlation, answer, arena);
    if (status == STATUS_NO_MEMORY) return peer_fail(peer, status, "sent an answer too large to be read");
    if (status != STATUS_OK || correlation != peer->answered + 1) {
        return peer_fail(peer, STATUS_MISMATCH, "sent an answer to %s that can't be read", row->name);
    }
    peer->answered++;
    return STATUS_OK;
}

int16_t peer_version(const struct peer *peer, int16_t key, int16_t most)
{
    const struct api_row *row = api_find(key);

    invariant(row && key < PEER_APIS);
    int16_t greatest = min_of(min_of(row->until, most), peer->versions[key].greatest);
    int16_t least = max_of(row->since, peer->versions[key].least);
    return (int16_t)(greatest < least ? -1 : greatest);
}

/* ---- connecting ---- */

static enum status connect_one(struct peer *peer, const struct addrinfo *address, int64_t deadline_ms)
{
    int yes = 1, error = 0;
    socklen_t error_size = sizeof(error);

    peer->socket = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (peer->socket < 0) return peer_fail(peer, STATUS_CLOSED, "can't be reached: %s", strerror(errno));
    (void)setsockopt(peer->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));

    if (connect(peer->socket, address->ai_addr, address->ai_addrlen) == 0) return STATUS_OK;
    if (errno != EINPROGRESS) return peer_fail(peer, STATUS_CLOSED, "can't be reached: %s", strerror(errno));
    enum status status = peer_wait(peer, POLLOUT, deadline_ms);
    if (status != STATUS_OK) return peer_fail(peer, status, "can't be reached: no answer");
    if (getsockopt(peer->socket, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) error = errno;
    if (error != 0) return peer_fail(peer, STATUS_CLOSED, "can't be reached: %s", strerror(error));
    return STATUS_OK;
}

static enum status connect_any(struct peer *peer, int64_t deadline_ms)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char port[8];

    snprintf(port, sizeof(port), "%u", peer->port);
    int error = getaddrinfo(peer->host, port, &hints, &found);
    if (error != 0) return peer_fail(peer, STATUS_NOT_FOUND, "can't be reached: %s", gai_strerror(error));

    enum status status = STATUS_NOT_FOUND;
    for (struct addrinfo *one = found; one && status != STATUS_OK; one = one->ai_next) {
        status = connect_one(peer, one, deadline_ms);
    }
    freeaddrinfo(found);
    return status;
}

/* A broker that does not know our version answers in version 0's shape, with error 35. */
static enum status ask_versions(struct peer *peer, int16_t version, struct api_versions_answer *answer,
                                struct arena *arena, int64_t deadline_ms)
{
    const struct api_versions_ask ask = {
        .client_software_name = TEXT("sluice"),
        .client_software_version = TEXT(SLUICE_VERSION),
    };

    enum status status = peer_send(peer, API_API_VERSIONS, version, &ask, deadline_ms);
    if (status != STATUS_OK) return status;
    return peer_receive(peer, API_API_VERSIONS, version, answer, arena, deadline_ms);
}

static enum status greet(struct peer *peer, struct arena *arena, int64_t deadline_ms)
{
    enum { FIRST_VERSION = 3 };
    struct api_versions_answer answer = { 0 };

    enum status status = ask_versions(peer, FIRST_VERSION, &answer, arena, deadline_ms);
    if (status == STATUS_OK && answer.error != 0) {
        status = ask_versions(peer, 0, &answer, arena, deadline_ms);
    }
    if (status == STATUS_CLOSED) {
        return peer_fail(peer, status, "closed the connection at once: it is no Kafka, or wants TLS or a login");
    }
    if (status != STATUS_OK) return status;

    for (int i = 0; i < PEER_APIS; i++) peer->versions[i].least = 0, peer->versions[i].greatest = -1;
    for (int32_t i = 0; i < answer.api_keys.count; i++) {
        const struct api_versions_api *api = &answer.api_keys.items[i];
        if (api->api_key < 0 || api->api_key >= PEER_APIS) continue;
        peer->versions[api->api_key].least = api->min_version;
        peer->versions[api->api_key].greatest = api->max_version;
    }
    return STATUS_OK;
}

enum status peer_connect(struct peer *peer, int64_t deadline_ms)
{
    struct arena arena;

    if (peer->socket >= 0) return STATUS_OK;
    peer->correlation = peer->answered = 0;
    enum status status = connect_any(peer, deadline_ms);
    if (status != STATUS_OK) return status;

    arena_init(&arena, peer->heap, NULL, 0, 1 << 20);
    status = greet(peer, &arena, deadline_ms);
    arena_reset(&arena);
    return status;
}
