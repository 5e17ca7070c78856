/* tools/serve.c   `sluice serve`: a node in the foreground, until it is told to stop.
 *
 *     settings -> http ("starting") -> node_make (recovery, threads) -> RUNNING --TERM, INT--> node_stop -> node_end
 *                                                                          \--its directory failed--> the same, exit
 *                                                                              code 1
 *
 * The main thread only waits: for signals, and for the node to say that something changed. Signals are read from a
 * descriptor, so that no code of ours ever runs inside a handler. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/sink.h"
#include "base/trace.h"
#include "command.h"
#include "http/http.h"
#include "machine.h"
#include "notify.h"
#include "read_settings.h"

enum { SETTINGS_SIZE_MAX = 16 << 20 };

/* What stands in for a server.properties. */
struct serve {
    struct node_platform platform;
    struct sink sink; /* standard output, for trace lines */
    struct trace trace;
    struct heap heap;
    struct arena arena;
    struct settings_source source;
    struct settings settings;
    struct http *http; /* NULL: none */
    bool plan_only;
    int changed; /* eventfd: the node has news */
    int signals; /* signalfd */
    int64_t began_ms;
};

static void help(void)
{
    puts(
        "usage: sluice serve [SERVER.PROPERTIES] [--override NAME=VALUE]... [--plan]\n\n"
        "Starts a node in the foreground. Settings come from the file (Kafka's names), from KAFKA_* variables and\n"
        "from overrides; the later beats the earlier. Without a file the node keeps its data in ./data, listens on\n"
        "127.0.0.1:9092, and answers /metrics, /livez and /readyz on 127.0.0.1:9644.\n\n"
        "  --override NAME=VALUE   one setting\n"
        "  --plan                  print what memory the node would plan for, and end\n\n"
        "TERM or INT stops it cleanly; a second INT at once. Exit status: 0 after a clean stop, 1 when the node could\n"
        "not start or go on, 2 when the command line or the settings are wrong.");
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void print_out(struct sink *sink, const char *data, size_t size)
{
    (void)sink;
    fwrite(data, 1, size, stdout);
    if (fflush(stdout) == 0) return;
    __fpurge(stdout); /* Nobody reads our lines any more; a node goes on, and stops as it will. */
    clearerr(stdout);
}

#define tell(serve, level, ...) trace_line(&(serve)->trace, clock_ms(CLOCK_REALTIME), level, "node", __VA_ARGS__)

/* ---- called by the node and by http, from threads of theirs ---- */

static void node_says(struct node_platform *platform, const char *line)
{
    tell(container_of(platform, struct serve, platform), TRACE_WARN, "%s", line);
}

static void http_says(void *context, const char *line)
{
    struct serve *serve = context;
    tell(serve, TRACE_WARN, "%s", line);
}

static void node_changed(struct node_platform *platform)
{
    struct serve *serve = container_of(platform, struct serve, platform);
    uint64_t one = 1;

    if (write(serve->changed, &one, sizeof(one)) < 0) return; /* Full: there is news to be read already. */
}

/* ---- before the node ---- */

/* EXIT_FINE: go on; -1: all is done. */
static int read_arguments(struct serve *serve, int count, char **arguments)
{
    serve->source.command = "sluice serve";
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) {
            help();
            return -1;
        }
        if (strcmp(arguments[i], "--plan") == 0) {
            serve->plan_only = true;
        } else if (!settings_argument(&serve->source, count, arguments, &i)) {
            return EXIT_USAGE;
        }
    }
    serve->source.built_in = settings_built_in;
    return EXIT_FINE;
}

/* Every partition and connection wants descriptors: take what the machine allows. */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int print_plan(struct serve *serve)
{
    struct plan plan;
    const char *why = "";

    if (node_plan(&serve->platform, &serve->settings, &plan, &serve->arena, &why) != STATUS_OK) {
        fprintf(stderr, "sluice serve: %s\n", why);
        return EXIT_FAILED;
    }
    fputs(plan_print(&plan, &serve->arena), stdout);
    return EXIT_FINE;
}

/* Threads inherit the mask. */
static void watch_signals(struct serve *serve)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    signal(SIGPIPE, SIG_IGN);
    serve->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    serve->changed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    invariant(serve->signals >= 0 && serve->changed >= 0);
}

/* A port that nobody asked for may be taken, by another node on this machine: then this one goes without. */
static bool start_http(struct serve *serve)
{
    const struct broker_values *values = &serve->settings.values;
    const struct setting *row = setting_find(&broker_table, TEXT("sluice.http.listen"));
    struct http_settings settings = {
        .listen = values->http_listen,
        .version = SLUICE_VERSION,
        .relaxed = values->durability == DURABILITY_RELAXED,
        .say = http_says,
        .context = serve,
    };
    char why[256] = "";

    if (values->http_listen.size == 0) return true;
    enum status status = http_make(&settings, &serve->http, why);
    if (status == STATUS_OK) return true;
    if (status == STATUS_ADDRESS_IN_USE && !serve->settings.origins[row - broker_table.rows]) {
        tell(serve, TRACE_WARN, "%s; no metrics and health checks", why);
        return true;
    }
    tell(serve, TRACE_FATAL, "%s", why);
    return false;
}

/* ---- beside the node ---- */

static bool degraded(const struct node *node)
{
    bool is = node_buffered(node);
    for (unsigned i = 0; i < PLAN_SHORTAGES; i++) is = is || node->plan.shortages[i];
    return is;
}

