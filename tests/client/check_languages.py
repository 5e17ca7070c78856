"""check_languages: clients written from scratch in other languages, and Kafka's own of older releases. Each is a small program of
the same plan: topics, records with each codec, reading by partition where the client can, offsets, deletion."""
import os

import peers
from kcat import consume_json, installed
from node import broker, scratch
from stage import Skip, check, command, require, same

HERE = os.path.dirname(os.path.realpath(__file__))
COUNT = 2000


def done(name, *words, environment=None):
    """Runs a client against a fresh node; its last line says whether it was content."""
    with scratch(name) as work, broker(work) as node:
        said = command(*words, node.address, environment=environment).decode()
        same(said.splitlines()[-1], "done", name)


@check("sarama: admin, idempotent producer and reader by partition, with each codec", level="all")
def sarama():
    done("sarama", peers.go_program(os.path.join(HERE, "sarama")))


@check("kafka-go: topics, writer and reader by partition, with each codec")
def kafka_go():
    done("segmentio", peers.go_program(os.path.join(HERE, "segmentio")))


@check("rskafka: topics, producer and reader by partition, with each codec", level="all")
def rskafka():
    done("rskafka", peers.cargo_program(os.path.join(HERE, "rskafka"), "rskafka-client"))


def node_client(script, package, codecs, null):
    """A client that reads only in groups: kcat reads what it wrote. `null`: it can write records without a value."""
    path = peers.node_package(package)
    if not installed():
        raise Skip("kcat is not installed")
    name = script.split(".")[0]
    with scratch(name) as work, broker(work) as node:
        said = command("node", os.path.join(HERE, script), node.address, COUNT, environment={"NODE_PATH": path}).decode()
        same(said.splitlines()[-1], "done", name)
        for codec in codecs:
            got = consume_json(node, f"{name}-{codec}")
            same(len(got), COUNT, f"records of {codec}")
            for number, one in enumerate(got):
                key = None if number % 4 == 0 else f"key {number}"
                value = None if null and number % 10 == 9 and key else f"value {number} {'x' * (number % 700)}"
                wanted = (key, value, ["number", str(number)])
                require((one["key"], one["payload"], one["headers"]) == wanted, f"{codec}: record {number} is {one}")


@check("kafkajs: admin and idempotent producer, plain and with gzip")
def kafkajs():
    node_client("kafkajs.cjs", "kafkajs@2.2.4", ("none", "gzip"), null=True)


@check("@platformatic/kafka: admin and idempotent producer, with each codec", level="all")
def platformatic():
    node_client("platformatic.cjs", "@platformatic/kafka@1.35.0", ("gzip", "snappy", "lz4"), null=False)


def java(version):
    jars = peers.java_client(version)
    done(f"java-{version}", "java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars, f"{HERE}/JavaAges.java",
         environment={"JAVA_TOOL_OPTIONS": ""})


@check("Java client 2.8.2: producer, consumer by partition and admin", level="all")
def java_2_8():
    java("2.8.2")


@check("Java client 3.9.2: producer, consumer by partition and admin", level="all")
def java_3_9():
    java("3.9.2")
