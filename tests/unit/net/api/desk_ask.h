/* tests/unit/net/api/desk_ask.h   The client of the desk: requests as structs, answers as structs, in any version. */
#ifndef TESTS_UNIT_NET_API_DESK_ASK_H
#define TESTS_UNIT_NET_API_DESK_ASK_H

#include "desk.h"

#include "messages/header.h"

static inline void desk_send(struct desk *desk, int16_t key, int16_t version, const void *ask)
{
    const struct api_row *api = api_find(key);
    struct request_header header = { key, version, ++desk->correlation, TEXT("test") };
    struct writer writer = { desk->frame + 4, desk->frame + 4, desk->frame + DESK_FRAME_SIZE, NULL, 0, 0, false };
    int16_t header_version = api_ask_header(api, version);

    message_write(&request_header_schema, header_version, header_version >= 2, &header, &writer);
    message_write(api->ask, version, api_flexible(api, version), ask, &writer);
    assert_false(writer.overrun);
    size_t size = (size_t)(writer.at - desk->frame);
    store_u32(desk->frame, (uint32_t)(size - 4));
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(desk->client, desk->frame + done, size - done, MSG_NOSIGNAL);
        if (sent > 0) done += (size_t)sent;
        if (sent < 0) assert_int_equal(errno, EAGAIN);
        desk_turn(desk);
    }
}

/* 1: a whole answer of `*size` bytes; 0: closed; -1: nothing within so many turns. */
static inline int desk_take(struct desk *desk, size_t *size, int turns)
{
    size_t have = 0, wanted = 4;

    for (int i = 0; i < turns; desk_turn(desk)) {
        ssize_t got = recv(desk->client, desk->answer + have, wanted - have, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) return 0;
        if (got < 0) {
            i++;
            continue;
        }
        have += (size_t)got;
        if (have == 4) wanted = 4 + load_u32(desk->answer);
        assert_true(wanted <= DESK_FRAME_SIZE);
        *size = have;
        if (have == wanted && have > 4) return 1;
    }
    assert_int_equal(have, 0);
    return -1;
}

/* The answer to request `correlation`, which must come. Its texts and records stay until the next one. */
static inline void desk_answer_of(struct desk *desk, int32_t correlation, int16_t key, int16_t version, void *answer)
{
    const struct api_row *api = api_find(key);
    struct response_header header;
    size_t size = 0;

    assert_int_equal(desk_take(desk, &size, DESK_TURNS), 1);
    const uint8_t *at = desk->answer + 4, *limit = desk->answer + size;
    int16_t header_version = api_answer_header(api, version);
    assert_int_equal(message_read(&response_header_schema, header_version, header_version >= 1, &at, limit, &header,
                                  &desk->messages),
                     STATUS_OK);
    assert_int_equal(header.correlation_id, correlation);
    assert_int_equal(
        message_read(api->answer, version, api_flexible(api, version), &at, limit, answer, &desk->messages), STATUS_OK);
    assert_ptr_equal(at, limit);
}

static inline void desk_ask(struct desk *desk, int16_t key, int16_t version, const void *ask, void *answer)
{
    desk_send(desk, key, version, ask);
    desk_answer_of(desk, desk->correlation, key, version, answer);
}

static inline bool desk_hung_up(struct desk *desk)
{
    size_t size;
    return desk_take(desk, &size, DESK_TURNS) == 0;
}

static inline bool desk_quiet(struct desk *desk, int turns)
{
    size_t size;
    return desk_take(desk, &size, turns) == -1;
}

#endif