static void greet(struct serve *serve, const struct node *node)
{
    const struct broker_values *values = &serve->settings.values;
    struct text name, host;
    uint16_t port;

    tell(serve, TRACE_INFO, "Transitioning from RECOVERY to RUNNING."); /* Testcontainers waits for this line. */
    tell(serve, TRACE_INFO, "sluice " SLUICE_VERSION " started in %lld ms, %u %s, %sdurability %s",
         (long long)(clock_ms(CLOCK_MONOTONIC) - serve->began_ms), node->plan.shard_count,
         node->plan.shard_count == 1 ? "shard" : "shards", degraded(node) ? "degraded (see the warnings), " : "",
         values->durability == DURABILITY_RELAXED ? "relaxed (acknowledged before the device has it)"
                                                  : "durable (acknowledged when the device has it)");
    for (uint32_t i = 0; node_told(node, i, &name, &host, &port); i++) {
        tell(serve, TRACE_INFO, "clients connect to %.*s:%u (%.*s)", TEXT_ARGS(host), port, TEXT_ARGS(name));
    }
    if (serve->http) {
        struct text listen = values->http_listen;
        while (listen.size > 0 && listen.data[listen.size - 1] != ':') listen.size--;
        if (listen.size == 1) listen = TEXT("localhost:");
        tell(serve, TRACE_INFO, "metrics at http://%.*s%u/metrics", TEXT_ARGS(listen), http_port(serve->http));
    }
    if (!node_told(node, 0, &name, &host, &port)) return;
    tell(serve, TRACE_INFO, "try: echo hello | kcat -b %.*s:%u -t hello -P", TEXT_ARGS(host), port);
}

/* True when somebody asked for the end. */
static bool take_signals(struct serve *serve, struct node *node, bool stopping)
{
    struct signalfd_siginfo info;

    while (read(serve->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) continue; /* Kept for reloading; ending on it would surprise. */
        if (stopping && info.ssi_signo == SIGINT) {
            tell(serve, TRACE_WARN, "stopped at once; the next start recovers");
            _exit(EXIT_FAILED);
        }
        if (!stopping) {
            tell(serve, TRACE_INFO, "stopping");
            notify("STOPPING=1");
            node_stop(node);
            stopping = true;
        }
    }
    return stopping;
}

static void run(struct serve *serve, struct node *node)
{
    bool greeted = false, stopping = false;

    while (!node_stopped(node)) {
        struct pollfd events[] = { { serve->signals, POLLIN, 0 }, { serve->changed, POLLIN, 0 } };
        uint64_t news;

        if (!greeted && node_serving(node)) {
            greet(serve, node);
            notify("READY=1");
            greeted = true;
        }
        if (poll(events, array_count(events), -1) < 0 && errno != EINTR) break;
        if (read(serve->changed, &news, sizeof(news)) < 0 && errno != EAGAIN) break;
        stopping = take_signals(serve, node, stopping);
    }
}

static int end(struct serve *serve, struct node *node)
{
    enum status died = node_status(node);

    if (died != STATUS_OK) tell(serve, TRACE_FATAL, "the node ended: %s", status_text(died));
    if (serve->http) http_end(serve->http);
    enum status ended = node_end(node);
    if (died == STATUS_OK && ended != STATUS_OK) {
        tell(serve, TRACE_FATAL, "the stop was not clean: %s", status_text(ended));
    }
    if (died != STATUS_OK || ended != STATUS_OK) return EXIT_FAILED;
    tell(serve, TRACE_INFO, "stopped");
    return EXIT_FINE;
}

static int serve_node(struct serve *serve)
{
    struct node *node;
    const char *why = "";

    raise_limits();
    watch_signals(serve);
    if (!start_http(serve)) return EXIT_FAILED;
    int64_t making_ms = clock_ms(CLOCK_MONOTONIC);
    if (node_make(&serve->platform, &serve->settings, &node, &why) != STATUS_OK) {
        tell(serve, TRACE_FATAL, "%s", why);
        if (serve->http) http_end(serve->http);
        return EXIT_FAILED;
    }
    if (serve->http) http_attach(serve->http, node, clock_ms(CLOCK_MONOTONIC) - making_ms);
    run(serve, node);
    return end(serve, node);
}

int command_serve(int count, char **arguments)
{
    static struct serve serve; /* The process is this node: it ends with it. */
    time_t now = time(NULL);
    struct tm local;

    serve.began_ms = clock_ms(CLOCK_MONOTONIC);
    int code = read_arguments(&serve, count, arguments);
    if (code != EXIT_FINE) return code < 0 ? EXIT_FINE : code;

    heap_init(&serve.heap);
    arena_init(&serve.arena, &serve.heap, NULL, 0, SETTINGS_SIZE_MAX);
    serve.sink.put = print_out;
    serve.trace = (struct trace){ .sink = &serve.sink, .least = TRACE_INFO };
    if (localtime_r(&now, &local)) serve.trace.zone_s = (int32_t)local.tm_gmtoff;
    machine_platform(&serve.platform);
    serve.platform.say = node_says;
    serve.platform.changed = node_changed;
    serve.platform.trace = &serve.trace;

    if (read_settings(&serve.source, &serve.arena, stderr, &serve.settings) != STATUS_OK) return EXIT_USAGE;
    return serve.plan_only ? print_plan(&serve) : serve_node(&serve);
}
