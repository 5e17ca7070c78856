/* tools/serve.c   `sluice serve`: a node in the foreground, until it is told to stop.
 *
 *     settings -> node_make (recovery, threads) -> RUNNING --TERM, INT--> node_stop -> node_end
 *                                                      \--its directory failed--> the same, exit code 1
 *
 * The main thread only waits: for signals, and for the node to say that something changed. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
#include "machine.h"
#include "read_settings.h"

enum { OVERRIDES_MAX = 256, SETTINGS_SIZE_MAX = 16 << 20 };

/* What stands in for a server.properties. */
static const char built_in[] = "node.id=1\n"
                               "process.roles=broker,controller\n"
                               "listeners=PLAINTEXT://127.0.0.1:9092\n"
                               "log.dirs=data\n";

struct serve {
    struct node_platform platform;
    struct sink sink; /* standard output, for trace lines */
    struct trace trace;
    struct heap heap;
    struct arena arena;
    struct settings settings;
    const char *file;
    const char *overrides[OVERRIDES_MAX];
    uint32_t override_count;
    bool plan_only;
    int changed; /* eventfd: the node has news */
    int signals; /* signalfd */
};

static void help(void)
{
    puts("usage: sluice serve [SERVER.PROPERTIES] [--override NAME=VALUE]... [--plan]\n\n"
         "Starts a node in the foreground. Settings come from the file (Kafka's names), from KAFKA_* variables and "
         "from\n"
         "overrides; the later beats the earlier. Without a file the node keeps its data in ./data and listens on\n"
         "127.0.0.1:9092.\n\n"
         "  --override NAME=VALUE   one setting\n"
         "  --plan                  print what memory the node would plan for, and end\n\n"
         "TERM or INT stops it cleanly; a second INT at once.");
}

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void print_out(struct sink *sink, const char *data, size_t size)
{
    (void)sink;
    fwrite(data, 1, size, stdout);
    fflush(stdout);
}

static void say(struct node_platform *platform, const char *line)
{
    struct serve *serve = container_of(platform, struct serve, platform);

    trace_line(&serve->trace, wall_ms(), TRACE_INFO, "node", "%s", line);
}

static void node_changed(struct node_platform *platform)
{
    struct serve *serve = container_of(platform, struct serve, platform);
    uint64_t one = 1;

    if (write(serve->changed, &one, sizeof(one)) < 0) return; /* Full: there is news to be read already. */
}

static int read_arguments(struct serve *serve, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) {
            help();
            return -1;
        }
        if (strcmp(arguments[i], "--plan") == 0) {
            serve->plan_only = true;
        } else if (strcmp(arguments[i], "--override") == 0) {
            if (i + 1 == count || serve->override_count == OVERRIDES_MAX) return EXIT_USAGE;
            serve->overrides[serve->override_count++] = arguments[++i];
        } else if (arguments[i][0] == '-' || serve->file) {
            fprintf(stderr, "sluice serve: unexpected argument '%s'\n", arguments[i]);
            return EXIT_USAGE;
        } else {
            serve->file = arguments[i];
        }
    }
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

/* Signals are read from a descriptor, so that no code of ours ever runs inside a handler. Threads inherit the mask. */
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

static void greet(struct serve *serve, const struct node *node)
{
    const struct broker_values *values = &serve->settings.values;
    uint16_t port = node_port(node, 0);

    trace_line(&serve->trace, wall_ms(), TRACE_INFO, "node", "Transitioning from RECOVERY to RUNNING.");
    trace_line(&serve->trace, wall_ms(), TRACE_INFO, "node", "listening on port %u, %u shards, durability %s", port,
               node->plan.shard_count,
               values->durability == DURABILITY_RELAXED ? "relaxed (acknowledged before the device has it)"
                                                        : "durable (acknowledged when the device has it)");
    trace_line(&serve->trace, wall_ms(), TRACE_INFO, "node", "try: echo hello | kcat -b 127.0.0.1:%u -t hello -P",
               port);
}

/* True when somebody asked for the end. */
static bool take_signals(struct serve *serve, struct node *node, bool stopping)
{
    struct signalfd_siginfo info;

    while (read(serve->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) continue; /* Kept for reloading; ending on it would surprise. */
        if (stopping && info.ssi_signo == SIGINT) _exit(EXIT_FAILED);
        if (!stopping) {
            trace_line(&serve->trace, wall_ms(), TRACE_INFO, "node", "stopping");
            node_stop(node);
            stopping = true;
        }
    }
    return stopping;
}

static int run(struct serve *serve, struct node *node)
{
    bool greeted = false, stopping = false;

    while (!node_stopped(node)) {
        struct pollfd events[] = { { serve->signals, POLLIN, 0 }, { serve->changed, POLLIN, 0 } };
        uint64_t news;

        if (!greeted && node_serving(node)) {
            greet(serve, node);
            greeted = true;
        }
        if (poll(events, array_count(events), -1) < 0 && errno != EINTR) break;
        if (read(serve->changed, &news, sizeof(news)) < 0 && errno != EAGAIN) break;
        stopping = take_signals(serve, node, stopping);
    }
    enum status died = node_status(node);
    if (died != STATUS_OK) {
        trace_line(&serve->trace, wall_ms(), TRACE_FATAL, "node", "the node ended: %s", status_text(died));
    }
    enum status ended = node_end(node);
    if (ended != STATUS_OK) {
        trace_line(&serve->trace, wall_ms(), TRACE_ERROR, "node", "the stop was not clean: %s", status_text(ended));
    }
    return died == STATUS_OK && ended == STATUS_OK ? EXIT_FINE : EXIT_FAILED;
}

static int serve_settings(struct serve *serve)
{
    struct settings_source source = {
        .file = serve->file,
        .overrides = serve->overrides,
        .override_count = serve->override_count,
        .built_in = built_in,
    };

    if (read_settings(&source, &serve->arena, stderr, &serve->settings) != STATUS_OK) return EXIT_USAGE;
    return serve->plan_only ? print_plan(serve) : EXIT_FINE;
}

int command_serve(int count, char **arguments)
{
    static struct serve serve; /* The process is this node: it ends with it. */
    struct node *node;
    const char *why = "";

    int code = read_arguments(&serve, count, arguments);
    if (code != EXIT_FINE) return code < 0 ? EXIT_FINE : code;

    heap_init(&serve.heap);
    arena_init(&serve.arena, &serve.heap, NULL, 0, SETTINGS_SIZE_MAX);
    serve.sink.put = print_out;
    serve.trace = (struct trace){ .sink = &serve.sink, .least = TRACE_INFO };
    machine_platform(&serve.platform);
    serve.platform.say = say;
    serve.platform.changed = node_changed;
    serve.platform.trace = &serve.trace;

    code = serve_settings(&serve);
    if (code != EXIT_FINE || serve.plan_only) return code;
    raise_limits();
    watch_signals(&serve);
    if (node_make(&serve.platform, &serve.settings, &node, &why) != STATUS_OK) {
        trace_line(&serve.trace, wall_ms(), TRACE_FATAL, "node", "%s", why);
        return EXIT_FAILED;
    }
    return run(&serve, node);
}
