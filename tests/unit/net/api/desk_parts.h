/* tests/unit/net/api/desk_parts.h   What a desk is made of, and how each part is made: settings by default, a face per
 * data shard, a client on its socket. */
#ifndef TESTS_UNIT_NET_API_DESK_PARTS_H
#define TESTS_UNIT_NET_API_DESK_PARTS_H

#include "../../engine/log/node_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "api/api.h"
#include "api/error.h"
#include "messages/apis.h"

enum { DESK_FRAME_SIZE = 16 << 20, DESK_SELF = 1, DESK_OTHER = 2, DESK_TURNS = 4000 };

struct desk {
    struct node node;
    struct settings settings;
    struct admission admission;
    struct face_listener listener;
    struct heap heap;
    struct arena arena;    /* as long as the desk */
    struct arena messages; /* until the next ask */
    struct ready on_closed;
    bool closed;
    uint16_t port;
    int client;
    int32_t correlation;
    int64_t metadata_end;
    uint8_t topic_count;
    uint8_t *frame, *answer;
};

static inline const struct log_found *desk_found(void *context, struct log_key key)
{
    (void)context, (void)key;
    return NULL;
}

static inline void desk_turn(struct desk *desk)
{
    node_turn(&desk->node);
}

static inline void desk_configure(struct desk *desk)
{
    struct property_list list;
    struct setting_report report;

    properties_init(&list, &desk->arena);
    desk->settings.origins = arena_take(&desk->arena, broker_table.row_count * sizeof(struct property *));
    enum status status =
        settings_apply(&broker_table, &list, &desk->settings.values, desk->settings.origins, &report, &desk->arena);
    assert_int_equal(status, STATUS_OK);
}

static inline void desk_faces(struct desk *desk)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct apis_settings apis = { &desk->settings, TEXT("cluster"), DESK_SELF, 1 };

    memcpy(&desk->listener.address, &address, sizeof(address));
    desk->listener.name = TEXT("PLAINTEXT");
    desk->listener.callers = API_CLIENTS;
    for (uint32_t i = 0; i + 1 < desk->node.shard_count; i++) {
        struct face_settings settings = {
            .apis = served_apis,
            .api_count = served_api_count,
            .listeners = &desk->listener,
            .listener_count = 1,
            .admission = &desk->admission,
            .connections_max = 10,
            .requests_max = 40,
            .requests_size = 256 << 20,
            .request_size_max = 8 << 20,
            .fetch_session_max = 4,
            .idle_ms = 600000,
        };
        struct face *face;
        assert_int_equal(face_make(desk->node.shards[i], &settings, &face), STATUS_OK);
        apis_attach(face, &apis);
    }
    assert_int_equal(face_listen(desk->node.shards[0]->face, 0, &desk->port), STATUS_OK);
    face_begin(desk->node.shards[0]->face);
}

static inline void desk_connect(struct desk *desk)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(desk->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    desk->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(desk->client, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(desk->client, F_SETFL, O_NONBLOCK), 0);
}

#endif
