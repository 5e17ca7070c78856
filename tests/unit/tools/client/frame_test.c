/* tests/unit/tools/client/frame_test.c   Requests to bytes and answers from bytes, in every version; and answers that
 * strangers or broken brokers make up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../one_arena.h"
#include "client/frame.h"
#include "messages/api_versions.h"
#include "messages/header.h"
#include "messages/metadata.h"

/* What a broker reads of it. */
static void a_request_is_read_as_it_was_asked(void **state)
{
    (void)state;
    struct metadata_topic_ask topic = { .name = TEXT("orders") };
    struct metadata_ask ask = { .topics = { &topic, 1 }, .allow_auto_topic_creation = true }, got;
    const struct api_row *row = api_find(API_METADATA);

    for (int16_t version = row->since; version <= row->until; version++) {
        struct bytes frame = frame_make(&heap, row, version, 77, "me", &ask);
        const uint8_t *at = frame.data + 4, *limit = frame.data + frame.size;
        struct request_header header;
        bool flexible = api_flexible(row, version);

        assert_int_equal(load_u32(frame.data), frame.size - 4);
        assert_int_equal(
            message_read(&request_header_schema, api_ask_header(row, version), flexible, &at, limit, &header, &arena),
            STATUS_OK);
        assert_int_equal(header.api_key, API_METADATA);
        assert_int_equal(header.api_version, version);
        assert_int_equal(header.correlation_id, 77);
        assert_true(text_equal(header.client_id, TEXT("me")));
        assert_int_equal(message_read(row->ask, version, flexible, &at, limit, &got, &arena), STATUS_OK);
        assert_ptr_equal(at, limit);
        assert_true(text_equal(got.topics.items[0].name, TEXT("orders")));
        heap_give(&heap, (void *)(uintptr_t)frame.data);
    }
}

static size_t answer_write(const struct api_row *row, int16_t version, int16_t shape, const void *answer,
                           uint8_t *memory, size_t size)
{
    struct response_header header = { 5 };
    struct writer writer = { .start = memory, .at = memory, .limit = memory + size };
    int16_t header_version = api_answer_header(row, version);

    message_write(&response_header_schema, header_version, header_version > 0, &header, &writer);
    message_write(row->answer, shape, api_flexible(row, shape), answer, &writer);
    assert_false(writer.overrun);
    return (size_t)(writer.at - memory);
}

static void an_answer_is_read_in_its_version(void **state)
{
    (void)state;
    const struct api_row *row = api_find(API_METADATA);
    struct metadata_broker broker = { .node_id = 3, .host = TEXT("there"), .port = 9092 };
    /* Its first bytes look like an error 35 from version 3 on. */
    struct metadata_answer answer = { .throttle_time_ms = 35 << 16, .brokers = { &broker, 1 } }, got;
    uint8_t memory[256];

    for (int16_t version = row->since; version <= row->until; version++) {
        size_t size = answer_write(row, version, version, &answer, memory, sizeof(memory));
        int32_t correlation = 0;
        assert_int_equal(frame_read(row, version, (struct bytes){ memory, size }, &correlation, &got, &arena),
                         STATUS_OK);
        assert_int_equal(correlation, 5);
        assert_int_equal(got.brokers.items[0].node_id, 3);
        for (size_t cut = 0; cut < size; cut++) {
            assert_int_not_equal(frame_read(row, version, (struct bytes){ memory, cut }, &correlation, &got, &arena),
                                 STATUS_OK);
        }
    }
}

/* KIP-511: who does not know our version of ApiVersions says so in the shape of version 0; only then, and only
 * there. */
static void a_refused_version_is_read_in_the_oldest_shape(void **state)
{
    (void)state;
    const struct api_row *row = api_find(API_API_VERSIONS);
    struct api_versions_api api = { 18, 0, 2 };
    struct api_versions_answer answer = { .error = 35, .api_keys = { &api, 1 } }, got;
    uint8_t memory[256];
    int32_t correlation = 0;

    for (int16_t version = 0; version <= 4; version++) {
        size_t size = answer_write(row, version, 0, &answer, memory, sizeof(memory));
        assert_int_equal(frame_read(row, version, (struct bytes){ memory, size }, &correlation, &got, &arena),
                         STATUS_OK);
        assert_int_equal(got.error, 35);
        assert_int_equal(got.api_keys.count, 1);
        assert_int_equal(got.api_keys.items[0].max_version, 2);
    }
    answer.error = 0;
    size_t size = answer_write(row, 3, 3, &answer, memory, sizeof(memory));
    assert_int_equal(frame_read(row, 3, (struct bytes){ memory, size }, &correlation, &got, &arena), STATUS_OK);
    assert_int_equal(got.api_keys.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_as_it_was_asked),
        cmocka_unit_test(an_answer_is_read_in_its_version),
        cmocka_unit_test(a_refused_version_is_read_in_the_oldest_shape),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
