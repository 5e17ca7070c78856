"""admin_cases: what administrators and tools ask of a node, with the whole answer as Kafka gave it, error texts included.

Sections: epochs, logdirs, movelogs, producers, quorum, cluster, quotas, scram, elect, reassign, features, unregister. A case is a list of calls
that are made one after the other; what differs from run to run (times, ids, sizes, paths) is shown as what it is. Cases
change what others see (quotas, credentials), so they stand in an order and leave nothing behind.
"""
import time
import uuid

from cases import PAIR, batch, case

# What can't be compared is shown as the sign of a number, or as the kind of a text.
SIGNS = {"LastFetchTimestamp", "LastCaughtUpTimestamp", "TotalBytes", "UsableBytes", "HighWatermark", "LogEndOffset",
         "LastTimestamp", "ProducerId", "LeaderEpoch", "PartitionSize"}
KINDS = {"LogDir", "ReplicaDirectoryId", "Host", "Port"}
UNSAID = {"ThrottleTimeMs"}
UNORDERED = {"Entries", "Values", "ReplicaElectionResults", "Results", "CredentialInfos", "Responses"}  # a hash's order, at Kafka


def shown(name, value):
    if isinstance(value, dict):
        return "{" + " ".join(f"{key}={shown(key, one)}" for key, one in value.items() if key not in UNSAID) + "}"
    if isinstance(value, list):
        if name in UNORDERED:
            value = sorted(value, key=lambda one: shown("", one))
        return "[" + ", ".join(shown(name, one) for one in value) + "]"
    if name in SIGNS and isinstance(value, int):
        return str(value) if value in (-1, 0) else ">0" if value > 0 else "<-1"
    if name in KINDS:
        return "none" if not value or value == uuid.UUID(int=0) else "some"
    if isinstance(value, str):
        return repr(value)
    return "null" if value is None else str(value)


def asked(*calls):
    def run(context):
        return "; ".join(shown("", context.call(*one)) for one in calls)
    return run


def table(section, api, *rows):
    """Rows: name, words, then (version, request) one after the other."""
    for name, what, *calls in rows:
        case(f"{section}.{name}", f"{api}: {what}")(asked(*((api, version, given) for version, given in calls)))


def topics(name, *partitions, **more):
    return {"Topics": [{"Topic": name, "Partitions": list(partitions), **more}]}


# ---- OffsetForLeaderEpoch ----

def epoch(version, wanted, topic="probe", partition=0, current=-1, replica=-1):
    one = {"Partition": partition, "LeaderEpoch": wanted, "CurrentLeaderEpoch": current}
    return version, {**({"ReplicaId": replica} if version >= 3 else {}), **topics(topic, one)}


table("epochs", "OffsetForLeaderEpoch",
      ("known-v2", "v2, epoch 0", epoch(2, 0)), ("known-v4", "v4, epoch 0", epoch(4, 0)),
      ("newer", "v4, epoch 9, above the latest", epoch(4, 9)), ("none", "v4, epoch -1", epoch(4, -1)),
      ("negative", "v4, epoch -5", epoch(4, -5)),
      ("current-newer", "v3, current leader epoch 1000", epoch(3, 0, current=1000)),
      ("current-same", "v3, current leader epoch 0", epoch(3, 0, current=0)),
      ("current-negative", "v3, current leader epoch -2", epoch(3, 0, current=-2)),
      ("missing-topic", "v4, missing topic", epoch(4, 0, topic="probe-none")),
      ("missing-partition", "v4, partition 7", epoch(4, 0, partition=7)),
      ("bad-partition", "v4, partition -1", epoch(4, 0, partition=-1)),
      ("bad-name", 'v4, topic "a/b"', epoch(4, 0, topic="a/b")),
      ("replica", "v4, replica id 5, which is none", epoch(4, 0, replica=5)),
      ("debug", "v4, replica id -2", epoch(4, 0, replica=-2)),
      ("empty-log", "v4, a topic without records", epoch(4, 0, topic="probe-minisr")),
      ("nothing", "v4, no topics", (4, {"Topics": []})),
      ("twice", "v4, a topic and partition twice", (4, {"Topics": epoch(4, 0)[1]["Topics"] * 2})),
      ("two", "v4, one that is there and one that is not",
       (4, {"Topics": [*epoch(4, 0, topic="probe-none")[1]["Topics"], *epoch(4, 0)[1]["Topics"]]})))

