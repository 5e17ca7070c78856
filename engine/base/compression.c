/* engine/base/compression.c   One pair of functions per codec, in a table. isa-l inflates (three times zlib's speed),
 * zlib deflates (its levels are the ones people set). The framing of snappy is Xerial's, which every Kafka client
 * writes:
 *
 *     82 53 4e 41 50 50 59 00 | i32 version 1 | i32 compatible 1 | i32 size, raw block | i32 size, raw block | ...
 *
 * lz4 and zstd take their contexts from their library's allocator; the others borrow from the heap that is passed
 * in. */
#include "base/compression.h"

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/heap.h"

enum { XERIAL_HEADER_SIZE = 16, XERIAL_BLOCK_SIZE = 32 * 1024, GZIP_OVERHEAD = 64, KAFKA_LZ4_LEVEL_DEFAULT = 9 };

static const uint8_t xerial_magic[8] = { 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0 };

struct output {
    uint8_t *to;
    size_t room, size;
};

static size_t output_left(const struct output *output)
{
    return output->room - output->size;
}

/* ---- none ---- */

static enum status copy_all(struct bytes from, struct output *output)
{
    if (from.size > output->room) return STATUS_TOO_LARGE;
    if (from.size > 0) memcpy(output->to, from.data, from.size);
    output->size = from.size;
    return STATUS_OK;
}

static enum status none_pack(struct bytes from, int level, struct output *output, struct heap *heap)
{
    (void)level, (void)heap;
    return copy_all(from, output);
}

static enum status none_unpack(struct bytes from, struct output *output, struct heap *heap)
{
    (void)heap;
    return copy_all(from, output);
}

/* ---- gzip ---- */

static void *zlib_take(void *heap, unsigned count, unsigned size)
{
    return heap_take(heap, (size_t)count * size);
}

static void zlib_give(void *heap, void *piece)
{
    heap_give(heap, piece);
}

static enum status gzip_pack(struct bytes from, int level, struct output *output, struct heap *heap)
{
    enum { WINDOW_BITS = 15, WITH_GZIP_HEADER = 16, MEMORY_LEVEL = 8, OS_UNKNOWN = 255 };
    z_stream stream = { .zalloc = zlib_take, .zfree = zlib_give, .opaque = heap };
    gz_header header = { .os = OS_UNKNOWN };

    if (from.size > UINT32_MAX) return STATUS_TOO_LARGE;
    if (level == COMPRESSION_LEVEL_DEFAULT) level = Z_DEFAULT_COMPRESSION;
    if (deflateInit2(&stream, level, Z_DEFLATED, WINDOW_BITS + WITH_GZIP_HEADER, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return STATUS_INVALID;
    }
    (void)deflateSetHeader(&stream, &header);
    stream.next_in = (Bytef *)from.data; /* zlib only reads it */
    stream.avail_in = (uInt)from.size;
    stream.next_out = output->to;
    stream.avail_out = (uInt)min_of(output->room, (size_t)UINT32_MAX);

    int result = deflate(&stream, Z_FINISH);
    output->size = stream.total_out;
    (void)deflateEnd(&stream);
    return result == Z_STREAM_END ? STATUS_OK : STATUS_TOO_LARGE;
}

static bool gzip_begins(struct bytes at)
{
    return at.size >= 3 && at.data[0] == 0x1f && at.data[1] == 0x8b && at.data[2] == 8;
}

/* One member; moves `from` behind it. */
static enum status gzip_member(struct bytes *from, struct output *output, struct inflate_state *state)
{
    uint8_t spare[16];
    bool spilled = false;

    isal_inflate_init(state);
    state->crc_flag = ISAL_GZIP;
    state->next_in = (uint8_t *)from->data; /* isa-l only reads it */
    state->avail_in = (uint32_t)from->size;
    while (state->block_state != ISAL_BLOCK_FINISH) {
        /* With the room used up, a few bytes more tell "it was just enough" from "there is more". */
        spilled = output_left(output) == 0;
        uint32_t room = (uint32_t)(spilled ? sizeof(spare) : min_of(output_left(output), (size_t)UINT32_MAX));
        uint32_t left = state->avail_in;
        state->next_out = spilled ? spare : output->to + output->size;
        state->avail_out = room;

        int result = isal_inflate(state);
        uint32_t made = room - state->avail_out;
        if (result < 0) return STATUS_CORRUPT;
        if (spilled && made > 0) return STATUS_TOO_LARGE;
        output->size += made;
        if (made == 0 && state->avail_in == left && state->block_state != ISAL_BLOCK_FINISH) return STATUS_CORRUPT;
    }
    from->data += from->size - state->avail_in;
    from->size = state->avail_in;
    return STATUS_OK;
}

static enum status gzip_unpack(struct bytes from, struct output *output, struct heap *heap)
{
    if (!gzip_begins(from) || from.size > UINT32_MAX) return STATUS_CORRUPT;

