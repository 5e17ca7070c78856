/* tests/unit/engine/log/files.h   A log on disk for tests of its file half: small segments, known records, files that
 * are looked at and damaged between two starts. */
#ifndef TESTS_UNIT_ENGINE_LOG_FILES_H
#define TESTS_UNIT_ENGINE_LOG_FILES_H

#include "log/kafka_files.h"
#include "log/reader.h"
#include "log/segment.h"
#include "log/state.h"
#include "node_end.h"
#include "node_records.h"

static struct log_settings files_settings;

/* Opens every log that recovery found, and `topic` as a new one when it isn't among them. */
static inline struct log *files_open_log(struct node *node, const char *topic)
{
    struct log_key key = { .partition = 0 };
    struct log *log, *wanted = NULL;

    snprintf((char *)key.topic.byte, 16, "%s", topic);
    for (uint32_t i = 0; i < node->directory->found_count; i++) {
        const struct log_found *found = &node->directory->found[i];
        enum status status = log_open(node->stores[0], found, found->key, found->topic, &files_settings, &log);
        assert_int_equal(status, STATUS_OK);
        if (uuid_equal(found->key.topic, key.topic)) wanted = log;
    }
    if (wanted) return wanted;
    enum status status = log_open(node->stores[0], NULL, key, text_of(topic), &files_settings, &log);
    assert_int_equal(status, STATUS_OK);
    return log;
}

static inline struct log *files_start(struct node *node)
{
    node_start(node);
    struct log *log = files_open_log(node, "t");
    node_begin(node);
    return log;
}

static inline void files_begin(struct node *node, int64_t segment_bytes)
{
    node_init(node, 1);
    files_settings = node_log_settings;
    files_settings.segment_bytes = segment_bytes;
}

/* `count` batches of `records` records of `size` bytes; timestamps grow by one per batch from 1700000000000 + the
 * log's end on. */
static inline void files_fill(struct node *node, struct log *log, int count, uint32_t records, size_t size)
{
    static uint8_t memory[8 << 20], value[1 << 20];

    for (int i = 0; i < count; i++) {
        struct batch_builder builder;
        int64_t time = 1700000000000 + log->end;
        batch_begin(&builder, memory, sizeof memory, 0, time);
        for (uint32_t r = 0; r < records; r++) {
            memset(value, (int)(log->end & 0xff), size);
            store_u64(value, (uint64_t)log->end + r);
            batch_add(&builder, BYTES_NULL, (struct bytes){ value, size }, time + r);
        }
        struct log_append append = { .batches = batch_end(&builder), .origin = APPEND_CLIENT, .leader_epoch = 3 };
        enum status status;
        while ((status = log_append(log, &append)) == STATUS_BUSY) node_turn(node);
        assert_int_equal(status, STATUS_OK);
        if (i % 64 == 63) node_settle(node);
    }
    node_settle(node);
    log_commit(log, log->durable.at);
}

/* One read from `offset`; its bytes joined in `to`. */
static inline enum status files_read_at(struct node *node, struct log *log, int64_t offset, uint32_t size_max,
                                        uint8_t *to, size_t *size)
{
    struct extent extents[16];
    struct node_reading reading = { .read = { .log = log,
                                              .offset = offset,
                                              .limit = log->end,
                                              .size_max = size_max,
                                              .first_whole = true,
                                              .extents = extents,
                                              .extent_max = 16 } };
    ready_init(&reading.read.ready, node_read_done);
    if (!log_read_begin(&reading.read)) {
        while (!reading.done) node_turn(node);
    }
    *size = 0;
    for (uint32_t i = 0; i < reading.read.extent_count; i++) {
        memcpy(to + *size, extents[i].data, extents[i].size);
        *size += extents[i].size;
        block_unpin(extents[i].block);
    }
    if (reading.read.status == STATUS_OK) assert_int_equal(*size, reading.read.size);
    return reading.read.status;
}

static inline void files_path(const struct node *node, char path[256], const char *name)
{
    snprintf(path, 256, "%s/t-0/%s", node->path, name);
}

/* Overwrites bytes of a file of the partition, or with size 0 cuts it at `position`. */
static inline void files_damage(const struct node *node, const char *name, uint64_t position, const void *data,
                                size_t size)
{
    char path[256];
    int file;
    files_path(node, path, name);
    assert_int_equal(files_open(files_kernel(), FILES_HERE, path, FILES_WRITE, &file), STATUS_OK);
    if (size > 0) {
        assert_int_equal(files_write(files_kernel(), file, data, size, position, 0), STATUS_OK);
    } else {
        assert_int_equal(files_truncate(files_kernel(), file, position), STATUS_OK);
    }
    files_close(files_kernel(), file);
}

static inline void files_unlink(const struct node *node, const char *name)
{
    char path[256];
    files_path(node, path, name);
    assert_int_equal(files_remove(files_kernel(), FILES_HERE, path), STATUS_OK);
}

static inline int64_t files_size_of(const struct node *node, const char *name)
{
    char path[256];
    struct files_entry entry;
    files_path(node, path, name);
    return files_entry(files_kernel(), FILES_HERE, path, &entry) == STATUS_OK ? (int64_t)entry.size : -1;
}

static inline void files_no_marker(const struct node *node)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", node->path, CLEAN_MARKER_FILE);
    assert_int_equal(files_remove(files_kernel(), FILES_HERE, path), STATUS_OK);
}

#endif
