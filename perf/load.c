/* perf/load.c   Loads a broker and tells what it took, as one JSON line. Bounded in count and time; talks to one IPv4
 * address.
 *
 *     load HOST:PORT mode=produce topic=t connections=1 inflight=5 batch=262144 size=2e9 acks=1   as fast as it goes
 *     load HOST:PORT mode=rate    rate=1000 seconds=30 record=1024 acks=-1                        open loop: latencies
 *         count
 *                                                                                    from the intended send time
 *     load HOST:PORT mode=consume size=2e9 from=0 connections=1                        consumers, from that offset
 *     load HOST:PORT mode=idle    connections=1000                                     opens, says so, waits for end of
 *         input
 *     load HOST:PORT mode=first|fetched -- COMMAND...      starts COMMAND, tells ms from exec to the first ack or
 *         fetched byte */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/histogram.h"
#include "load.h"

enum { BATCH_MAX = 8 << 20, FRAME_HEAD = 4096 };

struct load {
    struct load_settings *settings;
    struct link *links;
    uint8_t **frames; /* one ready request per partition */
    size_t *frame_sizes;
    struct histogram latency;
    int records_per_batch;
    size_t batch_size;
    double asked, answered; /* requests */
    int64_t begun_ns;
    int epoll;
};

static void report(const struct load *load, double bytes)
{
    double seconds = (double)(load_now_ns() - load->begun_ns) / 1e9;
    const struct histogram *latency = &load->latency;

    printf("{\"mode\":\"%s\",\"requests\":%.0f,\"records\":%.0f,\"bytes\":%.0f,\"seconds\":%.4f,\"p50_us\":%.1f,\"p90_"
           "us\":%.1f,"
           "\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f}\n",
           load->settings->mode, load->answered, load->answered * load->records_per_batch, bytes, seconds,
           (double)histogram_percentile(latency, 50) / 1e3, (double)histogram_percentile(latency, 90) / 1e3,
           (double)histogram_percentile(latency, 99) / 1e3, (double)histogram_percentile(latency, 99.9) / 1e3,
           (double)histogram_percentile(latency, 100) / 1e3);
}

/* Asks until every partition of the topic has a leader: Kafka creates topics in its own time. */
static void ensure_topic(const struct load_settings *settings)
{
    uint8_t frame[FRAME_HEAD];
    size_t size = frame_metadata(frame, settings->topic);

    for (int attempt = 0; attempt < 200; attempt++) {
        struct link link;
        const uint8_t *answer;
        size_t answer_size;

        link_open(&link, settings, 1);
        link_send(&link, frame, size, 0);
        if (!link_wait_frame(&link, &answer, &answer_size)) load_die("no answer to Metadata");
        bool ready = frame_topic_ready(answer, answer_size, settings->topic);
        link_close(&link);
        if (ready) return;
        usleep(50000);
    }
    load_die("topic %s does not appear", settings->topic);
}

static void prepare(struct load *load)
{
    struct load_settings *settings = load->settings;
    uint8_t *batch = malloc(BATCH_MAX);

    if (!batch) load_die("out of memory");
    load->batch_size = frame_batch(batch, BATCH_MAX, settings, &load->records_per_batch);
    load->frames = calloc((size_t)settings->partitions, sizeof(*load->frames));
    load->frame_sizes = calloc((size_t)settings->partitions, sizeof(*load->frame_sizes));
    for (int i = 0; i < settings->partitions; i++) {
        load->frames[i] = malloc(load->batch_size + FRAME_HEAD);
        load->frame_sizes[i] = frame_produce(load->frames[i], settings, i, batch, load->batch_size);
    }
    free(batch);
    if (settings->count == 0) settings->count = settings->size / (double)load->batch_size;

    load->links = calloc((size_t)settings->connections, sizeof(*load->links));
    load->epoll = epoll_create1(0);
    for (int i = 0; i < settings->connections; i++) {
        link_open(&load->links[i], settings, settings->rate > 0 ? 1 << 20 : (uint32_t)settings->inflight);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)i };
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->links[i].socket, &event);
    }
    load->begun_ns = load_now_ns();
}

