/* net/http/http.c   The thread that answers.
 *
 *     WAITING for the first client --library loaded--> SERVING --http_end--> gone
 *
 * Its one loop polls two descriptors: the stop, and either the listening socket or the library's epoll. Pages are
 * written one after the other: what they ask the shards for is bounded in time, what clients send in size, their
 * number, how long each may say nothing, and how long a request and its answer may take: who dribbles keeps his place
 * no longer than who is silent. */
#include "http/http.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/sink.h"
#include "http/library.h"
#include "http/pages.h"
#include "node/address.h"

enum {
    BACKLOG = 64,
    CLIENTS_MAX = 64,
    CLIENT_IDLE_S = 15,
    EXCHANGE_MS_MAX = 30000,
    LOOK_MS = 500, /* at who has had his time, while there are clients */
    CLIENT_MEMORY = 16 << 10,
    PAGE_SIZE_MAX = 64 << 20,
    HTTP_NOT_FOUND = 404,
    HTTP_NOT_ALLOWED = 405,
};

/* A connection, from when on its time counts: it came, or was answered. */
struct http_client {
    int socket; /* -1: nobody */
    int64_t since_ns;
};

struct http {
    struct http_settings settings;
    struct heap heap; /* the thread's, while it runs */
    struct library library;
    struct MHD_Daemon *daemon;
    struct pages pages;
    struct http_client clients[CLIENTS_MAX];
    uint32_t client_count;
    int64_t recovery_ms;               /* read when the node is there */
    _Atomic(const struct node *) node; /* what http_attach said; the thread takes it over into `pages` */
    pthread_t thread;
    int listener, stop;
    uint16_t port;
};

/* ---- clients ---- */

static struct http_client *client_of(const struct http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        http->library.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void client_comes(struct http *http, struct MHD_Connection *connection, void **place)
{
    const union MHD_ConnectionInfo *info =
        http->library.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    for (uint32_t i = 0; info && i < CLIENTS_MAX && !*place; i++) {
        struct http_client *client = &http->clients[i];
        if (client->socket >= 0) continue;
        *client = (struct http_client){ .socket = info->connect_fd, .since_ns = pages_clock_ns() };
        http->client_count++;
        *place = client;
    }
}

static void client_noted(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode what)
{
    struct http *http = context;
    struct http_client *client = *place;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        client_comes(http, connection, place);
    } else if (client) {
        client->socket = -1;
        http->client_count--;
    }
}

/* The library sees the end of the stream, and closes. */
static void clients_hurry(struct http *http)
{
    int64_t now_ns = pages_clock_ns();
    int64_t most_ns = ns_of_ms(http->settings.exchange_ms_max > 0 ? http->settings.exchange_ms_max : EXCHANGE_MS_MAX);

    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        struct http_client *client = &http->clients[i];
        if (client->socket < 0 || now_ns - client->since_ns < most_ns) continue;
        (void)shutdown(client->socket, SHUT_RDWR);
        client->since_ns = now_ns;
    }
}

/* ---- answering ---- */

static void look_for_node(struct http *http)
{
    const struct node *node = atomic_load_explicit(&http->node, memory_order_acquire);

    if (!node || http->pages.node) return;
    http->pages.node = node;
    http->pages.recovery_ms = http->recovery_ms;
    http->pages.idle_at_ns = pages_clock_ns();
    survey_init(&http->pages.survey, node, &http->heap);
}

static int write_page(struct http *http, const char *path, const char *method, struct sink *sink, const char **type)
{
    const struct page *page = page_find(path);

    *type = "text/plain; charset=utf-8";
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        sink_format(sink, "only GET\n");
        return HTTP_NOT_ALLOWED;
    }
    if (!page) {
        sink_format(sink, "there is no such page; / names those that there are\n");
        return HTTP_NOT_FOUND;
    }
    *type = page->type;
    look_for_node(http);
    return page->write(&http->pages, sink);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **mark)
{
    struct http *http = context;
    const struct library *library = &http->library;
    struct memory_sink page;
    const char *type;

    (void)version;
    (void)upload;
    if (!*mark) { /* The head is there; the library calls again for a body, and when all has come. */
        *mark = http;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }

    memory_sink_init(&page, &http->heap, PAGE_SIZE_MAX);
    int status = write_page(http, path, method, &page.sink, &type);
    struct text text = memory_sink_text(&page);
    struct MHD_Response *response =
        library->create_response_from_buffer(text.size, (void *)(uintptr_t)text.data, MHD_RESPMEM_MUST_COPY);
    memory_sink_end(&page);
    if (!response) return MHD_NO;
    (void)library->add_response_header(response, "Content-Type", type);
    (void)library->add_response_header(response, "Cache-Control", "no-store");
    enum MHD_Result queued = library->queue_response(connection, (unsigned int)status, response);
    struct http_client *client = client_of(http, connection);
    if (client) client->since_ns = pages_clock_ns();
    library->destroy_response(response);
    return queued;
}

/* ---- the loop ---- */

/* Until `file` has something, the time is over, or it is time to stop: then false. */
static bool wait_for(const struct http *http, int file, int timeout_ms)
{
    struct pollfd events[] = { { .fd = http->stop, .events = POLLIN }, { .fd = file, .events = POLLIN } };

    while (poll(events, array_count(events), timeout_ms) < 0) {
        if (errno != EINTR) return false;
    }
    return events[0].revents == 0;
}