    struct inflate_state *state = heap_take(heap, sizeof(*state));
    enum status status = STATUS_OK;
    while (status == STATUS_OK && gzip_begins(from)) status = gzip_member(&from, output, state);
    heap_give(heap, state);
    return status;
}

/* ---- snappy ---- */

static enum status snappy_pack(struct bytes from, int level, struct output *output, struct heap *heap)
{
    (void)level, (void)heap;
    if (output->room < XERIAL_HEADER_SIZE) return STATUS_TOO_LARGE;
    memcpy(output->to, xerial_magic, sizeof(xerial_magic));
    store_i32(output->to + 8, 1);
    store_i32(output->to + 12, 1);
    output->size = XERIAL_HEADER_SIZE;

    while (from.size > 0) {
        size_t step = min_of(from.size, (size_t)XERIAL_BLOCK_SIZE);
        size_t size = snappy_max_compressed_length(step);
        if (output_left(output) < 4 + size) return STATUS_TOO_LARGE;

        char *block = (char *)output->to + output->size + 4;
        snappy_status result = snappy_compress((const char *)from.data, step, block, &size);
        invariant(result == SNAPPY_OK);
        store_i32(output->to + output->size, (int32_t)size);
        output->size += 4 + size;
        from.data += step;
        from.size -= step;
    }
    return STATUS_OK;
}

static enum status snappy_block(const uint8_t *block, size_t block_size, struct output *output)
{
    size_t size = 0;
    const char *data = (const char *)block;

    if (snappy_uncompressed_length(data, block_size, &size) != SNAPPY_OK) return STATUS_CORRUPT;
    if (size > output_left(output)) return STATUS_TOO_LARGE;
    if (snappy_uncompress(data, block_size, (char *)output->to + output->size, &size) != SNAPPY_OK) {
        return STATUS_CORRUPT;
    }
    output->size += size;
    return STATUS_OK;
}

static bool xerial_begins(struct bytes at)
{
    return at.size >= XERIAL_HEADER_SIZE && memcmp(at.data, xerial_magic, sizeof(xerial_magic)) == 0;
}

static enum status snappy_unpack(struct bytes from, struct output *output, struct heap *heap)
{
    (void)heap;
    if (!xerial_begins(from)) return snappy_block(from.data, from.size, output);

    enum status status = STATUS_OK;
    while (from.size > 0 && status == STATUS_OK) {
        if (xerial_begins(from)) {
            from.data += XERIAL_HEADER_SIZE;
            from.size -= XERIAL_HEADER_SIZE;
            continue;
        }
        if (from.size < 4) return STATUS_CORRUPT;
        int32_t size = load_i32(from.data);
        if (size < 0 || (size_t)size > from.size - 4) return STATUS_CORRUPT;
        status = snappy_block(from.data + 4, (size_t)size, output);
        from.data += 4 + (size_t)size;
        from.size -= 4 + (size_t)size;
    }
    return status;
}

/* ---- lz4 ---- */

static enum status lz4_pack(struct bytes from, int level, struct output *output, struct heap *heap)
{
    (void)heap;
    LZ4F_preferences_t preferences = {
        .frameInfo = { .blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockIndependent },
    };
    /* Kafka's default level means the fast compressor; the others are those of LZ4 HC. */
    bool fast = level == COMPRESSION_LEVEL_DEFAULT || level == KAFKA_LZ4_LEVEL_DEFAULT;
    preferences.compressionLevel = fast ? 0 : level;

    size_t result = LZ4F_compressFrame(output->to, output->room, from.data, from.size, &preferences);
    if (LZ4F_isError(result)) return STATUS_TOO_LARGE;
    output->size = result;
    return STATUS_OK;
}

static enum status lz4_frame(struct bytes from, struct output *output, LZ4F_dctx *context)
{
    uint8_t spare[16];

