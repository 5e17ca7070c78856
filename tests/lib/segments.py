"""segments: reads the batches of a data directory that its broker has stopped cleanly, without asking any broker.

A batch (Kafka's record batch, magic 2): int64 base offset, int32 length of the rest, int32 leader epoch, int8 magic, uint32
CRC-32C from the attributes on, int16 attributes, int32 last offset delta, int64 first and largest timestamp, int64
producer, int16 its epoch, int32 first sequence, int32 count, records.
"""
import collections
import glob
import os
import struct

HEADER = struct.Struct(">qiibIhiqqqhii")
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
Batch = collections.namedtuple("Batch", "base length epoch magic crc attributes last_delta first_ms max_ms producer producer_epoch "
                                        "sequence count data")


def batches_of(data):
    """Every batch of a segment's bytes; ValueError when they don't add up."""
    position = 0
    while position < len(data):
        if len(data) - position < HEADER.size:
            raise ValueError(f"{len(data) - position} stray bytes at {position}")
        fields = HEADER.unpack_from(data, position)
        size = 12 + fields[1]
        if fields[3] != 2 or fields[1] < HEADER.size - 12 or position + size > len(data):
            raise ValueError(f"no batch at {position}")
        yield Batch(*fields, data[position:position + size])
        position += size


def batches(directory, topic, partition=0):
    for path in sorted(glob.glob(os.path.join(directory, f"{topic}-{partition}", "*.log"))):
        with open(path, "rb") as segment:
            yield from batches_of(segment.read())


def codec(batch):
    return CODECS[batch.attributes & 7]
