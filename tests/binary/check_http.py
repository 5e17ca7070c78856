"""What a node says over HTTP: that it lives, that it is ready, what it counted."""
import contextlib
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import time

from kcat import kcat
from node import Sluice, scratch
from parts import ask, clog, get, sluice
from stage import check, require, same, wait_until

PR_SET_THP_DISABLE = 41  # linux/prctl.h
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


def settled(node):
    """A look in which no request is on its way: nobody is connected, and it agrees with the one before."""
    looks = [{}]

    def look():
        seen = scrape(node)
        looks.append({name: value for name, value in seen.items() if name.startswith("sluice_re")})
        return seen["sluice_connections"] == 0 and looks[-1] == looks[-2]

    wait_until(look, "all requests are counted")
    return scrape(node)


@check("http: /metrics is Prometheus text, and counts")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        before = scrape(node)
        kcat(node, "-t", "counted", "-P", given=b"one\ntwo\nthree\n")
        kcat(node, "-t", "counted", "-C", "-e", "-q")
        after = settled(node)
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


REQUEST_SPANS = ("requestqueue", "local", "remote", "responsequeue", "responsesend")


@check("http: Kafka's names are there, by topic and by partition too")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        for topic, lines in (("few", b"1\n"), ("more", b"1\n2\n3\n")):
            kcat(node, "-t", topic, "-P", given=lines)
        kcat(node, "-t", "more", "-C", "-e", "-q")
        seen = settled(node)
        topics = "kafka_server_brokertopicmetrics_"
        for name, few, more in (("messagesin_total", 1, 3), ("totalproducerequests_total", 1, None)):
            same(seen[f'{topics}{name}{{topic="few"}}'], few, name)
            same(seen[f'{topics}{name}{{topic="more"}}'], more or seen[f'{topics}{name}{{topic="more"}}'], name)
        same(seen[topics + 'bytesin_total{topic="more"}'], seen[topics + 'bytesout_total{topic="more"}'], "in and out")
        same(seen[topics + 'bytesout_total{topic="few"}'], 0, "nobody has read it")
        same(seen[topics + "messagesin_total"], 4, "of the node")
        sluice("topic", "create", "-b", node.address, "narrow", "--config", "max.message.bytes=100")
        kcat(node, "-t", "narrow", "-P", given=b"x" * 1000, status=None)
        kcat(node, "-t", "few", "-C", "-o", "99", "-e", "-q", "-X", "topic.auto.offset.reset=error", status=None)
        seen = settled(node)
        require(seen[topics + 'bytesrejected_total{topic="narrow"}'] > 1000, "bytes that were too large")
        for name, topic in (("failedproducerequests_total", "narrow"), ("failedfetchrequests_total", "few")):
            require(seen[f'{topics}{name}{{topic="{topic}"}}'] >= 1, f"{name} of {topic}")
            same(seen[f'{topics}{name}{{topic="more"}}'], 0, f"{name} of another topic")
            same(seen[topics + name], seen[f'{topics}{name}{{topic="{topic}"}}'], f"{name} of the node")
        place = '{topic="more",partition="0"}'
        for name, value in (("kafka_topic_partition_leader", 1), ("kafka_topic_partition_replicas", 1),
                            ("kafka_topic_partition_in_sync_replica", 1),
                            ("kafka_topic_partition_leader_is_preferred", 1),
                            ("kafka_topic_partition_under_replicated_partition", 0),
                            ("kafka_cluster_partition_replicascount", 1), ("kafka_cluster_partition_underminisr", 0),
                            ("kafka_cluster_partition_atminisr", 1)):
            same(seen[name + place], value, name)
        for name, value in (('kafka_topic_partitions{topic="few"}', 1),
                            ("kafka_server_replicamanager_underminisrpartitioncount", 0),
                            ("kafka_server_replicamanager_atminisrpartitioncount", 3),
                            ("kafka_server_kafkaserver_brokerstate", 3),
                            ('kafka_server_raftmetrics_current_state{current_state="leader"}', 1),
                            (f'kafka_broker_info{{id="1",address="{node.address}"}}', 1),
                            ("kafka_controller_controllerstats_uncleanleaderelections_total", 0)):
            same(seen[name], value, name)
        require(0 <= seen["kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent"] <= 1, "idle")
        require(seen["sluice_wal_flush_seconds_count"] > 0, "no flush was timed")
        require(0 < seen["sluice_recovery_seconds"] < seen["sluice_uptime_seconds"] < 60, "times of the start")


