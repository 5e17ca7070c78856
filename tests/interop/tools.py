"""tools: Apache Kafka's command-line tools put to a broker, and what they print made comparable.

`outputs(node)` runs every row of COMMANDS, in one JVM (Tools.java), and yields its line, its exit status and what it printed.
What differs from run to run (ids, ports, paths, offsets of the metadata, sizes, times) is replaced by a word.
"""
import base64
import json
import os
import re
import subprocess
import time

from cases import PAIR, Context, batch
from node import kafka_home, kafka_tool

HERE = os.path.dirname(os.path.realpath(__file__))
CLASSES = {
    "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "features": "org.apache.kafka.tools.FeatureCommand",
    "leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "configs": "kafka.admin.ConfigCommand",
    "get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "transactions": "org.apache.kafka.tools.TransactionsCommand",
    "cluster": "org.apache.kafka.tools.ClusterTool",
}
WITHOUT_BOOTSTRAP_FIRST = ("transactions", "metadata-quorum", "features")  # the option stands before the action

# {work} is a directory with the JSON files of files().
COMMANDS = """
log-dirs --describe --topic-list tooled
log-dirs --describe --topic-list tooled,none --broker-list 1
log-dirs --describe --topic-list none
metadata-quorum describe --status
metadata-quorum describe --replication
features describe
features upgrade --feature metadata.version=30
features upgrade --feature metadata.version=31
features downgrade --feature metadata.version=29
features downgrade --feature metadata.version=29 --unsafe
features upgrade --feature no.such=1
features upgrade --feature kraft.version=1
leader-election --election-type preferred --topic tooled --partition 0
leader-election --election-type unclean --topic tooled --partition 1
leader-election --election-type preferred --topic none --partition 0
leader-election --election-type preferred --topic tooled --partition 9
leader-election --election-type preferred --path-to-json-file {work}/elect.json
reassign-partitions --list
reassign-partitions --generate --topics-to-move-json-file {work}/topics.json --broker-list 1
reassign-partitions --execute --reassignment-json-file {work}/stay.json
reassign-partitions --verify --reassignment-json-file {work}/stay.json
reassign-partitions --cancel --reassignment-json-file {work}/stay.json
reassign-partitions --execute --reassignment-json-file {work}/away.json
configs --describe --entity-type users
configs --alter --add-config producer_byte_rate=1024,consumer_byte_rate=2048 --entity-type users --entity-name alice
configs --alter --add-config request_percentage=50 --entity-type users --entity-name alice --entity-type clients --entity-name app
configs --alter --add-config producer_byte_rate=100 --entity-type users --entity-default
configs --alter --add-config controller_mutation_rate=10 --entity-type clients --entity-name app
configs --alter --add-config connection_creation_rate=1000000 --entity-type ips --entity-name 10.1.2.3
configs --alter --add-config connection_creation_rate=1000000 --entity-type ips --entity-name 300.1.2.3
configs --alter --add-config producer_byte_rate=-1 --entity-type users --entity-name alice
configs --alter --add-config no_such=1 --entity-type users --entity-name alice
configs --describe --entity-type users --entity-name alice
configs --describe --entity-type users --entity-name alice --entity-type clients --entity-name app
configs --describe --entity-type users --entity-default
configs --describe --entity-type clients
configs --describe --entity-type ips --entity-name 10.1.2.3
configs --alter --delete-config producer_byte_rate --entity-type users --entity-name alice
configs --alter --delete-config no_such --entity-type users --entity-name alice
configs --describe --entity-type users --entity-name alice
configs --alter --add-config SCRAM-SHA-256=[iterations=8192,password=secret] --entity-type users --entity-name bob
configs --alter --add-config SCRAM-SHA-512=[password=secret] --entity-type users --entity-name bob
configs --alter --add-config SCRAM-SHA-512=[iterations=100,password=secret] --entity-type users --entity-name bob
configs --describe --entity-type users --entity-name bob
configs --alter --delete-config SCRAM-SHA-256 --entity-type users --entity-name bob
configs --alter --delete-config SCRAM-SHA-256 --entity-type users --entity-name bob
configs --describe --entity-type users --entity-name bob
configs --describe --entity-type users --entity-name nobody
get-offsets --topic tooled
get-offsets --topic tooled --time earliest
get-offsets --topic tooled --time max-timestamp
get-offsets --topic tooled --time earliest-local
get-offsets --topic tooled --time latest-tiered
get-offsets --topic-partitions tooled:1
get-offsets --topic none
transactions describe-producers --topic tooled --partition 0
transactions describe-producers --topic tooled --partition 1
cluster cluster-id
cluster unregister --id 77
""".strip().splitlines()

