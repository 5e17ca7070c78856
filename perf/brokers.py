"""The brokers that perf/run holds against each other: how each is started, pinned, watched and stopped.

Every broker is one process whose pid we know; what it costs is read from /proc: CPU from the scheduler's nanoseconds of all
its threads, bytes written from io, memory from status."""
import os
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def load_command(build, broker, cpus="0", **arguments):
    """load.c against a broker, pinned away from it."""
    return ["taskset", "-c", cpus, f"{build}/perf/load", f"127.0.0.1:{broker.port}",
            *(f"{name}={value}" for name, value in arguments.items())]


def wait_for_port(port, process, seconds=60):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the broker ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the broker does not listen")


class Broker:
    """One running broker. `cpus` is a list for taskset, or None."""

    name = "?"

    def __init__(self, build, work, cpus="1"):
        self.build, self.work, self.cpus = build, work, cpus
        self.port = free_port()
        self.process = None
        self.pid = None
        self.produced = {}  # topic -> records, so that a consumer can begin where a round began
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)

    def pinned(self, command):
        return (["taskset", "-c", self.cpus] if self.cpus else []) + command

    def start(self):
        log = open(os.path.join(self.work, "log"), "ab")
        self.process = subprocess.Popen(self.pinned(self.command()), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for_port(self.port, self.process)
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            os.kill(self.pid, how)
            self.process.wait(60)

    def cpu_s(self):
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                total += int(open(f"/proc/{self.pid}/task/{task}/schedstat").read().split()[0])
            except OSError:
                continue
        return total / 1e9

    def cpu_by_thread_s(self):
        """{(id, name): s} of the threads that live."""
        cpu = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            at = f"/proc/{self.pid}/task/{task}"
            try:
                cpu[int(task), open(f"{at}/comm").read().strip()] = int(open(f"{at}/schedstat").read().split()[0]) / 1e9
            except OSError:
                continue
        return cpu

    def status_kib(self, field):
        for line in open(f"/proc/{self.pid}/status"):
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise KeyError(field)

    def written_bytes(self):
        for line in open(f"/proc/{self.pid}/io"):
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        raise KeyError("write_bytes")


class Null(Broker):
    name = "null"

    def __init__(self, build, work, cpus="1", gigabytes=4, durable=False):
        super().__init__(build, work, cpus)
        self.gigabytes, self.durable = gigabytes, durable

    def command(self):
        command = [f"{self.build}/perf/null_broker", str(self.port), f"{self.work}/disk", str(self.gigabytes)]
        return command + ["durable"] * self.durable


class Sluice(Broker):
    name = "sluice"

    def __init__(self, build, work, cpus="1", shards=1, overrides=()):
        super().__init__(build, work, cpus)
        self.shards, self.overrides = shards, list(overrides)

    def command(self):
        settings = [f"listeners=PLAINTEXT://127.0.0.1:{self.port}", f"log.dirs={self.work}/data",
                    f"sluice.shards={self.shards}", "sluice.http.listen=", *self.overrides]
        command = [f"{self.build}/sluice", "serve"]
        for setting in settings:
            command += ["--override", setting]
        return command


class Kafka(Broker):
    name = "kafka"

    def __init__(self, home, work, cpus="1", overrides=()):
        super().__init__(None, work, cpus)
        self.home, self.overrides = home, list(overrides)

    def command(self):
        return [f"{self.home}/bin/kafka-server-start", f"{self.work}/server.properties"]

    def start(self):
        controller = free_port()
        lines = ["process.roles=broker,controller", "node.id=1", f"controller.quorum.voters=1@127.0.0.1:{controller}",
                 f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
                 "controller.listener.names=CONTROLLER", f"log.dirs={self.work}/data",
                 "offsets.topic.replication.factor=1", *self.overrides]
        open(f"{self.work}/server.properties", "w").write("\n".join(lines) + "\n")
        subprocess.run([f"{self.home}/bin/kafka-storage", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c",
                        f"{self.work}/server.properties"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        super().start()
        self.pid = self.java_pid()
        return self

    def java_pid(self):
        """The wrapper execs or starts java: the process that has the port open is the one that counts."""
        pids = [self.process.pid]
        for pid in pids:
            if open(f"/proc/{pid}/comm").read().strip() == "java":
                return pid
            pids += [int(p) for p in open(f"/proc/{pid}/task/{pid}/children").read().split()]
        return self.process.pid
