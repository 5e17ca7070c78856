"""`sluice serve`: the first start, what it says, how it stops, and every way in which it can't start."""
import ctypes
import os
import signal
import socket
import struct
import subprocess
import time

from node import Sluice, free_port, scratch
from parts import advertised, clog, serve, sluice
from stage import Skip, check, require, same, wait_until


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def entries(path):
    return set(os.listdir(path))


def is_clean(path):
    return ".kafka_cleanshutdown" in entries(path) and "sluice.open" not in entries(path)


@check("binary: without arguments it makes ./data and listens on 9092 and 9644")
def _():
    if not is_free(9092) or not is_free(9644):
        raise Skip("port 9092 or 9644 is in use")
    with scratch("binary") as work:
        process = subprocess.Popen([Sluice.binary(), "serve"], cwd=work, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said = [process.stdout.readline().decode() for _ in range(5)]
            require("Transitioning from RECOVERY to RUNNING" in said[0], said)
            text = "".join(said)
            for word in ("durability durable", "clients connect to 127.0.0.1:9092 (PLAINTEXT)",
                         "http://127.0.0.1:9644/metrics", "try: echo hello | kcat -b 127.0.0.1:9092 -t hello -P"):
                require(word in text, f"{word!r} is not in {text}")
            same(advertised(9092, "127.0.0.1"), "127.0.0.1:9092", "address in Metadata")
            require("meta.properties" in entries(os.path.join(work, "data")), "no ./data")
            process.terminate()
            same(process.wait(60), 0, "exit status")
        finally:
            if process.poll() is None:
                process.kill()
            process.stdout.close()


@check("binary: without advertised.listeners each client is told the address that it reached")
def _():
    with scratch("binary") as work:
        port = free_port()
        with Sluice(work, port=port, overrides={"listeners": f"PLAINTEXT://0.0.0.0:{port}"}):
            for host in ("127.0.0.1", "127.0.0.2"):
                same(advertised(port, host), f"{host}:{port}", "address in Metadata")
        with Sluice(os.path.join(work, "told"), port=port, overrides={
                "advertised.listeners": "PLAINTEXT://kafka.example:1234"}):
            same(advertised(port, "127.0.0.1"), "kafka.example:1234", "address in Metadata")


@check("binary: an override beats a variable beats the file")
def _():
    with scratch("binary") as work:
        path = os.path.join(work, "server.properties")
        with open(path, "w") as file:
            file.write(f"node.id=7\nlisteners=PLAINTEXT://127.0.0.1:1\nlog.dirs={work}/wrong\nsluice.shards=1\n"
                       "sluice.http.listen=\n")
        port = free_port()
        process = subprocess.Popen(
            [Sluice.binary(), "serve", path, "--override", f"log.dirs={work}/right"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "KAFKA_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}", "KAFKA_LOG_DIRS": f"{work}/wrong"})
        try:
            wait_until(lambda: not is_free(port), "the port of KAFKA_LISTENERS is open")
            with open(f"{work}/right/meta.properties") as meta:
                require("node.id=7" in meta.read(), "node.id of the file is not used")
            require("wrong" not in entries(work), "the override did not win")
        finally:
            process.terminate()
            process.communicate()


@check("binary: TERM and INT stop cleanly")
def _():
    with scratch("binary") as work, Sluice(work) as node:
        for number in (signal.SIGTERM, signal.SIGINT):
            require("sluice.open" in entries(node.directory), "no guard while it runs")
            node.ended = True
            node.process.send_signal(number)
            same(node.process.wait(60), 0, "exit status")
            require(is_clean(node.directory), f"not clean: {entries(node.directory)}")
            require("stopped" in node.log_tail(1)[0], node.log_tail(3))
            node.start()


@check("binary: HUP changes nothing")
def _():
    with scratch("binary") as work, Sluice(work) as node:
        node.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        require(node.running(), "it ended")


@check("binary: a second INT ends it at once")
def _():
    with scratch("binary") as work, Sluice(work) as node:
        peer = clog(node.port)
        node.ended = True
        node.process.send_signal(signal.SIGINT)
        wait_until(lambda: "stopping" in node.log_text(), "the stop has begun")
        time.sleep(0.3)
        require(node.running(), "the client that doesn't read should have held up the stop")
        node.process.send_signal(signal.SIGINT)
        same(node.process.wait(10), 1, "exit status")
        require("sluice.open" in entries(node.directory), "the guard is gone")
        peer.close()
        node.start()


@check("binary: a service manager is told when it is ready and when it stops")
def _():
    with scratch("binary") as work:
        path = os.path.join(work, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(20)
            with Sluice(work, environment={"NOTIFY_SOCKET": path}) as node:
                same(manager.recv(100), b"READY=1", "at start")
                node.stop()
                same(manager.recv(100), b"STOPPING=1", "at stop")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind("\0sluice-test-%d" % os.getpid())
            manager.settimeout(20)
            with Sluice(work, environment={"NOTIFY_SOCKET": "@sluice-test-%d" % os.getpid()}):
                same(manager.recv(100), b"READY=1", "in the abstract namespace")


# ---- refusals: one clear line, exit status 1 ----

def refused(result, *words):
    fatal = [line for line in result.out.splitlines() if " FATAL " in line]
    require(len(fatal) == 1, f"not one FATAL line: {result.text}")
    for word in words:
        require(word in fatal[0], f"{word!r} is not in {fatal[0]}")


@check("binary: a port that somebody listens on is refused, before the directory is touched")
def _():
    with scratch("binary") as work, Sluice(work, http=True) as node:
        other = os.path.join(work, "other")
        refused(serve(f"listeners=PLAINTEXT://127.0.0.1:{node.port}", f"log.dirs={other}", code=1), "in use",
                str(node.port))
        refused(serve(f"listeners=PLAINTEXT://0.0.0.0:{node.port}", f"log.dirs={other}", code=1), "in use")
        refused(serve(f"sluice.http.listen=127.0.0.1:{node.http_port}", f"log.dirs={other}", code=1),
                "sluice.http.listen", "in use")
        require("other" not in entries(work), "the directory was made")


@check("binary: a directory that another process has, of another node or another cluster, is refused")
def _():
    with scratch("binary") as work:
        with Sluice(work) as node:
            refused(serve(f"log.dirs={node.directory}", code=1), node.directory, "locked")
            node.stop()
        refused(serve(f"log.dirs={node.directory}", "node.id=2", code=1), "belongs to node 1, not to node 2")
        refused(serve(f"log.dirs={node.directory}", "sluice.cluster.id=AAAAAAAAAAAAAAAAAAAAAA", code=1),
                "belongs to cluster", "AAAAAAAAAAAAAAAAAAAAAA")
        require(is_clean(node.directory), "a refusal changed the directory")


@check("binary: a directory that can't be made or written is refused")
def _():
    with scratch("binary") as work:
        file = os.path.join(work, "file")
        with open(file, "w"):
            pass
        refused(serve(f"log.dirs={file}", code=1), file)
        refused(serve(f"log.dirs={work}/a/b/c", code=1), f"{work}/a/b/c")
        mount = os.path.join(work, "mount")
        os.mkdir(mount)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"none", mount.encode(), b"tmpfs", 1, None) != 0:
            return  # not allowed to mount here: the two above must do
        try:
            refused(serve(f"log.dirs={mount}/data", code=1), "read-only")
        finally:
            libc.umount2(mount.encode(), 2)


def spoil(path, position, value=None):
    with open(path, "r+b") as file:
        file.seek(position)
        old = file.read(1)[0]
        file.seek(position)
        file.write(bytes([old ^ 0xff if value is None else value]))


@check("binary: a damaged directory is refused and left as it is")
def _():
    with scratch("binary") as work:
        with Sluice(work, shards=1) as node:
            node.stop()
        log = os.path.join(node.directory, "__cluster_metadata-0", "00000000000000000000.log")
        meta = os.path.join(node.directory, "meta.properties")
        spoil(log, 200)
        before = entries(node.directory)
        refused(serve(f"log.dirs={node.directory}", code=1), "__cluster_metadata")
        same(entries(node.directory) - {".lock"}, before - {".lock"}, "files")
        spoil(log, 200)
        with open(meta) as file:
            good = file.read()
        for bad in ("node.id=1\n", "version=9\nnode.id=1\ncluster.id=x\n", "\x00\x01"):
            with open(meta, "w") as file:
                file.write(bad)
            refused(serve(f"log.dirs={node.directory}", code=1), "meta.properties")
        with open(meta, "w") as file:
            file.write(good)
        node.start()
        node.kill()
        os.rename(meta, meta + ".away")
        refused(serve(f"log.dirs={node.directory}", code=1), "no meta.properties")


# A filter of system calls: io_uring_setup (425) gives EPERM, everything else may pass.
FORBID_IO_URING = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 425, 0x06, 0, 0, 0x00050001, 0x06, 0, 0, 0x7fff0000)


