"""config_cases: more partitions, and configs of topics and brokers: what is refused, in which words, and what is shown then.

Sections: alter, alter-broker, alter-other, replace, describe, resources, grow, pages. The columns of the tables are those of
cases.py. A change that is accepted is taken back by its own case, so that the node stays as it was.
"""
import time

from cases import APPEND, DELETE, SET, SUBTRACT, case, error
from client import batch

TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32


def told(answer):
    words = answer.get("ErrorMessage")
    return error(answer["ErrorCode"]) + ("" if words is None else f" '{words}'")


def incremental(context, *resources, version=1, validate=False):
    """resources: (type, name, (config, operation, value) ...)"""
    asked = [{"ResourceType": kind, "ResourceName": name,
              "Configs": [{"Name": key, "ConfigOperation": how, "Value": value} for key, how, value in changes]}
             for kind, name, *changes in resources]
    answer = context.call("IncrementalAlterConfigs", version, {"Resources": asked, "ValidateOnly": validate})
    return " | ".join(told(one) for one in sorted(answer["Responses"], key=lambda one: one["ResourceName"]))


def replaced(context, *resources, version=2, validate=False):
    """resources: (type, name, (config, value) ...)"""
    asked = [{"ResourceType": kind, "ResourceName": name, "Configs": [{"Name": key, "Value": value} for key, value in pairs]}
             for kind, name, *pairs in resources]
    answer = context.call("AlterConfigs", version, {"Resources": asked, "ValidateOnly": validate})
    return " | ".join(told(one) for one in sorted(answer["Responses"], key=lambda one: one["ResourceName"]))


def shown(context, kind, name, *keys, version=4, synonyms=True):
    """Value, source and synonyms of each key; without keys, everything that is set dynamically."""
    time.sleep(0.3)  # a broker of Kafka hears of it a moment later
    answer = context.call("DescribeConfigs", version, {"IncludeSynonyms": synonyms, "Resources": [
        {"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": list(keys) or None}]})["Results"][0]
    if answer["ErrorCode"]:
        return told(answer)
    texts = []
    for one in sorted(answer["Configs"], key=lambda one: one["Name"]):
        if not keys and (one["ConfigSource"] in (4, 5) or one["Name"] == "min.insync.replicas"):
            continue  # what is set; Kafka with eligible leader replicas sets min.insync.replicas by itself
        flags = (" read-only" if one["ReadOnly"] else "") + (" sensitive" if one["IsSensitive"] else "")
        chain = ",".join(f"{other['Name']}={other['Value']}@{other['Source']}" for other in one["Synonyms"])
        texts.append(f"{one['Name']}={one['Value']}@{one['ConfigSource']}{flags} [{chain}]")
    return "; ".join(texts) or "nothing"


def refused(*resources, **options):
    """What is accepted all the same is taken back."""
    def go(context):
        text = incremental(context, *resources, **options)
        for kind, name, *changes in resources:
            if "0 NONE" in text and changes and not options.get("validate"):
                incremental(context, (kind, name, *((key, DELETE, None) for key in dict.fromkeys(one[0] for one in changes))))
        return text
    return go


def topic_refused(*changes, **options):
    return refused((TOPIC, "probe", *changes), **options)


def broker_refused(*changes, name="1", **options):
    return refused((BROKER, name, *changes), **options)


def kept(kind, name, *changes, look=(), version=1):
    """Changes, looks, takes everything back."""
    def go(context):
        first = incremental(context, (kind, name, *changes), version=version)
        seen = shown(context, kind, name, *look)
        incremental(context, (kind, name, *((key, DELETE, None) for key in dict.fromkeys(change[0] for change in changes))))
        return f"{first}: {seen}; then {shown(context, kind, name)}"
    return go


# ---- IncrementalAlterConfigs of topics ----

