"""`sluice doctor`: what it finds good, what it warns of, what it calls bad, and the remedies."""
import json
import os
import resource
import subprocess

from commands import golden, node_of, scratch, sluice
from node import Sluice
from stage import Skip, check, require, same


def doctor(work, *overrides, code=0, limits=None):
    words = [Sluice.binary(), "doctor", "--json"]
    for override in (f"log.dirs={work}/data", *overrides):
        words += ["--override", override]
    done = subprocess.run(words, cwd=work, capture_output=True, timeout=60,
                          preexec_fn=(lambda: resource.setrlimit(*limits)) if limits else None)
    same(done.returncode, code, f"exit status ({done.stdout.decode()[-500:]} {done.stderr.decode()[-500:]})")
    return {row["what"]: row for row in json.loads(done.stdout)}


@check("doctor: finds this machine fit, and leaves nothing behind")
def _():
    with scratch("commands") as work:
        told = doctor(work)
        for what in ("kernel", "io_uring", "memory", f"{work}/data"[:40]):
            same(told[what]["state"], "good", what)
        require(any("durable write of 4 KiB" in what for what in told), "the disk was not probed")
        same(os.listdir(work), [], "what is left behind")
        require("STATE" in sluice(None, "doctor").out, "no table")


def line_of(path):
    try:
        with open(path) as file:
            return file.readline().strip()
    except OSError:
        return None


@check("doctor: a guest whose cores halt at once is told, and nobody else")
def _():
    polls = "/sys/module/haltpoll/parameters/guest_halt_poll_ns"
    with scratch("commands") as work:
        told = doctor(work).get("idle cores")
        if line_of("/sys/devices/system/cpu/cpuidle/current_driver") != "haltpoll" or not line_of(polls):
            same(told, None, "a machine that is no guest of this kind")
        else:
            expected = ("good", False) if int(line_of(polls)) > 0 else ("warn", True)
            same((told["state"], polls in told["remedy"]), expected, f"guest_halt_poll_ns {line_of(polls)}")


@check("doctor: says whether a node answers at the address that clients are told")
def _():
    with scratch("commands") as work, node_of(work) as node:
        listening = f"listeners=PLAINTEXT://127.0.0.1:{node.port}"
        require("a node answers there" in doctor(work, listening)["clients of PLAINTEXT"]["found"], "a node")
        node.kill()
        require("nobody answers there yet" in doctor(work, listening)["clients of PLAINTEXT"]["found"], "nobody")


@check("doctor: addresses that clients can't use")
def _():
    with scratch("commands") as work:
        everywhere = "listeners=PLAINTEXT://0.0.0.0:9392"
        same(doctor(work, everywhere)["clients of PLAINTEXT"]["state"], "good", "nothing advertised")
        told = doctor(work, everywhere, "advertised.listeners=PLAINTEXT://localhost:9392")["clients of PLAINTEXT"]
        same((told["state"], "others can't come" in told["remedy"]), ("warn", True), "localhost")
        told = doctor(work, "advertised.listeners=PLAINTEXT://no.such.host.invalid:9392", code=1)["clients of PLAINTEXT"]
        same((told["state"], "resolver" in told["remedy"]), ("bad", True), "no such host")


@check("doctor: a file where the directory should be, and few descriptors", alone=True)
def _():
    with scratch("commands") as work:
        with open(os.path.join(work, "data"), "w"):
            pass
        told = doctor(work, code=1)[f"{work}/data"[:40]]
        same((told["state"], "is no directory" in told["found"]), ("bad", True), "a file")
        for count, state, code in ((256, "warn", 0), (40, "bad", 1)):
            told = doctor("/tmp", f"log.dirs={work}/other", code=code, limits=(resource.RLIMIT_NOFILE, (count, count)))["descriptors"]
            same((told["state"], told["found"], "ulimit -Hn" in told["remedy"]), (state, str(count), True), "descriptors")


@check("doctor: tmpfs without O_DIRECT or with it is told")
def _():
    if not os.path.isdir("/dev/shm") or not os.access("/dev/shm", os.W_OK):
        raise Skip("no tmpfs at /dev/shm")
    with scratch("commands") as work:
        told = doctor(work, "log.dirs=/dev/shm/sluice-doctor")
        space = next(row for what, row in told.items() if what.endswith(": space"))
        require("tmpfs" in space["found"], space["found"])


@check("doctor: wrong command lines")
def _():
    golden(sluice(None, "doctor", "--overide", "a=b", code=2).err,
           "sluice doctor: there is no option '--overide'; did you mean --override?", "near")
    require("not found" in sluice(None, "doctor", "no.such.file", code=2).err, "no file")
    require("one file only" in sluice(None, "doctor", "a", "b", code=2).err, "two files")