static void ask(struct load *load, struct link *link, int64_t intended_ns)
{
    int partition = (int)((uint64_t)load->asked % (uint64_t)load->settings->partitions);

    link_send(link, load->frames[partition], load->frame_sizes[partition], intended_ns);
    load->asked++;
}

static void take_answers(struct load *load, struct link *link)
{
    const uint8_t *answer;
    size_t size;

    link_receive(link);
    while ((answer = link_frame(link, &size))) {
        int error = frame_produced_error(answer, size);
        if (error) load_die("produce answered error %d", error);
        int64_t waited_ns = load_now_ns() - link->sent_ns[link->sent_first];
        histogram_record(&load->latency, (uint64_t)max_of(waited_ns, 0));
        link_frame_done(link, size);
        load->answered++;
    }
}

static void serve_events(struct load *load, int wait_ms)
{
    struct epoll_event events[64];
    int count = epoll_wait(load->epoll, events, 64, wait_ms);

    for (int i = 0; i < count; i++) {
        struct link *link = &load->links[events[i].data.u32];
        if (link->blocked && (events[i].events & EPOLLOUT)) link_flush(link);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take_answers(load, link);
    }
}

/* Each connection keeps `inflight` requests on the way. */
static void run_produce(struct load *load)
{
    const struct load_settings *settings = load->settings;

    while (load->answered < settings->count) {
        for (int i = 0; i < settings->connections; i++) {
            struct link *link = &load->links[i];
            while (!link->blocked && link->sent_count < (uint32_t)settings->inflight && load->asked < settings->count) {
                ask(load, link, load_now_ns());
            }
        }
        serve_events(load, 1000);
    }
    report(load, load->answered * (double)load->batch_size);
}

/* Open loop: request n leaves at begun + n / rate, whatever became of those before it. Waits by spinning below 200 us:
 * the client has a core of its own. */
static void run_rate(struct load *load)
{
    const struct load_settings *settings = load->settings;
    double count = settings->rate * settings->seconds;

    while (load->answered < count) {
        int64_t due_ns = load->begun_ns + (int64_t)(load->asked * 1e9 / settings->rate);
        int64_t left_ns = due_ns - load_now_ns();
        if (load->asked < count && left_ns <= 0) {
            ask(load, &load->links[(uint64_t)load->asked % (uint64_t)settings->connections], due_ns);
            continue;
        }
        if (load->asked >= count) left_ns = 1000000;
        serve_events(load, left_ns > 1200000 ? 1 : 0);
    }
    report(load, load->answered * (double)load->batch_size);
}

/* One of the consumers: each has every `connections`-th partition, and one Fetch on its way for one of them. */
struct consumer {
    struct link link;
    int partition, empty; /* asked now; answers without records, one after the other */
};

static void consumer_ask(struct load *load, struct consumer *consumer, const int64_t *next)
{
    uint8_t frame[FRAME_HEAD];
    size_t size = frame_fetch(frame, load->settings, consumer->partition, next[consumer->partition]);

    link_send(&consumer->link, frame, size, load_now_ns());
    load->asked++;
}

/* Bytes of records that have come; asks again. */
static size_t consumer_take(struct load *load, struct consumer *consumer, int64_t *next)
{
    const struct load_settings *settings = load->settings;
    const uint8_t *answer;
    size_t size;

    link_receive(&consumer->link);
    if (!(answer = link_frame(&consumer->link, &size))) return 0;
    size_t got = frame_fetched(answer, size, &next[consumer->partition]);
    histogram_record(&load->latency, (uint64_t)(load_now_ns() - consumer->link.sent_ns[consumer->link.sent_first]));
    link_frame_done(&consumer->link, size);
    load->answered++;
    consumer->empty = got ? 0 : consumer->empty + 1;
    consumer->partition += settings->connections;
    if (consumer->partition >= settings->partitions) consumer->partition %= settings->connections;
    consumer_ask(load, consumer, next);
    return got;
}

