"""The command line without a node: commands, help, and settings with everything that can be wrong with them."""
import os

from node import scratch
from parts import sluice
from stage import check, require, same

BAD = """\
# a file with faults
nod.id=3
listeners=PLAINTEXT:/127.0.0.1:9092,CONTROLLER://:9093
num.partitions=zero
num.io.threads=8
advertised.listeners=FOO://x:1
process.roles=broker
log.dirs=/a,/b
sluice.http.listen=nonsense
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
jmx.port=1
quite.unknown=1
max.connections.per.ip.overrides=localhost:5
"""
WANTED = """\
--override x: error: expected NAME=VALUE
FILE:2: error: nod.id is not known, did you mean node.id?
FILE:4: error: Invalid value zero for configuration num.partitions: Not a number of type INT
FILE:5: note: num.io.threads has no effect here
FILE:10: note: authorizer.class.name has no effect here
FILE:11: note: jmx.port has no effect here, ignored
FILE:12: note: quite.unknown is not known, ignored
--override: error: Invalid value -5 for configuration message.max.bytes: Value must be at least 0
FILE:3: error: listeners: 'PLAINTEXT:/127.0.0.1:9092' is not NAME://host:port
FILE:6: error: advertised.listeners: there is no FOO in listeners
FILE:7: error: process.roles: a node is broker and controller in one, for now
FILE:8: error: log.dirs: one directory only, for now
FILE:13: error: max.connections.per.ip.overrides: not address:count, ... (names are not looked up)
FILE:9: error: sluice.http.listen: 'nonsense' is not host:port
FILE:10: error: authorizer.class.name: there is no access control yet, and a node without it would let everybody in
"""


def write(folder, text):
    path = os.path.join(folder, "server.properties")
    with open(path, "w") as file:
        file.write(text)
    return path


@check("binary: version, help and unknown words")
def _():
    require("4.3.1" in sluice("version").out, "version does not name the protocol")
    same(sluice("--version").out, sluice("version").out, "--version")
    require("usage: sluice COMMAND" in sluice(code=2).err, "no usage without arguments")
    require("there is no command 'nope'" in sluice("nope", code=2).err, "an unknown command is not named")
    for words in (["serve"], ["log"], ["log", "dump"], ["config"], ["config", "check"]):
        require("usage: sluice " + words[0] in sluice(*words, "--help").out, f"no help for {words}")
    for words in (["serve", "--nope"], ["serve", "a", "b"], ["serve", "--override"], ["log"], ["log", "nope"],
                  ["log", "dump"], ["log", "dump", "--nope"], ["config"], ["config", "check"]):
        require(sluice(*words, code=2).err, f"nothing said about {words}")


@check("binary: config check tells every fault at once, with file, line and the nearest name")
def _():
    with scratch("binary") as work:
        path = write(work, BAD)
        said = sluice("config", "check", path, "--override", "x", "--override", "message.max.bytes=-5", code=2).out
        same(said.replace(path, "FILE").splitlines(), WANTED.splitlines(), "complaints")


@check("binary: config check finds a good file good, and says what is missing when there is none")
def _():
    with scratch("binary") as work:
        path = write(work, "node.id=5\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\nlog.dirs=/tmp/x\n")
        same(sluice("config", "check", path).out, f"{path}: good\n", "verdict")
        require("not found" in sluice("config", "check", path + "x", code=2).text, "a missing file is not named")
        path = write(work, "listeners=SSL://:9092\n")
        require("listeners: SSL speaks SSL" in sluice("config", "check", path, code=2).out, "an SSL listener")
        path = write(work, "a=\\u00zz\n")
        require(f"{path}:1: error" in sluice("config", "check", path, code=2).out, "a broken escape has no line")


@check("binary: variables of Kafka's image are read, those of the JVM are noted and ignored")
def _():
    with scratch("binary") as work:
        path = write(work, "num.partitions=3\n")
        jvm = ("KAFKA_HEAP_OPTS", "KAFKA_OPTS", "KAFKA_JMX_PORT", "KAFKA_JMX_OPTS", "KAFKA_LOG4J_OPTS", "KAFKA_VERSION",
               "KAFKA_JVM_PERFORMANCE_OPTS", "KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_GC_LOG_OPTS", "KAFKA_HOME")
        said = sluice("config", "check", path, environment=dict.fromkeys(jvm, "x"))
        for name in jvm:
            require(f"{name}: note:" in said.out, f"{name} is not noted: {said.out}")
        said = sluice("config", "check", path, environment={"KAFKA_NUM_PARTITIONS": "0"}, code=2)
        require("KAFKA_NUM_PARTITIONS: error" in said.out, said.out)
        sluice("config", "check", path, "--override", "num.partitions=2", environment={"KAFKA_NUM_PARTITIONS": "0"})


@check("binary: serve refuses wrong settings before it touches anything")
def _():
    with scratch("binary") as work:
        path = write(work, BAD)
        said = sluice("serve", path, code=2, cwd=work)
        require(said.err.count("error:") >= 7, said.err)
        same(os.listdir(work), ["server.properties"], "files")


@check("binary: serve --plan prints the memory plan and makes nothing")
def _():
    with scratch("binary") as work:
        said = sluice("serve", "--plan", "--override", "sluice.shards=3", "--override", "sluice.memory=4294967296", cwd=work)
        require(said.out.startswith("shards ") and " 3 " in said.out.splitlines()[0], said.out)
        require("receive" in said.out and "wal" in said.out, said.out)
        same(os.listdir(work), [], "files")
        few = ("--override", "sluice.memory=67108864")
        said = sluice("serve", "--plan", *few)
        require("requests above 8 MiB are refused" in said.out, said.out)
        said = sluice("serve", "--plan", *few, "--override", "socket.request.max.bytes=104857600", code=1)
        require("socket.request.max.bytes" in said.err, said.err)
