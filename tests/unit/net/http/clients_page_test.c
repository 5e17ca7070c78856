/* tests/unit/net/http/clients_page_test.c   /clients: each connection in a line per row, whatever its client calls
 * itself. */
#include "one_paged.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "http/clients_page.h"

/* Asks ApiVersions v0 under a name, and waits for the answer. */
static int connect_as(struct text name, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(node_port(paged.bench.node, 0)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint8_t frame[256];

    assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(client, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    store_u32(frame, (uint32_t)(10 + name.size));
    store_i16(frame + 4, 18);
    store_i16(frame + 6, 0);
    store_i32(frame + 8, 1);
    store_i16(frame + 12, (int16_t)name.size);
    memcpy(frame + 14, name.data, name.size);
    assert_int_equal(send(client, frame, 14 + name.size, MSG_NOSIGNAL), (ssize_t)(14 + name.size));
    assert_true(recv(client, frame, 4, MSG_WAITALL) == 4);
    return client;
}

static const char *clients(void)
{
    clients_page_write(&paged.pages, 60000, paged_sink(&paged));
    return paged_text(&paged);
}

/* What stands in the labels: quotes and backslashes escaped, control characters and what is no ASCII as '?', 31
 * characters at most. */
static void names_can_not_break_the_page(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shown;
    } rows[] = { { "plain", "plain" },
                 { "a\"b\\c", "a\\\"b\\\\c" },
                 { "a\nb\tc\x7f", "a?b?c?" },
                 { "\xc3\xa4", "??" },
                 { "0123456789abcdef0123456789abcdefghij", "0123456789abcdef0123456789abcde" },
                 { "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", NULL } };

    for (size_t i = 0; i < array_count(rows); i++) {
        char labels[256], shown[80] = "";
        uint16_t port;
        int client = connect_as(text_of(rows[i].name), &port);
        for (size_t n = 0; n < 62; n++) shown[n] = "\\\""[n % 2]; /* as many as are kept */
        (void)snprintf(labels, sizeof(labels),
                       "sluice_client_requests_total{address=\"127.0.0.1:%u\",client=\"%s\",shard=\"", port,
                       rows[i].shown ? rows[i].shown : shown);
        assert_says(clients(), labels);
        close(client);
    }
}

static void each_connection_has_a_line_in_each_family(void **state)
{
    (void)state;
    enum { CLIENTS = 5, FAMILIES = 7 };
    int sockets[CLIENTS], lines = 0, heads = 0;
    uint16_t port;

    for (int i = 0; i < CLIENTS; i++) sockets[i] = connect_as(TEXT("c"), &port);
    const char *page = clients();
    for (const char *at = page; (at = strstr(at, "client=\"c\"")); at++) lines++;
    for (const char *at = page; (at = strstr(at, "# TYPE ")); at++) heads++;
    assert_int_equal(heads, FAMILIES);
    assert_int_equal(lines, CLIENTS * FAMILIES);
    for (int i = 0; i < CLIENTS; i++) close(sockets[i]);
}

static void without_clients_there_are_only_heads(void **state)
{
    (void)state;
    assert_null(strstr(clients(), "address="));
    assert_non_null(strstr(clients(), "# TYPE sluice_client_requests_total counter\n"));
}

/* Not those of a shard that says nothing. */
static void a_silent_shard_shows_none(void **state)
{
    (void)state;
    struct stuck stuck;
    int lines = 0;

    stuck_begin(&stuck, &paged.bench, 0);
    clients_page_write(&paged.pages, 100, paged_sink(&paged));
    for (const char *at = paged_text(&paged); (at = strstr(at, "shard=\"0\"")); at++) lines++;
    assert_int_equal(lines, 0);
    stuck_end(&stuck);
    (void)clients();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_can_not_break_the_page, begin, end),
        cmocka_unit_test_setup_teardown(each_connection_has_a_line_in_each_family, begin, end),
        cmocka_unit_test_setup_teardown(without_clients_there_are_only_heads, begin, end),
        cmocka_unit_test_setup_teardown(a_silent_shard_shows_none, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