# ---- DescribeLogDirs ----

table("logdirs", "DescribeLogDirs",
      *((f"one-v{version}", f"v{version}, one partition", (version, topics("probe", 0))) for version in (1, 2, 3, 4, 5)),
      ("empty-partition", "v4, a partition without records", (4, topics("probe-minisr", 0))),
      ("missing-topic", "v4, missing topic", (4, topics("probe-none", 0))),
      ("missing-partition", "v4, partitions 7 and 0", (4, topics("probe", 7, 0))),
      ("no-partitions", "v4, a topic with no partitions", (4, topics("probe"))),
      ("nothing", "v4, no topics", (4, {"Topics": []})), ("nothing-v1", "v1, no topics", (1, {"Topics": []})),
      ("twice", "v4, a topic twice", (4, {"Topics": topics("probe", 0)["Topics"] * 2})),
      ("partition-twice", "v4, a partition twice", (4, topics("probe", 0, 0))))


@case("logdirs.all", "DescribeLogDirs: v4, all; topics in order of their names")
def _(context):
    (one,) = context.call("DescribeLogDirs", 4, {"Topics": None})["Results"]
    found = sorted((topic["Name"], len(topic["Partitions"])) for topic in one["Topics"])
    return str([pair for pair in found if pair[0].startswith("probe") and len(pair[0]) < 14])


# ---- AlterReplicaLogDirs ----

def moved(version, *directories):
    """Directories: path, or None for the one that the node has, then (topic, partitions) one after the other."""
    def run(context):
        (one,) = context.call("DescribeLogDirs", 4, {"Topics": []})["Results"]
        given = [{"Path": one["LogDir"] if path is None else path,
                  "Topics": [{"Name": name, "Partitions": list(indexes)} for name, indexes in pairs]}
                 for path, *pairs in directories]
        answer = context.call("AlterReplicaLogDirs", version, {"Dirs": given})
        for topic in answer["Results"]:
            topic["Partitions"].sort(key=lambda row: row["PartitionIndex"])
        return shown("", answer)
    return run


for name, what, *call in (
        ("stay-v1", "v1, to where it lies", 1, (None, ("probe", [0]))),
        ("stay", "v2, to where it lies", 2, (None, ("probe", [0]))),
        ("missing-partition", "v2, partitions 0, 9 and -1", 2, (None, ("probe", [0, 9, -1]))),
        ("missing-topic", "v2, missing topic", 2, (None, ("probe-none", [0]))),
        ("bad-name", 'v2, topic "a/b"', 2, (None, ("a/b", [0]))),
        ("elsewhere", "v2, to a directory that is not one", 2, ("/nowhere", ("probe", [0, 7]), ("probe-none", [0]))),
        ("relative", "v2, to a relative path", 2, ("data", ("probe", [0]))),
        ("no-path", "v2, to an empty path", 2, ("", ("probe", [0]))),
        ("long", "v2, names of 213 and 214 letters", 2, (None, ("x" * 213, [0]), ("x" * 214, [0]))),
        ("long-index", "v2, 212 letters and partition 10, 213 and partition 10", 2,
         (None, ("x" * 212, [10]), ("x" * 213, [10]))),
        ("long-elsewhere", "v2, 214 letters, to a directory that is not one", 2, ("/nowhere", ("x" * 214, [0]))),
        ("twice", "v2, here and then elsewhere", 2, (None, ("probe", [0])), ("/nowhere", ("probe", [0]))),
        ("twice-back", "v2, elsewhere and then here", 2, ("/nowhere", ("probe", [0])), (None, ("probe", [0]))),
        ("mixed", "v2, two topics over two directories", 2, (None, ("probe", [0]), ("probe-none", [0, 1])),
         ("/nowhere", ("probe", [1]), ("probe-minisr", [0]))),
        ("nothing", "v2, no directories", 2), ("no-topics", "v2, a directory without topics", 2, (None,)),
        ("no-partitions", "v2, a topic without partitions", 2, (None, ("probe", [])))):
    case(f"movelogs.{name}", f"AlterReplicaLogDirs: {what}")(moved(*call))


