/* engine/base/check.h   What every file leans on: invariants that stay on in every build, and a few words of C.
 *
 * invariant() states what must be true on both sides of a boundary. It is for our own mistakes; the world's faults are
 * an `enum status`, the client's are Kafka error codes made in net/api. A broken invariant prints one line and aborts:
 * crash rather than corrupt. */
#ifndef ENGINE_BASE_CHECK_H
#define ENGINE_BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define invariant(truth) \
    (__builtin_expect(!!(truth), 1) ? (void)0 : invariant_broken(#truth, __FILE__, __LINE__, __func__))

/* Where broken invariants are told before the abort; the simulator sets it to print its seed. One for the process. */
typedef void invariant_sink(const char *line);
void invariant_tell(invariant_sink *sink);
_Noreturn void invariant_broken(const char *truth, const char *file, int line, const char *function);

#define must_check                __attribute__((warn_unused_result))
#define printf_like(place, first) __attribute__((format(printf, place, first)))

#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define array_count(array)                  (sizeof(array) / sizeof((array)[0]))

#define min_of(a, b) ((a) < (b) ? (a) : (b))
#define max_of(a, b) ((a) > (b) ? (a) : (b))

/* `unit` is a power of two. */
#define round_up(n, unit)   (((n) + ((unit)-1)) & ~((__typeof__(n))(unit)-1))
#define round_down(n, unit) ((n) & ~((__typeof__(n))(unit)-1))

#endif
