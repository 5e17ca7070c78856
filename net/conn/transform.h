/* net/conn/transform.h   What stands between a socket's bytes and the frames: nothing, until TLS is built. It is a seam
 * from the first day, because a transform changes who may touch what: only where nothing is changed on the way may a
 * body be received straight into its place and an answer be sent from where its records lie. */
#ifndef NET_CONN_TRANSFORM_H
#define NET_CONN_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/bytes.h"

struct transform {
    const char *name;
    bool straight; /* the identity: bodies and answers need not pass `open` and `seal` */
    /* From the socket to the frames: what `arrived` means; in the same place, never longer. */
    struct bytes (*open)(void *state, struct bytes arrived);
    /* From the answers to the socket: the parts to be sent instead; returns their number. */
    uint32_t (*seal)(void *state, struct iovec *parts, uint32_t count);
};

extern const struct transform transform_identity;

#endif
