/* engine/log/cold_window.c   The window of a cold read: consecutive pieces of one segment, held while the read walks
 * over them. A batch may lie across them; so its bytes are looked at, copied and summed piece by piece. */
#include "log/cold_read.h"

#include "base/crc32c.h"

static uint64_t cold_window_position(const struct cold_read *cold)
{
    return (uint64_t)cold->first_piece * CACHE_PIECE;
}

uint64_t cold_window_limit(const struct cold_read *cold)
{
    if (cold->piece_count == 0) return cold_window_position(cold);
    const struct piece *last = cold->pieces[cold->piece_count - 1];
    return (uint64_t)last->number * CACHE_PIECE + last->size;
}

void cold_window_leave(struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        list_remove(&cold->waits[i].node);
        piece_leave(cold->pieces[i]);
    }
    cold->piece_count = 0;
}

/* The bytes at `position` within one piece: where they are and how many, at most `size`. */
const uint8_t *cold_window_at(const struct cold_read *cold, uint64_t position, uint32_t *size, struct piece **piece)
{
    uint32_t i = (uint32_t)(position / CACHE_PIECE) - cold->first_piece;
    uint32_t at = (uint32_t)(position % CACHE_PIECE);

    invariant(i < cold->piece_count && at < cold->pieces[i]->size);
    *piece = cold->pieces[i];
    *size = min_of(*size, cold->pieces[i]->size - at);
    return cold->pieces[i]->block->data + at;
}

void cold_window_copy(const struct cold_read *cold, uint64_t position, uint8_t *to, uint32_t size)
{
    for (uint32_t done = 0, part; done < size; done += part) {
        struct piece *piece;
        part = size - done;
        const uint8_t *from = cold_window_at(cold, position + done, &part, &piece);
        memcpy(to + done, from, part);
    }
}

/* The CRC of a batch that lies in the window; what was proved once is not summed again. */
bool cold_window_proved(const struct cold_read *cold, const struct batch *batch)
{
    bool proved = true;
    uint32_t crc = 0;

    for (uint32_t done = 0, part; done < batch->size; done += part) {
        struct piece *piece;
        part = batch->size - done;
        const uint8_t *at = cold_window_at(cold, cold->position + done, &part, &piece);
        uint32_t from = (uint32_t)(at - piece->block->data);
        proved = proved && from >= piece->proved && from + part <= piece->proved_limit;
        if (!proved) break;
    }
    if (proved) return true;

    for (uint32_t done = BATCH_CRC_FROM, part; done < batch->size; done += part) {
        struct piece *piece;
        part = batch->size - done;
        const uint8_t *at = cold_window_at(cold, cold->position + done, &part, &piece);
        crc = crc32c(crc, at, part);
    }
    if (crc != batch->crc) return false;

    for (uint32_t done = 0, part; done < batch->size; done += part) {
        struct piece *piece;
        part = batch->size - done;
        const uint8_t *at = cold_window_at(cold, cold->position + done, &part, &piece);
        uint32_t from = (uint32_t)(at - piece->block->data);
        if (from != piece->proved_limit) piece->proved = from; /* One run of them is remembered: the latest. */
        piece->proved_limit = from + part;
    }
    return true;
}

/* The pieces that the read has gone through. */
void cold_window_spent(struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        struct piece *piece = cold->pieces[i];
        if ((uint64_t)piece->number * CACHE_PIECE + piece->size <= cold->position) piece_spent(piece);
    }
}

bool cold_window_reading(const struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        if (cold->pieces[i]->reading) return true;
    }
    return false;
}

enum status cold_window_status(const struct cold_read *cold)
{
    for (uint32_t i = 0; i < cold->piece_count; i++) {
        if (cold->pieces[i]->status != STATUS_OK) return cold->pieces[i]->status;
    }
    return STATUS_OK;
}
