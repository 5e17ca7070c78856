/* engine/log/root.h   Which incarnation is in force. The one small thing that all shards of a log directory share: it
 * is written once per start, as the last step of it, and makes everything that the incarnations before wrote into WAL
 * and checkpoints void. */
#ifndef ENGINE_LOG_ROOT_H
#define ENGINE_LOG_ROOT_H

#include <stdint.h>

#include "base/check.h"
#include "base/status.h"
#include "base/uuid.h"

struct files;

#define ROOT_FILE "sluice-root"
enum { ROOT_SLOT_SIZE = 4096, ROOT_SLOTS = 2 };

struct root {
    struct uuid directory;
    uint64_t sequence; /* the larger valid one counts */
    uint64_t incarnation;
    uint32_t shard_count; /* whose checkpoints are in force: 0 .. shard_count - 1 */
};

/* STATUS_NOT_FOUND: no valid root. */
must_check enum status root_read(struct files *files, int directory, struct root *root);
/* Into the other slot than the one of the sequence before; durable, name and all, when it returns. */
must_check enum status root_write(struct files *files, int directory, const struct root *root);

#endif