static void run_consume(struct load *load)
{
    struct load_settings *settings = load->settings;
    int64_t *next = calloc((size_t)settings->partitions, sizeof(*next));
    double bytes = 0;
    bool more = true; /* All of it was read when each consumer finds nothing any more. */

    settings->connections = min_of(settings->connections, settings->partitions);
    struct consumer *consumers = calloc((size_t)settings->connections, sizeof(*consumers));
    load->epoll = epoll_create1(0);
    for (int i = 0; i < settings->partitions; i++) next[i] = settings->from;
    load->begun_ns = load_now_ns();
    for (int i = 0; i < settings->connections; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
        consumers[i].partition = i;
        link_open(&consumers[i].link, settings, 1);
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, consumers[i].link.socket, &event);
        consumer_ask(load, &consumers[i], next);
    }
    while (bytes < settings->size && more) {
        struct epoll_event events[64];
        int count = epoll_wait(load->epoll, events, 64, 10000);
        if (count <= 0) load_die("no answer to Fetch");
        for (int i = 0; i < count; i++) bytes += (double)consumer_take(load, &consumers[events[i].data.u32], next);
        more = false;
        for (int i = 0; i < settings->connections; i++) more |= consumers[i].empty <= 4 * settings->partitions;
    }
    report(load, bytes);
    for (int i = 0; i < settings->connections; i++) link_close(&consumers[i].link);
    free(consumers);
    free(next);
}

/* Several source addresses: 28,000 ports a pair. */
static void run_idle(struct load *load)
{
    const struct load_settings *settings = load->settings;
    struct rlimit limit = { 1 << 20, 1 << 20 };

    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < settings->connections; i++) {
        struct sockaddr_in from = { .sin_family = AF_INET };
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(i / 20000));
        int made = socket(AF_INET, SOCK_STREAM, 0);
        if (made < 0 || bind(made, (struct sockaddr *)&from, sizeof(from)) ||
            connect(made, (const struct sockaddr *)&settings->address, sizeof(settings->address))) {
            load_die("connection %d: %s", i, strerror(errno));
        }
    }
    printf("{\"mode\":\"idle\",\"connections\":%d}\n", settings->connections);
    fflush(stdout);
    while (getchar() != EOF) continue;
}

static bool try_once(const struct load_settings *settings, uint8_t *frame, size_t size, bool produce)
{
    int made = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = false;

    if (connect(made, (const struct sockaddr *)&settings->address, sizeof(settings->address)) == 0) {
        struct timeval patience = { 2, 0 };
        uint8_t answer[1 << 16];
        setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (send(made, frame, size, MSG_NOSIGNAL) == (ssize_t)size) {
            ssize_t got = recv(made, answer, sizeof(answer), 0);
            int64_t next = 0;
            if (got > 8 && produce) ok = frame_produced_error(answer + 4, (size_t)got - 4) == 0;
            if (got > 8 && !produce) ok = frame_fetched(answer + 4, (size_t)got - 4, &next) > 0;
        }
    }
    close(made);
    return ok;
}

/* Starts the broker and asks as often as it can: the first answer ends the clock. */
static void run_first(struct load *load)
{
    struct load_settings *settings = load->settings;
    bool produce = strcmp(settings->mode, "first") == 0;
    uint8_t frame[FRAME_HEAD * 2], metadata[FRAME_HEAD], batch[FRAME_HEAD];
    size_t metadata_size = frame_metadata(metadata, settings->topic);
    int count;

    settings->batch_size = 0;
    size_t batch_size = frame_batch(batch, sizeof(batch), settings, &count);
    size_t size = produce ? frame_produce(frame, settings, 0, batch, batch_size) : frame_fetch(frame, settings, 0, 0);
    int64_t begun_ns = load_now_ns();
    pid_t child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO); /* Ours is for the figure, and must close when we end. */
        execvp(settings->command[0], settings->command);
        _exit(127);
    }
    while (!try_once(settings, frame, size, produce)) {
        if (load_now_ns() - begun_ns > 60000000000) load_die("no answer within a minute");
        if (produce) (void)try_once(settings, metadata, metadata_size, produce);
        usleep(200);
    }
    printf("{\"mode\":\"%s\",\"ms\":%.2f,\"pid\":%d}\n", settings->mode, (double)(load_now_ns() - begun_ns) / 1e6,
           child);
}