VARYING = (
    (re.compile(r"127\.0\.0\.1:\d+|localhost:\d+"), "ADDRESS"),
    (re.compile(r'("logDir":|"log_dirs":\[)"[^"]*"'), r'\1"PATH"'),
    (re.compile(r"/\S*/(elect|topics|stay|away)\.json"), r"\1.json"),
    (re.compile(r'"directoryId": ?"[^"]*"'), '"directoryId": "ID"'),
    (re.compile(r"(ClusterId:\s+|Cluster ID: )\S+"), r"\1ID"),
    (re.compile(r"((?:LeaderEpoch|HighWatermark|MaxFollowerLagTimeMs):\s+)\d+"), r"\1N"),
    (re.compile(r'"(totalBytes|usableBytes)":\d+'), r'"\1":N'),
    (re.compile(r"Epoch: \d+"), "Epoch: N"),
    (re.compile(r"^(1\s+)\S{22}(\s+)\d+(\s+\d+\s+)\d+(\s+)\d+", re.M), r"\1ID\2N\3N\4N"),
    (re.compile(r"\b1[6-9]\d{11}\b"), "TIME"),
    (re.compile(r"[ \t]+"), " "),
)


# Mechanisms come in the order of a hash.
SCRAM_PAIR = re.compile(r"(SCRAM-SHA-512=\S+), (SCRAM-SHA-256=\S+)")


def comparable(command, text):
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if command == "features describe":  # the others are told of when they are built
        lines = [line for line in lines if re.search(r"(metadata|kraft)\.version", line)]
    # Why it failed, not where in Kafka's code.
    lines = [line for line in lines if not re.match(r"at [\w.$/<>]+\(|\.\.\. \d+ more", line)]
    return " | ".join(SCRAM_PAIR.sub(r"\2, \1", line) for line in lines)


def files(work):
    def write(name, value):
        with open(os.path.join(work, name), "w") as out:
            json.dump(value, out)

    def moved(*replicas):
        return {"version": 1, "partitions": [{"topic": "tooled", "partition": 0, "replicas": list(replicas)}]}
    write("elect.json", {"partitions": [{"topic": "tooled", "partition": 0}, {"topic": "tooled", "partition": 1}]})
    write("topics.json", {"version": 1, "topics": [{"topic": "tooled"}]})
    write("stay.json", moved(1))
    write("away.json", moved(2))


def prepare(node):
    """A topic of two partitions; three records, two of them from an idempotent producer, in the first."""
    context = Context(node.address)
    context.topic("tooled", partitions=2)
    for one in (dict(), dict(producer=4000, producer_epoch=2, sequence=0), dict(producer=4000, producer_epoch=2, sequence=1)):
        for _ in range(100):  # Kafka knows of a topic a moment before it takes records for it
            said = context.produce(batch(PAIR, **one), topic="tooled")
            if said.startswith("0 "):
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"no record for tooled: {said}")


def outputs(node, work):
    files(work)
    prepare(node)
    runner = subprocess.Popen([kafka_tool("kafka-run-class"), "tool", os.path.join(HERE, "Tools.java")], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "CLASSPATH": os.path.join(kafka_home(), "libs", "*"), "KAFKA_LOG_LEVEL": "off"})
    with runner:
        for command in COMMANDS:
            tool, *words = command.format(work=work).split()
            if tool in WITHOUT_BOOTSTRAP_FIRST:
                words = ["--bootstrap-server", node.address, *words]
            else:
                words += ["--bootstrap-server", node.address]
            runner.stdin.write("\t".join([CLASSES[tool], *words]) + "\n")
            runner.stdin.flush()
            status, printed = runner.stdout.readline().rstrip("\n").split("\t")
            yield command, status, comparable(command, base64.b64decode(printed).decode())
        runner.stdin.close()
