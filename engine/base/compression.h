/* engine/base/compression.h   The codecs of record batches, one buffer at a time. Only jobs call these: searches by
 * time, topics with a compression.type of their own, compaction. What Kafka's reader takes is taken, what it refuses is
 * refused:
 *
 *     gzip     members, then anything            bad trailer: refused
 *     snappy   Xerial stream, or one bare block  the header may stand again between chunks
 *     lz4      one frame, independent blocks     linked blocks, a second frame, no end mark: refused
 *     zstd     frames
 *
 * The size of what comes out is announced nowhere that can be trusted: the caller's buffer is the bound. */
#ifndef ENGINE_BASE_COMPRESSION_H
#define ENGINE_BASE_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

struct heap;

/* The numbers of a batch's attributes, bits 0-2. */
enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_SNAPPY,
    COMPRESSION_LZ4,
    COMPRESSION_ZSTD,
    COMPRESSION_COUNT,
};

enum { COMPRESSION_LEVEL_DEFAULT = INT32_MIN };

/* "none", "gzip", ...; NULL when there is no such codec. */
const char *compression_name(unsigned codec);

/* An upper bound for what compression_pack makes of `size` bytes. */
size_t compression_bound(enum compression codec, size_t size);

/* `level` as in compression.<codec>.level. STATUS_TOO_LARGE when `room` is not enough; `heap` lends scratch memory. */
must_check enum status compression_pack(enum compression codec, int level, struct bytes from, uint8_t *to, size_t room,
                                        size_t *size, struct heap *heap);
/* STATUS_TOO_LARGE when more than `room` would come out, STATUS_CORRUPT when the bytes are not what the codec says. */
must_check enum status compression_unpack(enum compression codec, struct bytes from, uint8_t *to, size_t room,
                                          size_t *size, struct heap *heap);

#endif
