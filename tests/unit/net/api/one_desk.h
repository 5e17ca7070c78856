/* tests/unit/net/api/one_desk.h   One desk for all tests of a program: it is set up before the first and cleared away
 * after the last. For those that need nothing else before they begin. */
#ifndef TESTS_UNIT_NET_API_ONE_DESK_H
#define TESTS_UNIT_NET_API_ONE_DESK_H

#include "desk.h"

static struct desk desk;

static int begin(void **state)
{
    (void)state;
    desk_begin(&desk);
    return 0;
}

static int end(void **state)
{
    (void)state;
    desk_end(&desk);
    return 0;
}

#endif
