/* tests/unit/net/node/listeners_test.c   From listeners, advertised.listeners and the map of protocols to what is
 * opened and what is registered: a row per rule, over a node that is nothing but its settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "cluster/configs.h"
#include "node/node_work.h"

static struct node node;
static struct node_work work;
static struct node_platform platform;
static struct settings settings;
static struct arena arena;
static const char *why;

static int begin(void **state)
{
    (void)state;
    node = (struct node){ .platform = &platform, .work = &work };
    work = (struct node_work){ .settings = &settings };
    platform = (struct node_platform){ .port_taken = NULL };
    heap_init(&node.heap);
    arena_init(&arena, &node.heap, NULL, 0, SIZE_MAX);
    arena_init(&work.arena, &node.heap, NULL, 0, SIZE_MAX);
    return 0;
}

static int end(void **state)
{
    (void)state;
    heap_end(&node.heap);
    return 0;
}

/* Lines "name=value" of a file. */
static enum status read_now(const char *lines)
{
    struct property_list list;
    struct setting_report report;
    int32_t bad_line;

    properties_init(&list, &arena);
    assert_int_equal(properties_read(&list, text_of(lines), TEXT("test"), &bad_line), STATUS_OK);
    settings.origins = arena_take(&arena, broker_table.row_count * sizeof(struct property *));
    assert_int_equal(settings_apply(&broker_table, &list, &settings.values, settings.origins, &report, &arena),
                     STATUS_OK);
    why = NULL;
    return listeners_read(&node, &why);
}

static void assert_endpoint(const struct image_endpoint *endpoint, const char *listener, const char *host)
{
    assert_true(text_equal(endpoint->listener, text_of(listener)));
    if (!text_equal(endpoint->host, text_of(host))) fail_msg("'%.*s'", TEXT_ARGS(endpoint->host));
    assert_int_equal(endpoint->protocol, 0);
}

/* What clients are told when nobody says it: the host of the listener, or this machine where it is all of them. */
static void a_host_is_registered_that_clients_can_reach(void **state)
{
    static const struct {
        const char *lines, *host;
        const char *advertised; /* "": each client is told the address that it reached */
        uint16_t advertised_port;
    } rows[] = {
        { "listeners=PLAINTEXT://127.0.0.1:9092\n", "127.0.0.1", "", 0 },
        { "listeners=PLAINTEXT://:9092\n", "localhost", "", 0 },
        { "listeners=PLAINTEXT://0.0.0.0:9092\n", "localhost", "", 0 },
        { "listeners=PLAINTEXT://[::]:9092\n", "localhost", "", 0 },
        { "listeners=PLAINTEXT://[::1]:9092\n", "::1", "", 0 },
        { "listeners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://broker.example:19092\n", "broker.example",
          "broker.example", 19092 },
        { "listeners=PLAINTEXT://:9092\nadvertised.listeners=OTHER://broker.example:19092\n", "localhost", "", 0 },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        assert_int_equal(read_now(rows[i].lines), STATUS_OK);
        assert_int_equal(work.listener_count, 1);
        assert_int_equal(work.identity.listener_count, 1);
        assert_int_equal(work.ports[0], 9092);
        assert_endpoint(&work.identity.listeners[0], "PLAINTEXT", rows[i].host);
        assert_true(text_equal(work.listeners[0].advertised_host, text_of(rows[i].advertised)));
        assert_int_equal(work.listeners[0].advertised_port, rows[i].advertised_port);
        assert_int_equal(work.listeners[0].callers, API_CLIENTS);
        end(state);
        begin(state);
    }
}

static void what_is_of_the_controller_is_registered_and_not_opened(void **state)
{
    (void)state;
    assert_int_equal(
        read_now("listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://:9193,SECOND://127.0.0.1:2\n"
                 "listener.security.protocol.map=SECOND:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
                 "controller.listener.names=CONTROLLER\n"),
        STATUS_OK);
    assert_int_equal(work.listener_count, 2);
    assert_endpoint(&work.identity.controller, "CONTROLLER", "localhost");
    assert_int_equal(work.identity.controller.port, 9193);
    assert_endpoint(&work.identity.listeners[1], "SECOND", "127.0.0.1");
    assert_int_equal(work.ports[1], 2);
}

static void without_a_word_of_it_the_controller_has_kafkas_port(void **state)
{
    (void)state;
    assert_int_equal(read_now("listeners=PLAINTEXT://127.0.0.1:0\n"), STATUS_OK);
    assert_endpoint(&work.identity.controller, "CONTROLLER", "localhost");
    assert_int_equal(work.identity.controller.port, 9093);
}

static void what_can_not_be_opened_is_told(void **state)
{
    static const struct {
        const char *lines;
        enum status status;
        const char *why;
    } rows[] = {
        { "listeners=PLAINTEXT://127.0.0.1\n", STATUS_INVALID,
          "listeners: 'PLAINTEXT://127.0.0.1' is not NAME://host:port" },
        { "listeners=SSL://:9093\n", STATUS_UNSUPPORTED, "listener SSL: SSL is not supported yet, only PLAINTEXT" },
        { "listeners=PLAINTEXT://no.such.host.invalid:1\n", STATUS_INVALID,
          "listeners: the host of 'PLAINTEXT://no.such.host.invalid:1' is not known" },
        { "listeners=PLAINTEXT://:1\nadvertised.listeners=here\n", STATUS_INVALID,
          "advertised.listeners: 'here' is not NAME://host:port" },
        { "listeners=CONTROLLER://:1\ncontroller.listener.names=CONTROLLER\n", STATUS_INVALID,
          "listeners names nothing that clients can reach" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        assert_int_equal(read_now(rows[i].lines), rows[i].status);
        assert_string_equal(why, rows[i].why);
        end(state);
        begin(state);
    }
}

static bool always_taken(struct node_platform *at, const struct sockaddr_storage *address)
{
    (void)at;
    assert_int_equal(((const struct sockaddr_in *)address)->sin_port, htons(9092));
    return true;
}

/* Sockets share their ports, so the kernel would let a second node in; port 0 is nobody's. */
static void a_port_that_somebody_has_is_not_shared(void **state)
{
    platform.port_taken = always_taken;
    assert_int_equal(read_now("listeners=PLAINTEXT://127.0.0.1:9092\n"), STATUS_ADDRESS_IN_USE);
    assert_string_equal(why, "listeners: PLAINTEXT://127.0.0.1:9092: address in use");
    end(state);
    begin(state);
    platform.port_taken = always_taken;
    assert_int_equal(read_now("listeners=PLAINTEXT://127.0.0.1:0\n"), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_host_is_registered_that_clients_can_reach, begin, end),
        cmocka_unit_test_setup_teardown(what_is_of_the_controller_is_registered_and_not_opened, begin, end),
        cmocka_unit_test_setup_teardown(without_a_word_of_it_the_controller_has_kafkas_port, begin, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_opened_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_port_that_somebody_has_is_not_shared, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