for row in (
    ("set", "retention.ms=1000", kept(TOPIC, "probe", ("retention.ms", SET, "1000"), look=("retention.ms",))),
    ("set-v0", "v0, retention.ms=1000",
     kept(TOPIC, "probe", ("retention.ms", SET, "1000"), look=("retention.ms",), version=0)),
    ("set-blanks", "retention.ms=' 1000 '",
     kept(TOPIC, "probe", ("retention.ms", SET, " 1000 "), look=("retention.ms",))),
    ("set-two", "two settings", kept(TOPIC, "probe", ("max.message.bytes", SET, "2000"), ("segment.ms", SET, "5000"))),
    ("set-default", "retention.ms to its default", kept(TOPIC, "probe", ("retention.ms", SET, "604800000"))),
    ("delete-unset", "DELETE of what is not set", topic_refused(("retention.ms", DELETE, None))),
    ("delete-unknown", "DELETE of an unknown name", topic_refused(("no.such", DELETE, None))),
    ("delete-value", "DELETE with a value", topic_refused(("retention.ms", DELETE, "5"))),
    ("unknown", "unknown name", topic_refused(("no.such", SET, "1"))),
    ("null", "SET to null", topic_refused(("retention.ms", SET, None))),
    ("empty", "SET a number to the empty string", topic_refused(("retention.ms", SET, ""))),
    ("not-number", "retention.ms=abc", topic_refused(("retention.ms", SET, "abc"))),
    ("low", "retention.ms=-2", topic_refused(("retention.ms", SET, "-2"))),
    ("high", "segment.bytes=2147483648", topic_refused(("segment.bytes", SET, "2147483648"))),
    ("small-segment", "segment.bytes=1024", topic_refused(("segment.bytes", SET, "1024"))),
    ("internal", "internal.segment.bytes=2000",
     kept(TOPIC, "probe", ("internal.segment.bytes", SET, "2000"), look=("internal.segment.bytes",))),
    ("internal-all", "internal.segment.bytes=2000 and segment.ms=5000: all that is set",
     kept(TOPIC, "probe", ("internal.segment.bytes", SET, "2000"), ("segment.ms", SET, "5000"))),
    ("internal-blanks", "internal.segment.bytes=' 2000 '", kept(TOPIC, "probe", ("internal.segment.bytes", SET, " 2000 "))),
    ("internal-zero", "internal.segment.bytes=0", kept(TOPIC, "probe", ("internal.segment.bytes", SET, "0"))),
    ("internal-low", "internal.segment.bytes=-2147483648",
     kept(TOPIC, "probe", ("internal.segment.bytes", SET, "-2147483648"))),
    ("internal-high", "internal.segment.bytes=2147483648", topic_refused(("internal.segment.bytes", SET, "2147483648"))),
    ("internal-empty", "internal.segment.bytes=''", topic_refused(("internal.segment.bytes", SET, ""))),
    ("internal-null", "internal.segment.bytes to null", topic_refused(("internal.segment.bytes", SET, None))),
    ("internal-unset", "DELETE of internal.segment.bytes, which is not set",
     topic_refused(("internal.segment.bytes", DELETE, None))),
    ("internal-append", "APPEND to internal.segment.bytes", topic_refused(("internal.segment.bytes", APPEND, "1"))),
    ("not-bool", "preallocate=maybe", topic_refused(("preallocate", SET, "maybe"))),
    ("choice", "compression.type=lzma", topic_refused(("compression.type", SET, "lzma"))),
    ("gzip-level", "compression.gzip.level=0", topic_refused(("compression.gzip.level", SET, "0"))),
    ("lz4-level", "compression.lz4.level=18", topic_refused(("compression.lz4.level", SET, "18"))),
    ("zstd-level", "compression.zstd.level=23", topic_refused(("compression.zstd.level", SET, "23"))),
    ("ratio", "min.cleanable.dirty.ratio=1.5", topic_refused(("min.cleanable.dirty.ratio", SET, "1.5"))),
    ("policy", "cleanup.policy=shred", topic_refused(("cleanup.policy", SET, "shred"))),
    ("policy-empty", "cleanup.policy=''", kept(TOPIC, "probe", ("cleanup.policy", SET, ""))),
    ("policy-twice", "cleanup.policy=delete,delete", kept(TOPIC, "probe", ("cleanup.policy", SET, "delete,delete"))),
    ("policy-both", "cleanup.policy='compact, delete'",
     kept(TOPIC, "probe", ("cleanup.policy", SET, "compact, delete"))),
    ("timestamp-type", "message.timestamp.type=Never", topic_refused(("message.timestamp.type", SET, "Never"))),
    ("throttle", "leader.replication.throttled.replicas=x",
     topic_refused(("leader.replication.throttled.replicas", SET, "x"))),
    ("throttle-ok", "leader.replication.throttled.replicas=0:1,1:1",
     kept(TOPIC, "probe", ("leader.replication.throttled.replicas", SET, "0:1,1:1"))),
    ("bad-and-missing", "a bad value for a missing topic", refused((TOPIC, "probe-none", ("retention.ms", SET, "x")))),
    ("unset", "SET to what it is, and DELETE of another",
     topic_refused(("retention.ms", SET, "604800000"), ("segment.ms", DELETE, None))),
    ("unknown-and-bad", "unknown name and a bad value",
     topic_refused(("retention.ms", SET, "x"), ("no.such", SET, "1"))),
    ("lags", "min.compaction.lag.ms=10, max.compaction.lag.ms=5",
     topic_refused(("min.compaction.lag.ms", SET, "10"), ("max.compaction.lag.ms", SET, "5"))),
    ("remote", "remote.storage.enable=true", topic_refused(("remote.storage.enable", SET, "true"))),
    ("minisr", "min.insync.replicas=0", topic_refused(("min.insync.replicas", SET, "0"))),
    ("local", "local.retention.ms=2 above retention.ms=1",
     topic_refused(("retention.ms", SET, "1"), ("local.retention.ms", SET, "2"))),
    ("operation", "operation 7", topic_refused(("retention.ms", 7, "1"))),
    ("operation-neg", "operation -1", topic_refused(("retention.ms", -1, "1"))),
    ("append-scalar", "APPEND to a number", topic_refused(("retention.ms", APPEND, "1"))),
    ("subtract-scalar", "SUBTRACT from a number", topic_refused(("retention.ms", SUBTRACT, "1"))),
    ("append-unknown", "APPEND to an unknown name", topic_refused(("no.such", APPEND, "1"))),
    ("append-null", "APPEND null", topic_refused(("cleanup.policy", APPEND, None))),
    ("append", "cleanup.policy append compact", kept(TOPIC, "probe", ("cleanup.policy", APPEND, "compact"))),
    ("append-there", "cleanup.policy append delete", kept(TOPIC, "probe", ("cleanup.policy", APPEND, "delete"))),
    ("append-bad", "cleanup.policy append shred", topic_refused(("cleanup.policy", APPEND, "shred"))),
    ("append-two", "cleanup.policy append compact,delete",
     kept(TOPIC, "probe", ("cleanup.policy", APPEND, "compact,delete"))),
    ("subtract", "cleanup.policy subtract delete", kept(TOPIC, "probe", ("cleanup.policy", SUBTRACT, "delete"))),
    ("subtract-absent", "cleanup.policy subtract compact",
     kept(TOPIC, "probe", ("cleanup.policy", SUBTRACT, "compact"))),
    ("same-twice", "one name twice", topic_refused(("retention.ms", SET, "1"), ("retention.ms", SET, "2"))),
    ("same-twice-ops", "one name set and deleted",
     topic_refused(("retention.ms", SET, "1"), ("retention.ms", DELETE, None))),
    ("nothing", "no changes", topic_refused()),
    ("missing-topic", "missing topic", refused((TOPIC, "probe-none", ("retention.ms", SET, "1")))),
    ("missing-topic-empty", "missing topic, no changes", refused((TOPIC, "probe-none"))),
    ("bad-topic", "topic a/b", refused((TOPIC, "a/b", ("retention.ms", SET, "1")))),
    ("empty-topic", "empty topic", refused((TOPIC, "", ("retention.ms", SET, "1")))),
    ("twice", "a resource twice",
     refused((TOPIC, "probe", ("retention.ms", SET, "1")), (TOPIC, "probe", ("segment.ms", SET, "1")))),
    ("twice-and-other", "a resource twice, and another",
     refused((TOPIC, "probe", ("retention.ms", SET, "1")), (TOPIC, "probe", ("retention.ms", SET, "1")),
             (TOPIC, "probe-none", ("segment.ms", SET, "1")))),
    ("some", "a good and a missing topic: the first is set",
     lambda context: incremental(context, (TOPIC, "probe", ("retention.ms", SET, "7")),
                                 (TOPIC, "probe-none", ("retention.ms", SET, "1")))
     + ": " + shown(context, TOPIC, "probe") + "; then " + incremental(context, (TOPIC, "probe", ("retention.ms", DELETE, None)))),
    ("validate", "validated only",
     lambda context: topic_refused(("retention.ms", SET, "1"), validate=True)(context)
     + ": " + shown(context, TOPIC, "probe")),
    ("validate-bad", "validated only, bad value", topic_refused(("retention.ms", SET, "x"), validate=True)),
    ("type-0", "resource type 0", refused((0, "x", ("retention.ms", SET, "1")))),
    ("type-99", "resource type 99", refused((99, "x", ("retention.ms", SET, "1")))),
    ("none", "no resources", refused()),
):
    case("alter." + row[0], "IncrementalAlterConfigs, " + row[1])(row[2])


