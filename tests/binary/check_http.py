"""What a node says over HTTP: that it lives, that it is ready, what it counted."""
import os
import re
import signal
import socket
import subprocess
import time

from node import Sluice, scratch
from parts import ask, clog, get, wait_until
from stage import check, require, same

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-zA-Z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-zA-Z_]+="(?:[^"\\\n]|\\.)*")*\})? (-?[0-9.]+(?:e[-+][0-9]+)?|[+]Inf)$')


def parse(text):
    """{name with labels: value}; refuses what Prometheus would refuse."""
    kinds, values, current = {}, {}, None
    for line in text.splitlines():
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            require(words[2] not in kinds, f"{words[2]} has two heads")
            current = words[2]
        elif line.startswith("# TYPE "):
            require(words[2] == current, f"TYPE of {words[2]} follows HELP of {current}")
            kinds[current] = words[3]
        else:
            match = SAMPLE.match(line)
            require(match, f"not a sample: {line}")
            name = match[1]
            base = re.sub("_(bucket|sum|count)$", "", name) if kinds.get(current) in ("histogram", "summary") else name
            require(base == current, f"{name} stands under {current}")
            key = name + (match[2] or "")
            require(key not in values, f"{key} stands there twice")
            values[key] = float(match[3])
    return values


def scrape(node):
    status, text = get(node, "/metrics")
    same(status, 200, "status of /metrics")
    return parse(text)


@check("http: /metrics is Prometheus text, and counts")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        before = scrape(node)
        subprocess.run(["kcat", "-b", node.address, "-t", "counted", "-P"], input=b"one\ntwo\nthree\n", check=True,
                       timeout=30)
        subprocess.run(["kcat", "-b", node.address, "-t", "counted", "-C", "-e", "-q"], check=True, timeout=30,
                       stdout=subprocess.DEVNULL)
        after = scrape(node)
        topics = "kafka_server_brokertopicmetrics_"
        same(after[topics + "messagesin_total"] - before[topics + "messagesin_total"], 3, "records in")
        same(after[topics + "bytesin_total"], after[topics + "bytesout_total"], "bytes in and out")
        require(after['sluice_requests_total{request="Produce"}'] >= 1, "no Produce was counted")
        require(after['kafka_network_requestmetrics_totaltimems_count{request="Fetch"}'] >= 1, "no Fetch was timed")
        same(after['kafka_topic_partition_current_offset{topic="counted",partition="0"}'], 3, "high watermark")
        require(after['kafka_log_log_size{topic="counted",partition="0"}'] > 60, "size of the partition")
        for name in ("kafka_server_replicamanager_partitioncount", "kafka_server_replicamanager_leadercount",
                     "kafka_controller_kafkacontroller_activecontrollercount", "kafka_brokers",
                     'sluice_durability_info{mode="durable"}', "sluice_ready", 'sluice_shard_up{shard="2"}'):
            same(after[name], 1, name)
        require(sum(value for name, value in after.items() if name.startswith("sluice_wal_written_bytes")) > 0, "no WAL")


@check("http: refusals have a reason each")
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"max.connections.per.ip": 3}) as node:
        peers = [socket.create_connection(("127.0.0.1", node.port), 5) for _ in range(6)]
        name = 'sluice_connections_refused_total{limit="max.connections.per.ip"}'
        wait_until(lambda: scrape(node)[name] >= 3, "three refusals are counted")
        for peer in peers:
            peer.close()
        wait_until(lambda: scrape(node)["sluice_connections"] == 0, "all are gone")
        with socket.create_connection(("127.0.0.1", node.port), 5) as peer:
            peer.sendall(b"\xff\xff\xff\xff")
            wait_until(lambda: scrape(node)['sluice_connections_closed_total{reason="bad-frame"}'] == 1, "a bad frame")


@check("http: the other pages, and what is none")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        same(get(node, "/livez"), (200, "alive\n"), "/livez")
        same(get(node, "/readyz"), (200, "ready\n"), "/readyz")
        same(get(node, "/v1/status/ready"), (200, "ready\n"), "/v1/status/ready")
        same(get(node, "/readyz", "HEAD"), (200, ""), "HEAD /readyz")
        require("/metrics" in get(node, "/")[1], "/ does not name the pages")
        same(get(node, "/nothing")[0], 404, "status of a page that is none")
        same(get(node, "/metrics", "POST")[0], 405, "status of a POST")
        with socket.create_connection(("127.0.0.1", node.http_port), 5) as peer:
            peer.sendall(b"\x16\x03\x01\x00\xff nonsense\r\n\r\n")
            peer.settimeout(5)
            peer.recv(1000)
        same(get(node, "/livez")[0], 200, "/livez after nonsense")


@check("http: a node that stops is alive and not ready")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        peer = clog(node.port)
        node.ended = True
        node.process.send_signal(signal.SIGTERM)
        wait_until(lambda: get(node, "/readyz")[0] == 503, "it is not ready")
        same(get(node, "/readyz"), (503, "not ready: the node is stopping\n"), "/readyz")
        same(get(node, "/livez")[0], 200, "/livez")
        same(scrape(node)["sluice_ready"], 0, "sluice_ready")
        peer.close()
        same(node.process.wait(20), 0, "exit status")


@check("http: clients that say nothing don't keep others from an answer")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        peers = [socket.create_connection(("127.0.0.1", node.http_port), 5) for _ in range(40)]
        for peer in peers:
            peer.sendall(b"GET /met")
        begun = time.monotonic()
        same(get(node, "/readyz")[0], 200, "/readyz")
        require(time.monotonic() - begun < 1, "it took long")
        for peer in peers:
            peer.close()


@check("http: empty is off, and an idle node stays small")
def _():
    with scratch("binary") as work, Sluice(work, http=False) as node:
        require("metrics at" not in node.log_text(), "it says that there are metrics")
        ask(node.port, 18, 0)
        small = node.resident_kib()
        require(small <= 16 * 1024, f"{small} KiB resident")
    with scratch("binary") as work, Sluice(work, http=True) as node:
        ask(node.port, 18, 0)
        require(node.resident_kib() <= small + 512, f"{node.resident_kib()} KiB resident with HTTP, {small} without")
        require(os.path.exists(f"/proc/{node.pid}"), "it ended")