# ---- DescribeProducers ----

def producers(name, *indexes):
    return 0, {"Topics": [{"Name": name, "PartitionIndexes": list(indexes)}]}


table("producers", "DescribeProducers",
      ("none", "a partition that nobody wrote to with an id", producers("probe-minisr", 0)),
      ("missing-topic", "missing topic", producers("probe-none", 0)),
      ("missing-partition", "partitions 7 and 0", producers("probe-minisr", 7, 0)),
      ("negative", "partition -1", producers("probe-minisr", -1)),
      ("bad-name", 'topic "a/b"', producers("a/b", 0)), ("empty-name", "an empty name", producers("", 0)),
      ("nothing", "no topics", (0, {"Topics": []})), ("no-partitions", "no partitions", producers("probe")),
      ("twice", "a topic twice", (0, {"Topics": producers("probe-minisr", 0)[1]["Topics"] * 2})))


@case("producers.some", "DescribeProducers: two idempotent producers, one of whom wrote twice")
def _(context):
    context.topic("probe-producers")
    for one, sequence in ((4000000, 0), (4000001, 0), (4000001, 1)):
        context.produce(batch(PAIR, producer=one, producer_epoch=3, sequence=sequence), topic="probe-producers")
    answer = context.call("DescribeProducers", *producers("probe-producers", 0))
    found = answer["Topics"][0]["Partitions"][0]["ActiveProducers"]
    return shown("", sorted(found, key=lambda one: one["ProducerId"]))


# ---- DescribeQuorum ----

def quorum(version, name="__cluster_metadata", *indexes):
    return version, {"Topics": [{"TopicName": name, "Partitions": [{"PartitionIndex": one} for one in indexes or (0,)]}]}


table("quorum", "DescribeQuorum",
      *((f"v{version}", f"v{version}", quorum(version)) for version in (0, 1, 2)),
      ("other-topic", "v2, another topic", quorum(2, "probe")), ("other-partition", "v2, partition 1", quorum(2, "__cluster_metadata", 1)),
      ("two-partitions", "v2, partitions 0 and 1", quorum(2, "__cluster_metadata", 0, 1)),
      ("twice", "v2, the topic twice", (2, {"Topics": quorum(2)[1]["Topics"] * 2})),
      ("nothing", "v2, no topics", (2, {"Topics": []})), ("nothing-v0", "v0, no topics", (0, {"Topics": []})))

# ---- DescribeCluster, InitProducerId ----

table("cluster", "DescribeCluster",
      *((f"type-{kind}-v{version}", f"v{version}, endpoints of type {kind}", (version, {"EndpointType": kind}))
        for kind in (0, 2, 3, -1) for version in (1, 2)))


def half(version, producer, epoch):
    return version, {"TransactionalId": None, "TransactionTimeoutMs": 60000, "ProducerId": producer, "ProducerEpoch": epoch}


table("producers", "InitProducerId",
      *((f"half-{name}-v{version}", f"v{version}, {words}", half(version, *given)) for version in (3, 5)
        for name, words, given in (("id", "an id without epoch", (5, -1)), ("epoch", "an epoch without id", (-1, 3)))))

# ---- quotas ----

ALL_QUOTAS = (1, {"Components": [], "Strict": False})


def entity(**names):
    return [{"EntityType": kind.replace("_", "-"), "EntityName": name} for kind, name in names.items()]


def quota(names, *values, version=1, validate=False):
    changes = [{"Key": key, "Value": 0.0 if value is None else value, "Remove": value is None} for key, value in values]
    return version, {"Entries": [{"Entity": names, "Ops": changes}], "ValidateOnly": validate}


def quotas(*parts, strict=False, version=1):
    return version, {"Components": [{"EntityType": kind, "MatchType": how, "Match": name} for kind, how, name in parts],
                     "Strict": strict}