# ---- of brokers ----

for row in (
    ("set", "message.max.bytes=2000000 of broker 1",
     kept(BROKER, "1", ("message.max.bytes", SET, "2000000"), look=("message.max.bytes",))),
    ("set-all", "message.max.bytes=3000000 of all",
     kept(BROKER, "", ("message.max.bytes", SET, "3000000"))),
    ("topic-sees", "what a topic shows of log.retention.ms of all brokers",
     lambda context: incremental(context, (BROKER, "", ("log.retention.ms", SET, "3600000"))) + ": "
     + shown(context, TOPIC, "probe", "retention.ms") + " and " + shown(context, BROKER, "1", "log.retention.ms") + "; then "
     + incremental(context, (BROKER, "", ("log.retention.ms", DELETE, None))) + " "
     + shown(context, TOPIC, "probe", "retention.ms")),
    ("both", "of one and of all",
     lambda context: incremental(context, (BROKER, "", ("log.index.interval.bytes", SET, "2000")),
                                 (BROKER, "1", ("log.index.interval.bytes", SET, "3000"))) + ": "
     + shown(context, TOPIC, "probe", "index.interval.bytes") + " and " + shown(context, BROKER, "1", "log.index.interval.bytes")
     + " and " + shown(context, BROKER, "", "log.index.interval.bytes") + "; then "
     + incremental(context, (BROKER, "", ("log.index.interval.bytes", DELETE, None)),
                   (BROKER, "1", ("log.index.interval.bytes", DELETE, None)))),
    ("read-only", "log.dirs of broker 1", broker_refused(("log.dirs", SET, "/tmp/x"))),
    ("read-only-all", "log.dirs of all", broker_refused(("log.dirs", SET, "/tmp/x"), name="")),
    ("read-only-too", "node.id and message.max.bytes",
     broker_refused(("node.id", SET, "7"), ("message.max.bytes", SET, "7"))),
    ("read-only-delete", "DELETE node.id", broker_refused(("node.id", DELETE, None))),
    ("per-broker-all", "listener.security.protocol.map of all",
     broker_refused(("listener.security.protocol.map", SET, "PLAINTEXT:PLAINTEXT"), name="")),
    ("hours", "log.retention.hours", broker_refused(("log.retention.hours", SET, "1"))),
    ("unknown", "unknown name", kept(BROKER, "1", ("no.such", SET, "1"), look=("no.such",))),
    ("unknown-all", "unknown name of all", kept(BROKER, "", ("no.such", SET, "1"))),
    ("not-number", "message.max.bytes=abc", broker_refused(("message.max.bytes", SET, "abc"))),
    ("low", "message.max.bytes=-1", broker_refused(("message.max.bytes", SET, "-1"))),
    ("threads-low", "num.io.threads=0", broker_refused(("num.io.threads", SET, "0"))),
    ("threads-many", "num.io.threads=100 (8 now)", broker_refused(("num.io.threads", SET, "100"))),
    ("threads-few", "num.io.threads=1 (8 now)", broker_refused(("num.io.threads", SET, "1"))),
    ("threads", "num.io.threads=9", kept(BROKER, "1", ("num.io.threads", SET, "9"), look=("num.io.threads",))),
    ("cleaner-threads-many", "log.cleaner.threads=9 (1 now)", broker_refused(("log.cleaner.threads", SET, "9"))),
    ("choice", "compression.type=lzma", broker_refused(("compression.type", SET, "lzma"))),
    ("policy", "log.cleanup.policy=shred", broker_refused(("log.cleanup.policy", SET, "shred"))),
    ("policy-append", "log.cleanup.policy append compact",
     kept(BROKER, "1", ("log.cleanup.policy", APPEND, "compact"))),
    ("policy-twice", "log.cleanup.policy=delete,delete",
     kept(BROKER, "1", ("log.cleanup.policy", SET, "delete,delete"))),
    ("append-unknown", "APPEND to an unknown name", broker_refused(("no.such", APPEND, "1"))),
    ("subtract-scalar", "SUBTRACT from message.max.bytes", broker_refused(("message.max.bytes", SUBTRACT, "1"))),
    ("operation", "operation 7", broker_refused(("message.max.bytes", 7, "1"))),
    ("keystore", "ssl.keystore.location without a listener", broker_refused(("ssl.keystore.location", SET, "/x"))),
    ("blanks", "message.max.bytes=' 2000 '", kept(BROKER, "1", ("message.max.bytes", SET, " 2000 "))),
    ("append-scalar", "APPEND to message.max.bytes", broker_refused(("message.max.bytes", APPEND, "1"))),
    ("null", "SET to null", broker_refused(("message.max.bytes", SET, None))),
    ("per-ip", "max.connections.per.ip.overrides=127.0.0.1:5:6",
     broker_refused(("max.connections.per.ip.overrides", SET, "127.0.0.1:5:6"))),
        ("per-ip-ok", "max.connections.per.ip=100",
     kept(BROKER, "1", ("max.connections.per.ip", SET, "100"), look=("max.connections.per.ip",))),
    ("throttle", "leader.replication.throttled.rate=1000",
     kept(BROKER, "1", ("leader.replication.throttled.rate", SET, "1000"), look=("leader.replication.throttled.rate",))),
    ("throttle-low", "leader.replication.throttled.rate=-1",
     broker_refused(("leader.replication.throttled.rate", SET, "-1"))),
    ("password", "sasl.jaas.config",
     kept(BROKER, "1", ("sasl.jaas.config", SET, "secret"), look=("sasl.jaas.config",))),
    ("lags", "log.cleaner.min.compaction.lag.ms=10, max 5",
     broker_refused(("log.cleaner.min.compaction.lag.ms", SET, "10"), ("log.cleaner.max.compaction.lag.ms", SET, "5"))),
    ("remote", "log.local.retention.ms above log.retention.ms",
     broker_refused(("log.retention.ms", SET, "1"), ("log.local.retention.ms", SET, "2"))),
    ("cordoned", "cordoned.log.dirs=/nowhere", broker_refused(("cordoned.log.dirs", SET, "/nowhere"))),
    ("topic-name", "retention.ms of a broker", broker_refused(("retention.ms", SET, "1"))),
    ("other", "broker 99", broker_refused(("message.max.bytes", SET, "1"), name="99")),
    ("no-number", "broker abc", broker_refused(("message.max.bytes", SET, "1"), name="abc")),
    ("negative", "broker -1", broker_refused(("message.max.bytes", SET, "1"), name="-1")),
    ("validate", "validated only", broker_refused(("message.max.bytes", SET, "5"), validate=True)),
    ("validate-read-only", "validated only, read-only", broker_refused(("node.id", SET, "5"), validate=True)),
    ("nothing", "no changes", broker_refused()),
    ("twice", "broker 1 twice",
     refused((BROKER, "1", ("message.max.bytes", SET, "1")), (BROKER, "1", ("message.max.bytes", SET, "2")))),
    ("logger", "a logger", refused((LOGGER, "1", ("no.such.Logger", SET, "DEBUG")))),
    ("logger-level", "a logger's level", refused((LOGGER, "1", ("root", SET, "LOUD")))),
    ("logger-other", "a logger of broker 99", refused((LOGGER, "99", ("root", SET, "INFO")))),
    ("logger-empty", "a logger of no broker", refused((LOGGER, "", ("root", SET, "INFO")))),
):
    case("alter-broker." + row[0], "IncrementalAlterConfigs, " + row[1])(row[2])


