"""Kafka's tools by their names: what ours print, and at --all that Kafka's own print the same against the same node."""
import os
import re
import subprocess

from commands import golden, node_of, scratch, sluice
from node import Sluice, advertised, kafka_home, kafka_tool
from stage import Skip, check, require, same

CLASSES = {"kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand"}
INCREMENTAL_ALTER_CONFIGS, DESCRIBE_LOG_DIRS, CREATE_PARTITIONS = 44, 35, 37


def ours(work, node, tool, *words, given=b"", code=0):
    link = os.path.join(work, f"{tool}.sh")
    if not os.path.exists(link):
        os.symlink(Sluice.binary(), link)
    return sluice(node, "--bootstrap-server", node.address, *words, given=given, code=code, name=link)


def theirs(node, tool, *words, given=b""):
    command = [kafka_tool(tool)]
    if tool in CLASSES:
        command = [kafka_tool("kafka-run-class"), "tool", CLASSES[tool]]
    done = subprocess.run([*command, "--bootstrap-server", node.address, *map(str, words)], input=given,
                          capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode()


def settle(text):
    """Without what depends on the order of a Java map, and without advice about flags."""
    text = re.sub(r"Option --property is deprecated.*\n", "", text)
    text = re.sub(r"Configs: (.*)", lambda match: "Configs: " + ",".join(sorted(match[1].split(","))), text)
    text = re.sub(r'"partitions":\[(.*?)\]', lambda match: '"partitions":[' + ",".join(
        sorted(re.findall(r"\{.*?\}", match[1]))) + "]", text)
    return text


def serves(node, key):
    if key not in advertised(node.port):
        raise Skip(f"the broker does not serve API {key}")


@check("kafka-topics: made, listed, described, removed")
def _():
    with scratch("commands") as work, node_of(work) as node:
        golden(ours(work, node, "kafka-topics", "--create", "--topic", "a.b", "--partitions", 2, "--config",
                    "retention.ms=5000").out, """
WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. \
To avoid issues it is best to use either, but not both.
Created topic a.b.
""", "create")
        ours(work, node, "kafka-topics", "--create", "--topic", "c")
        same(ours(work, node, "kafka-topics", "--list").out, "a.b\nc\n", "list")
        same(ours(work, node, "kafka-topics", "--list", "--topic", "a.*,x").out, "a.b\n", "list by expression")
        described = ours(work, node, "kafka-topics", "--describe", "--topic", "a.b").out.splitlines()
        golden(described[0].split("Configs:")[0], "Topic: a.b\tTopicId: <id>\tPartitionCount: 2\tReplicationFactor: 1\t", "head")
        require("retention.ms=5000" in described[0], described[0])
        require(described[2].startswith("\tTopic: a.b\tPartition: 1\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: "), described[2])
        same(ours(work, node, "kafka-topics", "--describe", "--topic", "no", code=1).out,
             "Error while executing topic command : Topic 'no' does not exist as expected\n", "no topic")
        same(ours(work, node, "kafka-topics", "--delete", "--topic", "c").out, "", "delete")
        require("exactly one action" in ours(work, node, "kafka-topics", code=1).err, "no action")


@check("kafka-console-producer and -consumer: keys, headers, nulls")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "t")
        ours(work, node, "kafka-console-producer", "--topic", "t", "--property", "parse.key=true", "--property",
             "parse.headers=true", "--property", "null.marker=NULL", given="h:1,i:2\tk\tv\nj:\tl\tNULL\n")
        told = ours(work, node, "kafka-console-consumer", "--topic", "t", "--partition", 0, "--offset", "earliest",
                    "--max-messages", 2, "--property", "print.key=true", "--property", "print.headers=true",
                    "--property", "print.offset=true", "--property", "print.partition=true")
        same(told.out, "Partition:0\tOffset:0\th:1,i:2\tk\tv\nPartition:0\tOffset:1\tj:\tl\tnull\n", "records")
        same(told.err, "Processed a total of 2 messages\n", "last words")
        require("No key separator found on line number 1" in ours(
            work, node, "kafka-console-producer", "--topic", "t", "--property", "parse.key=true", given="x\n", code=1).err,
            "no key")
        same(ours(work, node, "kafka-console-consumer", "--topic", "t", "--timeout-ms", 300).out, "", "from the end")


