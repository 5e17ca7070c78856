/* perf/micro.h   The small pieces that every byte or request passes, as plain functions that google-benchmark calls:
 * C++ sees nothing of Sluice but these. */
#ifndef PERF_MICRO_H
#define PERF_MICRO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each begins with what it needs and goes on for one repetition per call. The returned number keeps compilers
 * honest. */
struct micro;
struct micro *micro_begin(size_t size);
void micro_end(struct micro *micro);

uint32_t micro_crc(struct micro *micro);            /* CRC-32C over `size` bytes */
uint32_t micro_crc_copy(struct micro *micro);       /* the same while they are copied: what an append does */
uint32_t micro_read_produce(struct micro *micro);   /* decode Produce v9 with one partition */
uint32_t micro_read_fetch(struct micro *micro);     /* decode Fetch v12 with `size` partitions */
uint32_t micro_write_metadata(struct micro *micro); /* encode Metadata v12 with `size` partitions */
uint32_t micro_judge_batch(struct micro *micro);    /* the rules for a produced batch of `size` bytes, 1 KiB records */
uint32_t micro_append(struct micro *micro);         /* such a batch to a log, with its share of the group commits */
uint32_t micro_fetch(struct micro *micro);          /* extents of `size` bytes from a log's memory */

#ifdef __cplusplus
}
#endif

#endif