# ---- of groups and of client metrics ----

def taken_match(context, match):
    said = refused((METRICS, "probe-metrics", ("match", SET, match)))(context)
    return {"0 NONE": "yes", f"40 INVALID_CONFIG 'Illegal client matching pattern: {match.strip()}'": "no"}.get(said, said)


def patterns_taken(*patterns, names=("client_id",)):
    """Which are; no pattern has a ',' or '=', which part what stands in the list."""
    matches = [f"{name}={pattern}" for name in names for pattern in patterns]
    return lambda context: "; ".join(f"{match} {taken_match(context, match)}" for match in matches)



for row in (
    ("group", "consumer.session.timeout.ms=50000 of a group",
     kept(GROUP, "probe-group", ("consumer.session.timeout.ms", SET, "50000"), look=("consumer.session.timeout.ms",))),
    ("group-unknown", "unknown name of a group", refused((GROUP, "probe-group", ("no.such", SET, "1")))),
    ("group-low", "consumer.session.timeout.ms=1",
     refused((GROUP, "probe-group", ("consumer.session.timeout.ms", SET, "1")))),
    ("group-number", "consumer.session.timeout.ms=x",
     refused((GROUP, "probe-group", ("consumer.session.timeout.ms", SET, "x")))),
    ("group-empty", "group ''", refused((GROUP, "", ("consumer.session.timeout.ms", SET, "50000")))),
    ("metrics", "interval.ms of a subscription",
     kept(METRICS, "probe-metrics", ("interval.ms", SET, "5000"), ("metrics", SET, "org.apache.kafka"),
          look=("interval.ms", "metrics"))),
    ("metrics-unknown", "unknown name", refused((METRICS, "probe-metrics", ("no.such", SET, "1")))),
    ("metrics-low", "interval.ms=1", refused((METRICS, "probe-metrics", ("interval.ms", SET, "1")))),
    ("metrics-match", "match=bad", refused((METRICS, "probe-metrics", ("match", SET, "bad")))),
    ("metrics-matches", "match=client_id=a,client_software_name=b",
     kept(METRICS, "probe-metrics", ("match", SET, " client_id = a ,client_software_name=b"), look=("match",))),
    ("metrics-match-empty", "match=''", kept(METRICS, "probe-metrics", ("match", SET, ""), look=("match",))),
    ("metrics-match-some", "match with nothing between commas",
     refused((METRICS, "probe-metrics", ("match", SET, "client_id=a,,client_id=b")))),
    ("metrics-match-twice", "match, a name twice", refused((METRICS, "probe-metrics", ("match", SET, "client_id=a,client_id=b")))),
    ("metrics-match-null", "match to null", refused((METRICS, "probe-metrics", ("match", SET, None)))),
    ("metrics-match-second", "match, the second is wrong",
     refused((METRICS, "probe-metrics", ("match", SET, "client_id=a,client_source_port=[")))),
    ("metrics-match-order", "match and interval.ms wrong",
     refused((METRICS, "probe-metrics", ("match", SET, "client_id=["), ("interval.ms", SET, "1")))),
    ("metrics-match-replace", "match=client_id=[ by AlterConfigs",
     lambda context: replaced(context, (METRICS, "probe-metrics", ("match", "client_id=[")))),
    ("metrics-patterns", "patterns that are taken", patterns_taken(
        "a*?b++", "a{2}{3}", "{2}", "^*$+", "]}", "a|", "()", "(?i)a", "(?i-m:a)", "(?<n>a)", "(?!a)", "\\d\\.\\x41\\u0041\\017",
        "\\p{Alpha}\\pL", "\\Q[\\E", "\\1", "[]a]", "[[a]b]", "[a&&]", "[a-]", "[\\d-z]", "[é-ü]")),
    ("metrics-patterns-not", "patterns that are not", patterns_taken(
        "[", "(", ")", "*", "a**", "a|*", "(*)", "(?i)*", "a{", "a{x}", "a{2", "(?", "(?z)", "(?<1>a)", "\\", "\\q",
        "\\x4", "\\u12", "\\08", "\\p{Nope}", "[]", "[^]", "[a-", "[[a]", "[&&]", "[z-a]", "[a-\\d]", "[\\b]")),
    ("metrics-patterns-names", "patterns with names that are none, or twice; a look-behind without end", patterns_taken(
        "\\p{IsNone}", "\\N{NO SUCH CHARACTER}", "(?<n>a)(?<n>b)", "\\k<n>", "(?<!(a|b)*)")),
    ("metrics-names", "names that a match may have", patterns_taken(
        "a", names=("client_id", "client_instance_id", "client_software_name", "client_software_version", "client_source_address",
                    "client_source_port", "CLIENT_ID", "foo", "", " client_id "))),
    ("metrics-equals", "where '=' stands in a match", lambda context: "; ".join(
        f"{one!r}: {taken_match(context, one)}" for one in ("client_id", "client_id=", "client_id= ", "client_id==", "client_id==b",
                                                            "client_id=a=b", "client_id=a=", "client_id=a==", "client_id= =", "=a"))),
    ("metrics-append", "APPEND to metrics, a list", refused((METRICS, "probe-metrics", ("metrics", APPEND, "org.apache")))),
    ("metrics-subtract", "SUBTRACT from match, a list", refused((METRICS, "probe-metrics", ("match", SUBTRACT, "client_id=a")))),
    ("metrics-append-unknown", "APPEND to an unknown name", refused((METRICS, "probe-metrics", ("no.such", APPEND, "1")))),
    ("metrics-empty", "subscription ''", refused((METRICS, "", ("interval.ms", SET, "5000")))),
):
    case("alter-other." + row[0], "IncrementalAlterConfigs, " + row[1])(row[2])


