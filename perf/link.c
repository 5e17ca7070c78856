/* perf/link.c   A non-blocking connection of the load client: sends are queued behind what the socket did not take,
 * answers are cut into frames. The ring of intended send times makes latencies honest: an answer is held against the
 * moment its request should have left. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "load.h"

int64_t load_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void load_die(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    fputs("load: ", stderr);
    (void)vfprintf(stderr, format, list); /* NOLINT(clang-analyzer-valist.Uninitialized): clang 14 is mistaken */
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

void link_open(struct link *link, const struct load_settings *settings, uint32_t capacity)
{
    int one = 1;

    memset(link, 0, sizeof(*link));
    link->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(link->socket, (const struct sockaddr *)&settings->address, sizeof(settings->address))) {
        load_die("connect: %s", strerror(errno));
    }
    setsockopt(link->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(link->socket, F_SETFL, O_NONBLOCK);
    link->out_capacity = 1 << 20;
    link->out = malloc(link->out_capacity);
    link->in_capacity = 4 << 20;
    link->in = malloc(link->in_capacity);
    link->sent_capacity = capacity;
    link->sent_ns = calloc(capacity, sizeof(*link->sent_ns));
    if (!link->out || !link->in || !link->sent_ns) load_die("out of memory");
}

void link_close(struct link *link)
{
    close(link->socket);
    free(link->out);
    free(link->in);
    free(link->sent_ns);
}

void link_flush(struct link *link)
{
    while (link->out_at < link->out_size) {
        ssize_t done = send(link->socket, link->out + link->out_at, link->out_size - link->out_at, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN) break;
        if (done < 0) load_die("send: %s", strerror(errno));
        link->out_at += (size_t)done;
    }
    link->blocked = link->out_at < link->out_size;
    if (!link->blocked) link->out_at = link->out_size = 0;
}

static void link_keep(struct link *link, const uint8_t *bytes, size_t size)
{
    if (link->out_size + size > link->out_capacity) {
        link->out_capacity = 2 * (link->out_size + size);
        link->out = realloc(link->out, link->out_capacity);
        if (!link->out) load_die("out of memory");
    }
    memcpy(link->out + link->out_size, bytes, size);
    link->out_size += size;
}

void link_send(struct link *link, const uint8_t *request, size_t size, int64_t intended_ns)
{
    if (link->sent_count == link->sent_capacity) load_die("%u requests without an answer", link->sent_count);
    link->sent_ns[(link->sent_first + link->sent_count++) % link->sent_capacity] = intended_ns;
    while (!link->blocked && size > 0) {
        ssize_t done = send(link->socket, request, size, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN) break;
        if (done < 0) load_die("send: %s", strerror(errno));
        request += done;
        size -= (size_t)done;
    }
    if (size == 0) return;
    link_keep(link, request, size);
    link->blocked = true;
}

void link_receive(struct link *link)
{
    for (;;) {
        if (link->in_size == link->in_capacity) {
            link->in_capacity *= 2;
            link->in = realloc(link->in, link->in_capacity);
            if (!link->in) load_die("out of memory");
        }
        ssize_t done = recv(link->socket, link->in + link->in_size, link->in_capacity - link->in_size, 0);
        if (done < 0 && errno == EAGAIN) return;
        if (done <= 0) load_die("the broker closed the connection");
        link->in_size += (size_t)done;
    }
}

const uint8_t *link_frame(struct link *link, size_t *size)
{
    if (link->in_size < 4) return NULL;
    *size = load_u32(link->in);
    return link->in_size >= 4 + *size ? link->in + 4 : NULL;
}

void link_frame_done(struct link *link, size_t size)
{
    link->in_size -= 4 + size;
    memmove(link->in, link->in + 4 + size, link->in_size);
    link->sent_first = (link->sent_first + 1) % link->sent_capacity;
    link->sent_count--;
}

bool link_wait_frame(struct link *link, const uint8_t **frame, size_t *size)
{
    while (!(*frame = link_frame(link, size))) {
        struct pollfd wait = { link->socket, (short)(POLLIN | (link->blocked ? POLLOUT : 0)), 0 };
        if (poll(&wait, 1, 30000) <= 0) return false;
        if (wait.revents & POLLOUT) link_flush(link);
        if (wait.revents & (POLLIN | POLLHUP | POLLERR)) link_receive(link);
    }
    return true;
}
