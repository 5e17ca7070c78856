/* net/http/process.h   What the kernel says of this process, under the names that every Prometheus client library
 * uses. */
#ifndef NET_HTTP_PROCESS_H
#define NET_HTTP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct sink;

void process_write(struct sink *sink);
/* Bytes that the process has read from and written to devices; false: the kernel does not say. */
bool process_disk(int64_t *read_bytes, int64_t *written_bytes);

#endif
