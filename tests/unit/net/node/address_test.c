/* tests/unit/net/node/address_test.c   Addresses as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/heap.h"
#include "node/address.h"

static void addresses_are_split_at_the_last_colon(void **state)
{
    static const struct {
        const char *text, *host;
        int port; /* -1: refused */
    } cases[] = {
        { "localhost:9092", "localhost", 9092 },
        { ":9092", "", 9092 },
        { "[::1]:1", "::1", 1 },
        { "::1:1", "::1", 1 },
        { "a:0", "a", 0 },
        { "a:65535", "a", 65535 },
        { "a:65536", NULL, -1 },
        { "a:-1", NULL, -1 },
        { "a:", NULL, -1 },
        { "a:x", NULL, -1 },
        { "a", NULL, -1 },
        { "", NULL, -1 },
    };

    (void)state;
    for (size_t i = 0; i < array_count(cases); i++) {
        struct text host;
        uint16_t port;
        bool split = address_split(text_of(cases[i].text), &host, &port);
        assert_int_equal(split, cases[i].port >= 0);
        if (!split) continue;
        assert_true(text_equal(host, text_of(cases[i].host)));
        assert_int_equal(port, cases[i].port);
    }
}

static void listeners_have_a_name_and_two_slashes(void **state)
{
    static const char *const bad[] = { "PLAINTEXT:/a:1", "PLAINTEXT//a:1", "://a:1", "a:1", "PLAINTEXT://a", "" };
    struct text name, host;
    uint16_t port;

    (void)state;
    assert_true(address_listener(TEXT(" SASL_SSL://[::1]:9093 "), &name, &host, &port));
    assert_true(text_equal(name, TEXT("SASL_SSL")) && text_equal(host, TEXT("::1")));
    assert_int_equal(port, 9093);
    for (size_t i = 0; i < array_count(bad); i++) assert_false(address_listener(text_of(bad[i]), &name, &host, &port));
}

static void hosts_are_numbers_names_or_everything(void **state)
{
    struct sockaddr_storage address;
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
    struct heap heap;
    struct arena arena;

    (void)state;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 4096);
    assert_true(address_resolve(TEXT(""), 7, &address, &arena));
    assert_int_equal(four->sin_family, AF_INET);
    assert_int_equal(four->sin_addr.s_addr, INADDR_ANY);
    assert_int_equal(four->sin_port, htons(7));
    assert_true(address_resolve(TEXT("::1"), 7, &address, &arena));
    assert_int_equal(address.ss_family, AF_INET6);
    assert_true(address_resolve(TEXT("localhost"), 7, &address, &arena));
    assert_int_equal(four->sin_port, htons(7));
    assert_false(address_resolve(TEXT("no.such.host.invalid"), 7, &address, &arena));
    arena_reset(&arena);
    heap_end(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_split_at_the_last_colon),
        cmocka_unit_test(listeners_have_a_name_and_two_slashes),
        cmocka_unit_test(hosts_are_numbers_names_or_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
