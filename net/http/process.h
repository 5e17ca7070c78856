/* net/http/process.h   What the kernel says of this process, under the names that every Prometheus client library
 * uses. */
#ifndef NET_HTTP_PROCESS_H
#define NET_HTTP_PROCESS_H

struct sink;

void process_write(struct sink *sink);

#endif
