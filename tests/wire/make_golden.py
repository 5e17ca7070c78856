#!/usr/bin/env python3
"""make_golden: the golden messages of tests/wire, from the schemas of an Apache Kafka release.

  make_golden.py KAFKA/libs     writes golden.tsv and golden_records.tsv beside this file

Several messages for each API, direction and version: all empty; all null; everything set, tagged fields too; and
two drawn by chance. The chance is the same in every run. A line of golden.tsv: name of the schema, version, the
message in hex, its values as text. The text has the fields in the order of the schema, also those which this
version does not carry, with what a reader must find there: {struct} [array] "text" x"bytes" null. An absent tagged
struct is null.
golden_records.tsv has the records of the metadata log with their frame, and the control records.
"""
import os
import sys
import uuid

sys.dont_write_bytecode = True
import kafkawire

APIS = """Produce Fetch ListOffsets Metadata ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId
    OffsetForLeaderEpoch DescribeConfigs AlterConfigs AlterReplicaLogDirs DescribeLogDirs CreatePartitions ElectLeaders
    IncrementalAlterConfigs AlterPartitionReassignments ListPartitionReassignments DescribeClientQuotas
    AlterClientQuotas DescribeUserScramCredentials AlterUserScramCredentials DescribeQuorum UpdateFeatures
    DescribeCluster DescribeProducers UnregisterBroker ListConfigResources DescribeTopicPartitions""".split()
HEADERS = ["RequestHeader", "ResponseHeader"]
CONTROL = {"LeaderChangeMessage": 2, "SnapshotHeaderRecord": 3, "SnapshotFooterRecord": 4, "KRaftVersionRecord": 5,
           "VotersRecord": 6}
LIMITS = {"int8": (-2**7, 2**7 - 1), "int16": (-2**15, 2**15 - 1), "uint16": (0, 2**16 - 1),
          "int32": (-2**31, 2**31 - 1), "uint32": (0, 2**32 - 1), "int64": (-2**63, 2**63 - 1)}


class Chance:
    """splitmix64: the same numbers with every Python."""
    def __init__(self, seed):
        self.state = int.from_bytes(seed.encode(), "big") % (1 << 64)

    def below(self, limit):
        self.state = (self.state + 0x9E3779B97F4A7C15) % (1 << 64)
        n = self.state
        n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9 % (1 << 64)
        n = (n ^ n >> 27) * 0x94D049BB133111EB % (1 << 64)
        return (n ^ n >> 31) % limit

    def once_in(self, count):
        return self.below(count) == 0


class Maker:
    """Values of one message. `style`: empty, null, full or chance."""
    def __init__(self, schema, version, style, chance):
        self.schema, self.version, self.style, self.chance = schema, version, style, chance

    def message(self):
        return self.struct(self.schema.fields, 0)

    def struct(self, fields, depth):
        out = {}
        for field in fields:
            if kafkawire.within(field.get("versions"), self.version):
                out[field["name"]] = self.field(field, depth)
            else:
                out[field["name"]] = self.schema.fallback(field)
        return out

    def field(self, field, depth):
        schema, style = self.schema, self.style
        if schema.tagged(field, self.version):
            if style in ("empty", "null") or style == "chance" and self.chance.once_in(2):
                return schema.fallback(field)
        if schema.nullable(field, self.version):
            if style == "null" or style == "chance" and self.chance.once_in(3):
                return None
        kind = field["type"]
        if not kind.startswith("[]"):
            return self.value(field, kind, depth)
        count = {"empty": 0, "null": 1, "full": 2 if depth < 2 else 1}.get(style)
        if count is None:
            count = self.chance.below(4 - min(depth, 2))
        return [self.value(field, kind[2:], depth + 1) for _ in range(count)]

    def value(self, field, kind, depth):
        chance, empty = self.chance, self.style == "empty"
        if kind in LIMITS:
            return 0 if empty else self.number(*LIMITS[kind])
        if kind == "float64":
            return 0.0 if empty else chance.below(1 << 20) / 4 - 1000
        if kind == "bool":
            return not empty and chance.once_in(2)
        if kind == "uuid":
            return uuid.UUID(int=0 if empty else chance.below(1 << 64) << 64 | chance.below(1 << 64))
        if kind == "string":
            return "" if empty else self.text()
        if kind in ("bytes", "records"):
            return b"" if empty else bytes(chance.below(256) for _ in range(chance.below(24)))
        return self.struct(self.schema.items(field), depth)

    def number(self, low, high):
        which = self.chance.below(8)
        if which == 0:
            return low
        if which == 1:
            return high
        if which == 2:
            return max(low, -1)
        if which < 6:
            return self.chance.below(min(1000, high))
        return low + self.chance.below(high - low + 1)

    def text(self):
        letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_ABCDEFGHIJKLMNOPQRSTUVWXYZü"
        size = 130 if self.style == "full" and self.chance.once_in(12) else self.chance.below(12)
        return "".join(letters[self.chance.below(len(letters))] for _ in range(size))


def show(schema, fields, value):
    return "{" + " ".join(show_field(schema, field, value[field["name"]]) for field in fields) + "}"


def show_field(schema, field, value):
    kind = field["type"]
    if value is None:
        return "null"
    if kind.startswith("[]"):
        return "[" + " ".join(show_value(schema, field, kind[2:], one) for one in value) + "]"
    if schema.items(field) and "tag" in field and value == schema.fallback(field):
        return "null"
    return show_value(schema, field, kind, value)


def show_value(schema, field, kind, value):
    if kind == "bool":
        return "true" if value else "false"
    if kind == "string":
        return f'"{value}"'
    if kind == "uuid":
        return value.hex
    if kind in ("bytes", "records"):
        return f'x"{value.hex()}"'
    if kind == "float64":
        return "%.17g" % value
    if kind in LIMITS:
        return str(value)
    return show(schema, schema.items(field), value)


def messages(schema, version):
    """(bytes, text) of each, without repetition."""
    seen = set()
    for style in ("empty", "null", "full", "chance 1", "chance 2"):
        maker = Maker(schema, version, style.split()[0], Chance(f"{schema.name} {version} {style}"))
        value = maker.message()
        if schema.name in CONTROL:
            value["Version"] = version  # a control record says its own version
        data = schema.encode(version, value)
        if data not in seen:
            seen.add(data)
            yield data, show(schema, schema.fields, value)


def write(name, lines):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    schemas = kafkawire.load(sys.argv[1])

    lines = []
    for name in HEADERS + [api + way for api in APIS for way in ("Request", "Response")]:
        for version in schemas[name].versions():
            lines += [f"{name}\t{version}\t{data.hex()}\t{text}" for data, text in messages(schemas[name], version)]
    write("golden.tsv", lines)

    lines = []
    records = [s for s in schemas.values() if s.data["type"] == "metadata"]
    for schema in sorted(records, key=lambda one: one.key):
        for version in schema.versions():
            frame = b"".join(map(kafkawire.unsigned_varint, (1, schema.key, version)))
            for data, text in messages(schema, version):
                lines.append(f"{schema.name}\t{version}\t{(frame + data).hex()}\t{text}")
    for name in CONTROL:
        for version in schemas[name].versions():
            lines += [f"{name}\t{version}\t{data.hex()}\t{text}" for data, text in messages(schemas[name], version)]
    write("golden_records.tsv", lines)


main()