table("quotas", "DescribeClientQuotas", ("none", "v1, all", ALL_QUOTAS), ("none-v0", "v0, all", (0, ALL_QUOTAS[1])))
table("quotas", "AlterClientQuotas",
      *((f"set-{number:02}", f"v1, set {words}", given) for number, (words, given) in enumerate((
          ("one of a user", quota(entity(user="alice"), ("producer_byte_rate", 1000.0))),
          ("two of a user and a client id", quota(entity(user="alice", client_id="app"), ("consumer_byte_rate", 2.5e6),
                                                  ("request_percentage", 50.0))),
          ("one of a client id and a user", quota(entity(client_id="app", user="bob"), ("consumer_byte_rate", 7.0))),
          ("one of the default user", quota(entity(user=None), ("producer_byte_rate", 10.0))),
          ("one of the default user and client id", quota(entity(user=None, client_id=None), ("producer_byte_rate", 11.0))),
          ("one of a client id", quota(entity(client_id="app"), ("controller_mutation_rate", 0.5))),
          ("one of an address", quota(entity(ip="10.0.0.1"), ("connection_creation_rate", 5.0))),
          ("one of the default address", quota(entity(ip=None), ("connection_creation_rate", 1e6))),
          ("one for validation alone", quota(entity(user="carol"), ("producer_byte_rate", 1.0), validate=True)),
          ("nothing of a user", quota(entity(user="dave"))),
          ("one in v0", quota(entity(user="old"), ("producer_byte_rate", 3.0), version=0)),
          ("one and take another away", quota(entity(user="old"), ("consumer_byte_rate", 4.0), ("producer_byte_rate", None))),
          ("the same", quota(entity(user="old"), ("consumer_byte_rate", 4.0))),
          ("one that is not there to nothing", quota(entity(user="nobody"), ("consumer_byte_rate", None))),
      ))),
      *((f"bad-{name}", f"v1, {words}", given) for name, words, given in (
          ("key", "an unknown key", quota(entity(user="a"), ("no_such", 1.0))),
          ("key-remove", "an unknown key to take away", quota(entity(user="a"), ("no_such", None))),
          ("type", "an unknown type of entity", quota(entity(color="red"), ("producer_byte_rate", 1.0))),
          ("types", "two unknown types, one of them twice", quota([*entity(x="a"), *entity(y="b"), *entity(x="c")],
                                                                  ("producer_byte_rate", 1.0))),
          ("empty", "no entity", quota([], ("producer_byte_rate", 1.0))),
          ("ip-user", "an address and a user", quota(entity(ip="10.0.0.1", user="a"), ("connection_creation_rate", 1.0))),
          ("ip-key", "a rate of bytes of an address", quota(entity(ip="10.0.0.1"), ("producer_byte_rate", 1.0))),
          ("user-key", "connections of a user", quota(entity(user="a"), ("connection_creation_rate", 1.0))),
          ("ip-name", "an address that is none", quota(entity(ip="300.1.2.3"), ("connection_creation_rate", 1.0))),
          ("ip-host", "an address that is a name", quota(entity(ip="localhost"), ("connection_creation_rate", 1e6), validate=True)),
          ("ip-six", "an address with colons", quota(entity(ip="::1"), ("connection_creation_rate", 1.0), validate=True)),
          ("zero", "a rate of 0", quota(entity(user="a"), ("producer_byte_rate", 0.0))),
          ("ip-zero", "0 connections", quota(entity(ip="10.0.0.1"), ("connection_creation_rate", 0.0), validate=True)),
          ("negative", "a rate below 0", quota(entity(user="a"), ("producer_byte_rate", -1.0))),
          ("fraction", "a fraction of a byte", quota(entity(user="a"), ("producer_byte_rate", 1.5))),
          ("fraction-little", "a little above a whole", quota(entity(user="a"), ("producer_byte_rate", 1.0000001),
                                                              validate=True)),
          ("ip-fraction", "half a connection", quota(entity(ip="10.0.0.1"), ("connection_creation_rate", 1.5))),
          ("huge", "2^70 bytes", quota(entity(user="a"), ("producer_byte_rate", 2.0 ** 70))),
          ("ip-huge", "2^40 connections", quota(entity(ip="10.0.0.1"), ("connection_creation_rate", 2.0 ** 40))),
          ("infinite", "an infinite rate", quota(entity(user="a"), ("request_percentage", float("inf")), validate=True)),
          ("nan", "no number", quota(entity(user="a"), ("request_percentage", float("nan")))),
          ("percentage", "1000 percent", quota(entity(user="a"), ("request_percentage", 1000.0), validate=True)),
          ("empty-name", "an empty name", quota(entity(user=""), ("producer_byte_rate", 1.0))),
          ("same-type", "a type twice", quota([*entity(user="a"), *entity(user="b")], ("producer_byte_rate", 1.0), validate=True)),
          ("key-twice", "a key twice", quota(entity(user="a"), ("producer_byte_rate", 1.0), ("producer_byte_rate", 2.0),
                                             validate=True)),
          ("second", "one that is right and one that is not",
           quota(entity(user="a"), ("consumer_byte_rate", 1.0), ("no_such", 1.0))),
          ("nothing", "no entries", (1, {"Entries": []})),
          ("twice", "an entity twice", (1, {"Entries": quota(entity(user="a"), ("consumer_byte_rate", 1.0))[1]["Entries"] * 2,
                                            "ValidateOnly": True})),
          ("both", "one entry that is right and one that is not", (1, {"Entries": [
              *quota(entity(user="zoe"), ("consumer_byte_rate", 1.0))[1]["Entries"],
              *quota(entity(user="a"), ("no_such", 1.0))[1]["Entries"]], "ValidateOnly": False})),
      )))