# ---- AlterConfigs ----

def replacing(kind, name, *pairs, version=2, validate=False):
    """What is set before the replacement goes with it, unless it is named."""
    def go(context):
        incremental(context, (kind, name, ("segment.ms", SET, "77777") if kind == TOPIC else ("log.roll.ms", SET, "77777")))
        first = replaced(context, (kind, name, *pairs), version=version, validate=validate)
        seen = shown(context, kind, name)
        names = [key for key, _ in pairs] + ["segment.ms" if kind == TOPIC else "log.roll.ms"]
        incremental(context, (kind, name, *((key, DELETE, None) for key in dict.fromkeys(names))))
        return f"{first}: {seen}; then {shown(context, kind, name)}"
    return go


for row in (
    ("topic", "retention.ms=5", replacing(TOPIC, "probe", ("retention.ms", "5"))),
    ("topic-v0", "v0, retention.ms=5", replacing(TOPIC, "probe", ("retention.ms", "5"), version=0)),
    ("topic-empty", "nothing", replacing(TOPIC, "probe")),
    ("topic-unknown", "unknown name", replacing(TOPIC, "probe", ("no.such", "5"))),
    ("topic-bad", "retention.ms=x", replacing(TOPIC, "probe", ("retention.ms", "x"))),
    ("topic-null", "retention.ms=null", replacing(TOPIC, "probe", ("retention.ms", None))),
    ("topic-internal", "internal.segment.bytes=5", replacing(TOPIC, "probe", ("internal.segment.bytes", "5"))),
    ("topic-twice", "a name twice", replacing(TOPIC, "probe", ("retention.ms", "5"), ("retention.ms", "6"))),
    ("topic-validate", "validated only", replacing(TOPIC, "probe", ("retention.ms", "5"), validate=True)),
    ("topic-missing", "missing topic", lambda context: replaced(context, (TOPIC, "probe-none", ("retention.ms", "5")))),
    ("topic-invalid", "topic a/b", lambda context: replaced(context, (TOPIC, "a/b", ("retention.ms", "5")))),
    ("twice", "a resource twice",
     lambda context: replaced(context, (TOPIC, "probe", ("retention.ms", "5")), (TOPIC, "probe", ("retention.ms", "5")))),
    ("broker", "message.max.bytes=5000 of broker 1", replacing(BROKER, "1", ("message.max.bytes", "5000"))),
    ("broker-all", "message.max.bytes=5000 of all", replacing(BROKER, "", ("message.max.bytes", "5000"))),
    ("broker-read-only", "node.id=5", lambda context: replaced(context, (BROKER, "1", ("node.id", "5")))),
    ("broker-bad", "message.max.bytes=x", lambda context: replaced(context, (BROKER, "1", ("message.max.bytes", "x")))),
    ("broker-other", "broker 99", lambda context: replaced(context, (BROKER, "99", ("message.max.bytes", "5")))),
    ("broker-name", "broker abc", lambda context: replaced(context, (BROKER, "abc", ("message.max.bytes", "5")))),
    ("logger", "a logger", lambda context: replaced(context, (LOGGER, "1", ("root", "INFO")))),
    ("type-0", "resource type 0", lambda context: replaced(context, (0, "x", ("a", "1")))),
    ("type-99", "resource type 99", lambda context: replaced(context, (99, "x", ("a", "1")))),
    ("none", "no resources", lambda context: replaced(context)),
):
    case("replace." + row[0], "AlterConfigs, " + row[1])(row[2])