    for (;;) {
        bool spilled = output_left(output) == 0;
        size_t made = spilled ? sizeof(spare) : output_left(output);
        size_t used = from.size;
        uint8_t *to = spilled ? spare : output->to + output->size;

        size_t hint = LZ4F_decompress(context, to, &made, from.data, &used, NULL);
        if (LZ4F_isError(hint)) return STATUS_CORRUPT;
        if (spilled && made > 0) return STATUS_TOO_LARGE;
        output->size += made;
        from.data += used;
        from.size -= used;
        if (hint == 0) return from.size == 0 ? STATUS_OK : STATUS_CORRUPT;
        if (made == 0 && used == 0) return STATUS_CORRUPT;
    }
}

static enum status lz4_unpack(struct bytes from, struct output *output, struct heap *heap)
{
    enum { FLAGS_POSITION = 4, FLAG_INDEPENDENT = 0x20 };
    static const uint8_t magic[4] = { 0x04, 0x22, 0x4d, 0x18 };
    LZ4F_dctx *context = NULL;

    (void)heap;
    if (from.size < 7 || memcmp(from.data, magic, sizeof(magic)) != 0) return STATUS_CORRUPT;
    if (!(from.data[FLAGS_POSITION] & FLAG_INDEPENDENT)) return STATUS_CORRUPT;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return STATUS_NO_MEMORY;

    enum status status = lz4_frame(from, output, context);
    (void)LZ4F_freeDecompressionContext(context);
    return status;
}

/* ---- zstd ---- */

static enum status zstd_pack(struct bytes from, int level, struct output *output, struct heap *heap)
{
    (void)heap;
    if (level == COMPRESSION_LEVEL_DEFAULT) level = ZSTD_CLEVEL_DEFAULT;

    size_t result = ZSTD_compress(output->to, output->room, from.data, from.size, level);
    if (ZSTD_isError(result)) return STATUS_TOO_LARGE;
    output->size = result;
    return STATUS_OK;
}

static enum status zstd_unpack(struct bytes from, struct output *output, struct heap *heap)
{
    (void)heap;
    if (from.size == 0) return STATUS_CORRUPT;

    size_t result = ZSTD_decompress(output->to, output->room, from.data, from.size);
    if (ZSTD_isError(result)) {
        return ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall ? STATUS_TOO_LARGE : STATUS_CORRUPT;
    }
    output->size = result;
    return STATUS_OK;
}

/* ---- the table ---- */

struct codec {
    const char *name;
    enum status (*pack)(struct bytes from, int level, struct output *output, struct heap *heap);
    enum status (*unpack)(struct bytes from, struct output *output, struct heap *heap);
};

/* clang-format off */
static const struct codec codecs[COMPRESSION_COUNT] = {
    [COMPRESSION_NONE]   = { "none",   none_pack,   none_unpack   },
    [COMPRESSION_GZIP]   = { "gzip",   gzip_pack,   gzip_unpack   },
    [COMPRESSION_SNAPPY] = { "snappy", snappy_pack, snappy_unpack },
    [COMPRESSION_LZ4]    = { "lz4",    lz4_pack,    lz4_unpack    },
    [COMPRESSION_ZSTD]   = { "zstd",   zstd_pack,   zstd_unpack   },
};
/* clang-format on */

const char *compression_name(unsigned codec)
{
    return codec < COMPRESSION_COUNT ? codecs[codec].name : NULL;
}

size_t compression_bound(enum compression codec, size_t size)
{
    switch (codec) {
    case COMPRESSION_GZIP: return compressBound(size) + GZIP_OVERHEAD;
    case COMPRESSION_SNAPPY: {
        size_t blocks = size / XERIAL_BLOCK_SIZE + 1;
        return XERIAL_HEADER_SIZE + blocks * (4 + snappy_max_compressed_length(XERIAL_BLOCK_SIZE));
    }
    case COMPRESSION_LZ4: return LZ4F_compressFrameBound(size, NULL);
    case COMPRESSION_ZSTD: return ZSTD_compressBound(size);
    default: return size;
    }
}

enum status compression_pack(enum compression codec, int level, struct bytes from, uint8_t *to, size_t room,
                             size_t *size, struct heap *heap)
{
    invariant((unsigned)codec < COMPRESSION_COUNT);
    struct output output = { to, room, 0 };
    enum status status = codecs[codec].pack(from, level, &output, heap);

    invariant(output.size <= room);
    if (status == STATUS_OK) *size = output.size;
    return status;
}

enum status compression_unpack(enum compression codec, struct bytes from, uint8_t *to, size_t room, size_t *size,
                               struct heap *heap)
{
    invariant((unsigned)codec < COMPRESSION_COUNT);
    struct output output = { to, room, 0 };
    enum status status = codecs[codec].unpack(from, &output, heap);

    invariant(output.size <= room);
    if (status == STATUS_OK) *size = output.size;
    return status;
}