@contextlib.contextmanager
def reading(node, topic):
    """Somebody waits for what comes to the topic."""
    reader = subprocess.Popen(["kcat", "-b", node.address, "-t", topic, "-C", "-q", "-o", "end"], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        reader.kill()
        reader.wait()


@check("http: a request's time is split, and the parts are the whole", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        kcat(node, "-t", "timed", "-P", given=b"1\n")
        with reading(node, "timed"):
            for api in ("Produce", "Fetch"):
                label = f'{{request="{api}"}}'
                wait_until(lambda: f"sluice_request_duration_seconds_sum{label}" in scrape(node), f"{api} is counted")
        seen = settled(node)
        for api in ("Produce", "Fetch"):
            label = f'{{request="{api}"}}'
            whole = seen["sluice_request_duration_seconds_sum" + label]
            parts = [seen[f"sluice_{part}_seconds_sum{label}"] for part in (
                "request_queue", "request_local", "request_remote", "response_queue", "response_send")]
            require(abs(whole - sum(parts)) < 1e-6, f"{api}: {whole} is not the sum of {parts}")
            require(parts[2] > 0.5 * whole > 0, f"{api} waits at a mark: {parts}")
            for span in ("total", *REQUEST_SPANS):
                require(seen[f"kafka_network_requestmetrics_{span}timems_count{label}"] >= 1, f"{span} of {api}")


@check("http: a slow request is told of, and a patient one is not", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.slow.request.ms": 300}) as node:
        kcat(node, "-t", "slow", "-P", given=b"1\n")
        subprocess.run(["timeout", "2", "kcat", "-b", node.address, "-t", "slow", "-C", "-q", "-o", "end", "-X",
                        "fetch.wait.max.ms=900"], check=False, timeout=30)
        peer = clog(node.port)
        time.sleep(1)
        peer.settimeout(0.2)
        wait_until(lambda: drain(peer) and "slow request: Metadata v0" in node.log_text(), "a slow reader is told of")
        require("slow request: Fetch" not in node.log_text(), "a Fetch that asked to wait is not slow")
        require("answer queue " in node.log_text() and "(client '' at " in node.log_text(), "where the time went, and whose")
        require(scrape(node)['sluice_slow_requests_total{request="Metadata"}'] >= 1, "it is not counted")
        peer.close()


def drain(peer):
    """Reads what comes within a moment."""
    try:
        while peer.recv(1 << 16):
            pass
    except (TimeoutError, OSError):
        pass
    return True


@check("http: /clients tells who is there")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        with socket.create_connection(("127.0.0.1", node.port), 30) as peer:
            name = b'a "quoted"\n\xff id'
            body = struct.pack(">hhih", 18, 0, 1, len(name)) + name
            peer.sendall(struct.pack(">i", len(body)) + body)
            peer.recv(1000)
            status, text = get(node, "/clients")
            same(status, 200, "status")
            clients = parse(text)
            port = peer.getsockname()[1]
            found = [key for key in clients if f'address="127.0.0.1:{port}",client="a \\"quoted\\"?? id"' in key]
            same(len(found), 7, "lines of this client")
            same(clients[next(key for key in found if "_requests_" in key)], 1, "its requests")
            same(clients[next(key for key in found if "received_bytes" in key)], len(body) + 4, "what it sent")
        wait_until(lambda: f":{port}" not in get(node, "/clients")[1], "it is gone")


@check("http: scrapes while clients are busy are whole, and quick", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        lines = b"x" * 200 + b"\n"
        load = subprocess.Popen(["kcat", "-b", node.address, "-t", "busy", "-P", "-X", "linger.ms=1"],
                                stdin=subprocess.PIPE)
        last, longest = 0, 0.0
        for _ in range(20):
            load.stdin.write(lines * 5000)
            load.stdin.flush()
            begun = time.monotonic()
            seen = scrape(node)
            longest = max(longest, time.monotonic() - begun)
            count = seen["kafka_server_brokertopicmetrics_messagesin_total"]
            require(count >= last, "a counter went back")
            last = count
        load.stdin.close()
        same(load.wait(60), 0, "kcat")
        require(longest < 5, f"a scrape took {longest:.2f} s")
        same(scrape(node)['kafka_server_brokertopicmetrics_messagesin_total{topic="busy"}'], 100000, "all were counted")


@check("http: up to 2000 partitions have series of their own, more are sums")
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"sluice.partitions": 4000}) as node:
        sluice("topic", "create", "-b", node.address, "wide", "--partitions", "1500")
        size = 'kafka_log_log_size{topic="wide",partition="%d"}'
        wait_until(lambda: len(scrape(node)) > 10000, "all are listed")
        seen = scrape(node)
        require(all(size % index in seen for index in range(1500)), "a partition is missing")
        same(seen['kafka_topic_partitions{topic="wide"}'], 1500, "partitions of the topic")
        sluice("topic", "create", "-b", node.address, "more", "--partitions", "501")
        wait_until(lambda: size % 0 not in scrape(node), "none is listed")
        same(scrape(node)["kafka_server_replicamanager_partitioncount"], 2001, "the sum")
        shown = sluice("top", f"127.0.0.1:{node.http_port}", "--once", "--interval", "0.05")
        require("too many to be listed by the node" in shown.out, "top says why there are none")


@check("http: refusals have a reason each")
def _():
    with scratch("binary") as work, Sluice(work, http=True, overrides={"max.connections.per.ip": 3}) as node:
        peers = [socket.create_connection(("127.0.0.1", node.port), 30) for _ in range(6)]
        name = 'sluice_connections_refused_total{limit="max.connections.per.ip"}'
        wait_until(lambda: scrape(node)[name] >= 3, "three refusals are counted")
        for peer in peers:
            peer.close()
        wait_until(lambda: scrape(node)["sluice_connections"] == 0, "all are gone")
        with socket.create_connection(("127.0.0.1", node.port), 30) as peer:
            peer.sendall(b"\xff\xff\xff\xff")
            wait_until(lambda: scrape(node)['sluice_connections_closed_total{reason="bad-frame"}'] == 1, "a bad frame")
            same(scrape(node)['sluice_frames_refused_total{reason="length"}'], 1, "its length")
        refusals = {"key": struct.pack(">ihhi", 8, 999, 0, 0), "version": struct.pack(">ihhi", 8, 0, 99, 0),
                    "cut": struct.pack(">ihhi", 100, 3, 0, 0)}
        for reason, bytes_sent in refusals.items():
            with socket.create_connection(("127.0.0.1", node.port), 30) as peer:
                peer.sendall(bytes_sent)
                peer.shutdown(socket.SHUT_WR)
                wait_until(lambda: scrape(node)[f'sluice_frames_refused_total{{reason="{reason}"}}'] == 1, reason)
        kcat(node, "-L", "-t", "no spaces, please", status=None)
        require(settled(node)['sluice_errors_total{error="INVALID_TOPIC_EXCEPTION"}'] >= 1, "an error that was answered")


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
        with socket.create_connection(("127.0.0.1", node.http_port), 30) as peer:
            peer.sendall(b"\x16\x03\x01\x00\xff nonsense\r\n\r\n")
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
        same(node.process.wait(60), 0, "exit status")


@check("http: clients that say nothing don't keep others from an answer", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        peers = [socket.create_connection(("127.0.0.1", node.http_port), 30) for _ in range(40)]
        for peer in peers:
            peer.sendall(b"GET /met")
        begun = time.monotonic()
        same(get(node, "/readyz")[0], 200, "/readyz")
        require(time.monotonic() - begun < 5, "it took long")  # who says nothing has 15 s
        for peer in peers:
            peer.close()


def settled_kib(node):
    """What is resident once the jobs of a start are through: two looks that agree."""
    looks = [0]

    def look():
        looks.append(node.resident_kib())
        return looks[-1] == looks[-2]

    wait_until(look, "its memory settles", step_s=0.3)
    return looks[-1]


@contextlib.contextmanager
def small_pages():
    """What is begun here gets no huge page: whether the machine has one free at that moment makes 2 MiB of difference."""
    process = ctypes.CDLL(None)
    require(process.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0, "prctl")
    try:
        yield
    finally:
        process.prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0)


@check("http: empty is off, and an idle node stays small", alone=True)
def _():
    with scratch("binary") as work, Sluice(work, http=False) as node:
        require("metrics at" not in node.log_text(), "it says that there are metrics")
        ask(node.port, 18, 0)
        small = settled_kib(node)
        require(small <= 16 * 1024, f"{small} KiB resident")


@check("http: serving it costs an idle node less than 512 KiB", alone=True)
def _():
    sizes = {}
    for http in (False, True):
        with small_pages(), scratch("binary") as work, Sluice(work, http=http) as node:
            ask(node.port, 18, 0)
            sizes[http] = settled_kib(node)
    require(sizes[True] <= sizes[False] + 512, f"{sizes[True]} KiB resident with HTTP, {sizes[False]} without")