# ---- DescribeConfigs ----

def counted(context, kind, name, keys):
    asked = {"Resources": [{"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": keys}]}
    (one,) = context.call("DescribeConfigs", 4, asked)["Results"]
    return f"{one['ErrorCode']} {one['ErrorMessage']!r}, {len(one['Configs'])} configs"


for row in (
    ("broker-all", "all brokers, nothing set", lambda context: shown(context, BROKER, "")),
    ("broker-other", "broker 99", lambda context: shown(context, BROKER, "99")),
    ("broker-name", "broker abc", lambda context: shown(context, BROKER, "abc")),
    ("topic-missing", "missing topic", lambda context: shown(context, TOPIC, "probe-none")),
    ("topic-empty", "empty topic", lambda context: shown(context, TOPIC, "")),
    ("topic-invalid", "topic a/b", lambda context: shown(context, TOPIC, "a/b")),
    ("logger-other", "the loggers of broker 99", lambda context: shown(context, LOGGER, "99")),
    ("no-keys", "an empty list of keys of a topic", lambda context: counted(context, TOPIC, "probe", [])),
    ("many-keys", "20000 keys of a topic that are none, and one that is",
     lambda context: counted(context, TOPIC, "probe", [f"k{number}" for number in range(20000)] + ["retention.ms"])),
    ("null-keys", "no list of keys of a topic", lambda context: counted(context, TOPIC, "probe", None)),
    ("type-0", "resource type 0", lambda context: shown(context, 0, "x")),
    ("type-99", "resource type 99", lambda context: shown(context, 99, "x")),
    ("group-empty", "group ''", lambda context: shown(context, GROUP, "")),
    ("metrics-empty", "subscription ''", lambda context: shown(context, METRICS, "")),
    ("metrics-missing", "subscription that is not there",
     lambda context: shown(context, METRICS, "probe-none", "interval.ms")),
    ("group-default", "a group that sets nothing",
     lambda context: shown(context, GROUP, "probe-none", "consumer.heartbeat.interval.ms")),
    ("internal", "an internal config that is not set", lambda context: shown(context, TOPIC, "probe", "internal.segment.bytes")),
    ("unknown-key", "a key that is unknown", lambda context: shown(context, TOPIC, "probe", "no.such")),
    ("v1", "v1, without synonyms",
     lambda context: shown(context, TOPIC, "probe", "retention.ms", version=1, synonyms=False)),
    ("synonyms", "all synonyms of some topic configs", lambda context: shown(
        context, TOPIC, "probe-minisr", "segment.ms", "segment.jitter.ms", "flush.ms", "retention.bytes", "cleanup.policy")),
):
    case("describe." + row[0], "DescribeConfigs, " + row[1])(row[2])


