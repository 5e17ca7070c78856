"""Whole outputs, to the letter but for figures: the tables that other checks look at in part, the lines of progress of long
work, and that the shells' completions know every option that a --help names."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

from check_ends import ODD, Terminal, progress_of, started
from commands import golden, node_of, scratch, sluice
from node import Sluice
from stage import check, require, same

COMMANDS = ("serve", "top", "topic create", "topic list", "topic describe", "topic delete", "topic add-partitions", "produce",
            "consume", "cluster", "config get", "config set", "config unset", "config check", "bench produce", "bench consume",
            "bench end-to-end", "doctor", "log", "completion")


def masked(text):
    """Figures and the blanks that line them up are of this run; `golden` takes a number for <n>."""
    text = re.sub(r"\d[\d.]* (?:ns|us|ms|s)\b", "<time>", text)
    text = re.sub(r"\d[\d.]*", "0", text)
    return re.sub(r" +", " ", text)


@check("topic: copies, and topics that brokers keep")
def _():
    with scratch("golden") as work, node_of(work) as node:
        golden(sluice(node, "topic", "create", "one", "-r", 1).out, "created one", "-r 1")
        golden(sluice(node, "topic", "create", "three", "-r", 3, code=1).err, "sluice topic create: three: "
               "INVALID_REPLICATION_FACTOR: Unable to replicate the partition 3 time(s): The target replication factor of 3 "
               "cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories "
               "cordoned.", "-r 3")
        sluice(node, "topic", "create", "__consumer_offsets", "-p", 2)
        golden(sluice(node, "topic", "list").out, "TOPIC  PARTITIONS  REPLICAS\none             1         1", "list")
        for flag in ("--internal", "-i"):
            golden(sluice(node, "topic", "list", flag).out, """
TOPIC               PARTITIONS  REPLICAS
__consumer_offsets           2         1
one                          1         1
""", f"list {flag}")
        require("__consumer_offsets  id " in sluice(node, "topic", "describe", "-i").out, "describe -i")
        require("__consumer_offsets" not in sluice(node, "topic", "describe").out, "describe")


@check("serve --plan: the whole table")
def _():
    with scratch("golden") as work:
        golden(masked(sluice(None, "serve", "--plan", "--override", f"log.dirs={work}/data").out), """
shards <n> one thread each, and one for replication
job threads <n> what blocks: files, recompression, handshakes
connections <n> per shard
requests <n> MiB per shard, decoded: those that wait hold no more together
open segments <n> per shard, about
ring entries <n> operations begun per turn before they are submitted early
completion entries <n> twice the operations in flight
receive buffers <n> of <n> bytes per shard, touched as needed
wal <n> MiB per shard and log directory, in files of <n> MiB; <n> MiB with more partitions
memory <n> MiB at most, for the data path, touched as needed; of it per shard:
 data receive <n> MiB request bodies on their way in
 data tail <n> MiB appended batches until their segment holds them
 data cache <n> MiB chunks read back from segments
 data answer <n> MiB encoded answers and what is joined, cut or decompressed
 replication receive <n> MiB request bodies on their way in
 replication tail <n> MiB appended batches until their segment holds them
 replication cache <n> MiB chunks read back from segments
 replication answer <n> MiB encoded answers and what is joined, cut or decompressed
""", "--plan")
        same(os.listdir(work), [], "what is left behind")


@check("doctor: the whole table")
def _():
    with scratch("golden") as work, node_of(work) as node:
        said = sluice(node, "doctor", "--override", f"log.dirs={work}/other", "--override",
                      f"listeners=PLAINTEXT://{node.address}", code=None).out.splitlines()
        require(re.fullmatch(r"STATE  WHAT +FOUND +WANTED", said[0]), said[0])
        rows = [re.split(r"  +", line) for line in said[1:said.index("") if "" in said else len(said)]]
        same([row[1].replace(f"{work}/other"[:40], "<dir>") for row in rows if row[1] != "idle cores"],  # of guests only
             ["kernel", "io_uring", "memory", "memory that may be locked", "descriptors", "clock source", "waiting connections",
              "<dir>", "<dir>: space", "<dir>: O_DIRECT", "<dir>: durable write of 4 KiB",
              "clients of PLAINTEXT"], "what is looked at")
        require(all(row[0] in ("good", "warn", "bad") and row[2] and row[3] for row in rows), f"{rows}")
        for row, found in (("kernel", r"Linux \S+"), ("io_uring", "works"), ("descriptors", r"\d+"),
                           ("waiting connections", r"net\.core\.somaxconn \d+"),
                           ("clients of PLAINTEXT", f"are told to come to {node.address}; a node answers there")):
            told = next(one[2] for one in rows if one[1] == row)
            require(re.fullmatch(found, told), f"{row}: {told}")
        bad = [row[1] for row in rows if row[0] != "good"]
        same([line for line in said if line.startswith("What")], ["What to change:"] if bad else [], "remedies")
        same(len([line for line in said if re.match(r" +\d+\. ", line)]), len(bad), "a remedy for each")


@check("bench: the whole report, produce, consume and end to end")
def _():
    tail = """
 p<n> <time>
 p<n> <time>
 p<n> <time>
 p<n> <time>
 p<n> <time>
 p<n> <time>
 most <time>