static const char *value_of(char **arguments, const char *name, const char *fallback)
{
    size_t size = strlen(name);

    for (; *arguments; arguments++) {
        if (strcmp(*arguments, "--") == 0) break;
        if (strncmp(*arguments, name, size) == 0 && (*arguments)[size] == '=') return *arguments + size + 1;
    }
    return fallback;
}

static double number_of(char **arguments, const char *name, const char *fallback)
{
    const char *value = value_of(arguments, name, fallback);
    char *end;
    double number = strtod(value, &end);

    if (end == value || *end) load_die("%s=%s is no number", name, value);
    return number;
}

static void address_of(struct load_settings *settings, const char *given)
{
    const char *colon = given ? strchr(given, ':') : NULL;
    char host[64];

    if (!colon || (size_t)(colon - given) >= sizeof(host)) load_die("usage: load HOST:PORT mode=...");
    memcpy(host, given, (size_t)(colon - given));
    host[colon - given] = '\0';
    settings->address.sin_family = AF_INET;
    settings->address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (inet_pton(AF_INET, host, &settings->address.sin_addr) != 1) load_die("an IPv4 address, not %s", host);
}

static void read_settings(struct load_settings *settings, char **arguments)
{
    address_of(settings, arguments[1]);
    settings->mode = value_of(arguments, "mode", "produce");
    settings->call = value_of(arguments, "call", "metadata");
    settings->topics = (int)number_of(arguments, "topics", "1000");
    settings->topic = value_of(arguments, "topic", "load");
    settings->partitions = (int)number_of(arguments, "partitions", "1");
    settings->connections = (int)number_of(arguments, "connections", "1");
    settings->inflight = (int)number_of(arguments, "inflight", "5");
    settings->acks = (int)number_of(arguments, "acks", "1");
    settings->record_size = (long)number_of(arguments, "record", "1024");
    settings->batch_size = (long)number_of(arguments, "batch", "0");
    settings->size = number_of(arguments, "size", "1e9");
    settings->count = number_of(arguments, "count", "0");
    settings->rate = number_of(arguments, "rate", "0");
    settings->seconds = number_of(arguments, "seconds", "10");
    settings->from = (long long)number_of(arguments, "from", "0");
    settings->fetch_size = (long)number_of(arguments, "fetch", "1048576");
    for (char **at = arguments; *at; at++) {
        if (strcmp(*at, "--") == 0) settings->command = at + 1;
    }
}

int main(int count, char **arguments)
{
    struct load_settings settings = { 0 };
    struct load load = { .settings = &settings };
    const char *mode;

    (void)count;
    signal(SIGPIPE, SIG_IGN);
    read_settings(&settings, arguments);
    mode = settings.mode;
    histogram_init(&load.latency);
    if (strcmp(mode, "produce") == 0 || strcmp(mode, "rate") == 0) {
        ensure_topic(&settings);
        prepare(&load);
        strcmp(mode, "rate") == 0 ? run_rate(&load) : run_produce(&load);
    } else if (strcmp(mode, "consume") == 0) {
        run_consume(&load);
    } else if (strcmp(mode, "idle") == 0) {
        run_idle(&load);
    } else if (strcmp(mode, "calls") == 0) {
        run_calls(&settings);
    } else if (settings.command && (strcmp(mode, "first") == 0 || strcmp(mode, "fetched") == 0)) {
        run_first(&load);
    } else {
        load_die("mode=%s: produce, rate, consume, idle, calls, first or fetched", mode);
    }
    return 0;
}
