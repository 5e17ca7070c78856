/* engine/log/directory.h   Between directory.c and stray.c: logs that the start found and nobody opened. */
#ifndef ENGINE_LOG_DIRECTORY_H
#define ENGINE_LOG_DIRECTORY_H

#include "log/store.h"

/* A subdirectory: Apache Kafka refuses to start on a log directory that has it. */
#define GUARD_NAME "sluice.open"

/* Before the root is switched: what the WAL still holds of logs that nobody opened goes to their segments. */
must_check enum status strays_write(struct directory *directory, struct store *store);
/* After it: their directories are renamed -stray; those of forgotten and dropped logs are removed. */
must_check enum status strays_settle(struct directory *directory);

#endif
