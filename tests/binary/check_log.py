"""`sluice log`: dump, verify and recover, on directories stopped cleanly, killed and damaged."""
import glob
import json
import os
import subprocess

from kcat import kcat
from node import Sluice, kafka_tool, scratch
from parts import sluice
from stage import check, require, same


def produce(node, topic, lines, *words):
    kcat(node, "-t", topic, "-P", "-K:", *words, given="".join(f"{line}\n" for line in lines).encode())


def consume(node, topic):
    return kcat(node, "-t", topic, "-C", "-e", "-q", "-K:").decode().splitlines()


LINES = [f"k{i}:value {i} \"quoted\" \\ \u00e4" for i in range(500)]


def filled(work):
    node = Sluice(work, shards=2)
    node.start()
    produce(node, "plain", LINES)
    produce(node, "packed", LINES, "-z", "gzip")
    return node


def segment(node, topic):
    return os.path.join(node.directory, f"{topic}-0", "00000000000000000000.log")


@check("log: dump --json gives back what was produced")
def _():
    with scratch("binary") as work:
        node = filled(work)
        node.stop()
        for topic in ("plain", "packed"):
            said = sluice("log", "dump", segment(node, topic), "--records", "--json").out
            rows = [json.loads(line) for line in said.splitlines()]
            records = [row for row in rows if row["type"] == "record"]
            same([f"{row['key']}:{row['payload']}" for row in records], LINES, topic)
            same([row["offset"] for row in records], list(range(len(LINES))), "offsets")
            same(sum(row["count"] for row in rows if row["type"] == "batch"), len(LINES), "counts of batches")
        everything = sluice("log", "dump", node.directory).out
        for word in ("__cluster_metadata-0/", "plain-0/", "packed-0/", "compresscodec: gzip", "isvalid: true"):
            require(word in everything, f"{word} is not in the dump of the directory")


@check("log: dump says what kafka-dump-log says, word for word")
def _():
    with scratch("binary") as work:
        node = filled(work)
        node.stop()
        for topic in ("plain", "packed"):
            for path in sorted(glob.glob(os.path.join(node.directory, f"{topic}-0", "0*"))):
                if path.endswith(".log"):
                    ours = sluice("log", "dump", path, "--records").out
                    theirs = [kafka_tool("kafka-dump-log"), "--files", path, "--print-data-log"]
                elif path.endswith(".snapshot"):
                    continue
                else:
                    ours, theirs = sluice("log", "dump", path).out, [kafka_tool("kafka-dump-log"), "--files", path]
                said = subprocess.run(theirs, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
                same([line.rstrip() for line in ours.splitlines()],
                     [line.rstrip() for line in said.stdout.decode().splitlines()], os.path.basename(path))


@check("log: verify finds a clean directory good, and a spoilt byte")
def _():
    with scratch("binary") as work:
        node = filled(work)
        node.stop()
        said = sluice("log", "verify", node.directory).out
        require(said.count(" 0 faults") == 3, said)
        path = segment(node, "plain")
        for position in (70, os.path.getsize(path) - 3):
            with open(path, "r+b") as file:
                file.seek(position)
                old = file.read(1)
                file.seek(position)
                file.write(bytes([old[0] ^ 1]))
            said = sluice("log", "verify", node.directory, code=1).out
            require("FAULT" in said, said)
            same(json.loads(sluice("log", "verify", "--json", os.path.dirname(path), code=1).out.splitlines()[0])["type"],
                 "fault", "JSON")
            with open(path, "r+b") as file:
                file.seek(position)
                file.write(old)
        sluice("log", "verify", node.directory)
        require("not found" in sluice("log", "verify", node.directory + "x", code=1).err, "a missing directory")


@check("log: a killed node's directory is verified, recovered, and then one that was stopped cleanly")
def _():
    with scratch("binary") as work:
        node = filled(work)
        require("locked" in sluice("log", "verify", node.directory, code=1).text, "verify beside a running node")
        require("locked" in sluice("log", "recover", node.directory, code=1).text, "recover beside a running node")
        node.kill()
        said = sluice("log", "verify", node.directory).out
        require("topic: plain partition: 0 startOffset: 0 endOffset: 500" in said, said)

        require("recovered" in sluice("log", "recover", node.directory).out, "recover says nothing")
        names = set(os.listdir(node.directory))
        require(".kafka_cleanshutdown" in names and "sluice.open" not in names, names)
        require(not [name for name in names if name.startswith("sluice")], names)
        require(sluice("log", "verify", node.directory).out.count(" 0 faults") == 3, "faults after recover")
        require("nothing to do" in sluice("log", "recover", node.directory).out, "a second recover")
        node.start()
        same(consume(node, "plain"), LINES, "plain")
        same(consume(node, "packed"), LINES, "packed")
        node.stop()


@check("log: a spoilt write-ahead log is found")
def _():
    with scratch("binary") as work:
        node = Sluice(work, shards=1)
        node.start()
        for i in range(20):
            produce(node, "plain", LINES[:20])
        node.kill()
        wal = sorted(glob.glob(os.path.join(node.directory, "sluice-wal-0-*")))[0]
        with open(wal, "r+b") as file:
            file.seek(5 * 4096 + 300)
            file.write(b"spoilt")
        said = sluice("log", "verify", node.directory, code=1).out
        require("FAULT" in said, said)
        require(sluice("log", "recover", node.directory, code=1).err, "recover says nothing")
        require("sluice.open" in os.listdir(node.directory), "the guard is gone")