static void say(const struct http *http, const char *what, const char *why)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "%s: %s", what, why);
    http->settings.say(http->settings.context, line);
}

static bool start(struct http *http)
{
    const char *why;

    if (library_load(&http->library, &why) != STATUS_OK) {
        say(http, "no answers over HTTP, libmicrohttpd can't be loaded", why);
        return false;
    }
    unsigned int flags = MHD_USE_EPOLL;
    http->daemon = http->library.start_daemon(flags, 0, NULL, NULL, answer, http, MHD_OPTION_LISTEN_SOCKET,
                                              http->listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CLIENTS_MAX,
                                              MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)CLIENT_IDLE_S,
                                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEMORY,
                                              MHD_OPTION_NOTIFY_CONNECTION, client_noted, http, MHD_OPTION_END);
    if (!http->daemon) say(http, "no answers over HTTP", "libmicrohttpd did not start");
    return http->daemon != NULL;
}

/* Milliseconds that the loop may wait; -1: until somebody comes. */
static int patience(const struct http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    bool timed = http->library.get_timeout(http->daemon, &timeout_ms) == MHD_YES;

    if (http->client_count > 0) return timed ? (int)min_of(timeout_ms, (MHD_UNSIGNED_LONG_LONG)LOOK_MS) : LOOK_MS;
    return timed ? (int)min_of(timeout_ms, (MHD_UNSIGNED_LONG_LONG)INT32_MAX) : -1;
}

/* Where all places were taken the library listens again only with the run after the one in which somebody left, and
 * says nothing of that in its timeout. */
static void go_on(struct http *http)
{
    uint32_t before;

    do {
        before = http->client_count;
        (void)http->library.run(http->daemon);
    } while (http->client_count < before);
}

static void serve(struct http *http)
{
    const union MHD_DaemonInfo *info = http->library.get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    invariant(info != NULL);
    int epoll = info->epoll_fd;

    for (;;) {
        if (!wait_for(http, epoll, patience(http))) return;
        clients_hurry(http);
        go_on(http);
    }
}

static void *run(void *argument)
{
    struct http *http = argument;

    if (!wait_for(http, http->listener, -1) || !start(http)) return NULL;
    serve(http);
    http->library.stop_daemon(http->daemon); /* closes the listening socket */
    http->listener = -1;
    return NULL;
}

/* ---- making and ending ---- */

static enum status fail(char why[256], const struct http_settings *settings, enum status status, const char *what)
{
    (void)snprintf(why, 256, "sluice.http.listen = %.*s: %s", (int)min_of(settings->listen.size, (size_t)100),
                   settings->listen.data, what);
    return status;
}

static enum status make_socket(struct http *http, char why[256])
{
    const struct http_settings *settings = &http->settings;
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct text host;
    struct arena arena;
    uint16_t port;
    int yes = 1;

    if (!address_split(settings->listen, &host, &port)) return fail(why, settings, STATUS_INVALID, "not host:port");
    arena_init(&arena, &http->heap, NULL, 0, 4096);
    bool known = address_resolve(host, port, &address, &arena);
    arena_reset(&arena);
    if (!known) return fail(why, settings, STATUS_INVALID, "the host is not known");

    http->listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (http->listener < 0 || setsockopt(http->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(http->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(http->listener, BACKLOG) != 0) {
        return fail(why, settings, errno == EADDRINUSE ? STATUS_ADDRESS_IN_USE : STATUS_DENIED, strerror(errno));
    }
    if (getsockname(http->listener, (struct sockaddr *)&address, &size) != 0) return STATUS_IO_ERROR;
    http->port = ntohs(((struct sockaddr_in *)&address)->sin_port); /* at the same place in both families */
    return STATUS_OK;
}

static void http_free(struct http *http)
{
    if (http->listener >= 0) close(http->listener);
    if (http->stop >= 0) close(http->stop);
    struct heap heap = http->heap; /* this struct is one of its pieces */
    heap_end(&heap);
}

enum status http_make(const struct http_settings *settings, struct http **made, char why[256])
{
    enum { STACK_SIZE = 256 << 10 };
    struct heap heap;
    pthread_attr_t attributes;

    heap_init(&heap);
    struct http *http = heap_take(&heap, sizeof(*http));
    http->heap = heap;
    http->settings = *settings;
    http->pages.settings = &http->settings;
    http->pages.began_ns = pages_clock_ns();
    http->pages.idle = 1;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) http->clients[i].socket = -1;
    http->listener = -1;
    http->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum status status = make_socket(http, why);
    if (status != STATUS_OK) {
        http_free(http);
        return status;
    }

    invariant(pthread_attr_init(&attributes) == 0);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    bool started = pthread_create(&http->thread, &attributes, run, http) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (!started) {
        http_free(http);
        return fail(why, settings, STATUS_NO_MEMORY, "no more threads");
    }
    *made = http;
    return STATUS_OK;
}

void http_attach(struct http *http, const struct node *node, int64_t recovery_ms)
{
    http->recovery_ms = recovery_ms;
    atomic_store_explicit(&http->node, node, memory_order_release);
}

void http_end(struct http *http)
{
    uint64_t one = 1;

    invariant(write(http->stop, &one, sizeof(one)) == (ssize_t)sizeof(one));
    invariant(pthread_join(http->thread, NULL) == 0);
    if (http->pages.node) survey_end(&http->pages.survey);
    http_free(http);
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}
