"""client: a Kafka client for tests that want to say exactly what stands on the wire, also what no real client would say.

    peer = Connection("127.0.0.1:9092")
    answer = peer.call("Metadata", 12, {"Topics": [{"Name": "t"}]})   # a dict; fields left out take the schema's default
    peer.send_frame(b"...")                                           # any bytes behind a length prefix
    peer.reaction(5.0)                                                # "closed", "silent" or the frame's bytes

Requests and answers go by the schemas in Kafka's jars (kafkawire.py); decoding is here.
"""
import contextlib
import functools
import gzip
import os
import socket
import struct
import sys
import time
import uuid

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "lib")]
import kafkawire  # noqa: E402
import node  # noqa: E402
from kafkawire import FIXED, unsigned_varint, within  # noqa: E402


@functools.lru_cache
def schemas():
    return kafkawire.load(os.path.join(node.kafka_home(), "libs"))


@functools.lru_cache
def request_schema(key):
    return next(schema for schema in schemas().values() if schema.data["type"] == "request" and schema.key == key)


class Reader:
    """What stands in a frame, piece by piece."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, size):
        if size < 0 or self.position + size > len(self.data):
            raise ValueError(f"{size} bytes wanted at {self.position} of {len(self.data)}")
        self.position += size
        return self.data[self.position - size:self.position]

    def fixed(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def unsigned_varint(self):
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def message(self, schema, version):
        return self.struct(schema, schema.fields, version)

    def struct(self, schema, fields, version):
        out, tagged = {}, {}
        for field in fields:
            if not within(field.get("versions"), version):
                continue
            if schema.tagged(field, version):
                tagged[field["tag"]] = field
                out[field["name"]] = schema.fallback(field)
            else:
                out[field["name"]] = self.value(schema, field, field["type"], version)
        if schema.flexible(version):
            for tag, data in self.tags():
                if tag in tagged:
                    field = tagged[tag]
                    out[field["name"]] = Reader(data).value(schema, field, field["type"], version)
        return out

    def tags(self):
        for _ in range(self.unsigned_varint()):
            tag, size = self.unsigned_varint(), self.unsigned_varint()
            yield tag, self.take(size)

    def value(self, schema, field, kind, version):
        if kind in FIXED:
            return self.fixed(FIXED[kind])
        if kind == "bool":
            return self.take(1) != b"\0"
        if kind == "uuid":
            return uuid.UUID(bytes=self.take(16))
        if kind in ("string", "bytes", "records") or kind.startswith("[]"):
            return self.sized(schema, field, kind, version)
        if schema.nullable(field, version) and not field["type"].startswith("[]") and self.fixed(">b") < 0:
            return None
        return self.struct(schema, schema.items(field), version)

    def sized(self, schema, field, kind, version):
        compact = schema.flexible(version) and field.get("flexibleVersions") != "none"
        size = self.unsigned_varint() - 1 if compact else self.fixed(">h" if kind == "string" else ">i")
        if size < 0:
            return None
        if kind.startswith("[]"):
            return [self.value(schema, field, kind[2:], version) for _ in range(size)]
        data = self.take(size)
        return data.decode() if kind == "string" else data


def complete(schema, fields, given):
    """`given` with every field that it leaves out."""
    unknown = set(given) - {field["name"] for field in fields}
    if unknown:
        raise KeyError(f"{schema.name} has no {sorted(unknown)}")
    out = {}
    for field in fields:
        value = given.get(field["name"], schema.fallback(field))
        items = schema.items(field)
        if items and isinstance(value, list):
            value = [complete(schema, items, one) for one in value]
        elif items and isinstance(value, dict):
            value = complete(schema, items, value)
        out[field["name"]] = value
    return out


class Closed(Exception):
    pass


class Connection:
    def __init__(self, address, timeout_s=15.0, client_id="probe", source=None):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout_s, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout_s, self.client_id, self.correlation = timeout_s, client_id, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def exactly(self, size):
        out = bytearray()
        while len(out) < size:
            part = b""
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                part = self.socket.recv(min(size - len(out), 1 << 20))
            if not part:
                raise Closed(f"closed after {len(out)} of {size} bytes")
            out += part
        return bytes(out)

    def send_raw(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            raise Closed("closed while sending") from None

    def send_frame(self, data):
        self.send_raw(struct.pack(">i", len(data)) + data)

    def frame(self):
        return self.exactly(struct.unpack(">i", self.exactly(4))[0])

    def reaction(self, seconds=5.0):
        self.socket.settimeout(seconds)
        try:
            return self.frame()
        except Closed:
            return "closed"
        except socket.timeout:
            return "silent"
        finally:
            self.socket.settimeout(self.timeout_s)

    def header(self, key, version, header_version=None):
        if header_version is None:
            header_version = 2 if request_schema(key).flexible(version) else 1
        self.correlation += 1
        out = struct.pack(">hhi", key, version, self.correlation)
        if header_version >= 1:
            name = self.client_id
            out += b"\xff\xff" if name is None else struct.pack(">h", len(name)) + name.encode()
        return out + (b"\0" if header_version >= 2 else b"")

    def request(self, api, version, given=None):
        schema = schemas()[f"{api}Request"]
        body = schema.encode(version, complete(schema, schema.fields, given or {}))
        return self.header(schema.key, version) + body

    def send(self, api, version, given=None):
        self.send_frame(self.request(api, version, given))
        return self.correlation

    @staticmethod
    def parse(api, version, frame):
        schema, reader = schemas()[f"{api}Response"], Reader(frame)
        correlation = reader.fixed(">i")
        if schema.flexible(version) and schema.key != 18:
            list(reader.tags())
        answer = reader.message(schema, version)
        if reader.position != len(frame):
            raise ValueError(f"{len(frame) - reader.position} bytes left over in {schema.name} v{version}")
        return correlation, answer

    def call(self, api, version, given=None):
        sent = self.send(api, version, given)
        correlation, answer = self.parse(api, version, self.frame())
        if correlation != sent:
            raise ValueError(f"correlation id {correlation}, expected {sent}")
        return answer


# ---- records ----

def table_of_crc32c():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


CRC32C = table_of_crc32c()


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = CRC32C[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def varint(number):
    return unsigned_varint((number << 1 ^ number >> 63) & (1 << 64) - 1)


def record(delta, key, value, delta_ms=0):
    def sized(data):
        return varint(-1) if data is None else varint(len(data)) + data
    body = b"\0" + varint(delta_ms) + varint(delta) + sized(key) + sized(value) + varint(0)
    return varint(len(body)) + body


def batch(records, base=0, epoch=-1, attributes=0, first_ms=None, producer=-1, producer_epoch=-1, sequence=-1, count=None,
          last_delta=None, magic=2, crc=None, length=None, max_ms=None, packed=False):
    """`records`: (key, value) pairs, or bytes that are laid out (and `packed`: compressed) already. Every field can be falsified."""
    laid_out = isinstance(records, bytes)
    first_ms = int(time.time() * 1000) if first_ms is None else first_ms
    body = records if laid_out else b"".join(record(delta, *pair) for delta, pair in enumerate(records))
    number = count if count is not None else 1 if laid_out else len(records)
    if attributes & 7 == 1 and not packed:
        body = gzip.compress(body)
    tail = struct.pack(">hiqqqhii", attributes, number - 1 if last_delta is None else last_delta, first_ms,
                       first_ms if max_ms is None else max_ms, producer, producer_epoch, sequence, number) + body
    rest = struct.pack(">ibI", epoch, magic, crc32c(tail) if crc is None else crc) + tail
    return struct.pack(">qi", base, len(rest) if length is None else length) + rest
