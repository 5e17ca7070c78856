"""cases: odd and broken requests, each with the words that say how the broker took it.

A case is a function of a Context, registered under an id whose first word is its section. What Apache Kafka answers stands in
tests/interop/wire-behaviour.tsv; the broker must be fresh, a single node with auto.create.topics.enable and num.partitions=1.
"""
import re
import socket
import struct
import time
import uuid
import zlib

from client import Closed, Connection, batch, record, unsigned_varint

CASES = []
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3  # operations of IncrementalAlterConfigs
UNKNOWN_ID, ZERO_ID = uuid.UUID(int=12345), uuid.UUID(int=0)
PAIR = [(b"k", b"v")]
NAMES = {
    -1: "UNKNOWN_SERVER_ERROR", 0: "NONE", 1: "OFFSET_OUT_OF_RANGE", 2: "CORRUPT_MESSAGE", 3: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE", 6: "NOT_LEADER_OR_FOLLOWER", 7: "REQUEST_TIMED_OUT", 10: "MESSAGE_TOO_LARGE",
    17: "INVALID_TOPIC_EXCEPTION", 18: "RECORD_LIST_TOO_LARGE", 21: "INVALID_REQUIRED_ACKS", 32: "INVALID_TIMESTAMP",
    35: "UNSUPPORTED_VERSION",
    36: "TOPIC_ALREADY_EXISTS", 37: "INVALID_PARTITIONS", 38: "INVALID_REPLICATION_FACTOR", 39: "INVALID_REPLICA_ASSIGNMENT",
    40: "INVALID_CONFIG", 42: "INVALID_REQUEST", 44: "POLICY_VIOLATION", 45: "OUT_OF_ORDER_SEQUENCE_NUMBER",
    46: "DUPLICATE_SEQUENCE_NUMBER", 47: "INVALID_PRODUCER_EPOCH", 53: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    56: "KAFKA_STORAGE_ERROR", 59: "UNKNOWN_PRODUCER_ID", 70: "FETCH_SESSION_ID_NOT_FOUND",
    71: "INVALID_FETCH_SESSION_EPOCH", 74: "FENCED_LEADER_EPOCH", 75: "UNKNOWN_LEADER_EPOCH",
    76: "UNSUPPORTED_COMPRESSION_TYPE", 87: "INVALID_RECORD", 100: "UNKNOWN_TOPIC_ID", 103: "INCONSISTENT_TOPIC_ID",
    106: "FETCH_SESSION_TOPIC_ID_ERROR",
}


def case(name, what):
    def register(function):
        CASES.append((name, what, function))
        return function
    return register


def error(code):
    return f"{code} {NAMES.get(code, '?')}"


def shown(reaction):
    return reaction if isinstance(reaction, str) else f"reply of {len(reaction)} bytes: {reaction[:24].hex()}"


class Context:
    def __init__(self, address):
        self.address = address
        self.base = None

    def connect(self, **options):
        return Connection(self.address, **options)

    def call(self, api, version, given=None):
        with self.connect() as peer:
            return peer.call(api, version, given)

    def prepare(self):
        for name, configs in (("probe", {}), ("probe-compact", {"cleanup.policy": "compact"}),
                              ("probe-minisr", {"min.insync.replicas": "2"})):
            self.topic(name, **configs)
        for _ in range(2):
            self.produce(batch(PAIR))

    def topic(self, name, partitions=1, **configs):
        """The topic's id; it is made if it is not there."""
        pairs = [{"Name": key, "Value": value} for key, value in configs.items()]
        made = self.call("CreateTopics", 7, {"timeoutMs": 10000, "Topics": [
            {"Name": name, "NumPartitions": partitions, "ReplicationFactor": 1, "Configs": pairs}]})["Topics"][0]["ErrorCode"]
        if made not in (0, 36):
            raise RuntimeError(f"can't create {name}: {error(made)}")
        for _ in range(200):
            topic = self.call("Metadata", 12, {"Topics": [{"Name": name}]})["Topics"][0]
            parts = topic["Partitions"]
            if topic["ErrorCode"] == 0 and parts and all(p["ErrorCode"] == 0 and p["LeaderId"] >= 0 for p in parts):
                return topic["TopicId"]
            time.sleep(0.05)
        raise RuntimeError(f"{name} has no leader")

    def produce(self, records, topic="probe", partition=0, acks=1, version=9, topic_id=None, transaction=None):
        named = {"Name": topic} if version < 13 else {"TopicId": topic_id}
        self.row = None
        given = {"Acks": acks, "TimeoutMs": 3000, "TransactionalId": transaction,
                 "TopicData": [{**named, "PartitionData": [{"Index": partition, "Records": records}]}]}
        with self.connect(timeout_s=6) as peer:
            if acks == 0:
                peer.send("Produce", version, given)
                return shown(peer.reaction())
            try:
                answer = peer.call("Produce", version, given)["Responses"][0]["PartitionResponses"][0]
            except Closed:
                return "closed"
            except socket.timeout:
                return "no reply within 6 s, connection open"
        self.row, self.base = answer, answer["BaseOffset"]
        text = error(answer["ErrorCode"]) + (f", base offset {self.base}" if answer["ErrorCode"] else "")
        if answer.get("RecordErrors"):
            text += ", record errors at " + ",".join(str(one["BatchIndex"]) for one in answer["RecordErrors"])
        return text


# ---- frames ----

