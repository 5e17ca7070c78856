/* net/http/library.h   libmicrohttpd, loaded when the first client comes. It brings a TLS library that we never call,
 * and the two cost 2.8 MiB of resident memory and 3 ms of every start; a node that nobody asks shouldn't pay for
 * them. */
#ifndef NET_HTTP_LIBRARY_H
#define NET_HTTP_LIBRARY_H

#include <microhttpd.h>

#include "base/check.h"
#include "base/status.h"

/* The calls that are used, under their names without MHD_. */
#define LIBRARY_CALLS(call)                                                                                          \
    call(start_daemon) call(stop_daemon) call(run) call(get_timeout) call(get_daemon_info) call(get_connection_info) \
        call(create_response_from_buffer) call(add_response_header) call(queue_response) call(destroy_response)

struct library {
    void *handle;
/* A name that is declared can't stand in parentheses. */
#define LIBRARY_MEMBER(name) __typeof__(MHD_##name) *name; /* NOLINT(bugprone-macro-parentheses) */
    LIBRARY_CALLS(LIBRARY_MEMBER)
#undef LIBRARY_MEMBER
};

/* STATUS_NOT_FOUND: it is not installed; `*why` says what the loader said. */
must_check enum status library_load(struct library *library, const char **why);

#endif
