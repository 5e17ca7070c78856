/* tools/progress.h   How far a long work is: one line on a terminal, rewritten in place, wiped before it is left. A
 * work that is done in a second shows none; where standard error is no terminal there is none at all. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_unit { PROGRESS_COUNT, PROGRESS_BYTES };

struct progress {
    const char *called; /* "sluice produce" */
    const char *what;   /* "records" */
    enum progress_unit unit;
    bool wanted, drawn;
    int64_t begun_ms, told_ms;
};

/* `beside`: standard output gets lines of its own all the while. Then it must be no terminal. */
void progress_begin(struct progress *progress, const char *called, const char *what, enum progress_unit unit,
                    bool beside);
/* `total` 0: nobody knows. Costs a look at the clock. */
void progress_tell(struct progress *progress, uint64_t done, uint64_t total);
/* Before anything else is printed, and at the end. */
void progress_wipe(struct progress *progress);

#endif