def forbid_io_uring():
    class Program(ctypes.Structure):
        _fields_ = [("count", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(4, FORBID_IO_URING)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
        os._exit(77)


@check("binary: where io_uring is forbidden the message names the cause and the remedy", alone=True)
def _():
    with scratch("binary") as work:
        done = subprocess.run([Sluice.binary(), "serve", "--override", f"log.dirs={work}/data", "--override",
                               f"listeners=PLAINTEXT://127.0.0.1:{free_port()}", "--override", "sluice.http.listen="],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              preexec_fn=forbid_io_uring, timeout=20)
        if done.returncode == 77:
            raise Skip("no seccomp filters here")
        same(done.returncode, 1, "exit status")
        said = done.stdout.decode()
        fatal = [line for line in said.splitlines() if " FATAL " in line]
        require(len(fatal) == 1 and "io_uring" in fatal[0], said)
        require("seccomp=unconfined" in fatal[0] or "io_uring_disabled" in fatal[0], said)
        require("data" not in entries(work), "the directory was made")


@check("binary: relaxed durability is said at the start")
def _():
    with scratch("binary") as work, Sluice(work, overrides={"sluice.durability": "relaxed"}) as node:
        deadline = time.monotonic() + 30  # the port answers a moment before the line is out
        while "durability relaxed" not in node.log_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        require("durability relaxed" in node.log_text(), node.log_text())
        require("unknown" not in sluice("version").out, "version")
