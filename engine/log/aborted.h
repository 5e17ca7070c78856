/* engine/log/aborted.h   Aborted transactions as Kafka's .txnindex; what a fetch is told of them is log_aborted
 * (log.h). */
#ifndef ENGINE_LOG_ABORTED_H
#define ENGINE_LOG_ABORTED_H

#include "base/bytes.h"
#include "log/segment.h"

size_t aborted_file_size(uint32_t count);
void aborted_file_write(const struct abort_entry *entries, uint32_t count, uint8_t *to);
/* False at the end, and when the file or the entry can't be right. */
bool aborted_file_entry(struct bytes file, uint32_t index, struct abort_entry *entry);

#endif
