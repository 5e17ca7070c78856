"""kcat: what the checks of kcat (librdkafka of the distribution) send, and how they look at it."""
import json
import os
import subprocess

from stage import command

SIZES = (1, 2, 3, 63, 64, 65, 511, 512, 513, 1023, 1024, 4095, 4096, 4097, 16383, 16384, 65535, 65536, 262144, 500000, 900000)


def kcat(node, *words, given=None, limit_s=60, status=0):
    return command("kcat", "-b", node.address, "-X", "broker.address.family=v4", *words, given=given, limit_s=limit_s, status=status)


def lines(count=1):
    """Lines of every size, each different, none of them with a newline inside."""
    for round_number in range(count):
        for size in SIZES:
            start = f"{round_number}:{size}:".encode()
            yield (start + b"abcdefghijklmnopqrstuvwxyz0123456789" * (size // 36 + 1))[:size]


def words_of(count):
    """Text as logs have it: it compresses well, and no two lines are equal."""
    for number in range(count):
        yield f"2026-01-01T00:00:{number % 60:02d} host-{number % 7} service[{number}]: connection from 10.0.{number % 256}.1 accepted".encode()


def produce(node, topic, records, *words, partition=0):
    kcat(node, "-P", "-t", topic, "-p", partition, *words, given=b"".join(record + b"\n" for record in records))


def consume(node, topic, *words, partition=0, offset="beginning"):
    """Every value up to the end, one per line."""
    out = kcat(node, "-C", "-e", "-q", "-t", topic, "-p", partition, "-o", offset, *words)
    return out.split(b"\n")[:-1]


def consume_json(node, topic, *words, partition=0, offset="beginning"):
    out = kcat(node, "-C", "-e", "-q", "-J", "-t", topic, "-p", partition, "-o", offset, *words)
    return [json.loads(line) for line in out.splitlines()]


def installed():
    return any(os.access(os.path.join(path, "kcat"), os.X_OK) for path in os.environ["PATH"].split(":"))


def version():
    text = subprocess.run(["kcat", "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return next(line for line in text.splitlines() if line.startswith("Version"))
