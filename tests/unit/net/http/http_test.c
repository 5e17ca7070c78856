/* tests/unit/net/http/http_test.c   Pages of a node that is made, serves, has a shard that is stuck, and stops; asked
 * over a real socket, as an orchestrator does. */
#include "paged.h"

#include <arpa/inet.h>
#include <sys/socket.h>

struct page_answer {
    int status;
    char body[1 << 20];
};

static void quiet(void *context, const char *line)
{
    (void)context;
    print_message("%s\n", line);
}

static struct http *make(void)
{
    const struct http_settings settings = { .listen = TEXT("127.0.0.1:0"), .version = "0.0.0", .say = quiet };
    struct http *http;
    char why[256];

    assert_int_equal(http_make(&settings, &http, why), STATUS_OK);
    assert_int_not_equal(http_port(http), 0);
    return http;
}

static void get(const struct http *http, const char *path, struct page_answer *answer)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(http_port(http)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char ask[256];
    size_t have = 0;
    ssize_t got;

    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    int size = snprintf(ask, sizeof(ask), "GET %s HTTP/1.0\r\n\r\n", path);
    assert_int_equal(send(client, ask, (size_t)size, MSG_NOSIGNAL), size);
    while ((got = recv(client, answer->body + have, sizeof(answer->body) - 1 - have, 0)) > 0) have += (size_t)got;
    answer->body[have] = '\0';
    close(client);
    assert_true(have > 12);
    answer->status = (int)strtol(answer->body + strlen("HTTP/1.1 "), NULL, 10);
    char *body = strstr(answer->body, "\r\n\r\n");
    assert_non_null(body);
    memmove(answer->body, body + 4, strlen(body + 4) + 1);
}

static void expect(const struct http *http, const char *path, int status, const char *body)
{
    struct page_answer *answer = malloc(sizeof(*answer));

    get(http, path, answer);
    assert_int_equal(answer->status, status);
    assert_string_equal(answer->body, body);
    free(answer);
}

static void a_node_that_is_being_made_is_alive_and_not_ready(void **state)
{
    (void)state;
    struct http *http = make();
    struct page_answer *answer = malloc(sizeof(*answer));

    expect(http, "/livez", 200, "alive\n");
    expect(http, "/readyz", 503, "not ready: the log directory is being recovered\n");
    get(http, "/metrics", answer);
    assert_int_equal(answer->status, 200);
    assert_non_null(strstr(answer->body, "sluice_ready 0\n"));
    free(answer);
    http_end(http);
}

static void a_node_that_nobody_asks_ends_at_once(void **state)
{
    (void)state;
    http_end(make());
}

static void a_node_that_serves_is_ready_and_counts(void **state)
{
    struct bench bench;
    struct http *http = make();
    struct page_answer *answer = malloc(sizeof(*answer));

    (void)state;
    bench_init(&bench);
    bench_start(&bench);
    http_attach(http, bench.node, 7);
    expect(http, "/readyz", 200, "ready\n");
    expect(http, "/livez", 200, "alive\n");
    get(http, "/metrics", answer);
    static const char *const wanted[] = {
        "sluice_ready 1\n",
        "sluice_shard_up{shard=\"2\"} 1\n",
        "kafka_controller_kafkacontroller_activecontrollercount 1\n",
        "kafka_brokers 1\n",
        "sluice_memory_limit_bytes{budget=\"tail\",shard=\"0\"}",
        "sluice_connections_refused_total{limit=\"max.connections\"} 0\n",
    };
    for (size_t i = 0; i < array_count(wanted); i++) assert_non_null(strstr(answer->body, wanted[i]));
    node_stop(bench.node);
    expect(http, "/readyz", 503, "not ready: the node is stopping\n");
    expect(http, "/livez", 200, "alive\n");
    http_end(http);
    bench_stop(&bench);
    bench_end(&bench);
    free(answer);
}

static void a_shard_that_is_stuck_is_not_alive(void **state)
{
    struct bench bench;
    struct http *http = make();
    struct page_answer *answer = malloc(sizeof(*answer));
    struct stuck stuck;

    (void)state;
    bench_init(&bench);
    bench_start(&bench);
    http_attach(http, bench.node, 7);
    stuck_begin(&stuck, &bench, 1);
    expect(http, "/livez", 503, "shard 1 has not answered for 2000 ms\n");
    get(http, "/metrics", answer);
    assert_non_null(strstr(answer->body, "sluice_shard_up{shard=\"0\"} 1\n"));
    assert_non_null(strstr(answer->body, "sluice_shard_up{shard=\"1\"} 0\n"));
    stuck_end(&stuck);
    expect(http, "/livez", 200, "alive\n");
    http_end(http);
    bench_stop(&bench);
    bench_end(&bench);
    free(answer);
}

/* Every place is taken by somebody who never says a whole request, and never stops saying it. */
static void who_dribbles_does_not_keep_his_place(void **state)
{
    enum { PLACES = 64, ROUNDS = 40, ROUND_US = 50000 };
    const struct http_settings settings = {
        .listen = TEXT("127.0.0.1:0"), .version = "0.0.0", .say = quiet, .exchange_ms_max = 1000
    };
    int clients[PLACES];
    struct http *http;
    char why[256];

    (void)state;
    assert_int_equal(http_make(&settings, &http, why), STATUS_OK);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(http_port(http)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (int i = 0; i < PLACES; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(send(clients[i], "GET /", 5, MSG_NOSIGNAL), 5);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PLACES; i++) (void)send(clients[i], "x", 1, MSG_NOSIGNAL);
        usleep(ROUND_US);
    }
    expect(http, "/livez", 200, "alive\n");
    for (int i = 0; i < PLACES; i++) close(clients[i]);
    http_end(http);
}

static void an_address_that_cannot_be_had_is_refused_in_words(void **state)
{
    struct http_settings settings = { .version = "0.0.0", .say = quiet };
    struct http *first = make(), *second;
    char taken[32], why[256];

    (void)state;
    (void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", http_port(first));
    settings.listen = text_of(taken);
    assert_int_equal(http_make(&settings, &second, why), STATUS_ADDRESS_IN_USE);
    assert_non_null(strstr(why, taken));
    settings.listen = TEXT("nonsense");
    assert_int_equal(http_make(&settings, &second, why), STATUS_INVALID);
    assert_non_null(strstr(why, "not host:port"));
    http_end(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_that_is_being_made_is_alive_and_not_ready),
        cmocka_unit_test(a_node_that_nobody_asks_ends_at_once),
        cmocka_unit_test(a_node_that_serves_is_ready_and_counts),
        cmocka_unit_test(a_shard_that_is_stuck_is_not_alive),
        cmocka_unit_test(who_dribbles_does_not_keep_his_place),
        cmocka_unit_test(an_address_that_cannot_be_had_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
