"""The places where a tracer may look in: those in the binary are those that are promised."""
import os
import re
import subprocess

from node import TOP, Sluice
from stage import Skip, check, require, same


def notes():
    """{probe: numbers of arguments}, of the notes in the binary."""
    try:
        shown = subprocess.run(["readelf", "-n", Sluice.binary()], check=True, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True).stdout
    except FileNotFoundError:
        raise Skip("no readelf") from None
    found = {}
    for provider, name, arguments in re.findall(r"Provider: (\S+)\s+Name: (\S+)\s+Location.*\s+Arguments: ?(.*)", shown):
        if provider == "sluice":
            found.setdefault(name, set()).add(len(re.findall(r"-?\d+@", arguments)))
    if not found:
        raise Skip("built without sys/sdt.h")
    return found


@check("probes: the binary has those that the README lists, with their arguments")
def _():
    with open(os.path.join(TOP, "engine", "shard", "README.md")) as readme:
        rows = re.findall(r"^\| `(\w+__\w+)` \| (.*?) \|$", readme.read(), re.M)
    found = notes()
    same(sorted(found), sorted(name for name, _ in rows), "probes")
    for name, words in rows:
        same(found[name], {len(words.split(":")[0].split(","))}, f"arguments of {name}")


@check("probes: a tracer finds them", level="all")
def _():
    if os.geteuid() != 0 or subprocess.run(["sh", "-c", "command -v bpftrace"], stdout=subprocess.DEVNULL).returncode != 0:
        raise Skip("no bpftrace, or not root")
    notes()
    shown = subprocess.run(["bpftrace", "-l", f"usdt:{Sluice.binary()}:*"], check=False, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, timeout=60)
    require("sluice:request__begin" in shown.stdout, f"bpftrace -l: {shown.stdout} {shown.stderr}")