@case("quotas.all", "DescribeClientQuotas: all of them")
def _(context):
    return shown("", context.call("DescribeClientQuotas", *ALL_QUOTAS))


for number, (what, given) in enumerate((
        ("a user by name", quotas(("user", 0, "alice"))),
        ("a user by name, strict", quotas(("user", 0, "alice"), strict=True)),
        ("the default user", quotas(("user", 1, None))), ("the default user, strict", quotas(("user", 1, None), strict=True)),
        ("any user", quotas(("user", 2, None))), ("any user, strict", quotas(("user", 2, None), strict=True)),
        ("user and client id", quotas(("user", 0, "alice"), ("client-id", 0, "app"))),
        ("any user and any client id", quotas(("user", 2, None), ("client-id", 2, None))),
        ("any address", quotas(("ip", 2, None))), ("nobody", quotas(("user", 0, "none"))),
        ("in v0", quotas(("client-id", 2, None), version=0)),
        ("nothing, strict", quotas(strict=True)),
        ("an address and a user", quotas(("ip", 0, "10.0.0.1"), ("user", 0, "a"))),
        ("an unknown type", quotas(("color", 0, "red"))), ("an empty type", quotas(("", 0, "red"))),
        ("an unknown way to match", quotas(("user", 7, "a"))), ("a name that is null", quotas(("user", 0, None))),
        ("the default with a name", quotas(("user", 1, "a"))), ("any with a name", quotas(("user", 2, "a"))),
        ("a type twice", quotas(("user", 0, "a"), ("user", 0, "b"))))):
    def describe(context, given=given):
        return shown("", context.call("DescribeClientQuotas", *given))
    case(f"quotas.ask-{number:02}", f"DescribeClientQuotas: {what}")(describe)


@case("quotas.gone", "AlterClientQuotas: all taken away again")
def _(context):
    entries = [{"Entity": one["Entity"], "Ops": [{"Key": value["Key"], "Value": 0.0, "Remove": True} for value in one["Values"]]}
               for one in context.call("DescribeClientQuotas", *ALL_QUOTAS)["Entries"]]
    answer = context.call("AlterClientQuotas", 1, {"Entries": entries})
    for _ in range(300):  # Kafka's image hears of it a moment later
        left = context.call("DescribeClientQuotas", *ALL_QUOTAS)
        if not left["Entries"]:
            break
        time.sleep(0.1)
    return shown("", [one["ErrorCode"] for one in answer["Entries"]]) + shown("", left)


