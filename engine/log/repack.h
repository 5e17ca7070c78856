/* engine/log/repack.h   A produced batch for a topic that wants another codec than it came in: opened, judged record by
 * record, and made anew, as Kafka's LogValidator does it. It takes long, so it is work for a job; it touches nothing
 * but what it is given and its own heap.
 *
 * What stays: keys, values, headers, timestamps and the order of the records; producer, epoch, sequence, the
 * transactional bit. What becomes Kafka's form: offset deltas 0, 1, 2 ..., the base timestamp (the first record's), the
 * maximum timestamp (the records' own), record attributes (0), all other bits of the batch's attributes (0). */
#ifndef ENGINE_LOG_REPACK_H
#define ENGINE_LOG_REPACK_H

#include "base/compression.h"
#include "base/heap.h"
#include "log/batch.h"

struct repack {
    /* in */
    struct bytes produced;    /* read only, until the run is over */
    struct batch_rules rules; /* of the topic, at the time of the arrival */
    enum compression codec;
    int level;       /* compression.<codec>.level */
    size_t size_max; /* of the batch that is made: max.message.bytes */
    size_t open_max; /* of its records, opened: what bounds a bomb */
    /* out */
    enum status status; /* BAD_RECORD (also: the payload is not what its codec says), BAD_TIMESTAMP, TOO_LARGE, CORRUPT
                           (the CRC), UNSUPPORTED, BAD_MAGIC */
    int32_t bad_record; /* as in batch_verdict */
    struct bytes made;  /* with status OK; until repack_end */
    struct heap heap;   /* of whoever works on it: first the owner, then the job, then the owner again */
};

void repack_init(struct repack *repack);
/* Sets status, bad_record and made. At most one batch of open_max opened, one made of it and one packed are in
 * memory. */
void repack_run(struct repack *repack);
void repack_end(struct repack *repack);

#endif
