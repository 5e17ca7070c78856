/* tools/offset_spec.h   Where reading begins and ends, as people say it, and the numbers that the leaders give for it.
 *
 *     beginning | end | OFFSET | -COUNT (before the end) | s@TIME | e@TIME (not included)
 *
 * TIME is milliseconds since 1970, 2026-01-31T12:00:00[Z] (without the Z: here), or -10m, -2h, -1d: so long ago. */
#ifndef TOOLS_OFFSET_SPEC_H
#define TOOLS_OFFSET_SPEC_H

#include "client/consumer.h"
#include "session.h"

enum offset_kind { OFFSET_BEGINNING, OFFSET_END, OFFSET_ABSOLUTE, OFFSET_BACK, OFFSET_TIME };

struct offset_spec {
    enum offset_kind from;
    int64_t from_value;
    int64_t until_ms; /* -1: no end by time */
    bool clamped;     /* an offset that there is none of means the end, and is no error */
};

/* Words are taken in order, so s@ and e@ may both be given. */
must_check bool offset_spec_read(struct offset_spec *spec, const char *word, int64_t now_ms);
must_check bool time_read(const char *word, int64_t now_ms, int64_t *time_ms);

/* Sets next and limit of every partition. `to_end`: stop at what is there now. */
must_check bool offset_spec_resolve(const struct offset_spec *spec, struct session *session, struct consumer *consumer,
                                    bool to_end);

#endif
