/* engine/log/stray.h   Logs that the start found and nobody opened: set aside, never lost; or removed, when their
 * topic's removal was seen. */
#ifndef ENGINE_LOG_STRAY_H
#define ENGINE_LOG_STRAY_H

#include "log/store.h"

/* Before the root is switched: logs that nobody opened and of which the WAL still holds something are opened, and once
 * they have it, it goes to their segments. */
must_check enum status strays_open(struct directory *directory, struct store *store);
must_check enum status strays_write(struct directory *directory, struct store *store);
/* After it: their directories are renamed -stray; those of forgotten and dropped logs are removed. */
must_check enum status strays_settle(struct directory *directory);

#endif
