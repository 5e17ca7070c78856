/* tests/unit/monotonic.h   The clock that only goes forward, in nanoseconds, for tests of what really takes time. */
#ifndef TESTS_UNIT_MONOTONIC_H
#define TESTS_UNIT_MONOTONIC_H

#include <stdint.h>
#include <time.h>

static inline int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