# ---- SCRAM ----

def upsert(name="probe-user", mechanism=1, iterations=4096, salt=b"salt", password=b"p" * 32):
    return {"Name": name, "Mechanism": mechanism, "Iterations": iterations, "Salt": salt, "SaltedPassword": password}


def scram(*upsertions, gone=()):
    return 0, {"Deletions": [{"Name": name, "Mechanism": mechanism} for name, mechanism in gone], "Upsertions": list(upsertions)}


def users(*names):
    return 0, {"Users": [{"Name": name} for name in names]}


table("scram", "DescribeUserScramCredentials", ("none", "a user who is none", users("probe-user")),
      ("a-empty", "an empty name", users("")), ("a-twice", "a user twice", users("probe-user", "probe-user")))
table("scram", "AlterUserScramCredentials",
      *((f"b-{name}", words, given) for name, words, given in (
          ("set", "a credential", scram(upsert())),
          ("both", "two mechanisms of a user", scram(upsert("probe-two"), upsert("probe-two", 2, 8192))),
          ("over", "another one in its place", scram(upsert(iterations=5000))),
          ("twice", "a credential twice", scram(upsert("x"), upsert("x"))),
          ("set-and-gone", "set and deleted in one", scram(upsert("x"), gone=[("x", 1)])),
          ("gone-twice", "deleted twice in one", scram(gone=[("probe-user", 1), ("probe-user", 1)])),
          ("unknown-gone", "a user who is none, deleted", scram(gone=[("nobody", 1)])),
          ("other-gone", "a mechanism that the user has not, deleted", scram(gone=[("probe-user", 2)])),
          ("empty-name", "an empty name", scram(upsert(""))), ("empty-gone", "an empty name, deleted", scram(gone=[("", 1)])),
          ("mechanism-0", "mechanism 0", scram(upsert("x", 0))), ("mechanism-3", "mechanism 3", scram(upsert("x", 3))),
          ("gone-mechanism-3", "mechanism 3, deleted", scram(gone=[("probe-user", 3)])),
          ("few", "4095 iterations", scram(upsert("x", iterations=4095))),
          ("many", "16384 iterations", scram(upsert("probe-many", iterations=16384))),
          ("too-many", "16385 iterations", scram(upsert("x", iterations=16385))),
          ("salt", "no salt", scram(upsert("x", salt=b""))), ("password", "no password", scram(upsert("x", password=b""))),
          ("short", "a short password", scram(upsert("probe-short", password=b"p"))),
          ("mixed", "one that is right and one that is not", scram(upsert("probe-a"), upsert("probe-b", iterations=1))),
          ("same-user", "a user, right and wrong", scram(upsert("probe-c"), upsert("probe-c", 2, 1))),
          ("order", "three users", scram(upsert("probe-z"), upsert("probe-y"), gone=[("probe-short", 1)])),
          ("replaced", "deleted and set with another mechanism", scram(upsert("probe-a", 2), gone=[("probe-a", 1)])),
          ("nothing", "nothing", scram()))))


@case("scram.c-all", "DescribeUserScramCredentials: all, sorted; an empty list; then by name")
def _(context):
    texts = []
    for given in ({"Users": None}, {"Users": []}):
        answer = context.call("DescribeUserScramCredentials", 0, given)
        texts.append("; ".join(sorted(shown("", one) for one in answer["Results"] if one["User"].startswith("probe"))))
    return " | ".join([*texts, shown("", context.call("DescribeUserScramCredentials", *users("probe-two", "nobody", "probe-user")))])


@case("scram.d-gone", "AlterUserScramCredentials: all deleted again")
def _(context):
    gone = [(one["User"], each["Mechanism"])
            for one in context.call("DescribeUserScramCredentials", 0, {"Users": None})["Results"]
            if one["User"].startswith("probe") for each in one["CredentialInfos"]]
    answer = context.call("AlterUserScramCredentials", *scram(gone=gone))
    return shown("", sorted((one["User"], one["ErrorCode"]) for one in answer["Results"]))


# ---- ElectLeaders ----

