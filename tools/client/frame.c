/* client/frame.c   size (4) | header | message, as net/messages' tables have them. */
#include "client/frame.h"

#include "messages/api_versions.h"
#include "messages/header.h"

struct bytes frame_make(struct heap *heap, const struct api_row *row, int16_t version, int32_t correlation,
                        const char *client_id, const void *ask)
{
    const struct request_header header = {
        .api_key = row->key,
        .api_version = version,
        .correlation_id = correlation,
        .client_id = text_of(client_id),
    };
    int16_t header_version = api_ask_header(row, version);
    bool flexible = api_flexible(row, version);
    size_t size = 4 + message_size(&request_header_schema, header_version, flexible, &header) +
                  message_size(row->ask, version, flexible, ask);
    uint8_t *data = heap_take(heap, size);
    struct writer writer = { .start = data, .at = data + 4, .limit = data + size };

    invariant(size - 4 <= INT32_MAX);
    store_u32(data, (uint32_t)(size - 4));
    message_write(&request_header_schema, header_version, flexible, &header, &writer);
    message_write(row->ask, version, flexible, ask, &writer);
    invariant(!writer.overrun && writer.at == writer.limit);
    return (struct bytes){ data, size };
}

/* The refusal of an ApiVersions version comes in the shape of version 0: KIP-511. */
static bool refused_version(const struct api_row *row, const uint8_t *at, const uint8_t *limit)
{
    enum { UNSUPPORTED_VERSION = 35 };

    return row->key == API_API_VERSIONS && limit - at >= 2 && load_i16(at) == UNSUPPORTED_VERSION;
}

enum status frame_read(const struct api_row *row, int16_t version, struct bytes body, int32_t *correlation,
                       void *answer, struct arena *arena)
{
    const uint8_t *at = body.data, *limit = body.data + body.size;
    int16_t header_version = api_answer_header(row, version);
    struct response_header header;

    enum status status =
        message_read(&response_header_schema, header_version, header_version > 0, &at, limit, &header, arena);
    if (status != STATUS_OK) return status;
    *correlation = header.correlation_id;
    if (refused_version(row, at, limit)) version = 0;
    return message_read(row->answer, version, api_flexible(row, version), &at, limit, answer, arena);
}
