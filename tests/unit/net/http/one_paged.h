/* tests/unit/net/http/one_paged.h   One node and its pages for all tests of a program: they are set up before the first
 * and cleared away after the last, or before and after each. For those that need nothing else before they begin. */
#ifndef TESTS_UNIT_NET_HTTP_ONE_PAGED_H
#define TESTS_UNIT_NET_HTTP_ONE_PAGED_H

#include "paged.h"

static struct paged paged;

static int begin(void **state)
{
    (void)state;
    paged_begin(&paged);
    return 0;
}

static int end(void **state)
{
    (void)state;
    paged_end(&paged);
    return 0;
}

#endif
