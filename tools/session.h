/* tools/session.h   A command's talk with a cluster: a client, memory until its end, and complaints in one voice. */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "client/client.h"
#include "options.h"
#include "progress.h"

struct session {
    const char *called; /* "sluice topic create": how complaints begin */
    const struct common *common;
    struct client client;
    struct arena arena;
    struct progress *progress; /* wiped before a complaint; NULL: there is none */
};

/* False: it was complained about. */
must_check bool session_begin(struct session *session, const char *called, const struct common *common);
/* Flushes standard output; gives the exit status. */
must_check int session_end(struct session *session, int code);

/* One request; false: it was complained about. `key` may be asked again after a broken connection only if
 * `repeatable`. */
must_check bool session_ask(struct session *session, int32_t node, int16_t key, bool repeatable, const void *ask,
                            void *answer);
/* EXIT_FAILED, after a complaint about what could not be asked, or about an answer's error. */
int session_lost(struct session *session);
/* "orders: UNKNOWN_TOPIC_OR_PARTITION: This server does not host..." */
int session_refused(struct session *session, struct text what, int16_t error, struct text message);

/* Memory that there is: a tool that has none left ends. */
void *session_take(struct session *session, size_t size);
/* Topics by name, all of them with count 0; sorted by name, partitions by number. Trouble that passes (an election, a
 * topic just made) is waited for; what is left of it stands in the topic's error. */
must_check bool session_topics(struct session *session, const struct words *names, struct metadata_answer *answer);

#endif
