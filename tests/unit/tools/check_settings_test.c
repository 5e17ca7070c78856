/* tests/unit/tools/check_settings_test.c   Values that are right one by one and wrong together: a row per rule, with
 * what is just right beside what is just wrong. */
#include "printed.h"

#include "base/heap.h"
#include "check_settings.h"
#include "read_settings.h"

/* `more` over what is built in; what is printed, without the place, is compared. */
static void checked(const char *more, const char *complaint)
{
    struct settings settings = { .origins = NULL };
    struct settings_source source = { .command = "sluice", .no_environment = true };
    struct printed printed;
    struct heap heap;
    struct arena arena;
    char text[1024];

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    (void)snprintf(text, sizeof(text), "%s%s", settings_built_in, more);
    source.built_in = text;
    enum status status = read_settings(&source, &arena, printed_begin(&printed), &settings);
    const char *told = printed_end(&printed);
    if (!complaint && status != STATUS_OK) fail_msg("'%s': %s", more, told);
    if (complaint && !strstr(told, complaint)) fail_msg("'%s' says '%s'", more, told);
    if (complaint) assert_int_equal(status, STATUS_INVALID);
    printed_free(&printed);
    arena_reset(&arena);
    heap_end(&heap);
}

static void every_rule_has_its_border(void **state)
{
    (void)state;
    static const struct {
        const char *more, *complaint; /* NULL: all is well */
    } rows[] = {
        { "", NULL },
        { "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER\n", NULL },
        { "listeners=CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER\n",
          "listeners names nothing that clients can reach" },
        { "listeners=SSL://:9093\n", "listeners: SSL speaks SSL, and only PLAINTEXT is there yet" },
        { "listeners=INSIDE://:9093\nlistener.security.protocol.map=INSIDE:PLAINTEXT\n", NULL },
        { "listeners=PLAINTEXT://:70000\n", "is not NAME://host:port" },
        { "advertised.listeners=PLAINTEXT://here:9092\n", NULL },
        { "advertised.listeners=OTHER://here:9092\n", "advertised.listeners: there is no OTHER in listeners" },
        { "advertised.listeners=PLAINTEXT://0.0.0.0:9092\n", "can't be the address that stands for all" },
        { "advertised.listeners=PLAINTEXT://[::]:9092\n", "can't be the address that stands for all" },
        { "advertised.listeners=here:9092\n", "advertised.listeners: 'here:9092' is not NAME://host:port" },
        { "process.roles=controller,broker\n", NULL },
        { "process.roles=broker\n", "process.roles: a node is broker and controller in one, for now" },
        { "log.dirs=a,b\n", "log.dirs: one directory only, for now" },
        { "sluice.http.listen=127.0.0.1:8080\n", NULL },
        { "sluice.http.listen=\n", NULL },
        { "sluice.http.listen=8080\n", "sluice.http.listen: '8080' is not host:port" },
        { "max.connections.per.ip.overrides=127.0.0.1:5\n", NULL },
        { "max.connections.per.ip.overrides=127.0.0.1\n", "max.connections.per.ip.overrides" },
        { "max.connections.per.ip.overrides=127.0.0.1:-1\n", "max.connections.per.ip.overrides" },
        { "controller.quorum.voters=1@localhost:9093\n", NULL },
        { "controller.quorum.voters=1@a:9093,2@b:9093\n", "a quorum of one node only" },
        { "authorizer.class.name=\n", NULL },
        { "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n",
          "there is no access control yet" },
    };

    for (size_t i = 0; i < array_count(rows); i++) checked(rows[i].more, rows[i].complaint);
}

static void a_complaint_has_its_place(void **state)
{
    (void)state;
    struct property origin = { .source = TEXT("server.properties"), .line = 4 };
    struct printed printed;

    print_complaint(&origin, TEXT("wrong"), printed_begin(&printed));
    printed_is(&printed, "server.properties:4: error: wrong\n");
    origin = (struct property){ .source = TEXT("KAFKA_LOG_DIRS") };
    print_complaint(&origin, TEXT("wrong"), printed_begin(&printed));
    printed_is(&printed, "KAFKA_LOG_DIRS: error: wrong\n");
    print_complaint(NULL, TEXT("wrong"), printed_begin(&printed));
    printed_is(&printed, "default: error: wrong\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_its_border),
        cmocka_unit_test(a_complaint_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
