/* tests/unit/net/node/patience.h   How long a test waits for what must come: a minute by the clock, since the machine
 * may be busy. */
#ifndef TESTS_UNIT_NET_NODE_PATIENCE_H
#define TESTS_UNIT_NET_NODE_PATIENCE_H

#include "../../monotonic.h"

static inline int64_t patience_limit_ns(void)
{
    return monotonic_ns() + INT64_C(60000000000);
}

#endif
