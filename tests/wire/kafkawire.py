"""kafkawire: Kafka's message schemas, and the encoding that they describe.

The schemas are JSON files inside the jars of an Apache Kafka release; `load(libs)` reads them from the folder
libs/ of one. This is a second, independent implementation of the encoding: the tests hold our tables against it. It
has no dependencies and is used only to make test data.
"""
import json
import os
import re
import struct
import uuid
import zipfile

JARS = ("kafka-clients", "kafka-metadata")
FIXED = {"int8": ">b", "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "float64": ">d"}


def strip_comments(text):
    return re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*', lambda match: match.group(1) or "", text)


def load(libs):
    """All schemas by name."""
    found = {}
    for prefix in JARS:
        for jar in sorted(os.listdir(libs)):
            if not re.fullmatch(re.escape(prefix) + r"-[0-9][^/]*\.jar", jar):
                continue
            with zipfile.ZipFile(os.path.join(libs, jar)) as archive:
                for name in sorted(archive.namelist()):
                    if not name.endswith(".json"):
                        continue
                    data = json.loads(strip_comments(archive.read(name).decode()))
                    if "validVersions" in data and "name" in data:
                        found[data["name"]] = Schema(data)
    return found


def span(versions):
    """'2-5' -> (2, 5); '3+' -> (3, inf); '4' -> (4, 4); 'none' -> None"""
    if versions in (None, "", "none"):
        return None
    if versions.endswith("+"):
        return int(versions[:-1]), float("inf")
    first, _, last = versions.partition("-")
    return int(first), int(last or first)


def within(versions, version):
    both = span(versions)
    return both is not None and both[0] <= version <= both[1]


def unsigned_varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Schema:
    def __init__(self, data):
        self.data, self.name = data, data["name"]
        self.fields = data.get("fields", [])
        self.structs = {shared["name"]: shared["fields"] for shared in data.get("commonStructs", [])}
        self.key = data.get("apiKey")

    def versions(self):
        first, last = span(self.data["validVersions"])
        return range(first, last + 1)

    def flexible(self, version):
        return within(self.data.get("flexibleVersions"), version)

    def items(self, field):
        """The fields of a struct, or of an array's structs; None for everything else."""
        return field.get("fields") or self.structs.get(field["type"].lstrip("[]"))

    def tagged(self, field, version):
        return "tag" in field and within(field.get("taggedVersions"), version)

    def nullable(self, field, version):
        return within(field.get("nullableVersions"), version)

    def fallback(self, field):
        """What a field is when it is not on the wire."""
        default, kind = field.get("default"), field["type"]
        if default == "null":
            return None
        if kind.startswith("[]"):
            return []
        if kind in FIXED:
            return float(default or 0) if kind == "float64" else int(str(default or 0), 0)
        if kind == "bool":
            return default in (True, "true")
        if kind == "string":
            return default or ""
        if kind == "uuid":
            return uuid.UUID(int=0)
        if kind == "bytes":
            return b""
        if kind == "records":
            return None
        return self.clear(self.items(field))

    def clear(self, fields):
        return {field["name"]: self.fallback(field) for field in fields}

    def encode(self, version, value):
        return self.encode_struct(self.fields, version, value)

    def encode_struct(self, fields, version, value):
        body, tags = b"", []
        for field in fields:
            if not within(field.get("versions"), version):
                continue
            one = value[field["name"]]
            if self.tagged(field, version):
                if one != self.fallback(field):
                    tags.append((field["tag"], self.encode_value(field, field["type"], version, one)))
            else:
                body += self.encode_value(field, field["type"], version, one)
        if self.flexible(version):
            body += unsigned_varint(len(tags))
            for tag, data in sorted(tags):
                body += unsigned_varint(tag) + unsigned_varint(len(data)) + data
        return body

    def encode_value(self, field, kind, version, value):
        if kind in FIXED:
            return struct.pack(FIXED[kind], value)
        if kind == "bool":
            return b"\1" if value else b"\0"
        if kind == "uuid":
            return value.bytes
        if kind in ("string", "bytes", "records") or kind.startswith("[]"):
            return self.encode_sized(field, kind, version, value)
        mark = b""
        if self.nullable(field, version) and not field["type"].startswith("[]"):
            if value is None:
                return b"\xff"
            mark = b"\1"
        return mark + self.encode_struct(self.items(field), version, value)

    def encode_sized(self, field, kind, version, value):
        compact = self.flexible(version) and field.get("flexibleVersions") != "none"
        if value is None:
            return b"\0" if compact else b"\xff\xff" if kind == "string" else b"\xff\xff\xff\xff"
        if kind.startswith("[]"):
            body = b"".join(self.encode_value(field, kind[2:], version, one) for one in value)
            size = len(value)
        else:
            body = value.encode() if isinstance(value, str) else value
            size = len(body)
        if compact:
            return unsigned_varint(size + 1) + body
        return struct.pack(">h" if kind == "string" else ">i", size) + body
