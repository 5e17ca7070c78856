"""codec_cases: batches that a topic wants in another codec than they come in, and what is stored of them.

A case produces one batch to a topic with a compression.type of its own and shows what is fetched back: codec, header, and each
record as offset, timestamp, key, value and headers. Times count from the first record's. The codecs' libraries are those that
the broker links, called through ctypes.
"""
import ctypes
import gzip
import struct
import sys
import time

from cases import case, fetch_request
from client import Reader, batch, varint

sys.dont_write_bytecode = True
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
XERIAL = bytes.fromhex("82534e4150505900") + struct.pack(">ii", 1, 1)
ROOM = 4 << 20


# ---- codecs ----

def library(name, function, *arguments):
    call = getattr(ctypes.CDLL(name), function)
    call.restype = ctypes.c_size_t
    return call(*arguments)


def snappy(function, data):
    out, size = ctypes.create_string_buffer(ROOM), ctypes.c_size_t(ROOM)
    if library("libsnappy.so.1", function, data, ctypes.c_size_t(len(data)), out, ctypes.byref(size)) & 0xFF:
        raise ValueError("snappy")
    return out.raw[:size.value]


def zstd(function, data, *level):
    out = ctypes.create_string_buffer(ROOM)
    size = library("libzstd.so.1", function, out, ctypes.c_size_t(ROOM), data, ctypes.c_size_t(len(data)), *level)
    if size > ROOM:
        raise ValueError("zstd")
    return out.raw[:size]


def unpack_xerial(data):
    out, position = b"", len(XERIAL)
    while position < len(data):
        size = struct.unpack_from(">i", data, position)[0]
        out += snappy("snappy_uncompress", data[position + 4:position + 4 + size])
        position += 4 + size
    return out


def pack_xerial(data):
    blocks = [snappy("snappy_compress", data[at:at + 32768]) for at in range(0, len(data), 32768)]
    return XERIAL + b"".join(struct.pack(">i", len(block)) + block for block in blocks)


def pack_lz4(data):
    """A frame of blocks that are stored as they are, which every reader must take."""
    blocks = [data[at:at + 65536] for at in range(0, len(data), 65536)]
    stored = b"".join(struct.pack("<I", len(block) | 1 << 31) + block for block in blocks)
    return bytes.fromhex("04224d18604082") + stored + bytes(4)


def unpack_lz4(data):
    out, position = b"", 7
    while size := struct.unpack_from("<I", data, position)[0]:
        block = data[position + 4:position + 4 + (size & 0x7FFFFFFF)]
        position += 4 + len(block)
        if not size >> 31:
            room = ctypes.create_string_buffer(65536)
            made = library("liblz4.so.1", "LZ4_decompress_safe", block, room, len(block), 65536)
            block = room.raw[:made]
        out += block
    return out


PACK = {"none": bytes, "gzip": gzip.compress, "snappy": pack_xerial, "lz4": pack_lz4,
        "zstd": lambda data: zstd("ZSTD_compress", data, 3)}
UNPACK = {"none": bytes, "gzip": gzip.decompress, "snappy": unpack_xerial, "lz4": unpack_lz4,
          "zstd": lambda data: zstd("ZSTD_decompress", data)}


# ---- records ----

def laid_out(offset, ms, key, value, headers=(), attributes=0):
    def sized(data):
        return varint(-1) if data is None else varint(len(data)) + data
    body = bytes([attributes]) + varint(ms) + varint(offset) + sized(key) + sized(value) + varint(len(headers))
    body += b"".join(sized(name) + sized(content) for name, content in headers)
    return varint(len(body)) + body


def signed(reader):
    number = reader.unsigned_varint()
    return number >> 1 ^ -(number & 1)


def records_of(data, count):
    reader, out = Reader(data), []

    def sized():
        size = signed(reader)
        return "-" if size < 0 else shown(reader.take(size))
    for _ in range(count):
        signed(reader)
        attributes = reader.take(1)[0]
        ms, offset = signed(reader), signed(reader)
        key, value = sized(), sized()
        headers = ",".join(f"{sized()}:{sized()}" for _ in range(signed(reader)))
        out.append(f"{offset}/{ms}/{key}={value}" + f"[{headers}]" * bool(headers) + f" a{attributes}" * bool(attributes))
    return " ".join(out) + f" and {len(data) - reader.position} bytes" * (reader.position != len(data))


