"""`sluice topic` against a node, and against what is none."""
import json
import socket
import threading

from commands import golden, node_of, scratch, sluice
from node import advertised, free_port
from stage import Skip, check, require, same


@check("topic: made, listed, described, removed")
def _():
    with scratch("commands") as work, node_of(work) as node:
        golden(sluice(node, "topic", "create", "apples", "pears", "-p", 2, "-c", "retention.ms=1000").out,
               "created apples\ncreated pears", "create")
        golden(sluice(node, "topic", "list").out, """
TOPIC   PARTITIONS  REPLICAS
apples           2         1
pears            2         1
""", "list")
        same(json.loads(sluice(node, "topic", "list", "pears", "--json").out),
             [{"topic": "pears", "partitions": 2, "replicas": 1, "internal": False}], "list --json")
        sluice(node, "produce", "apples", "-p", 1, given="one\ntwo\n")
        golden(sluice(node, "topic", "describe", "apples").out, """
apples  id <id>
  retention.ms = 1000
PARTITION  LEADER  REPLICAS  ISR  START  END  RECORDS
        0       1  1         1        0    0        0
        1       1  1         1        0    2        2
""", "describe")
        told = json.loads(sluice(node, "topic", "describe", "apples", "--json").out)[0]
        same(told["configs"], {"retention.ms": "1000"}, "configs")
        same([one["end"] for one in told["partitions"]], [0, 2], "ends")
        golden(sluice(node, "topic", "delete", "apples").out, "deleted apples", "delete")
        same(sluice(node, "topic", "list").out.split()[3:], ["pears", "2", "1"], "what is left")


@check("topic: what is refused says why, and ends with 1")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(node, "topic", "create", "there")
        golden(sluice(node, "topic", "create", "there", code=1).err,
               "sluice topic create: there: TOPIC_ALREADY_EXISTS: Topic 'there' already exists.", "twice")
        same(sluice(node, "topic", "create", "there", "--if-not-exists").err, "", "--if-not-exists")
        require("INVALID_TOPIC_EXCEPTION" in sluice(node, "topic", "create", "a b", code=1).err, "a bad name")
        require("INVALID_CONFIG" in sluice(node, "topic", "create", "x", "-c", "no.such=1", code=1).err, "a bad setting")
        golden(sluice(node, "topic", "describe", "nowhere", code=1).err,
               "sluice topic describe: nowhere: UNKNOWN_TOPIC_OR_PARTITION", "describe")
        require("UNKNOWN_TOPIC" in sluice(node, "topic", "delete", "nowhere", code=1).err, "delete")
        same(sluice(node, "topic", "delete", "nowhere", "--if-exists").err, "", "--if-exists")
        golden(sluice(node, "topic", "create", "maybe", "--dry-run").out, "could create maybe", "--dry-run")
        require("maybe" not in sluice(node, "topic", "list").out, "a dry run made a topic")


@check("topic: add-partitions")
def _():
    with scratch("commands") as work, node_of(work) as node:
        if 37 not in advertised(node.port):
            raise Skip("the broker serves no CreatePartitions")
        sluice(node, "topic", "create", "wide", "-p", 2)
        golden(sluice(node, "topic", "add-partitions", "wide", "-p", 3).out, "wide has 5 partitions", "add-partitions")
        same(json.loads(sluice(node, "topic", "list", "--json").out)[0]["partitions"], 5, "partitions")
        require("nowhere" in sluice(node, "topic", "add-partitions", "nowhere", "-p", 1, code=1).err, "unknown topic")


@check("topic: wrong command lines name the nearest option and end with 2")
def _():
    golden(sluice(None, "topic", "list", "--jsno", code=2).err,
           "sluice topic list: there is no option '--jsno'; did you mean --json?", "near")
    golden(sluice(None, "topic", "create", "x", "--partition", code=2).err,
           "sluice topic create: there is no option '--partition'; did you mean --partitions?", "a beginning")
    golden(sluice(None, "topic", "create", "x", "-p", code=2).err, "sluice topic create: -p wants COUNT", "no value")
    golden(sluice(None, "topic", "create", "x", "-p", "many", code=2).err,
           "sluice topic create: partitions wants a number, not 'many'", "no number")
    golden(sluice(None, "topic", "list", "--json=1", code=2).err, "sluice topic list: --json takes no value", "a flag")
    golden(sluice(None, "topic", "create", code=2).err, "sluice topic create: which topic?", "no topic")
    golden(sluice("a]b:0", "topic", "list", code=2).err, "sluice topic list: 'a]b:0' is no HOST:PORT", "an address")
    require("there is no 'descripe'" in sluice(None, "topic", "descripe", code=2).err, "no such verb")
    for verb in ("create", "list", "describe", "delete", "add-partitions"):
        require("Exit status" in sluice(None, "topic", verb, "--help").out, f"{verb} --help")


def answering(said):
    """A server that says one thing to whoever comes, and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                if said is not None:
                    peer.recv(1000)
                    peer.sendall(said)
    threading.Thread(target=serve, daemon=True).start()
    return listener, f"127.0.0.1:{listener.getsockname()[1]}"


@check("client: who is no Kafka is told in words, soon")
def _():
    nobody = f"127.0.0.1:{free_port()}"
    golden(sluice(nobody, "topic", "list", code=1, limit_s=20).err,
           f"sluice topic list: {nobody} can't be reached: Connection refused", "nobody")
    require("can't be reached" in sluice("no.such.host.invalid", "topic", "list", code=1).err, "no host")
    for said, words in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP"), (b"SSH-2.0-x\r\n", "speaks SSH"),
                        (b"\x15\x03\x01\0\2\2\x46", "wants TLS"), (b"\0\0\0\x08\0\0\0\1\xff\xff\xff\xff", "can't be read"),
                        (None, "closed the connection")):
        listener, address = answering(said)
        with listener:
            require(words in sluice(address, "topic", "list", code=1).err, f"{said} is not told as '{words}'")


@check("client: who does not answer is given up after the timeout")
def _():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        said = sluice(address, "topic", "list", "--timeout", 1, code=1, limit_s=30).err
        golden(said, f"sluice topic list: {address} does not answer", "silence")


@check("client: the second bootstrap server is asked when the first is not there")
def _():
    with scratch("commands") as work, node_of(work) as node:
        sluice(f"127.0.0.1:{free_port()},{node.address}", "topic", "create", "x")
        golden(sluice(node, "topic", "list", "--json").out,
               '[{"topic":"x","partitions":1,"replicas":1,"internal":false}]', "list")
