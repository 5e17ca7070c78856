"""Every flag of the six tools of Kafka that sluice is a link for: what ours print is what Kafka's print, with the same exit
status (kafka-tools.tsv, commands in their order against one node). Groups and Java classes are theirs alone.
`python3 check_kafka_flags.py write` makes the table anew with Kafka's own tools."""
import base64
import os
import re
import shlex
import subprocess
import sys

INTEROP = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "interop")
sys.path[:0] = [os.path.join(os.path.dirname(INTEROP), name) for name in ("lib", "interop", "wire")]
from check_kafka_tools import ours, settle  # noqa: E402
from commands import node_of, scratch, sluice  # noqa: E402
from node import kafka_home, kafka_tool  # noqa: E402
from tools import CLASSES  # noqa: E402
from stage import check, require  # noqa: E402

TABLE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "kafka-tools.tsv")
JAVA_SET = re.compile(r"(?<=\[)\[[\w-]+\](, \[[\w-]+\])+(?=\])")
JAVA = re.compile(r"Exception|joptsimple|java\.|org\.apache|recognized option|requires an argument|with args|^\[|^null$|/no/such|no\.Such")


def prepared(work, node):
    for name, text in (("add.properties", "retention.ms=70000\ncleanup.policy=delete\n"), ("client.properties", "acks=1\n"),
                       ("quotas.properties", "producer_byte_rate=77\nconsumer_byte_rate=78\n"),
                       ("reader.properties", "parse.key=true\nkey.separator=|\n"),
                       ("printer.properties", "print.key=true\nkey.separator=|\n")):
        with open(os.path.join(work, name), "w") as out:
            out.write(text)
    sluice(node, "topic", "create", "a", "-p", 3)
    sluice(node, "topic", "create", "rec")
    sluice(node, "produce", "rec", "-K:", "-H", "x=y", "-H", "z", "--timestamp", 1000, given="k:1\n2\n")


def words_of(command, work):
    line, _, given = command.partition(" <<< ")
    return shlex.split(line.replace("{dir}", work)), given.encode().decode("unicode_escape").encode("latin1")


def shown(text, work):
    """One line, without what another run has otherwise."""
    text = settle(text).replace(work, "{dir}")
    text = re.sub(r"TopicId: [\w-]{22}", "TopicId: <id>", text)
    text = re.sub(r"((?:Quota|SCRAM credential) configs for .* are )(.*)",
                  lambda match: match[1] + ", ".join(sorted(match[2].split(", "))), text)
    if any(text.count(head) > 1 for head in ("Topic: ", "Dynamic configs for topic", "configs for user-principal", "Quota configs")):
        # in the order of a Java map
        text = "".join(sorted(text.splitlines(keepends=True)))
    return text.encode("unicode_escape").decode()


class Theirs:
    """Kafka's own tools, one after the other in one JVM."""

    def __enter__(self):
        self.jvm = subprocess.Popen(
            [kafka_tool("kafka-run-class"), "tool", os.path.join(INTEROP, "Tools.java"), "apart"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "CLASSPATH": os.path.join(kafka_home(), "libs", "*"), "KAFKA_LOG_LEVEL": "off"})
        return self

    def __exit__(self, *_):
        self.jvm.stdin.close()
        self.jvm.wait(60)

    def run(self, node, tool, words, given):
        self.jvm.stdin.write("\t".join([CLASSES[tool.removeprefix("kafka-")], base64.b64encode(given).decode(),
                                        "--bootstrap-server", node.address, *words]) + "\n")
        self.jvm.stdin.flush()
        status, printed, complained = self.jvm.stdout.readline().rstrip("\n").split("\t")
        return status, base64.b64decode(printed).decode(), base64.b64decode(complained).decode().splitlines()


def rows():
    with open(TABLE) as table:
        return [tuple(line.rstrip("\n").split("\t")) for line in table][1:]


def lasting(work):
    """A node without retention: some records are stamped 1970, and half a minute after its start it looks for what is too old."""
    return node_of(work, log_retention_hours=-1)


def told_by_kafka(commands):
    """(command, exit status, standard output, first words of a complaint) by Kafka's own tools."""
    with scratch("flags") as work, lasting(work) as node, Theirs() as theirs:
        prepared(work, node)
        for command in commands:
            (tool, *words), given = words_of(command, work)
            status, printed, complained = theirs.run(node, tool, words, given)
            head = complained[0].strip() if status != "0" and complained and not JAVA.search(complained[0]) else ""
            yield command, status, shown(printed, work), head


@check("Kafka's flags: ours print what Kafka's tools print")
def _():
    wrong = []
    with scratch("flags") as work, lasting(work) as node:
        prepared(work, node)
        for command, status, printed, head in rows():
            (tool, *words), given = words_of(command, work)
            done = ours(work, node, tool, *words, given=given, code=None)
            got = str(done.code), shown(done.out, work)
            if got != (status, printed) or head not in done.err:
                wrong.append(f"{command}: {got} {done.err[:200]!r}, expected {(status, printed, head)}")
    require(not wrong, "\n".join(wrong))


def unordered(row):
    """Java prints the sets of options that it complains of in an order of that moment."""
    return [JAVA_SET.sub(lambda found: ", ".join(sorted(found.group().split(", "))), part) for part in row]


@check("Kafka's flags: Kafka's tools print what the table says", level="all")
def _():
    wanted = rows()
    wrong = [f"{got[0]}: {got[1:]}, expected {want[1:]}"
             for got, want in zip(told_by_kafka([row[0] for row in wanted]), wanted) if unordered(got) != unordered(want)]
    require(not wrong, "\n".join(wrong))


@check("Kafka's flags: what is Java's, a group's or security's is one line")
def _():
    with scratch("flags") as work, node_of(work) as node:
        sluice(node, "topic", "create", "a")
        with open(os.path.join(work, "secure"), "w") as out:
            out.write("security.protocol=SASL_SSL\n")
        for command in ("kafka-configs --bootstrap-controller x:1 --describe",
                        "kafka-console-consumer --topic a --group g", "kafka-console-consumer --topic a --formatter no.Such",
                        "kafka-console-consumer --topic a --value-deserializer x.LongDeserializer",
                        "kafka-console-consumer --topic a --command-property group.id=g",
                        "kafka-console-consumer --topic a --key-deserializer x.LongDeserializer",
                        "kafka-console-producer --topic a --line-reader no.Such",
                        "kafka-topics --list --command-config {dir}/secure",
                        "kafka-log-dirs --describe --command-config {dir}/secure",
                        "kafka-console-consumer --topic a --consumer.config {dir}/secure"):
            (tool, *words), _ = words_of(command, work)
            done = ours(work, node, tool, *words, code=1)
            require(not done.out and len(done.err.splitlines()) == 1 and done.err.startswith(tool), f"{command}: {done.err}")


if __name__ == "__main__":
    require(sys.argv[1:] == ["write"], __doc__)
    told = list(told_by_kafka([row[0] for row in rows()]))
    with open(TABLE, "w") as out:
        out.write("command\tstatus\tprinted\tcomplaint\n")
        out.writelines("\t".join(row) + "\n" for row in told)