def sent_raw(data):
    def send(context):
        with context.connect() as peer:
            peer.send_raw(data)
            return shown(peer.reaction())
    return send


def sent_frame(build):
    """`build` makes the frame from the connection."""
    def send(context):
        with context.connect() as peer:
            peer.send_frame(build(peer))
            return shown(peer.reaction())
    return send


def cut_metadata(peer):
    return peer.request("Metadata", 12, {"Topics": [{"Name": "probe"}]})[:-6]


def huge_array(peer):
    return peer.header(3, 12) + unsigned_varint(2**31 - 1) + b"\0" * 8


# The columns of these tables: id, what is sent, how.
for row in (
    ("frame.garbage5", "frame of 5 bytes of rubbish", sent_frame(lambda peer: b"\xde\xad\xbe\xef\x01")),
    ("frame.empty", "frame of length 0", sent_raw(struct.pack(">i", 0))),
    ("frame.len-1", "length prefix -1", sent_raw(struct.pack(">i", -1))),
    ("frame.len-max", "length prefix 2^31-1", sent_raw(struct.pack(">i", 2**31 - 1))),
    ("frame.len-over", "length prefix socket.request.max.bytes + 1 (104857601)", sent_raw(struct.pack(">i", 104857601))),
    ("frame.len-at", "length prefix 104857600 and nothing more", sent_raw(struct.pack(">i", 104857600))),
    ("frame.http", "an HTTP request line on the port", sent_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
    ("frame.truncated-body", "Metadata v12 with its body cut short", sent_frame(cut_metadata)),
    ("frame.huge-array", "Metadata v12 whose topic count says 2^31-2", sent_frame(huge_array)),
):
    case(*row[:2])(row[2])


@case("frame.trailing", "Metadata v12 followed by 3 bytes too many inside the frame")
def _(context):
    with context.connect() as peer:
        peer.send_frame(peer.request("Metadata", 12, {"Topics": []}) + b"abc")
        frame = peer.reaction()
        return frame if isinstance(frame, str) else "answered normally" if peer.parse("Metadata", 12, frame) else "?"


@case("frame.null-client-id", "ApiVersions v0 with a null client id")
def _(context):
    with context.connect(client_id=None) as peer:
        return "answered, error " + error(peer.call("ApiVersions", 0)["ErrorCode"])


@case("frame.unknown-tag", "ApiVersions v3 with an unknown tagged field in the header and in the body")
def _(context):
    with context.connect() as peer:
        header = peer.header(18, 3)[:-1] + b"\1" + unsigned_varint(77) + unsigned_varint(2) + b"hi"
        body = b"\2x" + b"\0021" + b"\1" + unsigned_varint(9) + unsigned_varint(1) + b"z"
        peer.send_frame(header + body)
        return "answered, error " + error(peer.parse("ApiVersions", 3, peer.frame())[1]["ErrorCode"])


@case("frame.pipeline", "Fetch that waits 500 ms, then Metadata, sent together: order of the answers")
def _(context):
    with context.connect() as peer:
        part = {"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1000}
        peer.send("Fetch", 12, {"MaxWaitMs": 500, "MinBytes": 1000000, "MaxBytes": 1000, "SessionEpoch": -1,
                                "Topics": [{"Topic": "probe", "Partitions": [part]}]})
        peer.send("Metadata", 12, {"Topics": []})
        first, second = (struct.unpack(">i", peer.frame()[:4])[0] for _ in range(2))
        return f"correlation ids {first} then {second}"


# ---- versions ----

@case("versions.api-127", "ApiVersions v127")
def _(context):
    with context.connect() as peer:
        peer.send_frame(peer.header(18, 127, 2) + b"\2x\0021\0")
        frame = peer.reaction()
        if isinstance(frame, str):
            return frame
        answer = peer.parse("ApiVersions", 0, frame)[1]
        keys = ", ".join(f"{key['ApiKey']}:{key['MinVersion']}-{key['MaxVersion']}" for key in answer["ApiKeys"])
        peer.call("ApiVersions", 4, {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"})
        return f"v0-shaped reply, error {error(answer['ErrorCode'])}, keys [{keys}], connection stays open"


def software(name):
    def call(context):
        answer = context.call("ApiVersions", 3, {"ClientSoftwareName": name, "ClientSoftwareVersion": "1"})
        return f"error {error(answer['ErrorCode'])}, {len(answer['ApiKeys'])} keys"
    return call


@case("versions.api-twice", "ApiVersions three times on one connection, in the middle of other requests")
def _(context):
    with context.connect() as peer:
        codes = [peer.call("ApiVersions", 0)["ErrorCode"]]
        peer.call("Metadata", 12, {"Topics": []})
        codes += [peer.call("ApiVersions", version)["ErrorCode"] for version in (2, 0)]
        return "errors " + ", ".join(map(error, codes))


@case("versions.api-features", "ApiVersions v3 and v4: supported features reported")
def _(context):
    given = {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"}
    old, new = (context.call("ApiVersions", version, given)["SupportedFeatures"] for version in (3, 4))
    zero = [sum(feature["MinVersion"] == 0 for feature in features) for features in (old, new)]
    others = ",".join(sorted(feature["Name"] for feature in old if feature["MinVersion"] > 0))
    return f"features with min version 0: v3 lists {zero[0]}, v4 lists {zero[1]}; others in both: {others}"


def unserved(key, version, header_version):
    return sent_frame(lambda peer: peer.header(key, version, header_version) + b"\0" * 16)


def old_produce(version):
    def build(peer):
        data = batch(PAIR)
        body = struct.pack(">hii", 1, 3000, 1) + struct.pack(">h", 5) + b"probe" + struct.pack(">iii", 1, 0, len(data)) + data
        return peer.header(0, version, 1) + body
    return sent_frame(build)


for row in (
    ("versions.api-neg", "ApiVersions version -1", sent_frame(lambda peer: peer.header(18, -1, 1))),
    ("versions.api-badname", 'ApiVersions v3, client software name "a b" (blank is not allowed)', software("a b")),
    ("versions.api-emptyname", "ApiVersions v3, empty client software name", software("")),
    ("versions.key-999", "api key 999", unserved(999, 0, 1)),
    ("versions.key-neg", "api key -1", unserved(-1, 0, 1)),
    ("versions.key-removed", "removed api key 4 (LeaderAndIsr)", unserved(4, 0, 1)),
    ("versions.key-controller", "controller-only api key 52 (Vote) on the broker listener", unserved(52, 0, 2)),
    ("versions.fetch-3", "Fetch v3", unserved(1, 3, 1)),
    ("versions.produce-14", "Produce v14", unserved(0, 14, 2)),
    ("versions.metadata-99", "Metadata v99", unserved(3, 99, 2)),
    ("versions.init-pid-6", "InitProducerId v6 (unstable version)", unserved(22, 6, 2)),
    ("versions.produce-0", "Produce v0 with a well-formed body", old_produce(0)),
    ("versions.produce-1", "Produce v1 with a well-formed body", old_produce(1)),
    ("versions.produce-2", "Produce v2 with a well-formed body", old_produce(2)),
):
    case(*row[:2])(row[2])


# ---- produce ----

def produced(records=None, **options):
    """`records` is called when the case runs, so that its clock is right."""
    return lambda context: context.produce(records() if callable(records) else batch(PAIR), **options)


def produced_to_segments(records):
    def run(context):
        context.topic("probe-segments", **{"segment.bytes": "1048576", "max.message.bytes": "2000000"})
        return context.produce(records(), topic="probe-segments")
    return run


def produced_to_internal(context):
    """A broker may hear of a change a moment later; each but the first changes the answer, so it is asked until it does."""
    context.topic("probe-internal", **{"internal.segment.bytes": "2000"})
    told = [context.produce(sized_batch(3000), topic="probe-internal")]
    for how, value in ((SET, "5000"), (SET, "0"), (DELETE, None)):
        asked = {"ResourceType": 2, "ResourceName": "probe-internal",
                 "Configs": [{"Name": "internal.segment.bytes", "ConfigOperation": how, "Value": value}]}
        context.call("IncrementalAlterConfigs", 1, {"Resources": [asked], "ValidateOnly": False})
        until = time.monotonic() + 10
        said = told[-1]
        while said == told[-1] and time.monotonic() < until:
            said = context.produce(sized_batch(3000), topic="probe-internal")
        told.append(said)
    return "; ".join(told)


def refusal(records, **options):
    """The whole of a row that refuses: log start, records at fault, and the line of words where records are at fault."""
    def run(context):
        said = context.produce(records(), version=10, **options)
        row = context.row
        if row is None:
            return said
        words = [f"{one['BatchIndex']} {one['BatchIndexErrorMessage']}" for one in row["RecordErrors"]]
        words.append(row["ErrorMessage"] if words else "")
        said = f"{error(row['ErrorCode'])}, log start {row['LogStartOffset']}: {'; '.join(words)}"
        return re.sub(r"-?\d{13,}", "TIME", said)
    return run


def after(first, second):
    """What a producer hears of its second batch."""
    def made(producer, fields):
        return batch(PAIR, **{"producer": producer, "producer_epoch": 0, **fields})

    def run(context):
        producer = 9000 + len(first)
        context.produce(made(producer, first), topic="probe-compact")
        return refusal(lambda: made(producer, second), topic="probe-compact")(context)
    return run


def message_set(magic):
    body = struct.pack(">bb", magic, 0) + (struct.pack(">q", 5) if magic else b"")
    body += struct.pack(">i", 1) + b"k" + struct.pack(">i", 1) + b"v"
    message = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", 0, len(message)) + message


def sized_batch(size):
    value = b"v" * (size - 100)
    while len(batch([(b"k", value)], crc=0)) != size:
        value = b"v" * (len(value) + size - len(batch([(b"k", value)], crc=0)))
    return batch([(b"k", value)])


def falsified(**fields):
    return lambda: batch(PAIR, **fields)


def laid_out(data, **fields):
    return lambda: batch(data, **fields)


def now_ms(more=0):
    return int(time.time() * 1000) + more


ABORT_MARKER = record(0, b"\0\0\0\1", b"\0\0\0\0\0\0")
GAPPED = record(0, b"a", b"b") + record(5, b"a", b"b")
OVERLONG = b"\x12" + record(0, b"k", b"v")[1:] + b"\0"

for row in (
    ("ok", "acks=1, good batch", produced()),
    ("missing-partition", "acks=1, topic exists, partition 99 does not", produced(partition=99)),
    ("missing-topic", "acks=1, topic does not exist (v9, by name)", produced(topic="probe-none")),
    ("unknown-id", "acks=1, v13 with an unknown topic id", produced(version=13, topic_id=UNKNOWN_ID)),
    ("zero-id", "acks=1, v13 with the zero topic id", produced(version=13, topic_id=ZERO_ID)),
    ("invalid-name", "acks=1, topic name with a slash", produced(topic="a/b")),
    ("acks0-missing", "acks=0 to a missing partition", produced(partition=99, acks=0)),
    ("acks0-ok", "acks=0, good batch", produced(acks=0)),
    ("acks2", "acks=2", produced(acks=2)),
    ("acks-2", "acks=-2", produced(acks=-2)),
    ("internal", "acks=1 to __consumer_offsets before anyone made it", produced(topic="__consumer_offsets")),
    ("bad-crc", "wrong CRC", produced(falsified(crc=1))),
    ("bad-crc-acks0", "acks=0, wrong CRC", produced(falsified(crc=1), acks=0)),
    ("magic0", "magic byte 0 in a v2-shaped batch", produced(falsified(magic=0))),
    ("magic1", "magic byte 1 in a v2-shaped batch", produced(falsified(magic=1))),
    ("magic3", "magic byte 3", produced(falsified(magic=3))),
    ("msgset0", "well-formed magic 0 message set in Produce v9", produced(lambda: message_set(0))),
    ("msgset1", "well-formed magic 1 message set in Produce v9", produced(lambda: message_set(1))),
    ("msgset1-v3", "well-formed magic 1 message set in Produce v3", produced(lambda: message_set(1), version=3)),
    ("null-records", "records = null", produced(lambda: None)),
    ("empty-records", "records of 0 bytes", produced(lambda: b"")),
    ("short-header", "records of 20 bytes", produced(lambda: batch(PAIR)[:20])),
    ("cut-batch", "batch cut 3 bytes short", produced(lambda: batch(PAIR)[:-3])),
    ("trailing", "good batch followed by 5 stray bytes", produced(lambda: batch(PAIR) + b"12345")),
    ("two-batches", "two good batches for one partition", produced(lambda: batch(PAIR) + batch(PAIR))),
    ("len-small", "batch length field 10", produced(falsified(length=10))),
    ("len-neg", "batch length field -1", produced(falsified(length=-1))),
    ("count-big", "record count 5, one record, last offset delta 4", produced(falsified(count=5))),
    ("count-delta", "record count 1, last offset delta 3", produced(falsified(last_delta=3))),
    ("count-zero", "record count 0, no records", produced(laid_out(b"", count=0))),
    ("count-neg", "record count -1", produced(falsified(count=-1, last_delta=0))),
    ("delta-wrong", "two records whose offset deltas are 0 and 5", produced(laid_out(GAPPED, count=2))),
    ("record-trailing", "record whose length exceeds its fields by one byte", produced(laid_out(OVERLONG))),
    ("record-bad-varint", "record length varint runs over 5 bytes", produced(laid_out(b"\xff" * 7, count=1))),
    ("base-offset", "base offset 77 set by the client", produced(falsified(base=77))),
    ("leader-epoch", "partition leader epoch 77 set by the client", produced(falsified(epoch=77))),
    ("control", "control batch from a client", produced(laid_out(ABORT_MARKER, attributes=0x20, count=1))),
    ("txn-no-pid", "transactional bit without a producer id", produced(falsified(attributes=0x10))),
    ("attr-high", "attribute bits 7-15 set", produced(falsified(attributes=0x7F80))),
    ("delete-horizon", "attribute bit 6 (delete horizon) set by the client", produced(falsified(attributes=0x40))),
    ("codec5", "compression codec 5", produced(falsified(attributes=5))),
    ("codec7", "compression codec 7", produced(falsified(attributes=7))),
    ("gzip", "gzip batch", produced(falsified(attributes=1))),
    ("gzip-garbage", "codec says snappy, bytes are not", produced(laid_out(b"\1\2\3\4garbage", attributes=2))),
    ("zstd-v6", "codec zstd in Produce v6", produced(laid_out(b"\0" * 9, attributes=4), version=6)),
    ("zstd-garbage", "codec zstd, bytes are not, Produce v9", produced(laid_out(b"\0" * 9, attributes=4))),
    ("logappend-bit", "timestamp-type bit set by the client", produced(falsified(attributes=8))),
    ("future-ts", "timestamp 2 hours ahead", produced(lambda: batch(PAIR, first_ms=now_ms(7200000)))),
    ("neg-ts", "timestamp -1", produced(falsified(first_ms=-1))),
    ("max-ts-wrong", "max timestamp field above the records' own", produced(lambda: batch(PAIR, max_ms=now_ms(500)))),
    ("too-large", "batch of 1048600 bytes against max.message.bytes 1048588", produced(lambda: sized_batch(1048600))),
    ("at-limit", "batch of exactly 1048588 bytes", produced(lambda: sized_batch(1048588))),
    ("above-segment", "batch of 1048577 bytes against segment.bytes 1048576",
     produced_to_segments(lambda: sized_batch(1048577))),
    ("at-segment", "batch of exactly 1048576 bytes, the same topic", produced_to_segments(lambda: sized_batch(1048576))),
    ("internal-segment", "internal.segment.bytes: 2000, 5000, 0, none, each with a batch of 3000 bytes", produced_to_internal),
    ("above-segment-count", "a larger one whose record count is 5", produced_to_segments(
        lambda: batch([(b"k", b"v" * 1048600)], count=5))),
    ("compact-null-key", "null key to a compacted topic",
     produced(lambda: batch([(b"k", b"v"), (None, b"v")]), topic="probe-compact")),
    ("compact-null-key-gzip", "null key to a compacted topic, in a gzip batch",
     produced(lambda: batch([(b"k", b"v"), (None, b"v")], attributes=1), topic="probe-compact")),
    ("compact-ok", "key and null value to a compacted topic", produced(lambda: batch([(b"k", None)]), topic="probe-compact")),
    ("told-keys", "four of five records without a key, to a compacted topic: all of the answer",
     refusal(lambda: batch([(None, b"v")] * 2 + PAIR + [(None, b"v")] * 2), topic="probe-compact")),
    ("told-late", "a record of tomorrow: all of the answer", refusal(lambda: batch(PAIR, first_ms=now_ms(86400000)))),
    ("told-key-late", "a record of tomorrow without a key, to a compacted topic: all of the answer",
     refusal(lambda: batch([(None, b"v")], first_ms=now_ms(86400000)), topic="probe-compact")),
    ("told-both", "records of tomorrow, one without a key, to a compacted topic: all of the answer",
     refusal(lambda: batch([(None, b"v")] + PAIR, first_ms=now_ms(86400000)), topic="probe-compact")),
    ("told-crc", "wrong CRC: all of the answer", refusal(falsified(crc=1))),
    ("told-two", "two batches: all of the answer", refusal(lambda: batch(PAIR) + batch(PAIR))),
    ("told-count", "record count 5, one record, last offset delta 4: all of the answer", refusal(falsified(count=5))),
    ("told-large", "batch of 1048600 bytes: all of the answer", refusal(lambda: sized_batch(1048600))),
    ("told-magic", "magic byte 1 in a v2-shaped batch: all of the answer", refusal(falsified(magic=1))),
    ("told-gap", "a producer's sequence 0, then 7: all of the answer",
     after(dict(sequence=0), dict(sequence=7))),
    ("told-epoch", "a producer's epoch 3, then 1: all of the answer",
     after(dict(producer_epoch=3, sequence=0), dict(producer_epoch=1, sequence=1))),
    ("minisr", "acks=-1, min.insync.replicas=2 with one replica", produced(topic="probe-minisr", acks=-1)),
    ("minisr-acks1", "acks=1, min.insync.replicas=2 with one replica", produced(topic="probe-minisr")),
    ("txn-id-no-txn", "TransactionalId given, batch not transactional", produced(transaction="probe-txn")),
):
    case("produce." + row[0], row[1])(row[2])


# ---- idempotence ----

def producer_id(context):
    for _ in range(80):
        answer = context.call("InitProducerId", 4, {"TransactionalId": None, "TransactionTimeoutMs": 60000, "ProducerId": -1,
                                                    "ProducerEpoch": -1})
        if answer["ErrorCode"] != 14:  # Kafka has no block of ids yet
            return answer["ProducerId"], answer["ProducerEpoch"]
        time.sleep(0.1)
    raise RuntimeError("no producer id")


def sequences(*steps):
    """Steps (sequence, count, epochs ahead): the error, or the base offset counted from the first step's."""
    def run(context):
        producer, epoch = producer_id(context)
        out, first = [], None
        for sequence, count, ahead in steps:
            data = batch(PAIR * count, producer=producer, producer_epoch=epoch + ahead, sequence=sequence)
            said = context.produce(data)
            if said == "0 NONE":
                first = context.base if first is None else first
                said += f" at +{context.base - first}"
            out.append(said)
        return "; ".join(out)
    return run


SIX = [(sequence, 1, 0) for sequence in range(6)]
for row in (
    ("dup", "seq 0, then the same batch again", sequences((0, 1, 0), (0, 1, 0))),
    ("dup-6th", "seqs 0-5, then seq 0 again (older than the 5 remembered batches)", sequences(*SIX, (0, 1, 0))),
    ("dup-5th", "seqs 0-5, then seq 1 again (the oldest that is remembered)", sequences(*SIX, (1, 1, 0))),
    ("gap", "seq 0, then seq 5", sequences((0, 1, 0), (5, 1, 0))),
    ("first-nonzero", "first batch of a new producer id has seq 5", sequences((5, 1, 0))),
    ("old-epoch", "epoch 1 then epoch 0", sequences((0, 1, 1), (0, 1, 0))),
    ("new-epoch-nonzero", "epoch 0 seq 0, then epoch 1 seq 3", sequences((0, 1, 0), (3, 1, 1))),
    ("neg-seq", "producer id set, base sequence -1", sequences((-1, 1, 0))),
    ("wrap", "seq 2147483646, 2147483647 with 2 records, 1", sequences((2147483646, 1, 0), (2147483647, 2, 0), (1, 1, 0))),
):
    case("idem." + row[0], "idempotent: " + row[1])(row[2])


# ---- metadata ----

def topics_of(answer):
    return "; ".join(f"{error(topic['ErrorCode'])}, {len(topic['Partitions'])} partitions" for topic in answer["Topics"]) or "no topics"


def metadata(version, topics, **options):
    return lambda context: topics_of(context.call("Metadata", version, {"Topics": topics, **options}))


def lists_topics(version, topics):
    return lambda context: "lists topics" if context.call("Metadata", version, {"Topics": topics})["Topics"] else "no topics"


@case("metadata.auto", "v12, missing topic, auto-creation allowed: first answer, then the same request a second later")
def _(context):
    given = {"Topics": [{"Name": "probe-auto-" + uuid.uuid4().hex[:8]}], "AllowAutoTopicCreation": True}
    first = topics_of(context.call("Metadata", 12, given))
    time.sleep(1)
    return first + " | " + topics_of(context.call("Metadata", 12, given))


@case("metadata.v0-missing", "v1, missing topic (versions below 4 always allow auto-creation)")
def _(context):
    return topics_of(context.call("Metadata", 1, {"Topics": [{"Name": "probe-auto-" + uuid.uuid4().hex[:8]}]}))


@case("metadata.known-id", "v12, topic id of an existing topic, name null")
def _(context):
    return topics_of(context.call("Metadata", 12, {"Topics": [{"TopicId": context.topic("probe"), "Name": None}]}))


@case("metadata.offsets", "v12, __consumer_offsets before it exists: error and internal flag")
def _(context):
    given = {"Topics": [{"Name": "__consumer_offsets"}], "AllowAutoTopicCreation": False}
    topic = context.call("Metadata", 12, given)["Topics"][0]
    return f"{error(topic['ErrorCode'])}, internal {topic['IsInternal']}"


ALLOWED, FORBIDDEN = {"AllowAutoTopicCreation": True}, {"AllowAutoTopicCreation": False}
for row in (
    ("missing", "v12, missing topic, auto-creation not allowed", metadata(12, [{"Name": "probe-none"}], **FORBIDDEN)),
    ("invalid", "v12, topic name with a slash, auto-creation allowed", metadata(12, [{"Name": "a/b"}], **ALLOWED)),
    ("dots", "v12, topic name .., auto-creation allowed", metadata(12, [{"Name": ".."}], **ALLOWED)),
    ("longname", "v12, topic name of 300 bytes, auto-creation allowed", metadata(12, [{"Name": "a" * 300}], **ALLOWED)),
    ("empty-name", "v12, empty topic name", metadata(12, [{"Name": ""}], **ALLOWED)),
    ("unknown-id", "v12, unknown topic id", metadata(12, [{"TopicId": UNKNOWN_ID, "Name": None}])),
    ("none", "v12, empty topic list", metadata(12, [])),
    ("all", "v12, null topic list", lists_topics(12, None)),
    ("v0-none", "v0, empty topic list", lists_topics(0, [])),
    ("null-v10", "v10, a null name", metadata(10, [{"Name": "probe"}, {"Name": None}])),
    ("id-v10", "v10, an unknown id", metadata(10, [{"Name": "probe", "TopicId": UNKNOWN_ID}])),
    ("id-v11", "v11, an unknown id and a null name", metadata(11, [{"Name": None, "TopicId": UNKNOWN_ID}, {"Name": "probe"}])),
    ("id-names", "v12, an unknown id and, without id, a name",
     metadata(12, [{"Name": None, "TopicId": UNKNOWN_ID}, {"Name": "probe"}])),
    ("dup", "v12, the same topic twice", metadata(12, [{"Name": "probe"}, {"Name": "probe"}])),
):
    case("metadata." + row[0], row[1])(row[2])


# ---- fetch ----

def fetch_request(version, named, partition=0, offset=0, epoch=None, session=0, session_epoch=-1, max_bytes=1 << 20,
                  partition_max=1 << 20):
    part = {"Partition": partition, "FetchOffset": offset, "PartitionMaxBytes": partition_max}
    if epoch is not None:
        part["CurrentLeaderEpoch"] = epoch
    given = {"MaxWaitMs": 0, "MinBytes": 0, "MaxBytes": max_bytes, "Topics": [{**named, "Partitions": [part]}]}
    return {**given, "SessionId": session, "SessionEpoch": session_epoch} if version >= 7 else given


def fetched(version, topic="probe", topic_id=None, **options):
    """`topic_id` is an id, or makes one from the context."""
    def run(context):
        found = topic_id(context) if callable(topic_id) else topic_id
        named = {"Topic": topic} if version < 13 else {"TopicId": found}
        answer = context.call("Fetch", version, fetch_request(version, named, **options))
        text = f"top-level {error(answer.get('ErrorCode', 0))}"
        for part in (part for one in answer["Responses"] for part in one["Partitions"]):
            records = part["Records"]
            amount = "null" if records is None else "some" if records else "empty"
            text += f", partition {error(part['ErrorCode'])} hw {'-1' if part['HighWatermark'] < 0 else '>=0'} records {amount}"
        return text
    return run


def probe_id(context):
    return context.topic("probe")


for row in (
    ("unknown-id", "v13, unknown topic id, no session", fetched(13, topic_id=UNKNOWN_ID)),
    ("zero-id", "v13, zero topic id", fetched(13, topic_id=ZERO_ID)),
    ("missing-topic", "v12, missing topic", fetched(12, "probe-none")),
    ("missing-partition", "v12, missing partition", fetched(12, partition=99)),
    ("missing-partition-id", "v13, known id, missing partition", fetched(13, topic_id=probe_id, partition=99)),
    ("ok", "v13, offset 0", fetched(13, topic_id=probe_id)),
    ("v4", "v4, offset 0", fetched(4)),
    ("out-of-range", "v12, offset far beyond the end", fetched(12, offset=10**9)),
    ("neg-offset", "v12, offset -1", fetched(12, offset=-1)),
    ("epoch-new", "v12, current leader epoch 1000", fetched(12, epoch=1000)),
    ("session-missing", "v12, session id 4242 epoch 1 that does not exist", fetched(12, session=4242, session_epoch=1)),
    ("tiny", "v12, max bytes 1, partition max bytes 1 (first batch comes whole)", fetched(12, max_bytes=1, partition_max=1)),
):
    case("fetch." + row[0], row[1])(row[2])


def compared(version, offset, last=None, current=None):
    """How far the reader's history is ours."""
    def run(context):
        given = fetch_request(version, {"Topic": "probe"}, offset=offset, epoch=current)
        if last is not None:
            given["Topics"][0]["Partitions"][0]["LastFetchedEpoch"] = last
        (part,) = context.call("Fetch", version, given)["Responses"][0]["Partitions"]
        there = part.get("DivergingEpoch", {"Epoch": -1, "EndOffset": -1})
        aborted = "null" if part["AbortedTransactions"] is None else len(part["AbortedTransactions"])
        return (f"{error(part['ErrorCode'])}, diverging epoch {there['Epoch']} end {'>=0' if there['EndOffset'] >= 0 else '-1'}, "
                f"{'some' if part['Records'] else 'no'} records, aborted {aborted}")
    return run


for row in (
    ("last-known", "v12, offset 0, last fetched epoch 0", compared(12, 0, 0)),
    ("last-beyond", "v12, offset far beyond the end, last fetched epoch 0", compared(12, 10**9, 0)),
    ("last-unknown", "v12, offset 0, last fetched epoch 1000", compared(12, 0, 1000)),
    ("last-negative", "v12, offset 0, last fetched epoch -3", compared(12, 0, -3)),
    ("last-below", "v12, offset -1, last fetched epoch 0", compared(12, -1, 0)),
    ("epoch-negative", "v12, current leader epoch -3", compared(12, 0, current=-3)),
    ("epoch-newer", "v12, current leader epoch 1000: the rest of the answer", compared(12, 0, current=1000)),
    ("beyond", "v12, offset far beyond the end: the rest of the answer", compared(12, 10**9)),
):
    case("fetch." + row[0], row[1])(row[2])


@case("fetch.session-both", "v12: a partition that is given up and named in one request, then the session again")
def _(context):
    with context.connect() as peer:
        opened = peer.call("Fetch", 12, fetch_request(12, {"Topic": "probe"}, session_epoch=0))
        both = fetch_request(12, {"Topic": "probe"}, session=opened["SessionId"], session_epoch=1)
        both["ForgottenTopicsData"] = [{"Topic": "probe", "Partitions": [0]}]
        second = peer.call("Fetch", 12, both)
        third = peer.call("Fetch", 12, {**both, "SessionEpoch": 2, "Topics": [], "ForgottenTopicsData": []})
    return (f"{error(second['ErrorCode'])}, id {'nonzero' if second['SessionId'] else 0}, {len(second['Responses'])} topics; "
            f"then {error(third['ErrorCode'])}")


@case("fetch.session", "v12: open a session; ask again with nothing; reuse a stale epoch; close it")
def _(context):
    with context.connect() as peer:
        def go(session, epoch, offset=None):
            given = fetch_request(12, {"Topic": "probe"}, offset=offset or 0, session=session, session_epoch=epoch)
            if offset is None:
                given["Topics"] = []
            answer = peer.call("Fetch", 12, given)
            return answer, sum(len(one["Partitions"]) for one in answer["Responses"])

        opened, count = go(0, 0, 0)
        session = opened["SessionId"]
        text = f"open: {error(opened['ErrorCode'])}, id {'nonzero' if session else 0}, {count} partition"
        end = peer.call("ListOffsets", 7, list_request(7, -1))["Topics"][0]["Partitions"][0]["Offset"]
        for name, epoch, offset in (("epoch 1", 1, end), ("epoch 2 nothing new", 2, None)):
            answer, count = go(session, epoch, offset)
            text += f"; {name}: {error(answer['ErrorCode'])}, {count}"
        for name, epoch in (("epoch 2 again", 2), ("close", -1)):
            answer, count = go(session, epoch)
            text += f"; {name}: {error(answer['ErrorCode'])}, id {answer['SessionId']}"
        return text


# ---- list offsets ----

def list_request(version, timestamp, topic="probe", epoch=None):
    part = {"PartitionIndex": 0, "Timestamp": timestamp}
    if epoch is not None:
        part["CurrentLeaderEpoch"] = epoch
    return {"ReplicaId": -1, "Topics": [{"Name": topic, "Partitions": [part]}]}


def listed(timestamp, version=11, **options):
    def run(context):
        part = context.call("ListOffsets", version, list_request(version, timestamp, **options))["Topics"][0]["Partitions"][0]
        stamp, offset = (str(part[name]) if part[name] in (-1, 0) else ">0" for name in ("Timestamp", "Offset"))
        return f"{error(part['ErrorCode'])}, timestamp {stamp}, offset {offset}"
    return run


for row in (
    ("ts-1", "v11, latest", listed(-1)),
    ("ts-2", "v11, earliest", listed(-2)),
    ("ts-3", "v11, max timestamp", listed(-3)),
    ("ts-4", "v11, earliest local, log not tiered", listed(-4)),
    ("ts-5", "v11, last tiered, log not tiered", listed(-5)),
    ("ts-6", "v11, earliest pending upload, log not tiered", listed(-6)),
    ("ts-7", "v11, timestamp -7 (not defined)", listed(-7)),
    ("ts0", "v11, time 0", listed(0)),
    ("tsfuture", "v11, timestamp 2^62 (far future)", listed(2**62)),
    ("v1-latest", "v1, latest", listed(-1, 1)),
    ("v1-maxts", "v1, timestamp -3 (needs v7)", listed(-3, 1)),
    ("missing", "v11, missing topic", listed(-1, topic="probe-none")),
    ("epoch", "v11, leader epoch 1000", listed(-1, epoch=1000)),
):
    case("listoffsets." + row[0], row[1])(row[2])


def listed_twice(*timestamps):
    def run(context):
        parts = [{"PartitionIndex": 0, "Timestamp": one} for one in timestamps] + [{"PartitionIndex": 7, "Timestamp": -1}]
        asked = {"ReplicaId": -1, "Topics": [{"Name": "probe", "Partitions": parts}]}
        rows = context.call("ListOffsets", 11, asked)["Topics"][0]["Partitions"]
        return "; ".join(f"{one['PartitionIndex']}: {error(one['ErrorCode'])}, offset {one['Offset']}"
                         for one in sorted(rows, key=lambda one: one["PartitionIndex"]))
    return run


case("listoffsets.twice", "v11, a partition twice, and one that is missing")(listed_twice(-1, -1))
case("listoffsets.twice-other", "v11, a partition twice, with different times")(listed_twice(-1, -2))

# ---- topics ----

def create(context, name, partitions=1, replicas=1, configs=(), validate=True, twice=False):
    topic = {"Name": name, "NumPartitions": partitions, "ReplicationFactor": replicas,
             "Configs": [{"Name": key, "Value": value} for key, value in configs]}
    answer = context.call("CreateTopics", 7, {"Topics": [topic] * (1 + twice), "timeoutMs": 5000, "validateOnly": validate})
    return "; ".join(error(one["ErrorCode"]) for one in answer["Topics"])


def created(*words, **options):
    return lambda context: create(context, *words, **options)


@case("topics.collide", 'CreateTopics v7, "probe.c" while "probe_c" exists')
def _(context):
    context.topic("probe_c")
    return create(context, "probe.c")


@case("topics.refused", "CreateTopics v7, 0 partitions: the rest of the answer")
def _(context):
    given = {"Topics": [{"Name": "probe-x", "NumPartitions": 0, "ReplicationFactor": 1}], "validateOnly": True}
    (one,) = context.call("CreateTopics", 7, given)["Topics"]
    return str({key: one[key] for key in ("ErrorMessage", "NumPartitions", "ReplicationFactor", "Configs")})


@case("topics.config-twice", "CreateTopics v7, retention.ms in two values: the one that counts, and what is wrong")
def config_twice(context):
    told = []
    for values in (("abc", "1000"), ("1000", "abc"), ("1000", "2000"), (None, "2000"), ("2000", None)):
        given = {"Topics": [{"Name": "probe-x", "NumPartitions": 1, "ReplicationFactor": 1,
                             "Configs": [{"Name": "retention.ms", "Value": value} for value in values]}], "validateOnly": True}
        (one,) = context.call("CreateTopics", 7, given)["Topics"]
        kept = [config["Value"] for config in one["Configs"] or [] if config["Name"] == "retention.ms"]
        told.append(f"{error(one['ErrorCode'])} {one['ErrorMessage']!r} {kept}")
    return "; ".join(told)


@case("topics.internal-config", "CreateTopics v7, internal.segment.bytes=2000, and without: what is told of it")
def _(context):
    told = []
    for configs in ([{"Name": "internal.segment.bytes", "Value": "2000"}], []):
        given = {"Topics": [{"Name": "probe-x", "NumPartitions": 1, "ReplicationFactor": 1, "Configs": configs}], "validateOnly": True}
        (one,) = context.call("CreateTopics", 7, given)["Topics"]
        told.append(f"{error(one['ErrorCode'])}, {len(one['Configs'])} configs, "
                    + str([row for row in one["Configs"] if row["Name"] == "internal.segment.bytes"]))
    return "; ".join(told)


@case("topics.delete-missing", "DeleteTopics v6, by missing name; by unknown id")
def _(context):
    named = ({"Name": "probe-none"}, {"Name": None, "TopicId": UNKNOWN_ID})
    answers = (context.call("DeleteTopics", 6, {"Topics": [one], "TimeoutMs": 5000}) for one in named)
    return "; ".join(error(answer["Responses"][0]["ErrorCode"]) for answer in answers)


for row in (
    ("exists", "CreateTopics v7, topic exists", created("probe")),
    ("badname", 'CreateTopics v7, name "a/b"', created("a/b")),
    ("dots", 'CreateTopics v7, name ".."', created("..")),
    ("longname", "CreateTopics v7, name of 250 characters", created("a" * 250)),
    ("parts0", "CreateTopics v7, 0 partitions", created("probe-x", 0)),
    ("parts-1", "CreateTopics v7, -1 partitions, replication factor -1 (defaults)", created("probe-x", -1, -1)),
    ("rf9", "CreateTopics v7, replication factor 9", created("probe-x", 1, 9)),
    ("rf0", "CreateTopics v7, replication factor 0", created("probe-x", 1, 0)),
    ("badconfig", "CreateTopics v7, unknown config name", created("probe-x", configs=[("no.such", "1")])),
    ("badvalue", "CreateTopics v7, retention.ms=abc", created("probe-x", configs=[("retention.ms", "abc")])),
    ("internal", "CreateTopics v7, __cluster_metadata", created("__cluster_metadata")),
    ("dup", "CreateTopics v7, the same new name twice", created("probe-d", twice=True)),
):
    case("topics." + row[0], row[1])(row[2])

