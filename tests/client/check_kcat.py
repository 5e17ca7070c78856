"""check_kcat: produce and consume with kcat, and look at what is stored."""
import functools
import hashlib
import time

import segments
from kcat import consume, consume_json, installed, kcat, lines, produce, words_of
from node import advertised, broker, scratch
from stage import Skip, check, require, same


def with_broker(**settings):
    """A check that gets a fresh node."""
    def wrap(function):
        @functools.wraps(function)
        def inner():
            if not installed():
                raise Skip("kcat is not installed")
            with scratch("kcat") as work, broker(work, **settings) as node:
                function(node)
        return inner
    return wrap


def digest(records):
    return [(len(record), hashlib.sha256(record).hexdigest()[:12]) for record in records]


@check("kcat reads back records of every size that it wrote", level="quick")
@with_broker()
def round_trip(node):
    sent = list(lines(3))
    produce(node, "sizes", sent)
    same(digest(consume(node, "sizes")), digest(sent), "records")
    node.restart()
    same(digest(consume(node, "sizes")), digest(sent), "records after a restart")
    node.kill()
    node.start()
    same(digest(consume(node, "sizes")), digest(sent), "records after kill -9")


FIND_COORDINATOR = 10


@check("each codec of kcat really compresses", level="quick")
@with_broker()
def codecs(node):
    sent = list(words_of(2000))
    # librdkafka takes a broker that does not advertise FindCoordinator for one that has no lz4, and stores such records plain.
    lz4 = FIND_COORDINATOR in advertised(node.port)
    raw = sum(map(len, sent))
    for codec in segments.CODECS:
        produce(node, f"codec-{codec}", sent, "-z", codec, "-X", "linger.ms=100")
    for codec in segments.CODECS:
        same(digest(consume(node, f"codec-{codec}")), digest(sent), codec)
    node.stop()
    for codec in segments.CODECS if lz4 else [one for one in segments.CODECS if one != "lz4"]:
        stored = list(segments.batches(node.directory, f"codec-{codec}"))
        # librdkafka leaves a batch alone that would grow: one of a single record.
        same({segments.codec(batch) for batch in stored if batch.count > 9}, {codec}, f"codec of the stored batches of codec-{codec}")
        size = sum(len(batch.data) for batch in stored)
        require((size < raw / 2) == (codec != "none"), f"{codec}: {size} bytes stored for {raw}")


@check("a compression.type of the topic's own: whatever comes is stored in it", level="quick")
@with_broker(overrides={"compression.type": "zstd"})
def recompressed(node):
    sent = list(words_of(2000))
    for codec in segments.CODECS:
        produce(node, f"from-{codec}", sent, "-z", codec, "-X", "linger.ms=100", "-X", "enable.idempotence=true", "-H", "h=x")
    for codec in segments.CODECS:
        same(digest(consume(node, f"from-{codec}")), digest(sent), codec)
        same(consume_json(node, f"from-{codec}")[0]["headers"], ["h", "x"], "headers")
    node.stop()
    for codec in segments.CODECS:
        stored = list(segments.batches(node.directory, f"from-{codec}"))
        same({segments.codec(batch) for batch in stored}, {"zstd"}, f"codec of the stored batches of from-{codec}")
        require(all(batch.producer >= 0 and batch.sequence >= 0 for batch in stored), "the producer's sequences are lost")


@check("keys, headers and tombstones come back", level="quick")
@with_broker()
def keys(node):
    produce(node, "keyed", [b"one:first", b"two:", b"three:third"], "-K:", "-Z", "-H", "trace=7", "-H", "kind=test")
    got = consume_json(node, "keyed")
    same([(record["key"], record["payload"]) for record in got], [("one", "first"), ("two", None), ("three", "third")], "records")
    same([record["headers"] for record in got], [["trace", "7", "kind", "test"]] * 3, "headers")
    same([record["offset"] for record in got], [0, 1, 2], "offsets")


@check("offsets by timestamp, from the end and from the middle", level="quick")
@with_broker()
def offsets(node):
    times = []
    for number in range(5):
        begun = int(time.time() * 1000)
        produce(node, "timed", [f"record {number}".encode()])
        times.append((begun, int(time.time() * 1000)))
        time.sleep(0.05)
    stored = [record["ts"] for record in consume_json(node, "timed")]
    require(all(begun <= stamp <= ended for (begun, ended), stamp in zip(times, stored)), f"timestamps {stored} for {times}")
    for number, stamp in enumerate(stored):
        same(kcat(node, "-Q", "-t", f"timed:0:{stamp}").decode().split("\n")[0], f"timed [0] offset {number}", "offset by time")
    same(consume(node, "timed", offset=f"s@{stored[3]}"), [b"record 3", b"record 4"], "records from a time on")
    same(consume(node, "timed", offset="-2"), [b"record 3", b"record 4"], "the last two")
    same(consume(node, "timed", offset="1")[0], b"record 1", "record at offset 1")
    same(kcat(node, "-Q", "-t", f"timed:0:{stored[4] + 60000}").decode().split("\n")[0], "timed [0] offset -1", "a time to come")


@check("partitions, acks and metadata of kcat", level="quick")
@with_broker(overrides={"num.partitions": 4})
def partitions(node):
    for partition in range(4):
        for acks in ("0", "1", "all"):
            produce(node, "spread", [f"{partition} {acks}".encode()], "-X", f"acks={acks}", partition=partition)
    for partition in range(4):
        want = [f"{partition} {acks}".encode() for acks in ("0", "1", "all")]
        same(consume(node, "spread", partition=partition), want, f"partition {partition}")
    listing = kcat(node, "-L").decode()
    require('topic "spread" with 4 partitions' in listing and f"at {node.address}" in listing, listing)


@check("an idempotent kcat keeps order and count", level="quick")
@with_broker()
def idempotent(node):
    sent = list(words_of(20000))
    produce(node, "once", sent, "-X", "enable.idempotence=true", "-X", "batch.num.messages=100", "-z", "lz4")
    same(digest(consume(node, "once")), digest(sent), "records")
