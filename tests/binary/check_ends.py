"""How commands end when nobody reads them, when nothing can be written, when the terminal is gone; and the line that says how
far a long work is."""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time

from commands import node_of, scratch, sluice
from node import Sluice
from stage import check, require, same, wait_until

PRINTING = ("topic list", "topic list --json", "topic describe t", "topic create other", "consume t -e", "consume t -e -J",
            "cluster", "cluster --json", "config get topic t -a", "config get broker 1 --json", "bench consume -t t",
            "bench produce -t t -n 10 --json", "produce t -T", "completion bash", "version", "help", "topic --help",
            "topic list --help", "log --help", "config check --help", "serve --help", "serve --plan", "top --help")
ODD = re.compile(r"\x1b\[K|\r")


def started(node, words, **arguments):
    environment = {**os.environ, "TERM": "xterm", "SLUICE_BOOTSTRAP": node.address if node else ""}
    return subprocess.Popen([Sluice.binary(), *words.split()], env=environment, **{"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, **arguments})


def ended(process, given=b"one\n"):
    _, said = process.communicate(given, timeout=30)
    return process.returncode, said.decode()


@check("commands: what can't be written is told, and ends with 1")
def _():
    with scratch("commands") as work, node_of(work) as node, open("/dev/full", "wb") as full:
        sluice(node, "produce", "t", given="one\n")
        for words in PRINTING:
            code, said = ended(started(node, words, stdout=full))
            same((code, "No space left on device" in said), (1, True), f"{words}: {said}")
            same(said.count("No space left"), 1, f"complaints of {words}")


@check("commands: a pipe that nobody reads ends them without a word", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "produce", "t", given="one\n")
        for words in PRINTING:
            reads, writes = os.pipe()
            os.close(reads)
            try:
                same(ended(started(node, words, stdout=writes)), (-signal.SIGPIPE, ""), words)
            finally:
                os.close(writes)


@check("commands: without standard output they complain, and a broker's socket does not get what was meant for it", alone=True)
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "produce", "t", given="one\n")
        for words in PRINTING:
            code, said = ended(started(node, words, preexec_fn=lambda: os.close(1)))
            same((code, "Bad file descriptor" in said), (1, True), f"{words}: {said}")
        process = started(node, "produce t", stdin=None, preexec_fn=lambda: os.close(0))
        same((process.wait(60), "standard input: Bad file descriptor" in process.stderr.read().decode()), (1, True), "no input")


class Terminal:
    """A terminal as a program's standard error, or more."""

    def __enter__(self):
        self.master, self.slave = pty.openpty()
        self.text = b""
        return self

    def __exit__(self, *_):
        self.hang_up()

    def hang_up(self):
        for one in (self.master, self.slave):
            if one is not None:
                os.close(one)
        self.master = self.slave = None

    def look(self):
        """Waits a moment for more to be shown; was there?"""
        there = bool(select.select([self.master], [], [], 0.05)[0])
        if there:
            self.text += os.read(self.master, 65536)
        return there

    def begun(self):
        """Waits until something is shown."""
        wait_until(lambda: self.look() or self.text, "the terminal shows something")

    def shown(self, process, limit_s=60):
        """Everything until the program ended."""
        limit = time.monotonic() + limit_s
        while time.monotonic() < limit:
            over = process.poll() is not None  # asked before the look, which then sees all that it wrote
            if not self.look() and over:
                text, self.text = self.text, b""
                return text.decode()
        raise TimeoutError("it does not end")


def progress_of(text, pattern):
    """Lines that were drawn; each rewrites the one before, and none is left."""
    drawn = [line for line in ODD.split(text) if line]
    require(drawn, f"no progress in {text!r}")
    for line in drawn:
        require(re.fullmatch(pattern, line) and len(line) < 80, f"{line!r} is not {pattern}")
    require(text.endswith("\r\x1b[K"), f"{text!r} leaves something behind")


def has_socket(process):
    folder = f"/proc/{process.pid}/fd"
    with contextlib.suppress(FileNotFoundError):
        return any(os.readlink(os.path.join(folder, one)).startswith("socket:") for one in os.listdir(folder))
    return False


def while_it_stands(node, words, **arguments):
    """A command whose node stands still long enough for a line of progress."""
    os.kill(node.pid, signal.SIGSTOP)
    process = started(node, words, **arguments)
    wait_until(lambda: has_socket(process), "it has asked the node")
    time.sleep(1.5)
    os.kill(node.pid, signal.SIGCONT)
    return process


@check("progress: produce tells a terminal how far it is, and what is left of a file")
def _():
    with scratch("commands") as work, node_of(work) as node, Terminal() as terminal:
        sluice(node, "topic", "create", "t")
        sluice(node, "produce", "t", given="a line\n")
        writer = started(node, "produce t", stderr=terminal.slave)
        limit = time.monotonic() + 30
        while not terminal.text and time.monotonic() < limit:
            writer.stdin.write(b"a line\n" * 100)
            writer.stdin.flush()
            time.sleep(0.2)
            terminal.look()
        writer.stdin.close()
        progress_of(terminal.shown(writer), r"sluice produce: [\d.]+ (B|KiB), [\d.]+ (B|KiB)/s")
        path = os.path.join(work, "file")
        with open(path, "wb") as out:
            out.write(b"x" * 99 + b"\n")
            out.write((b"y" * 99 + b"\n") * 60000)
        progress_of(terminal.shown(while_it_stands(node, f"produce t -l {path}", stderr=terminal.slave)),
                    r"sluice produce: [\d.]+ .?i?B, [\d.]+ .?i?B/s(, \d+ %, \d+ s left)?")


@check("progress: consume tells it beside its output, topic create between its requests")
def _():
    with scratch("commands") as work, node_of(work) as node, Terminal() as terminal:
        sluice(node, "topic", "create", "t")
        sluice(node, "produce", "t", given="1\n2\n")
        with open(os.path.join(work, "out"), "wb") as out:
            reader = started(node, "consume t -c 3", stderr=terminal.slave, stdout=out)
            terminal.begun()
            sluice(node, "produce", "t", given="3\n")
            progress_of(terminal.shown(reader), r"sluice consume: \d+ records, \d+/s(, \d+ %, \d+ s left)?")
        with open(os.path.join(work, "out"), "wb") as out:
            words = "topic create " + " ".join(f"n{i}" for i in range(80))
            maker = while_it_stands(node, words, stderr=terminal.slave, stdout=out)
            progress_of(terminal.shown(maker), r"sluice topic create: \d+ topics, \d+/s(, \d+ %, \d+ s left)?")
        same(len(sluice(node, "topic", "list").out.splitlines()), 82, "topics, and the head")


@check("progress: none where standard error is no terminal, none over records in a terminal")
def _():
    with scratch("commands") as work, node_of(work) as node, Terminal() as terminal:
        sluice(node, "topic", "create", "t")
        sluice(node, "produce", "t", given="1\n")
        piped = started(node, "consume t -c 2", stdout=subprocess.PIPE)
        watched = started(node, "consume t -c 2", stdout=terminal.slave, stderr=terminal.slave)
        time.sleep(2)
        sluice(node, "produce", "t", given="2\n")
        same(piped.communicate(timeout=30), (b"1\n2\n", b""), "piped")
        same(terminal.shown(watched), "1\r\n2\r\n", "in a terminal")


@check("commands: a terminal that went away ends them")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "produce", "t", given="".join(f"{i}\n" for i in range(50000)))
        for words in ("consume t", "consume t -e", "topic list", "bench produce -t t -s 2"):
            with Terminal() as terminal:
                process = started(node, words, stdout=terminal.slave, stderr=terminal.slave, stdin=terminal.slave)
                time.sleep(0.1)
                terminal.hang_up()
                require(process.wait(60) in (0, 1), f"{words} ended with {process.returncode}")
