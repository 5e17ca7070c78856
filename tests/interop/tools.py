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
    "topics": "org.apache.kafka.tools.TopicCommand",
    "client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
    "producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
    "client-compat": "org.apache.kafka.tools.ClientCompatibilityTest",
}
ALONE = ("verifiable-producer", "console-producer")  # send, and say, the most of it while their process ends
WITHOUT_BOOTSTRAP_FIRST = ("transactions", "metadata-quorum", "features")  # the option stands before the action

# A line each. {work} is a directory with the files of files(); what stands behind <<< is given as standard input.
with open(os.path.join(HERE, "tool-commands.txt")) as written:
    COMMANDS = written.read().splitlines()

VARYING = (
    (re.compile(r"(TopicId: )\S+"), r"\1ID"),
    (re.compile(r"127\.0\.0\.1(\s+)\d+"), r"HOST\1PORT"),
    (re.compile(r"\b\d+(\.\d+)? (ms|records/sec|MB/sec)\b"), r"N \2"),
    (re.compile(r"\(\d+\.\d+ MB/sec\)"), "(N MB/sec)"),
    (re.compile(r"((?:avg_throughput\"|Avg latency|p50|50th|Percentiles:).*)"), lambda found: re.sub(r"\d+\.\d+", "N", found[1])),
    (re.compile(r"127\.0\.0\.1:\d+|localhost:\d+"), "ADDRESS"),
    (re.compile(r'("logDir":|"log_dirs":\[)"[^"]*"'), r'\1"PATH"'),
    (re.compile(r"/\S*/(elect|topics|stay|away|delete|far)\.json"), r"\1.json"),
    (re.compile(r'"directoryId": ?"[^"]*"'), '"directoryId": "ID"'),
    (re.compile(r"(ClusterId:\s+|Cluster ID: )\S+"), r"\1ID"),
    (re.compile(r"((?:LeaderEpoch|HighWatermark|MaxFollowerLagTimeMs):\s+)\d+"), r"\1N"),
    (re.compile(r'"(totalBytes|usableBytes)":\d+'), r'"\1":N'),
    (re.compile(r"Epoch: \d+"), "Epoch: N"),
    (re.compile(r"^(1\s+)\S{22}(\s+)\d+(\s+\d+\s+)\d+(\s+)\d+", re.M), r"\1ID\2N\3N\4N"),
    (re.compile(r"\b1[6-9]\d{11}\b"), "TIME"),
    (re.compile(r"[ \t]+"), " "),
)


# What comes with groups, transactions and access control.
LATER = re.compile(r"(Produce|Offset(Commit|Fetch|Delete)|FindCoordinator|(Join|Leave|Sync)Group|Heartbeat|\w*Groups?\w*|\w*Txn\w*|"
                   r"\w*Transactions?|\w*Acls|Sasl\w+|\w*DelegationToken|\w*Share\w*|\w*Telemetry\w*|\w*ReplicaLogDirs|"
                   r"\w*RaftVoter|Unknown\w*)\(\d+\)")
# Kafka sets it by itself, with eligible leader replicas.
SET_BY_ITSELF = re.compile(r"min\.insync\.replicas=1,?")

# Mechanisms come in the order of a hash.
SCRAM_PAIR = re.compile(r"(SCRAM-SHA-512=\S+), (SCRAM-SHA-256=\S+)")


def comparable(command, text):
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if command == "features describe":  # the others are told of when they are built
        lines = [line for line in lines if re.search(r"(metadata|kraft)\.version", line)]
    if command == "broker-api-versions":
        lines = [line for line in lines if not LATER.match(line)]
    if command.startswith(("configs", "topics")):
        lines = [SET_BY_ITSELF.sub("", line) for line in lines if not line.startswith("min.insync.replicas=")]
    if command.endswith("--topics-with-overrides"):
        lines = [line for line in lines if not line.rstrip().endswith("Configs:")]
    if command.startswith("verifiable-producer"):  # which partition acknowledges first is chance
        lines[1:-2] = sorted(lines[1:-2], key=lambda line: line.partition('"partition"')[2])
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
    write("delete.json", {"partitions": [{"topic": "tooled", "partition": 0, "offset": 2}]})
    write("far.json", {"partitions": [{"topic": "tooled", "partition": 0, "offset": 99}]})
    with open(os.path.join(work, "topic.properties"), "w") as out:
        out.write("retention.ms=7000\ncleanup.policy=delete\n")


def prepare(node):
    """A topic of two partitions; three records, two of them from an idempotent producer, in the first."""
    context = Context(node.address)
    context.topic("tooled", partitions=2)
    fill(context, "tooled")


def fill(context, topic):
    begun_ms = int(time.time() * 1000)
    author = dict(producer=4000, producer_epoch=2)
    for late, one in enumerate((dict(), dict(author, sequence=0), dict(author, sequence=1))):
        for _ in range(300):  # Kafka knows of a topic a moment before it takes records for it
            said = context.produce(batch(PAIR, first_ms=begun_ms + 10 * late, **one), topic=topic)
            if said.startswith("0 "):
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"no record for {topic}: {said}")


def alone(name, given, words):
    done = subprocess.run([kafka_tool("kafka-run-class"), "tool", name, *words], input=given, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, env={**os.environ, "KAFKA_LOG_LEVEL": "off"})
    return str(done.returncode), done.stdout


def together(runner, name, given, words):
    runner.stdin.write("\t".join([name, base64.b64encode(given).decode(), *words]) + "\n")
    runner.stdin.flush()
    status, printed = runner.stdout.readline().rstrip("\n").split("\t")
    return status, base64.b64decode(printed)


def console_answers(node):
    """(page and call, what came back) of Consoles.java."""
    context = Context(node.address)
    context.topic("held")
    fill(context, "held")
    done = subprocess.run([kafka_tool("kafka-run-class"), "tool", os.path.join(HERE, "Consoles.java"), node.address],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300, text=True, check=True,
                          env={**os.environ, "CLASSPATH": os.path.join(kafka_home(), "libs", "*"), "KAFKA_LOG_LEVEL": "off"})
    for line in done.stdout.splitlines():
        page, call, said = line.split("\t")
        yield f"{page}: {call}", said.replace(node.address, "ADDRESS")


def outputs(node, work):
    files(work)
    prepare(node)
    runner = subprocess.Popen([kafka_tool("kafka-run-class"), "tool", os.path.join(HERE, "Tools.java")], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "CLASSPATH": os.path.join(kafka_home(), "libs", "*"), "KAFKA_LOG_LEVEL": "off"})
    with runner:
        for command in COMMANDS:
            line, _, given = command.format(work=work).partition(" <<< ")
            tool, *words = line.split()
            if tool in WITHOUT_BOOTSTRAP_FIRST:
                words = ["--bootstrap-server", node.address, *words]
            else:
                words += ["--bootstrap-server", node.address]
            ask = (CLASSES[tool], given.encode().decode("unicode_escape").encode(), words)
            status, printed = alone(*ask) if tool in ALONE else together(runner, *ask)
            yield command, status, comparable(command, printed.decode())
        runner.stdin.close()