def elect(version, name="probe", *partitions, kind=0):
    kinds = {"ElectionType": kind} if version else {}
    return version, {**kinds, "TimeoutMs": 5000, "TopicPartitions": topics(name, *partitions or (0,))["Topics"]}


table("elect", "ElectLeaders",
      *((f"preferred-v{version}", f"v{version}, preferred", elect(version)) for version in (0, 1, 2)),
      ("unclean", "v2, unclean", elect(2, kind=1)), ("kind", "v2, kind 5", elect(2, kind=5)),
      ("missing-topic", "v2, missing topic", elect(2, "probe-none")), ("bad-name", 'v2, "a/b"', elect(2, "a/b")),
      ("missing-partition", "v2, partitions 7 and 0", elect(2, "probe", 7, 0)),
      ("negative", "v2, partition -1", elect(2, "probe", -1)), ("twice", "v2, a partition twice", elect(2, "probe", 0, 0)),
      ("nothing", "v2, no topics", (2, {"ElectionType": 0, "TopicPartitions": [], "TimeoutMs": 5000})),
      ("no-partitions", "v2, a topic, no partitions",
       (2, {"ElectionType": 0, "TimeoutMs": 5000, "TopicPartitions": topics("probe")["Topics"]})),
      ("all-kind", "v2, all, kind 5", (2, {"ElectionType": 5, "TopicPartitions": None, "TimeoutMs": 5000})))


def elect_all(version, **more):
    """Of the topics that are always there."""
    def run(context):
        answer = context.call("ElectLeaders", version, {"TopicPartitions": None, "TimeoutMs": 5000, **more})
        answer["ReplicaElectionResults"] = [one for one in answer["ReplicaElectionResults"]
                                            if one["Topic"] in ("probe", "probe-compact", "probe-minisr")]
        return shown("", answer)
    return run


case("elect.all", "ElectLeaders: v2, all")(elect_all(2))
case("elect.all-v0", "ElectLeaders: v0, all")(elect_all(0))
case("elect.all-unclean", "ElectLeaders: v2, all, unclean")(elect_all(2, ElectionType=1))

# ---- reassignments ----


def reassign(version, replicas, name="probe", index=0, **more):
    return version, {"TimeoutMs": 5000, "Topics": [{"Name": name, "Partitions": [{"PartitionIndex": index, "Replicas": replicas}]}],
                     **more}


def moving(name, *indexes):
    return 0, {"TimeoutMs": 5000, "Topics": [{"Name": name, "PartitionIndexes": list(indexes)}]}


table("reassign", "AlterPartitionReassignments",
      ("a-same-v0", "v0, to where it is", reassign(0, [1])), ("a-same-v1", "v1, to where it is", reassign(1, [1])),
      ("a-same-fixed", "v1, to where it is, no change of their number", reassign(1, [1], AllowReplicationFactorChange=False)),
      ("a-unknown", "v1, to broker 2, which is none", reassign(1, [2])), ("a-more", "v1, to 1 and 2", reassign(1, [1, 2])),
      ("a-more-fixed", "v1, to 1 and 2, no change of their number", reassign(1, [1, 2], AllowReplicationFactorChange=False)),
      ("a-empty", "v1, to nobody", reassign(1, [])), ("a-twice", "v1, to 1 and 1", reassign(1, [1, 1])),
      ("a-negative", "v1, to broker -1", reassign(1, [-1])), ("a-cancel", "v1, cancelled, none under way", reassign(1, None)),
      ("a-missing-topic", "v1, missing topic", reassign(1, [1], "probe-none")), ("a-bad-name", 'v1, "a/b"', reassign(1, [1], "a/b")),
      ("a-missing-cancel", "v1, missing topic, cancelled", reassign(1, None, "probe-none")),
      ("a-missing-partition", "v1, partition 7", reassign(1, [1], index=7)),
      ("a-negative-partition", "v1, partition -1", reassign(1, [1], index=-1)),
      ("a-nothing", "v1, no topics", (1, {"TimeoutMs": 5000, "Topics": []})),
      ("a-topic-twice", "v1, a topic twice", (1, {"TimeoutMs": 5000, "Topics": reassign(1, [1])[1]["Topics"] * 2})))