"""
    with scratch("golden") as work, node_of(work) as node:
        for verb, words, head in (
                ("produce", ["-n", 2000, "-r", 4000, "--linger", 5, "--in-flight", 2], """
produce: <n> records of <n> bytes in <time>, <n> connection

 throughput <n> records/s <n> MiB/s
 intended <n> records/s
 requests <n> <n> records each
 own cpu <time> <n> records per cpu second

latency from intended to acknowledged
"""), ("end-to-end", ["-n", 500, "-r", 1000], """
end to end: <n> records of <n> bytes in <time>, <n> connection

 throughput <n> records/s <n> MiB/s
 intended <n> records/s
 requests <n> <n> records each
 own cpu <time> <n> records per cpu second

latency from intended to read
"""), ("consume", [], """
consume: <n> records of <n> bytes in <time>, <n> connection

 throughput <n> records/s <n> MiB/s
 requests <n> <n> records each
 own cpu <time> <n> records per cpu second

latency of a Fetch
""")):
            report, picture = sluice(node, "bench", verb, "-t", "b", *words).out.rsplit("\n\n", 1)
            golden(masked(report), head.strip("\n") + "\n" + tail.rstrip("\n"), verb)
            lines = picture.rstrip("\n").split("\n")
            for line in lines:
                require(re.fullmatch(r"  < +[\d.]+ (ns|us|ms|s) +[\d.]+%  \S*", line), f"{verb}: {line!r}")
            require(" 100.000%" in lines[-1], lines[-1])


def slowed(words, out, error):
    """A command that stands still most of its time, so that its work is a long one on any machine."""
    process = started(None, words, stdout=out, stderr=error, stdin=subprocess.DEVNULL)
    limit = time.monotonic() + 5
    while process.poll() is None and time.monotonic() < limit:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.002)
    return process


@check("progress: log verify and log dump tell a terminal how far they are, and nobody else")
def _():
    with scratch("golden") as work, node_of(work) as node:
        sluice(node, "produce", "t", given="".join(f"{i} {'x' * 990}\n" for i in range(60000)))
        node.stop()
        for verb in ("verify", "dump"):
            words = f"log {verb} {node.directory}"
            with open(os.path.join(work, "out"), "wb") as out, Terminal() as terminal:
                shown = terminal.shown(slowed(words, out, terminal.slave))
                progress_of(shown, rf"sluice log {verb}: [\d.]+ .?i?B, [\d.]+ .?i?B/s(, \d+ %, \d+ s left)?")
            with open(os.path.join(work, "out"), "wb") as out, open(os.path.join(work, "err"), "w+b") as error:
                same(slowed(words, out, error).wait(60), 0, f"exit status of {verb} without a terminal")
                error.seek(0)
                same(error.read(), b"", f"{verb} without a terminal")
                require(out.tell() > 0, f"{verb} prints nothing")


@check("progress: a narrow terminal gets what fits, a dumb one nothing")
def _():
    with scratch("golden") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        for terminal_is, columns, pattern in (("xterm", 20, r"sluice consume: 0 r"), ("dumb", 80, None)):
            environment = {**os.environ, "SLUICE_BOOTSTRAP": node.address, "TERM": terminal_is}
            with Terminal() as terminal, open(os.path.join(work, "out"), "wb") as out:
                fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
                reader = subprocess.Popen([Sluice.binary(), "consume", "t"], env=environment, stdout=out, stderr=terminal.slave)
                if pattern:
                    terminal.begun()
                else:
                    time.sleep(2.5)
                reader.kill()
                shown = terminal.shown(reader)
                drawn = [line for line in ODD.split(shown) if line]
                require(all(re.fullmatch(pattern, line) for line in drawn) if drawn else not pattern, f"{terminal_is}: {shown!r}")


@check("progress: bench tells a terminal how far it is, and nobody else")
def _():
    with scratch("golden") as work, node_of(work) as node, Terminal() as terminal:
        with open(os.path.join(work, "out"), "wb") as out:
            load = started(node, "bench produce -t b -s 3 -r 500", stdout=out, stderr=terminal.slave)
            lines = terminal.shown(load).splitlines()
        require(len(lines) >= 2, f"{lines}")
        for line in lines:
            require(re.fullmatch(r" +\d+ s +\d+ records/s +[\d.]+ MiB/s  p99 [\d.]+ ms", line), repr(line))
        same(sluice(node, "bench", "produce", "-t", "b", "-s", 2, "-r", 500).err, "", "without a terminal")


@check("completion: bash and fish know every option that --help names")
def _():
    bash, fish = (sluice(None, "completion", shell).out for shell in ("bash", "fish"))
    for words in COMMANDS:
        name = words.split()[0]
        offered = re.search(rf"^ +{name}:\*:-\*\) list=\"(.*)\"", bash, re.M)
        require(offered, f"bash knows no option of {name}")
        for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", sluice(None, *words.split(), "--help").out)):
            require(option in offered[1].split(), f"bash: {words} {option}")
            require(re.search(rf"from {name}\b.* -l {option[2:]}\b", fish), f"fish: {words} {option}")
    for name in ("topic", "config", "bench", "log", "completion"):
        verbs = re.search(rf"^ +{name}:2:\*\) list=\"(.*)\"", bash, re.M)
        require(verbs and len(verbs[1].split()) >= 3, f"bash knows no verbs of {name}")


def until_quiet(terminal, shown, enough, limit_s=30):
    """What is shown until that is enough and nothing more comes for a while."""
    limit = time.monotonic() + limit_s
    while time.monotonic() < limit:
        if select.select([terminal], [], [], 0.7)[0]:
            shown += os.read(terminal, 65536)
        elif enough(shown):
            break
    return shown


def typed(shell, lines, last, whole):
    """What an interactive shell shows after the lines and, as the end of all, `last` with a tab behind it, which makes it whole."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(PATH=f"{os.path.dirname(Sluice.binary())}:{os.environ['PATH']}", TERM="dumb", PS1="> ")
        os.execvp(shell[0], shell)
    shown = b""
    for number, line in enumerate(lines, 1):
        os.write(terminal, f"{line}\n".encode())
        shown = until_quiet(terminal, shown, lambda shown: shown.count(b"> ") > number)  # a prompt before, and one behind
    os.write(terminal, f"{last}\t".encode())
    shown = until_quiet(terminal, shown, lambda shown: whole.encode() in shown.rsplit(b"> ", 1)[-1])
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)
    return shown.decode(errors="replace")


