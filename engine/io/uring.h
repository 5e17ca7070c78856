/* engine/io/uring.h   The production engine: one io_uring per shard (SINGLE_ISSUER, DEFER_TASKRUN, SUBMIT_ALL, CQSIZE),
 * created on the shard's own thread, which is the only one that may turn it. */
#ifndef ENGINE_IO_URING_H
#define ENGINE_IO_URING_H

#include "io/io.h"

struct uring_settings {
    uint32_t entries;              /* submission queue */
    uint32_t completion_entries;   /* more than twice the operations that may be in flight */
    uint32_t receive_buffer_size;  /* of the buffers behind io_receive */
    uint32_t receive_buffer_count; /* a power of two, at most 32768 */
    int64_t poll_ns;               /* how long a turn that waits looks again and again first; 0: not at all */
    int64_t nap_ns;                /* how long it sleeps at a time while it expects something soon; 0: until it comes */
};

/* STATUS_DENIED, STATUS_UNSUPPORTED, STATUS_NO_MEMORY: `why` is then a sentence for people with the cause (seccomp
 * profile, kernel.io_uring_disabled, memlock) and the remedy; static. */
must_check enum status uring_make(const struct uring_settings *settings, struct io **io, const char **why);

/* An operation that does nothing, for measurements: the price of being an operation. */
void uring_nop(struct io *io, struct completion *completion);

#endif
