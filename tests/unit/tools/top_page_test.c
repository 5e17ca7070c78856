/* tests/unit/tools/top_page_test.c   Prometheus text as a node writes it, and as nobody should: labels with braces and
 * quotes in them, lines that are cut, numbers that are none; and servers that are no node. */
#include "printed.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/check.h"
#include "top_page.h"

static struct page page;

static void read_page(const char *text)
{
    page_read(strdup(text), &page);
}

static void samples_are_found_by_name_and_labels(void **state)
{
    (void)state;
    size_t count;

    read_page("# HELP b something\n# TYPE b counter\nb{shard=\"1\"} 2.5\nb{shard=\"0\"} 1\na 3\nbb 100\n");
    assert_int_equal(page.count, 4);
    assert_true(page_value(&page, "a", "") == 3);
    assert_true(page_value(&page, "b", "shard=\"1\"") == 2.5);
    assert_true(page_value(&page, "b", "shard=\"2\"") == 0);
    assert_true(page_value(&page, "b", "") == 0);
    assert_true(page_value(&page, "zz", "") == 0);
    assert_true(page_sum(&page, "b") == 3.5);
    assert_true(page_sum(&page, "none") == 0);
    const struct sample *samples = page_samples(&page, "b", &count);
    assert_int_equal(count, 2);
    assert_string_equal(samples[0].labels, "shard=\"0\"");
    page_free(&page);
    page_free(&page); /* as often as one likes */
}

static void lines_that_are_no_samples_are_skipped(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",      "\n",     "a",      " 5",   "#a 5",    "a x",
                                         "a ",    "{} 5",   "a{ 5",   "a{}5", "a{x=\"}", "a{x=\"} 5",
                                         "a NaN", "a +Inf", "a -inf", "a{} ", "\n\n\n" };

    for (size_t i = 0; i < array_count(wrong); i++) {
        read_page(wrong[i]);
        if (page.count != 0) fail_msg("'%s' has %zu samples", wrong[i], page.count);
        page_free(&page);
    }
    read_page("broken{\nfine 1"); /* no newline at the end */
    assert_int_equal(page.count, 1);
    assert_true(page_value(&page, "fine", "") == 1);
    page_free(&page);
}

static void labels_come_without_their_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *label, *value;
    } rows[] = { { "a", "x}y" }, { "b", "q\"\\" }, { "c", "" }, { "aa", "z" }, { "d", "" }, { "", "" } };
    char value[16], small[3];

    read_page("m{a=\"x}y\",b=\"q\\\"\\\\\",c=\"\",aa=\"z\"} 1\n");
    assert_int_equal(page.count, 1);
    for (size_t i = 0; i < array_count(rows); i++) {
        sample_label(&page.samples[0], rows[i].label, value, sizeof(value));
        assert_string_equal(value, rows[i].value);
    }
    sample_label(&page.samples[0], "a", small, sizeof(small));
    assert_string_equal(small, "x}");
    page_free(&page);
}

/* ---- over HTTP ---- */

struct server {
    int listener;
    const char *says;
    pthread_t thread;
    struct sockaddr_storage place;
};

static void *serve(void *context)
{
    struct server *server = context;
    char ask[256];
    int peer = accept(server->listener, NULL, NULL);

    (void)recv(peer, ask, sizeof(ask), 0);
    (void)send(peer, server->says, strlen(server->says), MSG_NOSIGNAL);
    close(peer);
    return NULL;
}

static void server_begin(struct server *server, const char *says)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);

    *server = (struct server){ .says = says, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    memcpy(&server->place, &address, sizeof(address));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_end(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
}

static void a_page_is_asked_for(void **state)
{
    (void)state;
    struct server server;
    char why[PAGE_WHY_MAX];

    server_begin(&server, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\na 1\nb 2\n");
    assert_true(page_fetch(&server.place, "/metrics", &page, why));
    server_end(&server);
    assert_true(page_value(&page, "b", "") == 2);
    page_free(&page);
}

static void who_is_no_node_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *says, *why;
    } rows[] = { { "", "that is no HTTP server" },
                 { "SSH-2.0-OpenSSH_9.2\r\n", "that is no HTTP server" },
                 { "HTTP/1.1 200 OK\r\nno body", "that is no HTTP server" },
                 { "HTTP/1.1 404 Not Found\r\n\r\nno", "it answers 404; is this a node of sluice?" },
                 { "HTTP/1.1\r\n\r\n", "it answers" } };
    char why[PAGE_WHY_MAX];

    for (size_t i = 0; i < array_count(rows); i++) {
        struct server server;
        server_begin(&server, rows[i].says);
        assert_false(page_fetch(&server.place, "/metrics", &page, why));
        server_end(&server);
        if (strncmp(why, rows[i].why, strlen(rows[i].why)) != 0) fail_msg("'%s'", why);
        page_free(&page); /* nothing is left of it */
    }
}

static void nobody_is_there(void **state)
{
    (void)state;
    struct server server;
    char why[PAGE_WHY_MAX];

    server_begin(&server, "HTTP/1.1 200 OK\r\n\r\n");
    assert_true(page_fetch(&server.place, "/metrics", &page, why));
    assert_int_equal(page.count, 0);
    page_free(&page);
    server_end(&server);
    assert_false(page_fetch(&server.place, "/metrics", &page, why));
    assert_string_equal(why, "Connection refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_found_by_name_and_labels),
        cmocka_unit_test(lines_that_are_no_samples_are_skipped),
        cmocka_unit_test(labels_come_without_their_escapes),
        cmocka_unit_test(a_page_is_asked_for),
        cmocka_unit_test(who_is_no_node_is_told),
        cmocka_unit_test(nobody_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