table("reassign", "ListPartitionReassignments",
      ("b-all", "all", (0, {"TimeoutMs": 5000, "Topics": None})), ("b-none", "no topics", (0, {"TimeoutMs": 5000, "Topics": []})),
      ("b-one", "one partition", moving("probe", 0)), ("b-missing-topic", "missing topic", moving("probe-none", 0)),
      ("b-missing-partition", "partition 7", moving("probe", 7)), ("b-bad-name", '"a/b"', moving("a/b", 0)))

# ---- features ----


def update(version, *features, validate=False):
    rows = [dict(zip(("Feature", "MaxVersionLevel", "AllowDowngrade" if version == 0 else "UpgradeType"), one)) for one in features]
    return version, {"timeoutMs": 5000, "FeatureUpdates": rows, **({"ValidateOnly": validate} if version else {})}


table("features", "UpdateFeatures",
      *((f"same-v{version}", f"v{version}, metadata.version 30, which holds", update(version, ("metadata.version", 30)))
        for version in (0, 1, 2)),
      ("higher", "v1, metadata.version 31", update(1, ("metadata.version", 31, 1))),
      ("higher-v2", "v2, metadata.version 31", update(2, ("metadata.version", 31, 1))),
      ("lower", "v1, metadata.version 29, upgrade", update(1, ("metadata.version", 29, 1))),
      ("lower-safe", "v1, metadata.version 29, safe downgrade, validation alone",
       update(1, ("metadata.version", 29, 2), validate=True)),
      ("lower-v2", "v2, metadata.version 29, upgrade", update(2, ("metadata.version", 29, 1))),
      ("lower-v0", "v0, metadata.version 29, no downgrade", update(0, ("metadata.version", 29, False))),
      ("lower-unsafe", "v1, metadata.version 29, unsafe downgrade, validation alone",
       update(1, ("metadata.version", 29, 3), validate=True)),
      ("lowest", "v1, metadata.version 7, unsafe downgrade, validation alone", update(1, ("metadata.version", 7, 3), validate=True)),
      ("below", "v1, metadata.version 6", update(1, ("metadata.version", 6, 2))),
      ("zero", "v1, metadata.version 0", update(1, ("metadata.version", 0, 2))),
      ("zero-upgrade", "v1, metadata.version 0, upgrade", update(1, ("metadata.version", 0, 1))),
      ("negative", "v1, metadata.version -1", update(1, ("metadata.version", -1, 1))),
      ("unknown", "v1, a feature that is none", update(1, ("no.such", 1, 1))),
      ("unknown-v2", "v2, a feature that is none", update(2, ("no.such", 1, 1))),
      ("unknown-zero", "v2, a feature that is none, taken away", update(2, ("no.such", 0, 2))),
      ("empty", "v1, an empty name", update(1, ("", 1, 1))), ("kind", "v1, kind 9", update(1, ("metadata.version", 30, 9))),
      ("kind-0", "v1, kind 0", update(1, ("metadata.version", 30, 0))),
      ("kraft", "v2, kraft.version 1, which holds", update(2, ("kraft.version", 1, 1))),
      ("kraft-lower", "v2, kraft.version 0", update(2, ("kraft.version", 0, 2))),
      ("kraft-higher", "v2, kraft.version 2", update(2, ("kraft.version", 2, 1))),
      ("twice", "v1, a feature twice", update(1, ("metadata.version", 30, 1), ("metadata.version", 30, 1))),
      ("mixed", "v1, one that is right and one that is not", update(1, ("metadata.version", 30, 1), ("no.such", 1, 1))),
      ("mixed-v2", "v2, the same", update(2, ("metadata.version", 30, 1), ("no.such", 1, 1))),
      ("nothing", "v1, nothing", update(1)), ("nothing-v0", "v0, nothing", update(0)), ("nothing-v2", "v2, nothing", update(2)))

# ---- UnregisterBroker ----

table("unregister", "UnregisterBroker", ("unknown", "a broker who is none", (0, {"BrokerId": 77})),
      ("negative", "broker -1", (0, {"BrokerId": -1})))
