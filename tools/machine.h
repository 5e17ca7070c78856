/* tools/machine.h   The real machine under a node: the kernel's files, io_uring, threads, and how much of both memory
 * and cores this process may use (cgroup limits and affinity counted). */
#ifndef TOOLS_MACHINE_H
#define TOOLS_MACHINE_H

#include "node/node.h"

/* Fills everything but `say`, `trace` and `changed`. */
void machine_platform(struct node_platform *platform);

#endif