# ---- ListConfigResources ----

def listed(version, *types):
    def go(context):
        answer = context.call("ListConfigResources", version, {"ResourceTypes": list(types)} if version else {})
        if answer["ErrorCode"]:
            return error(answer["ErrorCode"])
        found = sorted((one.get("ResourceType", METRICS), one["ResourceName"]) for one in answer["ConfigResources"])
        return " ".join(f"{kind}:{name}" for kind, name in found if not name.startswith("__")) or "nothing"
    return go


@case("resources.metrics", "ListConfigResources v0, with a subscription and a group's configs set")
def _(context):
    changes = (METRICS, "probe-metrics", ("interval.ms", SET, "5000")), \
        (GROUP, "probe-group", ("consumer.session.timeout.ms", SET, "50000"))
    incremental(context, *changes)
    time.sleep(0.3)
    text = f"{listed(0)(context)} | {listed(1, METRICS, GROUP)(context)}"
    incremental(context, *((kind, name, (change[0], DELETE, None)) for kind, name, change in changes))
    time.sleep(0.3)
    return f"{text} | {listed(1, METRICS, GROUP)(context)}"


for row in (
    ("v0", "v0", listed(0)),
    ("topics", "v1, topics", lambda context: " ".join(
        one for one in listed(1, TOPIC)(context).split() if one in ("2:probe", "2:probe-compact", "2:probe-minisr"))),
    ("brokers", "v1, brokers and loggers", listed(1, BROKER, LOGGER)),
    ("type-0", "v1, type 0", listed(1, 0)),
    ("type-99", "v1, type 99", listed(1, 99)),
    ("twice", "v1, brokers twice", listed(1, BROKER, BROKER)),
):
    case("resources." + row[0], "ListConfigResources " + row[1])(row[2])


# ---- CreatePartitions ----

def grown(context, *topics, version=3, validate=False):
    """topics: (name, count, assignments or None)"""
    asked = [{"Name": name, "Count": count, "Assignments": None if ids is None else [{"BrokerIds": one} for one in ids]}
             for name, count, ids in topics]
    answer = context.call("CreatePartitions", version, {"Topics": asked, "TimeoutMs": 5000, "ValidateOnly": validate})
    return " | ".join(f"{one['Name']} {told(one)}" for one in sorted(answer["Results"], key=lambda one: one["Name"]))


def growing(*topics, **options):
    return lambda context: grown(context, *topics, **options)


def grown_for_good(name, *ids, version=3):
    def go(context):
        context.topic(name)
        text = grown(context, (name, 3, ids or None), version=version)
        time.sleep(0.5)
        topic = context.call("Metadata", 12, {"Topics": [{"Name": name}]})["Topics"][0]
        parts = sorted((one["PartitionIndex"], one["ErrorCode"], one["LeaderId"], one["LeaderEpoch"], one["ReplicaNodes"],
                        one["IsrNodes"])
                       for one in topic["Partitions"])
        return f"{text}: {parts}; produce to 2: {context.produce(batch([(b'k', b'v')]), topic=name, partition=2)}"
    return go


