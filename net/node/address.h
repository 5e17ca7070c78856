/* net/node/address.h   host:port, as people write it in settings. */
#ifndef NET_NODE_ADDRESS_H
#define NET_NODE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/text.h"

struct arena;

/* "host:port", "[v6]:port" (without the brackets in *host), ":port" (the host is empty then). False: not of that
 * form. */
bool address_split(struct text text, struct text *host, uint16_t *port);
/* "NAME://host:port". */
bool address_listener(struct text text, struct text *name, struct text *host, uint16_t *port);
/* What a listener speaks by listener.security.protocol.map, NAME:PROTOCOL, ...; its own name when the map does not have
 * it. */
struct text address_protocol(struct text map, struct text name);
/* An empty host is every address of the machine. Names are looked up, which may block: at start only. */
bool address_resolve(struct text host, uint16_t port, struct sockaddr_storage *address, struct arena *arena);

#endif
