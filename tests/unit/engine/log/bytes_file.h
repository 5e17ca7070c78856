/* tests/unit/engine/log/bytes_file.h   A file that is bytes in memory: its reads are counted, must be aligned when that
 * is asked for, and fail when told to. */
#ifndef TESTS_UNIT_ENGINE_LOG_BYTES_FILE_H
#define TESTS_UNIT_ENGINE_LOG_BYTES_FILE_H

#include "unit.h"

#include "io/files.h"

struct bytes_file {
    struct files files;
    struct files_table table;
    const uint8_t *data[2]; /* by handle */
    size_t size;
    bool aligned;
    enum status status; /* of the next reads */
    unsigned read_count;
    size_t read_bytes, read_most;
};

static inline enum status bytes_file_read(struct files *files, int file, void *memory, size_t size, uint64_t position,
                                          size_t *done)
{
    struct bytes_file *bytes = container_of(files, struct bytes_file, files);

    if (bytes->aligned) assert_true(((uintptr_t)memory | position | size) % 4096 == 0);
    bytes->read_count++;
    bytes->read_bytes += size;
    bytes->read_most = max_of(bytes->read_most, size);
    *done = position >= bytes->size ? 0 : min_of(size, bytes->size - (size_t)position);
    if (*done > 0) memcpy(memory, bytes->data[file] + position, *done);
    return bytes->status;
}

static inline void bytes_file_init(struct bytes_file *bytes, const uint8_t *data, size_t size)
{
    *bytes = (struct bytes_file){ .data = { data }, .size = size };
    bytes->table.read = bytes_file_read;
    bytes->files.table = &bytes->table;
}

#endif