def shown(data):
    return f"{len(data)}*{data[:1].decode()}" if len(data) > 40 else data.decode(errors="backslashreplace")


def stored(context, topic, first_ms):
    """The last batch of the topic in words."""
    answer = context.call("Fetch", 12, fetch_request(12, {"Topic": topic}, offset=context.base))
    data = answer["Responses"][0]["Partitions"][0]["Records"]
    (_, length, _, _, _, attributes, last, base_ms, max_ms, producer, epoch, sequence,
     count) = struct.unpack_from(">qiibIhiqqqhii", data)
    codec = CODECS[attributes & 7]
    moment = "now" if attributes & 8 else f"{max_ms - first_ms:+}"
    header = f"{codec} attributes {attributes & ~7:#x} last {last} base {base_ms - first_ms:+} max {moment}"
    header += f" producer {producer if producer < 0 else 'id'}/{epoch}/{sequence} count {count}"
    body = UNPACK[codec](data[61:12 + length])
    return f"{header}: {records_of(body, count)}" if len(body) < 4000 else f"{header}: {len(body)} bytes"


PLAIN = ((0, 0, b"k", b"v"), (1, 5, None, b"w" * 900, ((b"h", b"x"), (b"n", None))), (2, 3, b"t", None))


def repacked(to, source="none", payload=None, records=PLAIN, more=None, first=0, **fields):
    """Produces `records` in the codec `source`, or `payload` as it is, to a topic of codec `to`."""
    def run(context):
        configs = {"compression.type": to, **(more or {})}
        topic = "repack-" + "-".join(str(value) for value in configs.values())
        context.topic(topic, **configs)
        first_ms = int(time.time() * 1000)
        data = PACK[source](b"".join(laid_out(*one) for one in records)) if payload is None else payload
        largest = max((one[1] for one in records), default=0)
        times = {"first_ms": first_ms - first, "max_ms": first_ms - first + largest, "count": len(records)}
        attributes = CODECS.index(source) | fields.get("attributes", 0)
        said = context.produce(batch(data, **{**times, **fields, "attributes": attributes, "packed": True}), topic=topic)
        return f"{said}; {stored(context, topic, first_ms)}" if said == "0 NONE" else said
    return run


WRONG_DELTAS = ((0, 0, b"a", b"1"), (0, 1, b"b", b"2"), (7, 2, b"c", b"3"))
TWO_HOURS = 7200000
ZEROS = ((0, 0, b"z", b"\0" * 3000000),)
ONE = PLAIN[:1]

for target in ("uncompressed", *CODECS[1:]):
    for given in CODECS:
        case(f"repack.{given}-{target}", f"{given} to a topic of compression.type={target}")(repacked(target, given))
for given in CODECS[1:]:
    rubbish = {"gzip": b"\x1f\x8b\x08" + b"\0" * 20}.get(given, b"") + b"\1\2\3\4 rubbish"
    cut = PACK[given](b"".join(laid_out(*one) for one in PLAIN))[:-9]
    case(f"repack.rubbish-{given}", f"{given} that is none, to uncompressed")(repacked("uncompressed", given, rubbish))
    case(f"repack.cut-{given}", f"{given} that ends early, to uncompressed")(repacked("uncompressed", given, cut))
