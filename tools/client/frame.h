/* client/frame.h   Requests to bytes and bytes to answers: size, header, message. No socket is touched here. */
#ifndef CLIENT_FRAME_H
#define CLIENT_FRAME_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/status.h"
#include "messages/apis.h"

/* The whole request, its four bytes of size included; the caller gives it back to the heap. */
struct bytes frame_make(struct heap *heap, const struct api_row *row, int16_t version, int32_t correlation,
                        const char *client_id, const void *ask);

/* An answer without its size: what it points to are `body` and the arena. */
must_check enum status frame_read(const struct api_row *row, int16_t version, struct bytes body, int32_t *correlation,
                                  void *answer, struct arena *arena);

#endif
