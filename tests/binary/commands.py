"""commands: what the checks of the client commands share: running one against a node, with something to read."""
import os
import re
import subprocess

from node import Sluice, broker, scratch
from stage import same


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode()
        self.raw = done.stdout


def sluice(node, *words, given=b"", code=0, limit_s=60, name=None):
    """Runs `sluice WORDS`, or the tool `name`, against a node (None: against nobody); any other exit status is wrong."""
    environment = {key: value for key, value in os.environ.items() if key != "SLUICE_BOOTSTRAP"}
    if node:
        environment["SLUICE_BOOTSTRAP"] = node if isinstance(node, str) else node.address
    done = subprocess.run([name or Sluice.binary(), *map(str, words)], env=environment, timeout=limit_s,
                          input=given if isinstance(given, bytes) else given.encode(), capture_output=True)
    result = Result(done)
    if code is not None:
        same(result.code, code, f"exit status of {' '.join(map(str, words))} ({result.err[-300:]})")
    return result


def node_of(work, **overrides):
    return broker(work, overrides={"num.partitions": 1, **{key.replace("_", "."): value for key, value in overrides.items()}})


def golden(got, want, what):
    """Line by line; <id> stands for a topic's id, <n> for any number."""
    patterns = [re.escape(line).replace("<id>", "[A-Za-z0-9_-]{22}").replace("<n>", r"\d+")
                for line in want.strip("\n").split("\n")]
    lines = got.rstrip("\n").split("\n")
    same(len(lines), len(patterns), f"{what}: lines of {got!r}")
    for line, pattern, text in zip(lines, patterns, want.strip("\n").split("\n")):
        same(line if not re.fullmatch(pattern, line) else text, text, what)


__all__ = ["Result", "golden", "node_of", "scratch", "sluice"]
