"""handover: one data directory, given from one kind of broker to the other, and what must be the same on both sides."""
import functools
import glob
import hashlib
import os
import tempfile
import threading

from client import Connection
from node import Kafka, Sluice, kafka_home, kafka_tool
from segments import batches_of
from stage import Wrong, command, require, same, shorten

HERE = os.path.dirname(os.path.realpath(__file__))
COMPILING = threading.Lock()


@functools.lru_cache
def classes():
    """Where Fill is compiled: once, for it is run two dozen times."""
    with open(f"{HERE}/Fill.java", "rb") as source:
        home = f"{kafka_home()}/fill-{hashlib.sha256(source.read()).hexdigest()[:16]}"
    with COMPILING:
        if not os.path.exists(home):
            made = tempfile.mkdtemp(dir=kafka_home())
            command("javac", "-cp", f"{kafka_home()}/libs/*", "-d", made, f"{HERE}/Fill.java")
            os.rename(made, home)
    return home


def fill(node, *words):
    """Runs Fill.java against a broker."""
    command("java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{classes()}:{kafka_home()}/libs/*",
            "Fill", node.address, *words, limit_s=240)


def found(node):
    """Every record that a reader finds, one per line."""
    path = os.path.join(node.work, "found")
    fill(node, "read", path)
    with open(path) as lines:
        return lines.read().splitlines()


def same_records(got, want, what):
    if got != want:
        gone = [line for line in want if line not in set(got)]
        new = [line for line in got if line not in set(want)]
        raise Wrong(f"{what}: {len(got)} lines for {len(want)}; gone {shorten(gone[:3])}; new {shorten(new[:3])}")


def fetch_committed(peer, offset):
    part = {"Partition": 0, "FetchOffset": offset, "PartitionMaxBytes": 1 << 20}
    answer = peer.call("Fetch", 12, {"MaxWaitMs": 0, "MinBytes": 0, "MaxBytes": 1 << 20, "IsolationLevel": 1, "SessionEpoch": -1,
                                     "Topics": [{"Topic": "tx", "Partitions": [part]}]})
    return answer["Responses"][0]["Partitions"][0]


def transactions(node):
    """What a reader of committed records is told of the topic tx: the ends, and who aborted from where. How much comes with one
    answer is the broker's choice, so the lists of all answers are put together."""
    offset, aborted = 0, set()
    with Connection(node.address) as peer:
        while True:
            got = fetch_committed(peer, offset)
            same(got["ErrorCode"], 0, f"{node.name}: error of a fetch at {offset}")
            aborted.update((one["ProducerId"], one["FirstOffset"]) for one in got["AbortedTransactions"] or [])
            found_batches = list(batches_of(got["Records"] or b""))
            if not found_batches:
                break
            offset = found_batches[-1].base + found_batches[-1].last_delta + 1
        listed = peer.call("ListOffsets", 7, {"ReplicaId": -1, "IsolationLevel": 1, "Topics": [
            {"Name": "tx", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]})["Topics"][0]["Partitions"][0]
    return {"stable": got["LastStableOffset"], "end": got["HighWatermark"], "read to": offset, "aborted": sorted(aborted),
            "listed": listed["Offset"]}


def digests(directory, pattern):
    """{path: digest} of the files that match."""
    found_files = sorted(glob.glob(os.path.join(directory, pattern)))
    out = {}
    for path in found_files:
        with open(path, "rb") as data:
            out[os.path.relpath(path, directory)] = hashlib.sha256(data.read()).hexdigest()[:16]
    return out


def identity(directory):
    with open(os.path.join(directory, "meta.properties")) as lines:
        return dict(line.strip().split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def kafka_on(directory, work, **overrides):
    """Apache Kafka for a directory that is there."""
    return Kafka(work, directory=directory, overrides={"node.id": identity(directory)["node.id"], "log.retention.ms": -1, **overrides})


def sluice_on(directory, work, **overrides):
    return Sluice(work, directory=directory, overrides={"node.id": identity(directory)["node.id"], "log.retention.ms": -1, **overrides})


def dump(*words):
    """kafka-dump-log, which must find nothing wrong."""
    text = command(kafka_tool("kafka-dump-log"), *words, limit_s=240).decode()
    for complaint in ("Found mismatches", "Non-consecutive", "isvalid: false", "Exception", "is corrupt", "failed sanity"):
        require(complaint not in text, f"kafka-dump-log: {shorten(text[max(0, text.find(complaint) - 200):][:600], 600)}")
    return text


def binary(*words, status=0):
    return command(Sluice.binary(), *words, status=status)
