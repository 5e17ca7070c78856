"""dynamic_cases: settings of brokers that change while they run. Each is set for one broker and for all, its effect is looked at before,
while and after. A broker may apply it a moment later: it is asked until it answers otherwise, or for as long as PATIENCE_S.
"""
import os
import struct
import sys
import time

from cases import case, fetch_request, now_ms
from client import Closed, batch
from config_cases import BROKER, DELETE, SET, incremental

sys.dont_write_bytecode = True
PATIENCE_S = 5
PAIR = [(b"k", b"v")]
SCOPES = ("1", "")


def topic_of(context):
    context.topic("probe-dynamic")
    return "probe-dynamic"


def taken(records):
    return lambda context: context.produce(records(), topic=topic_of(context))


def stamped(context):
    said = context.produce(batch(PAIR), topic=topic_of(context))
    return f"{said}, stamped by {'nobody' if context.row['LogAppendTimeMs'] < 0 else 'the broker'}"


def codec(context):
    context.produce(batch(PAIR), topic=topic_of(context))
    given = fetch_request(12, {"Topic": "probe-dynamic"}, offset=context.base)
    stored = context.call("Fetch", 12, given)["Responses"][0]["Partitions"][0]["Records"]
    return f"codec {struct.unpack_from('>h', stored, 21)[0] & 7}"


def patient(ask):
    """What `ask` gives. While connections are limited, those that were closed before may count for a moment more."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except (Closed, OSError):
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def let_in(context):
    peer = context.connect()
    try:
        peer.call("Metadata", 12, {"Topics": []})
    except (Closed, OSError):
        peer.close()
        raise
    return peer


def third_connection(context):
    with patient(lambda: let_in(context)), patient(lambda: let_in(context)):
        try:
            let_in(context).close()
        except (Closed, OSError):
            return "closed"
        return "answered"


def asked_until(context, look, enough):
    until = time.monotonic() + PATIENCE_S
    while True:
        said = look(context)
        if enough(said) or time.monotonic() > until:
            return said
        time.sleep(0.1)


def effect(name, value, look):
    def run(context):
        before, told = look(context), []
        for scope in SCOPES:
            patient(lambda: incremental(context, (BROKER, scope, (name, SET, value))))
            while_set = asked_until(context, look, lambda said: said != before)
            patient(lambda: incremental(context, (BROKER, scope, (name, DELETE, None))))
            after = asked_until(context, look, lambda said: said == before)
            told.append(f"{'broker ' + scope if scope else 'all'}: {while_set}, then {after}")
        return f"{before}; " + "; ".join(told)
    return run


for row in (
    ("message.max.bytes", "1000", "2 KB are produced", taken(lambda: batch([(b"k", os.urandom(2000))]))),
    ("log.segment.bytes", "1048576", "1048580 bytes are produced", taken(lambda: batch([(b"k", b"v" * 1048507)]))),
    ("log.message.timestamp.type", "LogAppendTime", "a batch is produced", stamped),
    ("log.message.timestamp.before.max.ms", "60000", "a batch of two hours ago", taken(lambda: batch(PAIR, first_ms=now_ms(-7200000)))),
    ("log.message.timestamp.after.max.ms", "60000", "a batch of half an hour from now",
     taken(lambda: batch(PAIR, first_ms=now_ms(1800000)))),
    ("log.cleanup.policy", "compact", "a record without a key", taken(lambda: batch([(None, b"v")]))),
    ("compression.type", "gzip", "a batch is produced and read", codec),
    ("max.connections.per.ip", "2", "a third connection asks", third_connection),
):
    case(f"dynamic.{row[0]}", f"{row[0]}={row[1]} while the broker runs, {row[2]}")(effect(row[0], row[1], row[3]))