@check("completion: a tab completes in bash, zsh and fish, those of them that are there", alone=True)
def _():
    shells = {"bash": (["bash", "--norc", "-i"], ["source <(sluice completion bash)"]),
              "zsh": (["zsh", "-f", "-i"], ["autoload -U compinit; compinit -u -D", "source <(sluice completion zsh)"])}
    for shell in filter(shutil.which, (*shells, "fish")):
        if shell == "fish":
            asked = f"{Sluice.binary()} completion fish | source; complete -C 'sluice topic cr'; complete -C 'sluice topic create --rep'"
            offered = subprocess.run(["fish", "--no-config", "-c", asked], stdout=subprocess.PIPE, text=True, timeout=60).stdout
            same([line.split("\t")[0] for line in offered.splitlines()], ["create", "--replication"], "fish")
            continue
        for last, whole in (("sluice topi", "topic"), ("sluice topic cr", "create"), ("sluice topic create --rep", "--replication")):
            shown = typed(*shells[shell], last, whole)
            require(whole in shown.rsplit("> ", 1)[-1] and "not found" not in shown, f"{shell}: {last}: {shown[-300:]!r}")


@check("help: of a command by its name, and the nearest name for one that is not there")
def _():
    same(sluice(None, "help", "produce").out, sluice(None, "produce", "--help").out, "help produce")
    same(sluice(None, "help").out, sluice(None, "-h").out, "-h")
    same(sluice(None, "topic", "crate", "x", code=2).err.splitlines()[0],
         "sluice topic: there is no 'crate'; did you mean create?", "crate")
    same(sluice(None, "help", "produc", code=2).err.splitlines()[0],
         "sluice: there is no command 'produc'; did you mean produce?", "produc")


@check("commands: a dumb or narrow terminal and a C locale change no byte of an output")
def _():
    with scratch("golden") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t", "-p", 3)
        sluice(node, "produce", "t", "-p", 0, given=b"\xc3\xa4 \xff\x00\n")
        for words in (["topic", "describe", "t"], ["consume", "t", "-e"], ["consume", "t", "-e", "-J"], ["config", "get", "topic", "t", "-a"]):
            wanted = sluice(node, *words).raw
            for odd in ({"TERM": "dumb"}, {"NO_COLOR": "1"}, {"LANG": "C", "LC_ALL": "C"}, {"COLUMNS": "20"}, {"TERM": ""}):
                got = subprocess.run([Sluice.binary(), *words, "-b", node.address], env={**os.environ, **odd}, timeout=60,
                                     capture_output=True)
                same((got.returncode, got.stdout, got.stderr), (0, wanted, b""), f"{' '.join(words)} with {odd}")
