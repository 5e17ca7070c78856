/* tests/unit/engine/log/stopped.h   A log that was stopped cleanly, whose files a test then damages: 70 batches of 5
 * records of 2 KiB, in segments of 256 KiB. */
#ifndef TESTS_UNIT_ENGINE_LOG_STOPPED_H
#define TESTS_UNIT_ENGINE_LOG_STOPPED_H

#include "files.h"

static const char first_log[] = "00000000000000000000.log";

/* Three segments and a bit: 70 batches of 5 records of 2 KiB with 256 KiB segments. */
static inline void stopped(struct node *node)
{
    files_begin(node, 256 << 10);
    struct log *log = files_start(node);
    assert_int_equal(log_begin_epoch(log, 2), STATUS_OK);
    files_fill(node, log, 70, 5, 2000);
    assert_true(log->segments->count >= 3);
    node_stop(node);
}

static inline void name_of(char name[64], int64_t base, const char *suffix)
{
    snprintf(name, 64, "%020lld%s", (long long)base, suffix);
}

static inline int64_t last_base(const struct node *node)
{
    int64_t base = 0;
    for (int64_t offset = 0; offset < 350; offset += 5) {
        char name[64];
        name_of(name, offset, ".log");
        if (files_size_of(node, name) >= 0) base = offset;
    }
    return base;
}

static inline void check_whole(struct node *node, int64_t end)
{
    struct log *log = files_start(node);
    assert_int_equal(log->end, end);
    assert_int_equal(log->start, 0);
    assert_int_equal(node_read_all(node, log, 0), end);
    files_fill(node, log, 3, 5, 2000); /* It goes on, */
    assert_int_equal(log->end, end + 15);
    node_stop(node);
    log = files_start(node); /* and is whole again after that. */
    assert_int_equal(log->end, end + 15);
    assert_int_equal(node_read_all(node, log, 0), end + 15);
    node_stop(node);
    node_remove(node);
}

#endif
