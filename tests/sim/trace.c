/* tests/sim/trace.c   The hash is a chain of multiply-and-rotate steps over time, text, format and numbers of each
 * line; the ring is written in place and read only when a story fails. */
#include "sim/trace.h"

#include <string.h>

#include "base/check.h"

static uint64_t fold(uint64_t hash, uint64_t word);
static uint64_t fold_string(uint64_t hash, const char *string);
static void line_print(const struct sim_trace_line *line, FILE *to);

void sim_trace_init(struct sim_trace *trace, uint64_t seed)
{
    trace->hash = fold(0x9e3779b97f4a7c15u, seed);
    trace->count = 0;
    trace->live = NULL;
}

void sim_trace_add(struct sim_trace *trace, int64_t now_ns, const char *text, const char *what, uint64_t a, uint64_t b,
                   uint64_t c, uint64_t d)
{
    struct sim_trace_line *line = &trace->lines[trace->count++ % SIM_TRACE_LINES];

    line->now_ns = now_ns;
    line->what = what;
    line->number[0] = a;
    line->number[1] = b;
    line->number[2] = c;
    line->number[3] = d;
    line->text[0] = 0;
    if (text) snprintf(line->text, sizeof line->text, "%s", text);

    uint64_t hash = fold(trace->hash, (uint64_t)now_ns);
    hash = fold_string(hash, what);
    if (text) hash = fold_string(hash, text);
    for (int i = 0; i < 4; i++) hash = fold(hash, line->number[i]);
    trace->hash = hash;

    if (trace->live) line_print(line, trace->live);
}

void sim_trace_print(const struct sim_trace *trace, FILE *to, uint64_t line_max)
{
    uint64_t kept = min_of(line_max, (uint64_t)SIM_TRACE_LINES);
    uint64_t first = trace->count > kept ? trace->count - kept : 0;

    for (uint64_t i = first; i < trace->count; i++) line_print(&trace->lines[i % SIM_TRACE_LINES], to);
    fprintf(to, "trace: %lu events, hash %016lx\n", trace->count, trace->hash);
}

static uint64_t fold(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0xff51afd7ed558ccdu;
    return hash ^ (hash >> 29);
}

static uint64_t fold_string(uint64_t hash, const char *string)
{
    uint64_t word = 0;
    unsigned shift = 0;

    for (; *string; string++) {
        word |= (uint64_t)(uint8_t)*string << shift;
        shift += 8;
        if (shift == 64) {
            hash = fold(hash, word);
            word = shift = 0;
        }
    }
    return fold(hash, word ^ ((uint64_t)shift << 56));
}

/* The format comes from our own callers, who pass a literal for four unsigned longs. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void line_print(const struct sim_trace_line *line, FILE *to)
{
    fprintf(to, "%14.6f ms  ", (double)line->now_ns / 1e6);
    fprintf(to, line->what, line->number[0], line->number[1], line->number[2], line->number[3]);
    fprintf(to, "%s%s\n", line->text[0] ? "  " : "", line->text);
}
