"""check_java: Apache Kafka's own client and its tools, as far as they need only what one node serves without groups."""
import contextlib
import json
import os
import re
import shutil

from node import broker, kafka_home, kafka_tool, scratch
from stage import Skip, check, command, require, same, shorten

HERE = os.path.dirname(os.path.realpath(__file__))


def java():
    if not shutil.which("java") or not shutil.which("mvn"):
        raise Skip("no JDK and Maven")
    return kafka_home()


def tool(node, name, *words, given=None, status=0):
    java()
    flag = "--bootstrap-server"
    return command(kafka_tool(name), *words, flag, node.address, given=given, status=status).decode()


@contextlib.contextmanager
def fresh(**settings):
    java()
    with scratch("java") as work, broker(work, **settings) as node:
        yield node


@check("Java: producer (idempotent), consumer by partition and admin client")
def library():
    home = java()
    with fresh() as node:
        out = command("java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{home}/libs/*",
                      f"{HERE}/JavaClient.java", node.address, environment={"JAVA_TOOL_OPTIONS": ""}).decode()
        same(out.splitlines()[-1], "done", "JavaClient")


@check("Java: kafka-topics creates, lists, describes and deletes")
def topics():
    with fresh() as node:
        tool(node, "kafka-topics", "--create", "--topic", "made", "--partitions", 3, "--replication-factor", 1, "--config",
             "retention.ms=3600000")
        again = tool(node, "kafka-topics", "--create", "--topic", "made", status=None)
        require("already exists" in again, again)
        same(tool(node, "kafka-topics", "--list").split(), ["made"], "topics")
        described = tool(node, "kafka-topics", "--describe", "--topic", "made")
        require(re.search(r"PartitionCount: 3\s+ReplicationFactor: 1\s+Configs:.*retention.ms=3600000", described), described)
        same(len(re.findall(r"Partition: \d\s+Leader: \d+\s+Replicas: \d+\s+Isr: \d+", described)), 3, "partitions described")
        tool(node, "kafka-topics", "--delete", "--topic", "made")
        same(tool(node, "kafka-topics", "--list").split(), [], "topics after deletion")


@check("Java: kafka-configs describes a topic and the broker")
def configs():
    with fresh() as node:
        tool(node, "kafka-topics", "--create", "--topic", "made", "--config", "max.message.bytes=2000000")
        topic = tool(node, "kafka-configs", "--describe", "--topic", "made")
        require("max.message.bytes=2000000" in topic, topic)
        whole = tool(node, "kafka-configs", "--describe", "--all", "--topic", "made")
        for name in ("cleanup.policy=delete", "segment.bytes=1073741824", "retention.ms=604800000", "compression.type=producer"):
            require(f"{name} " in whole, f"{name} is not in {shorten(whole)}")
        brokers = tool(node, "kafka-configs", "--describe", "--all", "--entity-type", "brokers", "--entity-name", 1)
        for name in ("log.dirs=", "num.partitions=1", "auto.create.topics.enable=true"):
            require(name in brokers, f"{name} is not in {shorten(brokers)}")


@check("Java: console producer, console consumer, get-offsets and delete-records", alone=True)
def records():
    with fresh() as node, scratch("java") as work:
        sent = "".join(f"line {number}\n" for number in range(1000))
        tool(node, "kafka-console-producer", "--topic", "console", given=sent.encode())
        read = ("--topic", "console", "--partition", 0, "--timeout-ms", 30000)
        same(tool(node, "kafka-console-consumer", *read, "--offset", "earliest", "--max-messages", 1000), sent, "records")
        same(tool(node, "kafka-get-offsets", "--topic", "console").split(), ["console:0:1000"], "latest offset")
        wanted = os.path.join(work, "delete.json")
        with open(wanted, "w") as out:
            json.dump({"version": 1, "partitions": [{"topic": "console", "partition": 0, "offset": 400}]}, out)
        deleted = tool(node, "kafka-delete-records", "--offset-json-file", wanted)
        require("low_watermark: 400" in deleted, deleted)
        same(tool(node, "kafka-get-offsets", "--topic", "console", "--time", -2).split(), ["console:0:400"], "earliest offset")
        rest = tool(node, "kafka-console-consumer", *read, "--offset", "earliest", "--max-messages", 600)
        same(rest, "".join(f"line {number}\n" for number in range(400, 1000)), "records after the deletion")


@check("Java: kafka-broker-api-versions and kafka-cluster")
def cluster():
    with fresh() as node:
        versions = tool(node, "kafka-broker-api-versions")
        require(re.search(r"Produce\(0\): 0 to \d+", versions) and re.search(r"Metadata\(3\): 0 to 13", versions), versions)
        require("ERROR" not in versions, versions)
        identity = tool(node, "kafka-cluster", "cluster-id")
        require(re.search(r"Cluster ID: [A-Za-z0-9_-]{22}$", identity.strip()), identity)
        endpoints = tool(node, "kafka-cluster", "list-endpoints")
        require(re.search(rf"127.0.0.1\s+{node.port}\s", endpoints), endpoints)


@check("Java: kafka-verifiable-producer at acks=1", level="all")
def verifiable():
    with fresh() as node:
        said = tool(node, "kafka-verifiable-producer", "--topic", "verified", "--max-messages", 20000, "--acks", 1)
        require('"sent":20000,"acked":20000' in said.replace(" ", ""), said[-300:])


