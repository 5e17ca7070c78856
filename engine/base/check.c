/* engine/base/check.c   The end of a process whose own rules were broken. The sink is the one variable of the house
 * that belongs to the process: when an invariant breaks, nothing that was passed in can be trusted any more. */
#include "base/check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic(invariant_sink *) process_sink;

void invariant_tell(invariant_sink *sink)
{
    atomic_store(&process_sink, sink);
}

_Noreturn void invariant_broken(const char *truth, const char *file, int line, const char *function)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "invariant broken: %s (%s:%d, %s)", truth, file, line, function);

    /* Taken, not read: a sink that breaks an invariant itself must not be asked again. */
    invariant_sink *sink = atomic_exchange(&process_sink, NULL);
    if (sink) {
        sink(text);
    } else {
        (void)fprintf(stderr, "%s\n", text);
    }
    abort();
}
