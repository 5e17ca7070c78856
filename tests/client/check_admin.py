"""check_admin: Apache Kafka's admin tools change a running node; what they print is what they print of Kafka 4.3.1.

A script is a list of commands with their output as Kafka's tools gave it; topic ids are left out, and min.insync.replicas,
which Kafka sets by itself when it has eligible leader replicas.
"""
import re

from check_java import fresh, tool
from stage import check, require, same


def plain(text):
    text = re.sub(r"TopicId: \S+", "TopicId: ID", text).replace("Configs: min.insync.replicas=1", "Configs:")
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and "WARN" not in line and not line.startswith("  min.insync.replicas="))


def outputs(node, script):
    for name, words, wanted in script:
        same(plain(tool(node, name, *words.split())), wanted.strip("\n"), f"{name} {words}")


GROWING = (
    ("kafka-topics", "--create --topic grows --partitions 1", "Created topic grows."),
    ("kafka-topics", "--alter --topic grows --partitions 3", ""),
    ("kafka-topics", "--describe --topic grows", """
Topic: grows\tTopicId: ID\tPartitionCount: 3\tReplicationFactor: 1\tConfigs:
\tTopic: grows\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr:
\tTopic: grows\tPartition: 1\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr:
\tTopic: grows\tPartition: 2\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr:
"""),
)

CONFIGS = (
    ("kafka-configs", "--alter --topic grows --add-config retention.ms=1000,cleanup.policy=[compact,delete]", """
Completed updating config for topic grows.
"""),
    ("kafka-configs", "--describe --topic grows", """
Dynamic configs for topic grows are:
  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}
  retention.ms=1000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1000}
"""),
    ("kafka-configs", "--alter --topic grows --delete-config retention.ms", """
Completed updating config for topic grows.
"""),
    ("kafka-configs", "--describe --topic grows", """
Dynamic configs for topic grows are:
  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}
"""),
    ("kafka-configs", "--alter --entity-type brokers --entity-name 1 --add-config log.retention.ms=5000", """
Completed updating config for broker 1.
"""),
    ("kafka-configs", "--alter --entity-type brokers --entity-default --add-config message.max.bytes=2000000", """
Completed updating default config for brokers in the cluster.
"""),
    ("kafka-configs", "--describe --entity-type brokers --entity-name 1", """
Dynamic configs for broker 1 are:
  log.retention.ms=5000 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.retention.ms=5000, DEFAULT_CONFIG:log.retention.hours=168}
"""),
    ("kafka-configs", "--describe --entity-type brokers --entity-default", """
Default configs for brokers in the cluster are:
  message.max.bytes=2000000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000}
"""),
    ("kafka-configs", "--alter --entity-type brokers --entity-name 1 --delete-config log.retention.ms", """
Completed updating config for broker 1.
"""),
    ("kafka-configs", "--alter --entity-type groups --entity-name g --add-config consumer.session.timeout.ms=50000", """
Completed updating config for group g.
"""),
    ("kafka-configs", "--alter --entity-type client-metrics --entity-name m --add-config interval.ms=5000", """
Completed updating config for client-metric m.
"""),
    ("kafka-configs", "--describe --entity-type client-metrics --entity-name m", """
Dynamic configs for client-metric m are:
  interval.ms=5000 sensitive=false synonyms={DYNAMIC_CLIENT_METRICS_CONFIG:interval.ms=5000}
"""),
)


@check("Java: kafka-topics gives a topic more partitions")
def growing():
    with fresh(overrides={"num.partitions": 1}) as node:
        outputs(node, GROWING)
        fewer = tool(node, "kafka-topics", "--alter", "--topic", "grows", "--partitions", 2, status=None)
        require("The topic grows currently has 3 partition(s); 2 would not be an increase." in fewer, fewer)


@check("Java: kafka-configs changes topics, brokers and client metrics, and shows what it did", level="all")
def configs():
    with fresh(overrides={"num.partitions": 1}) as node:
        tool(node, "kafka-topics", "--create", "--topic", "grows")
        outputs(node, CONFIGS)
