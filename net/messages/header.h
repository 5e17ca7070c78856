/* net/messages/header.h   What stands before each message. Request header 0 ends at the correlation id, 1 adds the
 * client id, 2 (flexible messages, KIP-482) adds tagged fields. Response header 0 is the correlation id, 1 adds
 * tagged fields. Which one goes with which message: apis.h. A request whose version is unknown has still its first
 * eight bytes in this shape. */
#ifndef NET_MESSAGES_HEADER_H
#define NET_MESSAGES_HEADER_H

#include "base/codec.h"

struct request_header {
    int16_t api_key;
    int16_t api_version;
    int32_t correlation_id;
    struct text client_id; /* never compact, not even in version 2 */
};

struct response_header {
    int32_t correlation_id;
};

extern const struct schema request_header_schema, response_header_schema;

#endif
