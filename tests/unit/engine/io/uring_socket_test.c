/* Listening: every shard has a listener on the same port, a port that is taken is said to be, names are those of the
 * socket. */
#include "ring.h"

#include <sys/socket.h>
#include <unistd.h>

static void two_listeners_share_a_port_and_a_stranger_does_not(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct sockaddr_storage address;
    int first = listen_here(io, &address), second;
    assert_int_equal(io_listen(io, &address, 16, &second), STATUS_OK);
    assert_int_equal(io_name(io, second, true, &address), STATUS_CLOSED); /* A listener has no peer. */
    close_now(io, first);
    close_now(io, second);

    int stranger = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof(struct sockaddr_in);
    struct sockaddr_storage any = loopback(0);
    assert_int_equal(bind(stranger, (struct sockaddr *)&any, size), 0);
    assert_int_equal(listen(stranger, 1), 0);
    assert_int_equal(io_name(io, stranger, false, &address), STATUS_OK);
    assert_int_equal(io_listen(io, &address, 16, &second), STATUS_ADDRESS_IN_USE);
    close(stranger);
    io_end(io);
}

static void a_listener_on_any_ipv6_address_takes_ipv4_too(void **state)
{
    (void)state;
    struct io *io = ring_open();
    struct sockaddr_storage any = { .ss_family = AF_INET6 }, address;
    int listener;
    enum status status = io_listen(io, &any, 16, &listener);
    if (status == STATUS_UNSUPPORTED || status == STATUS_INVALID) skip(); /* A machine without IPv6. */
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(io_name(io, listener, false, &address), STATUS_OK);
    struct sockaddr_storage four = loopback(ntohs(((struct sockaddr_in6 *)&address)->sin6_port));
    struct operation accepted = OPERATION, connected = OPERATION;
    io_accept(io, &accepted.io, listener, 0);
    io_connect(io, &connected.io, &four);
    assert_int_equal(finish(io, &connected), STATUS_OK);
    assert_int_equal(finish(io, &accepted), STATUS_OK);
    close_now(io, (int)connected.io.result);
    close_now(io, (int)accepted.io.result);
    close_now(io, listener);
    io_end(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_listeners_share_a_port_and_a_stranger_does_not),
        cmocka_unit_test(a_listener_on_any_ipv6_address_takes_ipv4_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
