/* tests/unit/net/node/patience.h   How long a test waits for what must come: a minute by the clock, since the machine
 * may be busy. */
#ifndef TESTS_UNIT_NET_NODE_PATIENCE_H
#define TESTS_UNIT_NET_NODE_PATIENCE_H

#include <stdint.h>
#include <time.h>

static inline int64_t patience_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t patience_limit_ns(void)
{
    return patience_now_ns() + INT64_C(60000000000);
}

#endif
