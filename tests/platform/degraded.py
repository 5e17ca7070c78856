"""degraded: a node on a machine that lacks something, and what it must do all the same.

    serves(node, "64 descriptors:", "descriptors")    starts, says it in one line, counts it, takes records and gives them back
    without("o_direct")                               what runs a program without something, see without.c
    group(memory_mib=512)                             what runs a program in a control group of version 1 or 2
"""
import contextlib
import hashlib
import json
import os
import subprocess

from node import CACHE, Sluice
from stage import Skip, command, require, same

HERE = os.path.dirname(os.path.realpath(__file__))
GROUPS = "/sys/fs/cgroup"


# ---- a machine that lacks something ----

def without(*what):
    """The words before a program; the helper is built once per content of its source."""
    source = os.path.join(HERE, "without.c")
    with open(source, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()[:16]
    built = os.path.join(CACHE, f"without-{digest}")
    if not os.path.exists(built):
        os.makedirs(CACHE, exist_ok=True)
        command("cc", "-O1", "-D_GNU_SOURCE", "-o", f"{built}.{os.getpid()}", source)
        os.rename(f"{built}.{os.getpid()}", built)
    probe = subprocess.run([built, *what, "--", "true"], stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode:
        raise Skip(f"seccomp filters are not allowed here: {probe.stderr.strip()}")
    return [built, *what, "--"]


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def make_group(parent, files):
    """A group below `parent` with these limits, or None where that is not allowed."""
    path = os.path.join(parent, f"sluice-test-{os.getpid()}")
    try:
        os.mkdir(path)
        for name, value in files.items():
            write(os.path.join(path, name), str(value))
        return path
    except OSError:
        with contextlib.suppress(OSError):
            os.rmdir(path)
        return None


@contextlib.contextmanager
def group(memory_mib=None, core_quota=None):
    """The words before a program that run it in a group with these limits."""
    bytes_max, quota = (memory_mib or 0) << 20, int((core_quota or 0) * 100000)
    if memory_mib:
        ways = ((f"{GROUPS}/memory", {"memory.limit_in_bytes": bytes_max}), (GROUPS, {"memory.max": bytes_max}))
    else:
        ways = ((f"{GROUPS}/cpu", {"cpu.cfs_period_us": 100000, "cpu.cfs_quota_us": quota}), (GROUPS, {"cpu.max": f"{quota} 100000"}))
    path = next(filter(None, (make_group(parent, files) for parent, files in ways if os.path.isdir(parent))), None)
    if path is None:
        raise Skip("no control group can be made here (version 1 or 2, as root)")
    try:
        yield ["sh", "-c", f'echo $$ >{path}/cgroup.procs && exec "$@"', "sh"]
    finally:
        os.rmdir(path)


class Lesser(Sluice):
    """A node behind the words that take something away from it."""

    def __init__(self, work, prefix=(), **arguments):
        super().__init__(work, http=True, **arguments)
        self.prefix = list(prefix)

    def command(self):
        return self.prefix + super().command()


# ---- what a node must do all the same ----

def tool(node, *words, given=None):
    return command(node.binary(), *words, "-b", node.address, given=given)


def lines(count, name):
    return b"".join(b"%s record %d\n" % (name.encode(), number) for number in range(count))


def serves(node, words, metric, topics=3, volume_mib=0, kept=False):
    """The node starts, says `words` in exactly one line and counts it, and a produce and a fetch go through. `kept`: a start before
    has left its topics, which are still whole."""
    seen = os.path.getsize(node.log) if os.path.exists(node.log) else 0
    node.start()
    for number in range(topics):
        name = f"topic-{number}"
        if not kept:
            tool(node, "topic", "create", name, "-p", "1")
            tool(node, "produce", name, given=lines(5000, name))
        require(tool(node, "consume", name, "-e") == lines(5000, name), f"{name} does not come out as it went in")
    if volume_mib:
        tool(node, "topic", "create", "volume", "-p", "2")
        line = b"x" * 1023 + b"\n"
        for _ in range(volume_mib // 50):
            tool(node, "produce", "volume", given=line * (50 << 10))
        read = tool(node, "consume", "volume", "-e")
        same(read.count(b"\n"), volume_mib // 50 * (50 << 10), "records of the volume")
    require(node.running(), "the node has died")

    with open(node.log) as log:
        log.seek(seen)
        said = log.read().splitlines()
    same(sum(words in line for line in said), 1, f"lines with '{words}' in {said}")
    same(sum("WARN" in line for line in said), 1 if metric else 0, f"warnings in {said}")
    if metric:
        same(int(node.metric("sluice_degraded")), 1, "sluice_degraded")
        require(any("degraded (see the warnings)" in line for line in said), "the line of the start does not say degraded")


class Findings(dict):
    """What `sluice doctor` says, by what it looked at."""

    def find(self, word):
        return next(row for what, row in self.items() if word in what)

    def lacks(self, word):
        return any(word in what and row["state"] != "good" for what, row in self.items())


def doctor(node, *words, status=0):
    """With what the node is run with."""
    done = subprocess.run([*node.prefix, node.binary(), "doctor", "--json", "--override", f"log.dirs={node.work}/doctor", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=node.work, check=False)
    if status is not None:
        same(done.returncode, status, f"doctor's exit status ({done.stderr.decode()})")
    return Findings((row["what"], row) for row in json.loads(done.stdout))