for row in (
    ("more", "from 1 to 3", grown_for_good("probe-grown")),
    ("more-v0", "v0, from 1 to 3", grown_for_good("probe-grown-0", version=0)),
    ("by-hand", "from 1 to 3, replicas by hand", grown_for_good("probe-grown-hand", [1], [1])),
    ("same", "the same count", growing(("probe", 1, None))),
    ("fewer", "a smaller count", growing(("probe-minisr", 0, None))),
    ("negative", "count -1", growing(("probe", -1, None))),
    ("missing", "missing topic", growing(("probe-none", 3, None))),
    ("invalid", "topic a/b", growing(("a/b", 3, None))),
    ("empty", "empty topic", growing(("", 3, None))),
    ("twice", "a topic twice", growing(("probe", 3, None), ("probe", 4, None), ("probe-none", 4, None))),
    ("validate", "validated only", lambda context: grown(context, ("probe", 3, None), validate=True) + ", then "
     + grown(context, ("probe", 1, None))),
    ("hand-few", "fewer assignments than partitions", growing(("probe", 3, [[1]]))),
    ("hand-many", "more assignments than partitions", growing(("probe", 2, [[1], [1]]))),
    ("hand-none", "no assignments", growing(("probe", 3, []))),
    ("hand-empty", "an empty assignment", growing(("probe", 2, [[]]))),
    ("hand-twice", "a broker twice", growing(("probe", 2, [[1, 1]]))),
    ("hand-unknown", "an unknown broker", growing(("probe", 2, [[7]]))),
    ("hand-inconsistent", "assignments of different sizes", growing(("probe", 3, [[1], [1, 2]]))),
    ("hand-negative", "broker -1", growing(("probe", 2, [[-1]]))),
    ("none", "no topics", growing()),
):
    case("grow." + row[0], "CreatePartitions, " + row[1])(row[2])


# ---- DescribeTopicPartitions ----

def described(*names, limit=2000, cursor=None):
    def go(context):
        for name, count in (("probe-d1", 2), ("probe-d2", 3), ("probe-d3", 1)):
            context.topic(name)
            grown(context, (name, count, None))
        time.sleep(0.3)
        asked = {"Topics": [{"Name": name} for name in names], "ResponsePartitionLimit": limit,
                 "Cursor": cursor and {"TopicName": cursor[0], "PartitionIndex": cursor[1]}}
        answer = context.call("DescribeTopicPartitions", 0, asked)
        texts = []
        for topic in answer["Topics"]:
            if topic["Name"] and topic["Name"].startswith("__"):
                continue
            parts = ",".join(f"{one['PartitionIndex']}({one['ErrorCode']}:{one['LeaderId']}:{one['LeaderEpoch']}:"
                             f"{one['ReplicaNodes']}"
                             f"{one['IsrNodes']}{one['EligibleLeaderReplicas']}{one['LastKnownElr']}{one['OfflineReplicas']})"
                             for one in topic["Partitions"])
            known = "no id" if topic["TopicId"].int == 0 else "id"
            texts.append(f"{topic['Name']} {error(topic['ErrorCode'])} {known} {topic['IsInternal']} "
                         f"{topic['TopicAuthorizedOperations']} {parts}")
        if not names:
            texts = [text for text in texts if text.startswith("probe-d")]
        at = answer["NextCursor"]
        return "; ".join(texts) + ("" if at is None else f"; next {at['TopicName']}-{at['PartitionIndex']}")
    return go


for row in (
    ("one", "a topic", described("probe-d1")),
    ("order", "three topics, out of order", described("probe-d3", "probe-d1", "probe-d2")),
    ("all", "all topics", described()),
    ("missing", "missing topic", described("probe-none")),
    ("invalid", "topic a/b", described("a/b")),
    ("empty", "empty topic", described("")),
    ("twice", "a topic twice", described("probe-d1", "probe-d1")),
    ("limit", "at most 3 partitions", described("probe-d1", "probe-d2", "probe-d3", limit=3)),
    ("limit-edge", "at most 2 partitions, which the first topic has", described("probe-d1", "probe-d2", limit=2)),
    ("limit-one", "at most 1", described("probe-d1", limit=1)),
    ("limit-zero", "at most 0", described("probe-d1", limit=0)),
    ("limit-neg", "at most -1", described("probe-d1", limit=-1)),
    ("limit-missing", "at most 2 and a missing topic", described("probe-d1", "probe-d2", "probe-none", limit=2)),
    ("cursor", "from probe-d2 1 on", described("probe-d1", "probe-d2", "probe-d3", cursor=("probe-d2", 1))),
    ("cursor-limit", "from probe-d2 1 on, at most 1",
     described("probe-d1", "probe-d2", "probe-d3", cursor=("probe-d2", 1), limit=1)),
    ("cursor-other", "from a topic that is not asked for", described("probe-d1", "probe-d3", cursor=("probe-d2", 1))),
    ("cursor-gone", "from a topic that is not there", described("probe-d1", "probe-d3", cursor=("probe-d2x", 1))),
    ("cursor-over", "from a partition that is not there", described("probe-d1", "probe-d2", cursor=("probe-d1", 9))),
    ("cursor-neg", "from partition -1", described("probe-d1", cursor=("probe-d1", -1))),
):
    case("pages." + row[0], "DescribeTopicPartitions, " + row[1])(row[2])