for row in (
    ("empty", "gzip without records in it, count 1", repacked("lz4", "gzip", gzip.compress(b""), ONE)),
    ("no-bytes", "gzip of no bytes at all", repacked("lz4", "gzip", b"", ONE)),
    ("fewer", "three records, count 5, gzip to lz4", repacked("lz4", "gzip", count=5)),
    ("more", "three records, count 2, gzip to lz4", repacked("lz4", "gzip", count=2)),
    ("behind", "bytes behind the records, gzip to lz4",
     repacked("lz4", "gzip", gzip.compress(laid_out(*ONE[0]) + b"\0\0\0"), ONE)),
    ("bad-record", "a record whose length is too large, gzip to lz4",
     repacked("lz4", "gzip", gzip.compress(b"\x7e" + laid_out(*ONE[0])[1:]), ONE)),
    ("bad-varint", "a record length of seven bytes, gzip to lz4", repacked("lz4", "gzip", gzip.compress(b"\xff" * 7), ONE)),
    ("bad-plain", "a record whose length is too large, plain to lz4",
     repacked("lz4", "none", b"\x7e" + laid_out(*ONE[0])[1:], ONE)),
    ("deltas", "offset deltas 0, 0, 7, gzip to lz4", repacked("lz4", "gzip", records=WRONG_DELTAS)),
    ("deltas-plain", "offset deltas 0, 0, 7, plain to lz4", repacked("lz4", records=WRONG_DELTAS)),
    ("base-time", "first record 50 ms after the batch's base timestamp, gzip to lz4",
     repacked("lz4", "gzip", records=((0, 50, b"a", b"1"), (1, 20, b"b", b"2"), (2, 60, b"c", b"3")), first=50)),
    ("attributes", "a record with attributes 5, gzip to lz4",
     repacked("lz4", "gzip", gzip.compress(laid_out(*ONE[0], attributes=5)), ONE)),
    ("max-time", "maximum timestamp 500 ms too high, gzip to lz4",
     repacked("lz4", "gzip", max_ms=int(time.time() * 1000) + 500)),
    ("time-bit", "timestamp-type bit set by the client, gzip to lz4", repacked("lz4", "gzip", attributes=8)),
    ("high-bits", "attribute bits 6-15 set, gzip to lz4", repacked("lz4", "gzip", attributes=0x7FC0)),
    ("append-time", "LogAppendTime, gzip to lz4",
     repacked("lz4", "gzip", more={"message.timestamp.type": "LogAppendTime"})),
    ("append-time-deltas", "LogAppendTime, base timestamp 50 ms early, gzip to lz4",
     repacked("lz4", "gzip", records=((0, 50, b"a", b"1"), (1, 70, b"b", b"2")), first=50,
              more={"message.timestamp.type": "LogAppendTime"})),
    ("future", "second record two hours ahead, gzip to lz4",
     repacked("lz4", "gzip", records=(PLAIN[0], (1, TWO_HOURS, b"k", b"v")))),
    ("compact", "second record without key, compacted topic, gzip to lz4",
     repacked("lz4", "gzip", more={"cleanup.policy": "compact"})),
    ("crc", "wrong CRC, gzip to lz4", repacked("lz4", "gzip", crc=1)),
    ("control", "control bit, gzip to lz4", repacked("lz4", "gzip", attributes=0x20)),
    ("codec5", "codec 5 to lz4", repacked("lz4", attributes=5)),
    ("grows", "3,000,000 zeros in gzip to uncompressed: more than max.message.bytes", repacked("uncompressed", "gzip", records=ZEROS)),
    ("shrinks", "3,000,000 zeros in gzip to zstd", repacked("zstd", "gzip", records=ZEROS)),
    ("shrinks-plain", "1,048,600 zeros in the clear to zstd: more than max.message.bytes",
     repacked("zstd", records=((0, 0, b"z", b"\0" * 1048600),))),
    ("snappy-bare", "a bare block of snappy to gzip",
     repacked("gzip", "snappy", snappy("snappy_compress", laid_out(*ONE[0])), ONE)),
    ("gzip-two", "two members of gzip to lz4",
     repacked("lz4", "gzip", gzip.compress(laid_out(*ONE[0])) + gzip.compress(laid_out(1, 5, None, b"w")), PLAIN[:2],
              max_ms=int(time.time() * 1000) + 5)),
    ("level-gzip", "gzip at level 1", repacked("gzip", more={"compression.gzip.level": "1"})),
    ("level-zstd", "zstd at level -5", repacked("zstd", more={"compression.zstd.level": "-5"})),
    ("level-lz4", "lz4 at level 17", repacked("lz4", more={"compression.lz4.level": "17"})),
):
    case("repack." + row[0], row[1])(row[2])
