/* tools/top.c   `sluice top`: a node, live, in a terminal; fed from the node's HTTP side, so that it works from afar
 * and costs the node some surveys of its shards per look.
 *
 *     LOOKING --answer--> SHOWING --interval, key--> LOOKING        q, TERM, INT, a terminal that went away --> end
 *        \--no answer: said in the frame, and tried again (--once: exit 1)
 *
 * Nothing but ANSI: the other screen, home, erase to the end. What is no terminal gets frames one after the other. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/heap.h"
#include "command.h"
#include "node/address.h"
#include "output.h"
#include "top_view.h"

enum { ROWS_DEFAULT = 10, COLUMNS_MAX = 1024, MS_PER_S = 1000 };

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

struct top {
    const char *where;
    struct sockaddr_storage place;
    bool once;
    int interval_ms;
    uint32_t rows; /* of a table; 0: what fits */
    bool terminal;
    struct termios before; /* of the keyboard */
    bool keyboard;
    int signals;
    struct look looks[2]; /* the last one, and the one that is being taken */
    bool looked;
    char why[PAGE_WHY_MAX]; /* why there was no answer; empty: there was */
};

static void help(void)
{
    puts("usage: sluice top [HOST:PORT] [--interval SECONDS] [--rows N] [--once]\n\n"
         "Shows what a node is doing: its shards, requests, partitions and clients. HOST:PORT is the node's\n"
         "sluice.http.listen (default 127.0.0.1:9644). q ends it.\n\n"
         "  --interval SECONDS   between two looks (default 1)\n"
         "  --rows N             lines of each table (default: what fits; 10 without a terminal)\n"
         "  --once               one frame, over one interval, as plain text\n\n"
         "Exit status: 0; 1 when the node does not answer (--once); 2 when the command line is wrong.");
}

/* ---- the command line ---- */

static bool read_interval(const char *text, int *interval_ms)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0.05 && seconds <= 3600)) return false;
    *interval_ms = (int)(seconds * MS_PER_S);
    return true;
}

static bool read_rows(const char *text, uint32_t *rows)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (end == text || *end || n < 1 || n > 10000) return false;
    *rows = (uint32_t)n;
    return true;
}

static bool read_place(struct top *top)
{
    struct text host;
    uint16_t port;
    struct heap heap;
    struct arena arena;

    if (!address_split(text_of(top->where), &host, &port) || port == 0) return false;
    if (host.size == 0) host = TEXT("localhost");
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 16);
    bool known = address_resolve(host, port, &top->place, &arena);
    arena_reset(&arena);
    heap_end(&heap);
    return known;
}

/* An option with a value. */
static bool read_option(struct top *top, const char *name, const char *value)
{
    if (strcmp(name, "--interval") == 0) return read_interval(value, &top->interval_ms);
    return strcmp(name, "--rows") == 0 && read_rows(value, &top->rows);
}

/* EXIT_FINE: go on; -1: all is done. */
static int read_arguments(struct top *top, int count, char **arguments)
{
    top->where = "127.0.0.1:9644";
    top->interval_ms = MS_PER_S;
    for (int i = 1; i < count; i++) {
        const char *word = arguments[i], *value = i + 1 < count ? arguments[i + 1] : "";
        if (strcmp(word, "--help") == 0) {
            help();
            return -1;
        }
        if (strcmp(word, "--once") == 0) {
            top->once = true;
        } else if (word[0] != '-') {
            top->where = word;
        } else if (read_option(top, word, value)) {
            i++;
        } else {
            complain("sluice top", "%s %s is not understood; see sluice top --help", word, value);
            return EXIT_USAGE;
        }
    }
    if (read_place(top)) return EXIT_FINE;
    complain("sluice top", "%s is not the HOST:PORT of a node's sluice.http.listen", top->where);
    return EXIT_USAGE;
}

/* ---- looking ---- */

static void look_free(struct look *look)
{
    page_free(&look->metrics);
    page_free(&look->clients);
}

static bool look_take(struct top *top, struct look *look)
{
    top->why[0] = '\0';
    return page_fetch(&top->place, "/metrics", &look->metrics, top->why) &&
           page_fetch(&top->place, "/clients", &look->clients, top->why);
}

/* The last look goes, the new one takes its place. The first is before itself: no rates yet. */
static bool look(struct top *top, FILE *out, uint32_t rows)
{
    struct look now = { .metrics = { .text = NULL } };

    if (!look_take(top, &now)) {
        look_free(&now);
        return false;
    }
    look_free(&top->looks[0]);
    top->looks[0] = top->looks[1];
    top->looks[1] = now;
    view_write(top->looked ? &top->looks[0] : &top->looks[1], &top->looks[1], top->where, rows, out);
    top->looked = true;
    return true;
}

/* ---- showing ---- */

