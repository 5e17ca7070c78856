/* net/messages/header.c   The headers as rows. */
#include "messages/header.h"

#include "base/check.h"

/* clang-format off */
static const struct field request_header_fields[] = {
    /*                    member          since  until   null   tag     fallback */
    FIELD(request_header, api_key,        0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(request_header, api_version,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(request_header, correlation_id, 0,     LATEST, NEVER, NO_TAG, 0),
    PLAIN(request_header, client_id,      1,     LATEST, 1,     NO_TAG, 0),
};
const struct schema request_header_schema = SCHEMA(request_header, request_header_fields);

static const struct field response_header_fields[] = {
    /*                     member          since  until   null   tag     fallback */
    FIELD(response_header, correlation_id, 0,     LATEST, NEVER, NO_TAG, 0),
};
const struct schema response_header_schema = SCHEMA(response_header, response_header_fields);
/* clang-format on */