@check("kafka-get-offsets")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "a", "b", "-p", 2)
        sluice(node, "produce", "a", "-p", 1, "--timestamp", 5000, given="1\n2\n")
        same(ours(work, node, "kafka-get-offsets").out, "a:0:0\na:1:2\nb:0:0\nb:1:0\n", "all")
        same(ours(work, node, "kafka-get-offsets", "--topic", "a", "--time", "earliest").out, "a:0:0\na:1:0\n", "earliest")
        same(ours(work, node, "kafka-get-offsets", "--topic-partitions", "a:1,b:0-1").out, "a:1:2\nb:0:0\n", "ranges")
        same(ours(work, node, "kafka-get-offsets", "--time", 4000).out, "a:1:0\n", "by time")
        require("Could not match" in ours(work, node, "kafka-get-offsets", "--topic", "no", code=1).err, "no topic")
        require("Malformed time" in ours(work, node, "kafka-get-offsets", "--time", "x", code=1).err, "no time")


def compare(node, work, tool, *words, given=b""):
    code, wanted = theirs(node, tool, *words, given=given)
    told = ours(work, node, tool, *words, given=given, code=None)
    same((told.code, settle(told.out)), (code, settle(wanted)), f"{tool} {' '.join(map(str, words))}")


@check("Kafka's own tools print the same", level="all")
def _():
    kafka_home()
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "a", "b_c", "-p", 2, "-c", "retention.ms=500000000")
        sluice(node, "produce", "a", "-p", 1, "-K:", "-H", "x=y", "-H", "z", given="k:1\n2\n")
        for words in (["--list"], ["--describe"], ["--describe", "--topic", "a"], ["--describe", "--topic", "no"],
                      ["--describe", "--topics-with-overrides"], ["--create", "--topic", "b_c"], ["--delete", "--topic", "no"],
                      ["--create", "--topic", "b_c", "--if-not-exists"]):
            compare(node, work, "kafka-topics", *words)
        for words in (["--topic", "a"], ["--time", "-2"], ["--topic", "no"], ["--topic-partitions", "a:0,b_c:1"]):
            compare(node, work, "kafka-get-offsets", *words)
        for words in (["--topic", "a"], ["--entity-type", "topics", "--entity-name", "a"], ["--topic", "a", "--all"]):
            compare(node, work, "kafka-configs", "--describe", *words)
        every = [f"--property=print.{what}=true" for what in ("key", "headers", "offset", "partition", "timestamp")]
        compare(node, work, "kafka-console-consumer", "--topic", "a", "--partition", 1, "--offset", "earliest",
                "--max-messages", 2, *every)


@check("Kafka's own kafka-log-dirs prints the same", level="all")
def _():
    with scratch("commands") as work, node_of(work) as node:
        serves(node, DESCRIBE_LOG_DIRS)
        sluice(node, "topic", "create", "a", "b", "-p", 2)
        for words in (["--describe"], ["--describe", "--topic-list", "a"], ["--describe", "--broker-list", 7]):
            compare(node, work, "kafka-log-dirs", *words)


@check("kafka-configs and kafka-topics change what is there")
def _():
    with scratch("commands") as work, node_of(work) as node:
        serves(node, INCREMENTAL_ALTER_CONFIGS)
        serves(node, CREATE_PARTITIONS)
        sluice(node, "topic", "create", "t")
        same(ours(work, node, "kafka-configs", "--alter", "--topic", "t", "--add-config",
                  "retention.ms=7,cleanup.policy=[compact,delete]").out, "Completed updating config for topic t.\n", "add")
        told = ours(work, node, "kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "t").out
        require("  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:" in told, told)
        ours(work, node, "kafka-configs", "--alter", "--topic", "t", "--delete-config", "retention.ms,cleanup.policy")
        require("INVALID_CONFIG" in ours(work, node, "kafka-configs", "--alter", "--topic", "t", "--add-config",
                                         "retention.ms=x", code=1).err, "no number")
        same(ours(work, node, "kafka-topics", "--alter", "--topic", "t", "--partitions", 3).out, "", "alter")
        require("would not be an increase" in ours(work, node, "kafka-topics", "--alter", "--topic", "t", "--partitions", 1,
                                                   code=1).out, "fewer")
