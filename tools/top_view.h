/* tools/top_view.h   What `sluice top` shows: a frame of lines, made from two looks at a node. */
#ifndef TOOLS_TOP_VIEW_H
#define TOOLS_TOP_VIEW_H

#include <stdint.h>
#include <stdio.h>

#include "top_page.h"

/* One look: /metrics and /clients. */
struct look {
    struct page metrics, clients;
};

/* Rates are between the two looks, in the node's own time. `where`: how the node was asked. `rows`: of each table but
 * the shards'. A heading of a table begins with a TAB, which whoever prints the frame turns into something that stands
 * out, or into nothing. */
void view_write(const struct look *before, const struct look *now, const char *where, uint32_t rows, FILE *out);

#endif
