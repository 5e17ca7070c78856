/* engine/io/flush_probe.h   Which way to make a small write durable is the better one on a device: with the write
 * (DSYNC, on drives with FUA one command) or by a flush after it. Most drives are best at the first; some consumer
 * drives take 4 ms for it and less than half for the second. Asked once per log directory at start, and by the
 * doctor. */
#ifndef ENGINE_IO_FLUSH_PROBE_H
#define ENGINE_IO_FLUSH_PROBE_H

#include "io/files.h"
#include "io/io.h"

struct flush_probe {
    int64_t durable_ns; /* median of a 4 KiB overwrite with IO_DURABLE */
    int64_t flush_ns;   /* and with IO_DURABLE | IO_FLUSH */
    uint8_t flags;      /* the better one's: for io_write */
};

/* Makes and removes a small file in `directory`, and turns `io` until it knows (a tenth of a second at most on any sane
 * device): only before the loop runs. A flush must be a third faster to be chosen, since it also costs a hand-off to a
 * kernel worker. */
must_check enum status flush_probe(struct io *io, struct files *files, int directory, struct flush_probe *probe);

#endif
