/* engine/shard/probe.h   Places where a tracer may look in while a node runs (USDT: bpftrace, perf, SystemTap). An
 * unwatched one is a single no-op instruction and a note in the binary; its arguments are values that are at hand.
 * Without sys/sdt.h (package systemtap-sdt-dev) there are none. The README of this room lists them. */
#ifndef ENGINE_SHARD_PROBE_H
#define ENGINE_SHARD_PROBE_H

#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define PROBE2(name, a, b)                DTRACE_PROBE2(sluice, name, a, b)
#define PROBE3(name, a, b, c)             DTRACE_PROBE3(sluice, name, a, b, c)
#define PROBE4(name, a, b, c, d)          DTRACE_PROBE4(sluice, name, a, b, c, d)
#define PROBE7(name, a, b, c, d, e, f, g) DTRACE_PROBE7(sluice, name, a, b, c, d, e, f, g)
#else
#define PROBE2(name, a, b)                ((void)(a), (void)(b))
#define PROBE3(name, a, b, c)             ((void)(a), (void)(b), (void)(c))
#define PROBE4(name, a, b, c, d)          ((void)(a), (void)(b), (void)(c), (void)(d))
#define PROBE7(name, a, b, c, d, e, f, g) ((void)(a), (void)(b), (void)(c), (void)(d), (void)(e), (void)(f), (void)(g))
#endif

#endif
