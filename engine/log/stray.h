/* engine/log/stray.h   Logs that the start found and nobody opened: set aside, never lost; or removed, when their
 * topic's removal was seen. */
#ifndef ENGINE_LOG_STRAY_H
#define ENGINE_LOG_STRAY_H

#include "log/store.h"

struct partition_name;

/* First of all, where there is little space: a start needs some before it gives any back, so what is named -delete goes
 * at once. */
must_check enum status strays_make_room(struct directory *directory);
/* Before the root is switched: logs that nobody opened and of which the WAL still holds something are opened, and once
 * they have it, it goes to their segments. */
must_check enum status strays_open(struct directory *directory, struct store *store);
must_check enum status strays_write(struct directory *directory, struct store *store);
/* After it: their directories are renamed -stray; those of forgotten and dropped logs -delete. */
must_check enum status strays_settle(struct directory *directory);
/* Then, by names: what is called -delete is given to the first store's sweep. A partition's directory that no log in
 * service has, and whose partition.metadata is missing or torn, is renamed -stray. A stop that a power cut ended leaves
 * such (it makes the directories of logs that never had a byte), and Kafka, or the start after a clean stop, fails on
 * it. */
must_check enum status stray_names_settle(struct directory *directory, struct store **stores, uint32_t store_count);
/* Renames one directory, with a word on why. */
must_check enum status stray_set_aside(struct directory *directory, const char *name,
                                       const struct partition_name *parsed);

#endif
