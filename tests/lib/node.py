"""node: a broker as a process, ours or Apache Kafka, on a free port and in a directory of its own.

    with scratch() as work, Sluice(work, overrides={"num.partitions": 4}) as node:
        ...                      # node.address is 127.0.0.1:PORT
        node.kill()              # SIGKILL, as a crash leaves it
        node.start()             # the same directory, port and settings again
        node.stop()              # a clean stop; raises when the exit status is not the expected one

Every stage that needs a broker starts it with this, so that both kinds can be put to the same test: a stage is proved
against Kafka before it judges Sluice. The binary is build/sluice, or SLUICE=path.
"""
import collections
import contextlib
import fcntl
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

LIB = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))
CACHE = os.environ.get("SLUICE_PEERS", os.path.expanduser("~/.cache/sluice-peers"))
PORTS = range(22000, 23000)  # below the range that the kernel gives to clients, so a restart finds its port free
CLAIMS = os.path.join(tempfile.gettempdir(), f"sluice-ports-{os.getuid()}")
GIVEN = collections.deque()  # the claims of this process, the oldest first
GIVEN_MAX = 200
PICKING = threading.Lock()


class Broken(Exception):
    """The broker did not do what every test relies on: start, listen, stop."""


def claim(port):
    """A file that says that the port is ours for as long as it is open, or None: it is somebody's."""
    os.makedirs(CLAIMS, exist_ok=True)
    file = open(os.path.join(CLAIMS, str(port)), "wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        return file
    except OSError:
        file.close()
        return None


def free_port():
    """A port that nobody listens on, and that no test of this user was given lately: its node may not have come to listen yet, or be
    between a stop and a start."""
    with PICKING:
        for port in random.sample(PORTS, len(PORTS)):
            file = claim(port)
            if file is None:
                continue
            GIVEN.append(file)
            if len(GIVEN) > GIVEN_MAX:
                GIVEN.popleft().close()
            return port
    raise Broken("no free port")


@contextlib.contextmanager
def scratch(name="test"):
    """A directory that goes away, on a real file system: SLUICE_WORK, or beside the other caches."""
    parent = os.environ.get("SLUICE_WORK", os.path.join(CACHE, "work"))
    os.makedirs(parent, exist_ok=True)
    path = tempfile.mkdtemp(prefix=f"{name}-", dir=parent)
    try:
        yield path
    finally:
        if not os.environ.get("SLUICE_KEEP"):
            shutil.rmtree(path, ignore_errors=True)


def answers(port, timeout_s=1.0):
    """Does the node answer ApiVersions?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s) as peer:
            peer.sendall(struct.pack(">ihhih", 10, 18, 0, 7, -1))
            return peer.recv(8)[4:] == b"\0\0\0\7"
    except OSError:
        return False


def advertised(port):
    """{api key: (least, greatest version)}, as ApiVersions 0 has it."""
    with socket.create_connection(("127.0.0.1", port), 30) as peer:
        peer.sendall(struct.pack(">ihhih", 10, 18, 0, 7, -1))
        stream = peer.makefile("rb")
        answer = stream.read(struct.unpack(">i", stream.read(4))[0])
    rows = struct.iter_unpack(">hhh", answer[10:10 + 6 * struct.unpack(">i", answer[6:10])[0]])
    return {key: (least, greatest) for key, least, greatest in rows}


class Node:
    """One broker process. The kinds say how it is called (`command`) and what comes before the first start (`prepare`)."""
    stopped_with = (0,)
    start_limit_s = 60

    def __init__(self, work, port=None, directory=None, overrides=None, environment=None):
        self.work = work
        self.port = port or free_port()
        self.directory = directory or os.path.join(work, "data")
        self.overrides = dict(overrides or {})
        self.environment = environment or {}
        self.log = os.path.join(work, "log")
        self.process = None
        self.ended = False  # by us

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self if self.running() else self.start()

    def __exit__(self, kind, error, trace):
        died = self.process is not None and not self.running() and not self.ended
        if self.running():
            self.kill()
        if (kind or died) and os.path.exists(self.log) and os.environ.get("SLUICE_VERBOSE"):
            print("".join(f"# {line}\n" for line in self.log_tail()), end="", flush=True)
        if died:
            raise Broken(f"{self.name} died with {self.process.returncode}: {' | '.join(self.log_tail(3))}") from error

    def prepare(self):
        pass

    def launch(self):
        """Starts the process and returns at once."""
        os.makedirs(self.work, exist_ok=True)
        self.prepare()
        self.ended = False
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **self.environment}, start_new_session=True)

    def start(self):
        self.launch()
        limit = time.monotonic() + self.start_limit_s
        while not answers(self.port):
            if not self.running():
                raise Broken(f"{self.name} ended with {self.process.returncode} at start: {' | '.join(self.log_tail(3))}")
            if time.monotonic() > limit:
                self.kill()
                raise Broken(f"{self.name} does not answer after {self.start_limit_s} s: {' | '.join(self.log_tail(3))}")
            time.sleep(0.02)
        return self

    def refused(self, limit_s=60):
        """Starts a node that is expected to refuse: its exit status and what it said. None if it runs."""
        seen = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.launch()
        limit = time.monotonic() + limit_s
        while self.running() and time.monotonic() < limit:
            if answers(self.port):
                return None
            time.sleep(0.05)
        if self.running():
            self.kill()
            raise Broken(f"{self.name} neither answers nor ends")
        self.ended = True
        with open(self.log, errors="replace") as log:
            log.seek(seen)
            return self.process.returncode, log.read()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.ended = True
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop_somehow(self, limit_s=60):
        """Asks for a clean stop that may go wrong: the exit status, and all that was said."""
        self.ended = True
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"{self.name} did not stop within {limit_s} s: {' | '.join(self.log_tail(3))}") from None
        return status, self.log_text()

    def stop(self, limit_s=60):
        status, _ = self.stop_somehow(limit_s)
        if status not in self.stopped_with:
            raise Broken(f"{self.name} stopped with {status}: {' | '.join(self.log_tail(3))}")

    def restart(self):
        self.stop()
        return self.start()

    def log_text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def log_tail(self, count=20):
        return self.log_text().splitlines()[-count:] if os.path.exists(self.log) else []

    def resident_kib(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Sluice(Node):
    name = "sluice"

    def __init__(self, work, shards=2, http=False, **arguments):
        super().__init__(work, **arguments)
        self.http_port = free_port() if http else None
        self.settings = {
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": self.directory,
            "sluice.shards": shards,
            "sluice.http.listen": f"127.0.0.1:{self.http_port}" if http else "",
        }

    @staticmethod
    def binary():
        return os.path.realpath(os.environ.get("SLUICE", os.path.join(TOP, "build", "sluice")))

    def command(self):
        command = [self.binary(), "serve"]
        for key, value in {**self.settings, **self.overrides}.items():
            command += ["--override", f"{key}={value}"]
        return command

    def prepare(self):
        if not os.access(self.binary(), os.X_OK):
            raise Broken(f"no {self.binary()}; build it, or set SLUICE")

    def metric(self, name):
        """The sum of a metric's cells."""
        return sum(self.cells(name))

    def cells(self, name):
        """A metric's cells, as /metrics prints them."""
        with socket.create_connection(("127.0.0.1", self.http_port), 30) as peer:
            peer.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            text = b"".join(iter(lambda: peer.recv(65536), b"")).decode()
        cells = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        if not cells:
            raise Broken(f"/metrics has no {name}")
        return list(map(float, cells))


class Kafka(Node):
    """Apache Kafka, one node, formatted with a dynamic quorum unless the directory is there already."""
    name = "kafka"
    stopped_with = (0, 143)
    start_limit_s = 120
    cluster_id = "U2x1aWNlVGVzdENsdXN0ZQ"

    def __init__(self, work, standalone=True, **arguments):
        super().__init__(work, **arguments)
        self.controller_port = free_port()
        self.standalone = standalone
        self.settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": self.directory,
            "offsets.topic.num.partitions": 3,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 3,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
        }
        if standalone:
            self.settings["controller.quorum.bootstrap.servers"] = f"127.0.0.1:{self.controller_port}"
        else:
            self.settings["controller.quorum.voters"] = f"1@127.0.0.1:{self.controller_port}"

    @property
    def properties(self):
        return os.path.join(self.work, "server.properties")

    def command(self):
        return [kafka_tool("kafka-server-start"), self.properties]

    def prepare(self):
        with open(self.properties, "w") as out:
            for key, value in {**self.settings, **self.overrides}.items():
                out.write(f"{key}={value}\n")
        self.environment.setdefault("KAFKA_HEAP_OPTS", "-Xmx768m -XX:TieredStopAtLevel=1")  # most of its life is its start
        if os.path.exists(os.path.join(self.directory, "meta.properties")):
            return
        command = [kafka_tool("kafka-storage"), "format", "-t", self.cluster_id, "-c", self.properties]
        with open(self.log, "ab") as log:
            subprocess.run(command + (["--standalone"] if self.standalone else []), stdout=log, stderr=log, check=True)


def kafka_home():
    """Apache Kafka's jars and wrappers, fetched once."""
    if not hasattr(kafka_home, "found"):
        fetched = subprocess.run([os.path.join(LIB, "get_kafka")], check=True, stdout=subprocess.PIPE, text=True)
        kafka_home.found = fetched.stdout.strip()
    return kafka_home.found


def kafka_tool(name):
    return os.path.join(kafka_home(), "tools", name)


def broker(work, **arguments):
    """The broker that clients are put to: Sluice, or SLUICE_TEST_BROKER=kafka to prove the test itself."""
    if os.environ.get("SLUICE_TEST_BROKER") == "kafka":
        for ours in ("shards", "http"):
            arguments.pop(ours, None)
        return Kafka(work, **arguments)
    return Sluice(work, **arguments)
