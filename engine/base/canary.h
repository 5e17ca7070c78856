/* engine/base/canary.h   Planted bugs, to test the tester. Only a build with -DSLUICE_CANARY has them, and there
 * tests/sim chooses one by name; in every other build CANARY() is false and costs nothing. What each is, and after how
 * many seeds the simulator found it, stands in tests/sim/README.md. */
#ifndef ENGINE_BASE_CANARY_H
#define ENGINE_BASE_CANARY_H

#include <stdbool.h>

#define CANARY_ROWS(row)                                                                                        \
    row(CANARY_ACK_BEFORE_WRITE, "ack-before-write") row(CANARY_EXTENT_BEFORE_BYTES, "extent-before-bytes")     \
        row(CANARY_STALE_CHUNK_BELIEVED, "stale-chunk-believed") row(CANARY_DAMAGE_IS_END, "damage-is-end")     \
            row(CANARY_WAL_REUSED_EARLY, "wal-reused-early") row(CANARY_NAME_NOT_SYNCED, "name-not-synced")     \
                row(CANARY_CRC_UNCHECKED, "crc-unchecked") row(CANARY_SEQUENCE_UNCHECKED, "sequence-unchecked") \
                    row(CANARY_TOPIC_RESURRECTED, "topic-resurrected")                                          \
                        row(CANARY_BLOCK_OUT_OF_ORDER, "block-out-of-order")

#define CANARY_NAME(name, text) name,
enum canary { CANARY_ROWS(CANARY_NAME) CANARY_COUNT };
#undef CANARY_NAME

#ifdef SLUICE_CANARY
bool canary(enum canary which); /* in tests/sim/canary.c */
#define CANARY(which) canary(which)
#else
#define CANARY(which) false
#endif

#endif
