/* tools/progress.c   The line is drawn at most five times a second, and never longer than the terminal is wide: a line
 * that wraps can't be rewritten. A dumb terminal can't rewrite any, and gets none. A terminal that is gone is nobody's
 * trouble: what fails here is not told. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

enum { QUIET_MS = 1000, STEP_MS = 200, LINE_MAX_SIZE = 80 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_dumb(void)
{
    const char *terminal = getenv("TERM");

    return terminal && strcmp(terminal, "dumb") == 0;
}

/* How much of a line fits, now: windows change. */
static int width(void)
{
    struct winsize size = { .ws_col = 0 };

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return LINE_MAX_SIZE - 1;
    return (int)min_of(size.ws_col - 1, LINE_MAX_SIZE - 1);
}

void progress_begin(struct progress *progress, const char *called, const char *what, enum progress_unit unit,
                    bool beside)
{
    int64_t now = now_ms();

    *progress = (struct progress){
        .called = called,
        .what = what,
        .unit = unit,
        .wanted = isatty(STDERR_FILENO) && !(beside && isatty(STDOUT_FILENO)) && !is_dumb(),
        .begun_ms = now,
        .told_ms = now + QUIET_MS - STEP_MS,
    };
}

static void amount(char text[24], enum progress_unit unit, double n)
{
    static const char *const steps[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    uint32_t step = 0;

    if (unit == PROGRESS_COUNT) {
        snprintf(text, 24, "%.0f", n);
        return;
    }
    while (n >= 1024 && step < 4) {
        n /= 1024;
        step++;
    }
    snprintf(text, 24, step ? "%.1f %s" : "%.0f %s", n, steps[step]);
}

void progress_tell(struct progress *progress, uint64_t done, uint64_t total)
{
    char line[LINE_MAX_SIZE], how[24], rate[24], left[32] = "";

    if (!progress->wanted) return;
    int64_t now = now_ms();
    if (now - progress->told_ms < STEP_MS) return;
    progress->told_ms = now;
    double seconds = (double)(now - progress->begun_ms) / 1e3, per_second = (double)done / seconds;
    if (total > done && done > 0) {
        snprintf(left, sizeof(left), ", %.0f %%, %.0f s left", 100.0 * (double)done / (double)total,
                 (double)(total - done) / per_second);
    }
    amount(how, progress->unit, (double)done);
    amount(rate, progress->unit, per_second);
    snprintf(line, sizeof(line), "%s: %s%s%s, %s/s%s", progress->called, how, *progress->what ? " " : "",
             progress->what, rate, left);
    fprintf(stderr, "\r%.*s\033[K", width(), line);
    fflush(stderr);
    progress->drawn = true;
}

void progress_wipe(struct progress *progress)
{
    if (!progress->drawn) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->drawn = false;
}