static void screen_size(const struct top *top, uint32_t *lines, uint32_t *columns)
{
    struct winsize size;

    *lines = 0;
    *columns = COLUMNS_MAX;
    if (!top->terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return;
    *lines = size.ws_row;
    *columns = min_of((uint32_t)size.ws_col, (uint32_t)COLUMNS_MAX);
}

/* Three tables share what the node and its shards leave. */
static uint32_t rows_that_fit(const struct top *top, uint32_t lines)
{
    enum { FIXED = 3 + 2 + 3 * 3 + 1 };
    size_t shards = 0;

    if (top->rows > 0) return top->rows;
    if (lines == 0) return ROWS_DEFAULT;
    if (top->looked) (void)page_samples(&top->looks[1].metrics, "sluice_shard_up", &shards);
    uint32_t taken = FIXED + (uint32_t)shards;
    return lines > taken + 3 ? (lines - taken) / 3 : 1;
}

/* A line of the frame; a heading stands out where that is possible. Nothing beyond ASCII is in it, so bytes are
 * columns. */
static void line_show(const struct top *top, const char *line, uint32_t columns)
{
    bool heading = line[0] == '\t';
    line += heading;

    int size = (int)min_of(strcspn(line, "\n"), (size_t)columns);
    if (top->terminal) {
        printf("%s%.*s%s\033[K", heading ? "\033[1;7m" : "", size, line, heading ? "\033[0m" : "");
    } else {
        printf("%.*s", size, line);
    }
}

static void frame_show(const struct top *top, const char *frame, uint32_t lines, uint32_t columns)
{
    uint32_t shown = 0;

    if (top->terminal) fputs("\033[H", stdout);
    for (const char *line = frame; *line && (lines == 0 || shown < lines); shown++) {
        if (shown > 0) fputs("\n", stdout);
        line_show(top, line, columns);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    fputs(top->terminal ? "\033[J" : "\n", stdout);
}

/* False: nobody sees it any more. */
static bool show(struct top *top)
{
    uint32_t lines, columns;
    char *frame = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&frame, &size);
    invariant(out != NULL);

    screen_size(top, &lines, &columns);
    if (!look(top, out, rows_that_fit(top, lines))) {
        fprintf(out, "no answer from %s: %s\n", top->where, top->why);
    }
    invariant(fclose(out) == 0);
    frame_show(top, frame, lines, columns);
    free(frame);
    return fflush(stdout) == 0;
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / 1000000;
}

/* False: q, the end of the keyboard, or a broken terminal. */
static bool take_keys(void)
{
    char keys[64];
    ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));

    if (got <= 0) return got < 0 && (errno == EINTR || errno == EAGAIN);
    for (ssize_t i = 0; i < got; i++) {
        if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == 3) return false;
    }
    return true;
}

/* False: it is time to end. */
static bool pause_for(struct top *top, int ms)
{
    int64_t limit_ms = now_ms() + ms;

    for (int64_t left = ms; left > 0; left = limit_ms - now_ms()) {
        struct pollfd events[] = { { top->signals, POLLIN, 0 },
                                   { STDOUT_FILENO, 0, 0 },
                                   { top->keyboard ? STDIN_FILENO : -1, POLLIN, 0 } };
        if (poll(events, array_count(events), (int)left) < 0 && errno != EINTR) return false;
        if (events[0].revents || events[1].revents) return false; /* a signal; the reader went away */
        if (events[2].revents && !take_keys()) return false;
    }
    return true;
}

/* ---- the terminal ---- */

static void terminal_take(struct top *top)
{
    const char *kind = getenv("TERM");
    struct termios raw;

    top->terminal = !top->once && isatty(STDOUT_FILENO) && kind && strcmp(kind, "dumb") != 0;
    if (!top->terminal) return;
    top->keyboard = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &top->before) == 0;
    if (top->keyboard) {
        raw = top->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs(ENTER, stdout);
}

/* A terminal that went away took its view along: that is an end like any other. */
static void terminal_give(struct top *top)
{
    if (!top->terminal) return;
    fputs(LEAVE, stdout);
    if (fflush(stdout) != 0) {
        __fpurge(stdout);
        clearerr(stdout);
    }
    if (top->keyboard) (void)tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
}

static void watch_signals(struct top *top)
{
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    signal(SIGPIPE, SIG_IGN);
    top->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    invariant(top->signals >= 0);
}

/* The first look is only there for the second one's rates. */
static int show_once(struct top *top)
{
    struct look first = { .metrics = { .text = NULL } };

    if (!look_take(top, &first)) {
        look_free(&first);
        complain("sluice top", "no answer from %s: %s", top->where, top->why);
        return EXIT_FAILED;
    }
    top->looks[1] = first;
    top->looked = true;
    if (!pause_for(top, top->interval_ms)) return EXIT_FINE;
    (void)show(top);
    return top->why[0] ? EXIT_FAILED : output_end("sluice top", EXIT_FINE);
}

int command_top(int count, char **arguments)
{
    struct top top = { .once = false };
    int code = read_arguments(&top, count, arguments);

    if (code != EXIT_FINE) return code < 0 ? EXIT_FINE : code;
    watch_signals(&top);
    if (top.once) {
        code = show_once(&top);
    } else {
        terminal_take(&top);
        while (show(&top) && pause_for(&top, top.interval_ms)) continue;
        terminal_give(&top);
    }
    look_free(&top.looks[0]);
    look_free(&top.looks[1]);
    return code;
}
