"""`sluice bench`: what it says it made is there, at the rate that was asked for, and its latencies count from the intended time."""
import json
import os
import signal
import subprocess
import time

from commands import golden, node_of, scratch, sluice
from node import Sluice
from stage import check, require, same


def bench(node, *words):
    return json.loads(sluice(node, "bench", *words, "--json").out)


def stored(node, topic):
    return len(sluice(node, "consume", topic, "-e", "-f", "%o\\n").out.splitlines())


@check("bench: produces and reads what it says", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        told = bench(node, "produce", "-t", "b", "-n", 50000, "-p", 3, "-C", 2, "-z", "lz4")
        same((told["records"], told["whole"]), (50000, True), "produced")
        same(stored(node, "b"), 50000, "records in the topic")
        told = bench(node, "consume", "-t", "b")
        same(told["records"], 50000, "consumed")
        told = bench(node, "end-to-end", "-t", "b", "-n", 2000, "-r", 2000, "-C", 2)
        same(told["records"], 2000, "end to end")
        require(0 < told["latencyNs"]["p50"] <= told["latencyNs"]["p99.99"] <= told["latencyNs"]["most"], "percentiles")
        same(stored(node, "b"), 52000, "records in the topic")


@check("bench: keeps the rate", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        told = bench(node, "produce", "-t", "b", "-s", 2, "-r", 3000)
        same(told["records"], 6000, "records")
        require(2600 < told["recordsPerSecond"] < 3050, f"{told['recordsPerSecond']} records per second")
        for acks in ("0", "1"):
            same(bench(node, "produce", "-t", "b", "-n", 1000, "--acks", acks)["records"], 1000, f"acks {acks}")


@check("bench: a reader keeps the rate, and a broker that stands still shows", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        bench(node, "produce", "-t", "b", "-n", 6000, "-r", 6000)
        told = bench(node, "consume", "-t", "b", "-r", 3000)
        same((told["records"], told["whole"]), (6000, True), "all")
        require(2400 < told["recordsPerSecond"] < 3200, f"{told['recordsPerSecond']} records per second")
        require(told["requests"] > 20, f"only {told['requests']} requests: it did not read as it went")
        said = sluice(node, "bench", "consume", "-t", "b", "-r", 100000, "-n", 100).out
        require("of a Fetch, from when its records were due" in said, said)
        load = subprocess.Popen([Sluice.binary(), "bench", "consume", "-b", node.address, "-t", "b", "-r", "2000", "--json"],
                                stdout=subprocess.PIPE)
        time.sleep(0.7)
        os.kill(node.pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(node.pid, signal.SIGCONT)
        told = json.loads(load.communicate(timeout=60)[0])
        require(told["latencyNs"]["most"] > 800e6, f"most {told['latencyNs']['most']}")


@check("bench: a broker that stands still shows in all that it delayed", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        load = subprocess.Popen([Sluice.binary(), "bench", "produce", "-b", node.address, "-t", "b", "-s", "4", "-r", "1000",
                                 "--json"], stdout=subprocess.PIPE)
        time.sleep(1.5)
        os.kill(node.pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(node.pid, signal.SIGCONT)
        told = json.loads(load.communicate(timeout=60)[0])
        same(told["records"], 4000, "records")
        require(told["latencyNs"]["most"] > 900e6, f"most {told['latencyNs']['most']}")
        # A quarter of the records was due while it stood: 90 % of them waited longer than 100 ms.
        require(told["latencyNs"]["p90"] > 400e6, f"p90 {told['latencyNs']['p90']}")


@check("bench: the picture and the words", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        said = sluice(node, "bench", "produce", "-t", "b", "-n", 1000).out
        for word in ("1000 records of 100 bytes", "records per cpu second", "p99.99", "\u2588", "100.000%"):
            require(word in said, f"{word} is not in {said}")
        golden(sluice(node, "bench", "consume", "-t", "no", code=1).err,
               "sluice bench consume: no: UNKNOWN_TOPIC_OR_PARTITION", "no topic")
        golden(sluice(node, "bench", "produce", "-z", "rar", code=2).err,
               "sluice bench produce: there is no codec 'rar': none, gzip, snappy, lz4 or zstd", "codec")
        require("MESSAGE_TOO_LARGE" in sluice(node, "bench", "produce", "-t", "b", "-n", 3, "--size", 2000000, code=1).err,
                "large records")


@check("bench: a broker that vanishes ends it with what was measured", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        load = subprocess.Popen([Sluice.binary(), "bench", "produce", "-b", node.address, "-t", "b", "-s", "30", "-r", "1000"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        node.kill()
        out, err = load.communicate(timeout=60)
        same(load.returncode, 1, "exit status")
        require("closed the connection" in err.decode() and "broken off" in out.decode(), err.decode() + out.decode())
