/* tests/unit/engine/log/golden_batches.h   Batches that Apache Kafka 4.3.1 wrote, in hex. */
#ifndef TESTS_UNIT_ENGINE_LOG_GOLDEN_BATCHES_H
#define TESTS_UNIT_ENGINE_LOG_GOLDEN_BATCHES_H

#include "unit.h"

/* Two records: k1=hello with header h=x, and null key, world, header n=null; 5 ms later. */
static const char plain_two[] = "000000000000000000000052ffffffff02d15caeba0000000000010000018bcfe568000000018bcfe56805"
                                "ffffffffffffffffffffffffffff00"
                                "00000222000000046b310a68656c6c6f02026802781c000a02010a776f726c6402026e01";
static const char plain_two_appended[] = "00000000000003e8000000520000000902d15caeba0000000000010000018bcfe568000000018"
                                         "bcfe56805ffffffffffffffffffffffffffff00"
                                         "00000222000000046b310a68656c6c6f02026802781c000a02010a776f726c6402026e01";
static const char plain_two_append_time[] = "00000000000003e8000000520000000902856bf8590008000000010000018bcfe568000000"
                                            "018bcfe56863ffffffffffffffffffffffffffff00"
                                            "00000222000000046b310a68656c6c6f02026802781c000a02010a776f726c6402026e01";
static const char marker_abort[] = "000000000000000c000000420000000502675add6d0030000000000000018bcfe568000000018bcfe56"
                                   "8000000000000000fa00003ffffffff00"
                                   "0000012000000008000000000c00000000000200";
static const char magic1[] = "0000000000000000000000001839268c3301000000018bcfe56800000000016b0000000176";

#endif
