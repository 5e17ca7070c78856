"""damage: what can happen to the files of a directory that nobody has open, and what a node may make of it.

A node that is started on a damaged directory may refuse it, with a word about what is wrong; or it serves, and then every byte that it
gives is the right one and whatever is gone is answered with an error. What it may never do: die of a signal or a broken invariant,
give other bytes, or shorten a partition. What it can't use is kept under another name, as Kafka does it with a directory whose topic it
does not know.

One loss can't be told from a crash: a WAL's newest chunk that does not add up looks like one that was never finished, so the newest
batch of a partition may be missing when a WAL was damaged (when a whole WAL file was removed, none may). A whole segment is not removed:
its offsets may have been compacted away, and Kafka goes on behind them, too.
"""
import os
import random
import shutil

from cases import Context, fetch_request
from segments import batches_of

PAGE = 4096


def flip(chance, data):
    place = chance.randrange(len(data))
    data[place] ^= 1 << chance.randrange(8)
    return f"bit at {place} of {len(data)}"


def clear(chance, data):
    place = chance.randrange(0, len(data), PAGE)
    data[place:place + PAGE] = bytes(len(data[place:place + PAGE]))
    return f"page at {place} of {len(data)} cleared"


def scramble(chance, data):
    place = chance.randrange(len(data))
    size = min(chance.choice((1, 8, 100, 5000)), len(data) - place)
    data[place:place + size] = chance.randbytes(size)
    return f"{size} bytes at {place} of {len(data)} at random"


def shorten(chance, data):
    size = chance.randrange(len(data))
    before = len(data)
    del data[size:]
    return f"cut from {before} to {size}"


def swap(chance, data):
    pages = max(len(data) // PAGE, 1)
    first, second = (chance.randrange(pages) * PAGE for _ in range(2))
    a, b = bytes(data[first:first + PAGE]), bytes(data[second:second + PAGE])
    if len(a) == len(b):
        data[first:first + PAGE], data[second:second + PAGE] = b, a
    return f"pages at {first} and {second} of {len(data)} exchanged"


KINDS = (flip, clear, scramble, shorten, swap)


def files_of(directory):
    """Every file that holds something, by its path inside the directory."""
    found = []
    for folder, _, names in os.walk(directory):
        found += [os.path.relpath(os.path.join(folder, name), directory) for name in names]
    return sorted(name for name in found if os.path.getsize(os.path.join(directory, name)) > 0 and name != ".lock")


def live_part(data):
    """Up to the last byte that is not zero: damage behind it would be none, or none that matters."""
    return max(len(data.rstrip(b"\0")), 1)


def damage(directory, chance, names=None):
    """Does one thing to one file; says what."""
    name = chance.choice(names or files_of(directory))
    path = os.path.join(directory, name)
    if chance.random() < 0.05 and not name.endswith(".log"):
        os.remove(path)
        return name, "removed"
    with open(path, "rb") as source:
        data = bytearray(source.read())
    how = chance.choice(KINDS)
    if how is shorten:
        said = how(chance, data)
    else:
        tail = data[live_part(data):]
        data = data[:live_part(data)]
        said = how(chance, data)
        data += tail
    with open(path, "wb") as target:
        target.write(data)
    return name, said


HEAD = 17  # bytes of a batch before its CRC: offset, length, leader epoch, magic


def flip_head(directory, name, number, at, bit):
    """One bit of the head of one batch, which no CRC of Kafka's covers."""
    path = os.path.join(directory, name)
    with open(path, "rb") as source:
        data = bytearray(source.read())
    place = 0
    for _ in range(number):
        place += 12 + int.from_bytes(data[place + 8:place + 12], "big")
    data[place + at] ^= 1 << bit
    with open(path, "wb") as target:
        target.write(data)
    return f"bit {bit} of byte {at} of batch {number}"


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def read_partition(context, topic, partition):
    """([batches], error code): everything up to the end, or to the first error."""
    got, offset = [], 0
    while True:
        given = fetch_request(12, {"Topic": topic}, partition=partition, offset=offset, max_bytes=1 << 20, partition_max=1 << 20)
        part = context.call("Fetch", 12, given)["Responses"][0]["Partitions"][0]
        if part["ErrorCode"]:
            return got, part["ErrorCode"]
        found = list(batches_of(part["Records"] or b""))
        if not found:
            return got, 0
        got += [one.data for one in found if one.base >= offset]
        offset = found[-1].base + found[-1].last_delta + 1


def read_all(address, topics):
    context = Context(address)
    return {(topic, number): read_partition(context, topic, number) for topic, count in topics.items() for number in range(count)}


def set_aside(directory, place):
    """Is there a directory that this one could not be taken for, kept under another name?"""
    return any(name.startswith(f"{place[0]}-{place[1]}.") and name.endswith("-stray") for name in os.listdir(directory))


def compare(before, after, directory, wal_damaged):
    """What is wrong, or None."""
    for place, (batches, _) in before.items():
        got, error = after[place]
        if got != batches[:len(got)]:
            return f"{place}: other bytes than were written"
        missing = len(batches) - len(got)
        if missing > wal_damaged and not error and not set_aside(directory, place):
            return f"{place}: {missing} of {len(batches)} batches are gone without a word"
    return None


def seeds(count):
    first = int(os.environ.get("SLUICE_SEED", 0))
    return [first] if "SLUICE_SEED" in os.environ else random.sample(range(10**6), count)
