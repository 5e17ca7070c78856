"""`sluice cluster`, `sluice config get|set|unset` and the completions of the shells."""
import json
import shutil
import subprocess
import time

from commands import golden, node_of, scratch, sluice
from node import advertised
from stage import Skip, check, require, same

INCREMENTAL_ALTER_CONFIGS = 44


@check("cluster: who is there")
def _():
    with scratch("commands") as work, node_of(work) as node:
        said = sluice(node, "cluster").out
        golden("\n".join(said.split("\n")[:4]), f"""
cluster <id>

NODE  ADDRESS          RACK  ROLE
   1  {node.address}  -     broker, controller
""", "cluster")
        require("metadata.version" in said, "no features")
        told = json.loads(sluice(node, "cluster", "--json").out)
        same((told["controller"], told["nodes"][0]["port"]), (1, node.port), "cluster --json")
        require(told["features"]["metadata.version"] >= 20, "features")
        golden(sluice(node, "cluster", "nodes", code=2).err, "sluice cluster: what is 'nodes'?", "an operand")


@check("config get: what somebody set, and the rest by name")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t", "-c", "retention.ms=5000")
        rows = [line.split() for line in sluice(node, "config", "get", "topic", "t").out.splitlines()]
        require(["retention.ms", "5000", "topic"] in rows, f"retention.ms is not in {rows}")
        golden(sluice(node, "config", "get", "topic", "t", "segment.bytes", "-s").out, """
NAME                 VALUE       SOURCE
segment.bytes        1073741824  default
  log.segment.bytes  1073741824  default
""", "by name, with synonyms")
        same(len(sluice(node, "config", "get", "topic", "t", "-a", "--json").out) > 2000, True, "--all")
        golden(sluice(node, "config", "get", "topic", "t", "no.such", code=1).err,
               "sluice config get: not all of these settings exist", "unknown")
        require("UNKNOWN_TOPIC" in sluice(node, "config", "get", "topic", "nowhere", code=1).err, "no topic")
        golden(sluice(node, "config", "get", "broker", 9, code=1).err, "sluice config get: there is no broker 9", "no broker")
        require("topic, broker" in sluice(node, "config", "get", "topics", "t", code=2).err, "no such kind")
        require("whose?" in sluice(node, "config", "get", code=2).err, "nobody's")


@check("config set and unset")
def _():
    with scratch("commands") as work, node_of(work) as node:
        if INCREMENTAL_ALTER_CONFIGS not in advertised(node.port):
            raise Skip("the broker serves no IncrementalAlterConfigs")
        sluice(node, "topic", "create", "t")

        def value(name, source):
            limit = time.monotonic() + 30
            while time.monotonic() < limit:  # brokers hear of a change a moment later
                rows = json.loads(sluice(node, "config", "get", "topic", "t", name, "--json").out)
                if rows[0]["source"] == source:
                    break
            same(rows[0]["source"], source, f"source of {name}")
            return rows[0]["value"]
        golden(sluice(node, "config", "set", "topic", "t", "retention.ms=5000", "cleanup.policy+=compact").out,
               "changed topic t", "set")
        same(value("retention.ms", "topic"), "5000", "retention.ms")
        same(value("cleanup.policy", "topic"), "delete,compact", "cleanup.policy")
        sluice(node, "config", "set", "topic", "t", "cleanup.policy-=delete")
        sluice(node, "config", "unset", "topic", "t", "retention.ms")
        same(value("retention.ms", "default"), "604800000", "retention.ms without being set")
        same(value("cleanup.policy", "topic"), "compact", "cleanup.policy")
        require("INVALID_CONFIG" in sluice(node, "config", "set", "topic", "t", "retention.ms=x", code=1).err, "no number")
        sluice(node, "config", "set", "topic", "t", "retention.ms=7", "--dry-run")
        same(value("retention.ms", "default"), "604800000", "retention.ms after a dry run")
        require("is not NAME=VALUE" in sluice(node, "config", "set", "topic", "t", "x", code=2).err, "no value")


@check("completion: bash offers commands, verbs and options")
def _():
    script = sluice(None, "completion", "bash").out

    def offers(*words):
        line = f"{script}\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _sluice; echo ${{COMPREPLY[@]}}"
        return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout.split()
    same(offers("sluice", "pro"), ["produce"], "sluice pro")
    same(offers("sluice", "topic", "de"), ["describe", "delete"], "sluice topic de")
    require("--partitions" in offers("sluice", "topic", "create", "--p"), "sluice topic create --p")
    same(offers("sluice", "completion", "f"), ["fish"], "sluice completion f")
    require("complete -c sluice" in sluice(None, "completion", "fish").out, "fish")
    require("#compdef sluice" in sluice(None, "completion", "zsh").out, "zsh")
    sluice(None, "completion", "tcsh", code=2)
    if shutil.which("fish"):
        subprocess.run(["fish", "--no-execute"], input=sluice(None, "completion", "fish").raw, check=True)


@check("every command has a help that says the exit status")
def _():
    for words in (["produce"], ["consume"], ["cluster"], ["config", "get"], ["config", "set"], ["config", "unset"],
                  ["config", "check"], ["completion"]):
        require("xit status" in sluice(None, *words, "--help").out, f"{' '.join(words)} --help")
