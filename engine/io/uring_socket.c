/* engine/io/uring_socket.c   Sockets that are made by plain calls, because making them takes no time. TCP_NODELAY is
 * set on the listener: Linux hands it on to every socket that is accepted, so an accept needs no second call. */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/uring_engine.h"

socklen_t uring_address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static bool option_set(int socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

/* "::" listens on both families, as Kafka's wildcard does. */
static bool listener_set(int listener, const struct sockaddr_storage *address, int backlog)
{
    return option_set(listener, SOL_SOCKET, SO_REUSEADDR, 1) && option_set(listener, SOL_SOCKET, SO_REUSEPORT, 1) &&
           option_set(listener, IPPROTO_TCP, TCP_NODELAY, 1) &&
           (address->ss_family != AF_INET6 || option_set(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
           bind(listener, (const struct sockaddr *)address, uring_address_size(address)) == 0 &&
           listen(listener, backlog) == 0;
}

enum status uring_listen(struct io *io, const struct sockaddr_storage *address, int backlog, int *opened)
{
    (void)io;
    int listener = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return error_status(errno);
    if (!listener_set(listener, address, backlog)) {
        enum status status = error_status(errno);
        close(listener);
        return status;
    }
    *opened = listener;
    return STATUS_OK;
}

enum status uring_connector(const struct sockaddr_storage *address, int *opened)
{
    int connector = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connector < 0) return error_status(errno);
    if (!option_set(connector, IPPROTO_TCP, TCP_NODELAY, 1)) {
        enum status status = error_status(errno);
        close(connector);
        return status;
    }
    *opened = connector;
    return STATUS_OK;
}

/* To disconnect is to connect to nowhere (connect(2)): TCP sends a reset and empties its queues at once. */
void uring_reset(int socket)
{
    struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
    (void)connect(socket, &nowhere, sizeof nowhere); /* Of a connection that is gone already: nothing. */
}

enum status uring_name(struct io *io, int socket, bool peer, struct sockaddr_storage *address)
{
    (void)io;
    socklen_t size = sizeof *address;
    int failed = (peer ? getpeername : getsockname)(socket, (struct sockaddr *)address, &size);
    return failed ? error_status(errno) : STATUS_OK;
}
