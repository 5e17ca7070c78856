/* engine/base/trace.c   A line is built on the stack and handed to the sink in one piece, so that lines of several
 * threads that share a file don't mix. Dates are computed, not asked for: localtime reads files and the environment. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/sink.h"

static const char *const level_names[] = { "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };

/* Days since 1970-01-01 to a date, by eras of 400 years that begin on the first of March (Hinnant). */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static size_t print_head(char *line, size_t room, int64_t now_ms, int32_t zone_s, enum trace_level level)
{
    int64_t local_ms = now_ms + zone_s * INT64_C(1000);
    int64_t days = local_ms / 86400000, in_day = local_ms % 86400000;
    if (in_day < 0) {
        days--;
        in_day += 86400000;
    }

    int64_t year;
    int month, day;
    civil_from_days(days, &year, &month, &day);
    int second = (int)(in_day / 1000);
    int size = snprintf(line, room, "[%04d-%02d-%02d %02d:%02d:%02d,%03d] %s ", (int)year, month, day, second / 3600,
                        second / 60 % 60, second % 60, (int)(in_day % 1000), level_names[level]);
    invariant(size > 0 && (size_t)size < room);
    return (size_t)size;
}

static void trace_put(struct trace *trace, int64_t now_ms, enum trace_level level, const char *room, uint64_t dropped,
                      const char *format, va_list list)
{
    char line[TRACE_LINE_MAX + 256];
    size_t size = print_head(line, sizeof(line), now_ms, trace->zone_s, level);
    size_t start = size;

    int message = vsnprintf(line + size, TRACE_LINE_MAX, format, list);
    invariant(message >= 0);
    size += min_of((size_t)message, (size_t)TRACE_LINE_MAX - 1);
    for (size_t i = start; i < size; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) line[i] = ' ';
    }

    int tail = dropped > 0 ? snprintf(line + size, sizeof(line) - size, " [and %llu like it before] (%.64s)\n",
                                      (unsigned long long)dropped, room)
                           : snprintf(line + size, sizeof(line) - size, " (%.64s)\n", room);
    invariant(tail > 0 && (size_t)tail < sizeof(line) - size);
    sink_put(trace->sink, (struct text){ line, size + (size_t)tail });
}

void trace_line(struct trace *trace, int64_t now_ms, enum trace_level level, const char *room, const char *format, ...)
{
    if (level < trace->least) return;

    va_list list;
    va_start(list, format);
    trace_put(trace, now_ms, level, room, 0, format, list);
    va_end(list);
}

void trace_limited(struct trace *trace, struct trace_limit *limit, int64_t now_ms, enum trace_level level,
                   const char *room, const char *format, ...)
{
    if (level < trace->least) return;

    int64_t window_ms = limit->window_ms > 0 ? limit->window_ms : 1000;
    /* A wall clock that was set back must not silence a call site for long. */
    if (now_ms < limit->next_ms && limit->next_ms - now_ms <= window_ms) {
        limit->dropped++;
        return;
    }
    limit->next_ms = now_ms + window_ms;
    uint64_t dropped = limit->dropped;
    limit->dropped = 0;

    va_list list;
    va_start(list, format);
    trace_put(trace, now_ms, level, room, dropped, format, list);
    va_end(list);
}
