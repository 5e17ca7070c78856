/* tests/fuzz/net/api/wire.h   An io engine with one listening socket and one client, whose bytes are the fuzzer's. It
 * keeps the laws of io.h: nothing completes from inside the call that began it, everything that was begun resumes,
 * buffers may run out. Time passes with each turn, so that deadlines come. */
#ifndef TESTS_FUZZ_NET_API_WIRE_H
#define TESTS_FUZZ_NET_API_WIRE_H

#include "io/io.h"

enum { WIRE_LISTENER = 3, WIRE_CLIENT = 4, WIRE_BUFFERS = 4, WIRE_BUFFER_SIZE = 512, WIRE_DONE_MAX = 16 };

struct wire {
    struct io io;
    const uint8_t *data;
    size_t size, at;
    size_t piece; /* the client's bytes come in pieces of at most this size */
    bool accepted, closed;
    uint64_t sent;
    struct completion *accepting, *receiving, *exact; /* begun, waiting */
    struct completion *done[WIRE_DONE_MAX];           /* with a status, to be resumed */
    uint32_t done_count;
    bool taken[WIRE_BUFFERS];
    uint8_t buffers[WIRE_BUFFERS][WIRE_BUFFER_SIZE];
};

extern const struct io_engine wire_engine;

#endif
