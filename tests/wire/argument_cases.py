"""argument_cases: arguments that no client has reason to send, each API at every version, with whole answers.

Sections: rows (what is named twice, topics without partitions), late (timeouts that are over at once), args (names, numbers and
lists at their borders). Each case leaves what the others see as it was.
"""
import time
import uuid

from admin_cases import asked, entity, moving, quota, quotas, reassign, scram, shown, topics, update, upsert, users
from cases import PAIR, UNKNOWN_ID, ZERO_ID, batch, case, error, record
from client import Closed

NOBODY = "probe-none"


def outcome(context, *one):
    try:
        return shown("", context.call(*one))
    except Closed:
        return "closed"


def table(section, words, *rows, api=None):
    """Rows: name, words, the versions, then a function of the version that makes the request."""
    for name, what, versions, make in rows:
        def run(context, versions=versions, make=make):
            found = [outcome(context, api or words, version, make(version)) for version in versions]
            if len(set(found)) == 1:
                return found[0]
            return "; ".join(f"v{version}: {text}" for version, text in zip(versions, found))
        case(f"{section}.{name}", f"{words}: {what}")(run)


# ---- what is named twice, and topics without partitions ----

def listing(version, *given, isolation=None):
    """Topics: name, then (partition, timestamp) one after the other."""
    rows = [{"Name": name, "Partitions": [{"PartitionIndex": index, "Timestamp": ms} for index, ms in pairs]}
            for name, *pairs in given]
    return {"ReplicaId": -1, "Topics": rows, **({} if version < 2 or isolation is None else {"IsolationLevel": isolation})}


def cutting(*given):
    rows = [{"Name": name, "Partitions": [{"PartitionIndex": index, "Offset": offset} for index, offset in pairs]}
            for name, *pairs in given]
    return {"Topics": rows, "TimeoutMs": 5000}


def producing(*given):
    """Topics: name, then the partitions."""
    rows = [{"Name": name, "PartitionData": [{"Index": index, "Records": batch(PAIR)} for index in indexes]}
            for name, *indexes in given]
    return {"Acks": 1, "TimeoutMs": 3000, "TransactionalId": None, "TopicData": rows}


EMPTY = "probe-minisr"  # nobody writes to it here

table("rows", "ListOffsets",
      ("list-none", "no partitions of a topic", (1, 4, 7, 11), lambda version: listing(version, ("probe",))),
      ("list-none-more", "no partitions of one topic, one of another", (1, 6, 11),
       lambda version: listing(version, ("probe",), (NOBODY,), (EMPTY, (0, -1)))),
      ("list-apart", "a topic twice, with its partition in the second", (6, 11),
       lambda version: listing(version, (EMPTY,), (EMPTY, (0, -1)))))
table("rows", "DeleteRecords",
      ("cut-none", "no partitions of a topic", (0, 1, 2), lambda version: cutting(("probe",))),
      ("cut-none-more", "no partitions of one topic, one of another", (0, 2),
       lambda version: cutting(("probe",), (NOBODY,), (EMPTY, (0, 0)))),
      ("cut-twice", "a partition twice", (0, 2), lambda version: cutting((EMPTY, (0, 0), (0, 0)))),
      ("cut-twice-bad-last", "a partition twice, the second time beyond the end", (0, 2),
       lambda version: cutting((EMPTY, (0, 0), (0, 99)))),
      ("cut-twice-bad-first", "a partition twice, the first time beyond the end", (0, 2),
       lambda version: cutting((EMPTY, (0, 99), (0, 0)))),
      ("cut-apart", "a topic twice, with the same partition", (0, 2), lambda version: cutting((EMPTY, (0, 0)), (EMPTY, (0, 99)))),
      ("cut-missing-twice", "a missing partition twice", (2,), lambda version: cutting((EMPTY, (7, 0), (7, 1)))),
      ("cut-nothing", "no topics", (0, 2), lambda version: cutting()))
table("rows", "Produce",
      ("write-none", "no partitions of a topic", (3, 9, 11), lambda version: producing(("probe",))),
      ("write-none-missing", "no partitions of a missing topic", (9,), lambda version: producing((NOBODY,))),
      ("write-none-more", "no partitions of a topic, a missing one of another", (9,),
       lambda version: producing(("probe",), ("probe", 7))),
      ("write-nothing", "no topics", (9,), lambda version: producing()))


# ---- what is named in two rows, with different partitions ----

APART = "probe-apart"  # of four partitions


def parted(api, version, given, answers, parts, index):
    """How often each topic has a row in the answer, and its partitions in order; None: as they come."""
    def run(context):
        context.topic(APART, partitions=4)
        rows, late = {}, time.monotonic() + 10  # until the broker has heard of its new topic
        answer = context.call(api, version, given())
        while "'ErrorCode': 6," in str(answer) and time.monotonic() < late:
            answer = context.call(api, version, given())
        for row in answer["Results"][0]["Topics"] if answers is None else answer[answers]:
            name = row.get("Name") or row.get("Topic") or row.get("TopicName")
            rows.setdefault(name, []).append(sorted(f"{part[index]} {error(part['ErrorCode'])}" if "ErrorCode" in part
                                                    else str(part[index]) for part in row[parts]))
        return "; ".join(f"{name} {rows[name]}" for name in sorted(rows))
    return run


def indexed(topic, parts, *rows, **more):
    """Rows of this request: the topics with their partitions, as (name, one after the other)."""
    return [{topic: name, parts: [{**more, **one} for one in some]} for name, *some in rows]


for name, what, order in (
        ("aside", "beside each other", ((APART, 0), (APART, 1))),
        ("between", "and another between", ((APART, 0, 9), ("probe", 0), (APART, 1, 8))),
        ("missing", "of a topic that is not there", ((NOBODY, 0), ("probe", 0), (NOBODY, 1)))):
    def rows_of(field, order=order):
        return [(topic, *({field: index} for index in indexes)) for topic, *indexes in order]

    def plain(parts, order=order, name="Name"):
        return [{name: topic, parts: list(indexes)} for topic, *indexes in order]

    for api, version, given, answers, parts, index in (
            ("Produce", 9, lambda order=order: producing(*order), "Responses", "PartitionResponses", "Index"),
            ("Fetch", 12, lambda rows=rows_of("Partition"): {
                "MaxWaitMs": 0, "MinBytes": 0, "MaxBytes": 1 << 20, "SessionEpoch": -1, "Topics": indexed(
                    "Topic", "Partitions", *rows, FetchOffset=0, PartitionMaxBytes=1000)},
             "Responses", "Partitions", "PartitionIndex"),
            ("ListOffsets", 7, lambda rows=rows_of("PartitionIndex"): {"ReplicaId": -1, "Topics": indexed(
                "Name", "Partitions", *rows, Timestamp=-1)}, "Topics", "Partitions", "PartitionIndex"),
            ("DeleteRecords", 2, lambda rows=rows_of("PartitionIndex"): {"TimeoutMs": 5000, "Topics": indexed(
                "Name", "Partitions", *rows, Offset=0)}, "Topics", "Partitions", "PartitionIndex"),
            ("OffsetForLeaderEpoch", 4, lambda rows=rows_of("Partition"): {"ReplicaId": -1, "Topics": indexed(
                "Topic", "Partitions", *rows, CurrentLeaderEpoch=-1, LeaderEpoch=0)}, "Topics", "Partitions", "Partition"),
            ("DescribeProducers", 0, lambda rows=plain("PartitionIndexes"): {"Topics": rows}, "Topics", "Partitions",
             "PartitionIndex"),
            ("DescribeLogDirs", 4, lambda rows=plain("Partitions", name="Topic"): {"Topics": rows}, None, "Partitions",
             "PartitionIndex")):
        case(f"rows.parted-{name}-{api}", f"{api} v{version}: a topic in two rows, {what}")(
            parted(api, version, given, answers, parts, index))


def fetching(version, named, *parts, incremental=False, **more):
    """Parts: (partition, offset)."""
    rows = [{**named, "Partitions": [{"Partition": index, "FetchOffset": offset, "PartitionMaxBytes": 1 << 20}
                                     for index, offset in parts]}]
    given = {"MaxWaitMs": 0, "MinBytes": 0, "MaxBytes": 1 << 20, "Topics": rows, **more}
    return {"SessionEpoch": -1, **given} if version >= 7 else given


def fetched(version, *parts, name="probe", twice=False, **more):
    def run(context):
        named = {"Topic": name} if version < 13 else {"TopicId": context.topic(name) if isinstance(name, str) else name}
        given = fetching(version, named, *parts, **more)
        if twice:
            given["Topics"] *= 2
        answer = context.call("Fetch", version, given)
        text = error(answer.get("ErrorCode", 0))
        for topic in answer["Responses"]:
            text += "; topic"
            for part in sorted(topic["Partitions"], key=lambda one: one["PartitionIndex"]):
                amount = "null" if part["Records"] is None else "some" if part["Records"] else "empty"
                text += f", {part['PartitionIndex']}: {error(part['ErrorCode'])} {amount}"
        return text
    return run


for version in (4, 6, 7, 12, 13, 18):
    for name, what, run in (
            ("none", "no partitions of a topic", fetched(version)),
            ("twice", "a partition twice", fetched(version, (0, 0), (0, 0))),
            ("twice-bad-last", "a partition twice, the second time beyond the end", fetched(version, (0, 0), (0, 1 << 40))),
            ("twice-bad-first", "a partition twice, the first time beyond the end", fetched(version, (0, 1 << 40), (0, 0))),
            ("apart", "a topic and partition twice", fetched(version, (0, 0), twice=True)),
            ("missing-twice", "a missing partition twice", fetched(version, (7, 0), (7, 0), (0, 0)))):
        case(f"rows.fetch-{name}-v{version}", f"Fetch v{version}: {what}")(run)
    if version >= 7:
        case(f"rows.fetch-session-v{version}", f"Fetch v{version}: a session with a partition twice")(
            fetched(version, (0, 0), (0, 1 << 40), SessionEpoch=0))


def deleted(version, *given):
    """What is given is a name, or an id as a function of the context."""
    def run(context):
        rows = [{"Name": None, "TopicId": one(context)} if callable(one) else {"Name": one} for one in given]
        answer = context.call("DeleteTopics", version, {"Topics": rows, "TimeoutMs": 5000})
        time.sleep(0.3)
        return "; ".join(sorted(f"{row['Name']} {'no id' if row['TopicId'] == ZERO_ID else 'id'} {error(row['ErrorCode'])} "
                                f"{row['ErrorMessage']!r}" for row in answer["Responses"]))
    return run


def gone_id(context):
    return context.topic("probe-gone")


for name, what, given in (
        ("id-twice", "an id twice", (gone_id, gone_id)),
        ("id-thrice", "an id three times", (gone_id, gone_id, gone_id)),
        ("unknown-twice", "an unknown id twice", (lambda context: UNKNOWN_ID,) * 2),
        ("zero-id", "no name and no id", (lambda context: ZERO_ID,)),
        ("zero-twice", "no name and no id, twice", (lambda context: ZERO_ID,) * 2),
        ("name-and-id", "the same topic by name and by id", (gone_id, "probe-gone")),
        ("name-twice", "a name twice", ("probe-gone", "probe-gone")),
        ("name-twice-and-id", "the same topic by name twice and by id", (gone_id, "probe-gone", "probe-gone"))):
    case(f"rows.delete-{name}", f"DeleteTopics v6: {what}")(deleted(6, *given))


@case("rows.delete-both", "DeleteTopics v6: one row with a name and an id; one with a name and another id")
def _(context):
    found = []
    for one in (gone_id(context), UNKNOWN_ID):
        try:
            answer = context.call("DeleteTopics", 6, {"Topics": [{"Name": "probe-gone", "TopicId": one}], "TimeoutMs": 5000})
            found.append(error(answer["Responses"][0]["ErrorCode"]) + f" {answer['Responses'][0]['ErrorMessage']!r}")
        except Closed:
            found.append("closed")
    context.call("DeleteTopics", 6, {"Topics": [{"Name": "probe-gone"}], "TimeoutMs": 5000})
    return "; ".join(found)


# ---- timeouts that are over at once ----

def there(context, name):
    time.sleep(0.5)
    found = context.call("Metadata", 12, {"Topics": [{"Name": name}], "AllowAutoTopicCreation": False})["Topics"][0]
    return "absent" if found["ErrorCode"] else f"{len(found['Partitions'])} partitions"


def late(api, version, timeout, name):
    key = "timeoutMs" if api == "CreateTopics" else "TimeoutMs"
    rows = {"CreateTopics": [{"Name": name, "NumPartitions": 1, "ReplicationFactor": 1}],
            "CreatePartitions": [{"Name": name, "Count": 3, "Assignments": None}],
            "DeleteTopics": [{"Name": name}]}[api]
    given = {"TopicNames": [name]} if api == "DeleteTopics" and version < 6 else {"Topics": rows}
    return {key: timeout, **given}


for api, versions in (("CreateTopics", (2, 5, 7)), ("CreatePartitions", (0, 3)), ("DeleteTopics", (1, 6))):
    for version in versions:
        for timeout in (0, -1, -2**31):
            def run(context, api=api, version=version, timeout=timeout):
                name = f"probe-late-{api}-{version}-{timeout}"
                if api != "CreateTopics":
                    context.topic(name)
                answer = context.call(api, version, late(api, version, timeout, name))
                rows = answer.get("Topics") or answer.get("Results") or answer.get("Responses")
                text = "; ".join(f"{error(row['ErrorCode'])} {row.get('ErrorMessage')!r}" for row in rows)
                text += f"; then {there(context, name)}"
                context.call("DeleteTopics", 6, {"Topics": [{"Name": name}], "TimeoutMs": 5000})
                return text
            case(f"late.{api}-v{version}{timeout:+}", f"{api} v{version}: timeout of {timeout} ms")(run)


@case("late.create-mixed", "CreateTopics v7: timeout of 0 ms; one that is there, one twice, one of a bad name")
def _(context):
    rows = [{"Name": name, "NumPartitions": 1, "ReplicationFactor": 1} for name in ("probe", "probe-l2", "probe-l2", "a/b")]
    answer = context.call("CreateTopics", 7, {"Topics": rows, "timeoutMs": 0})
    return "; ".join(sorted(f"{row['Name']} {error(row['ErrorCode'])} {row['ErrorMessage']!r} {row['NumPartitions']}"
                            for row in answer["Topics"]))


def naming(api, *names):
    """A request of topics by name that is late."""
    rows = {"CreateTopics": {"NumPartitions": 1, "ReplicationFactor": 1}, "CreatePartitions": {"Count": 3, "Assignments": None},
            "DeleteTopics": {}}[api]
    return {"timeoutMs" if api == "CreateTopics" else "TimeoutMs": 0, "Topics": [{"Name": name, **rows} for name in names]}


LOG = "__cluster_metadata"
for api, version in (("CreateTopics", 7), ("CreatePartitions", 3), ("DeleteTopics", 6)):
    for name, what, names in (("none", "no topics", ()), ("twice", "a topic twice", (NOBODY, NOBODY)),
                              ("log", "the metadata log", (LOG,)),
                              ("twice-more", "a topic twice, and another", (NOBODY, NOBODY, "probe-none2", LOG)),
                              ("missing", "a name that is not there", (NOBODY,)), ("bad", "a bad name", ("a/b",))):
        table("late", f"{api} v{version}", (f"{api}-{name}", f"timeout of 0 ms, {what}", (version,),
                                            lambda version, given=naming(api, *names): given), api=api)
for name, what, rows in (("id", "an unknown id", [{"Name": None, "TopicId": UNKNOWN_ID}]),
                         ("both", "a name and an id", [{"Name": NOBODY, "TopicId": UNKNOWN_ID}]),
                         ("neither", "neither", [{"Name": None}])):
    table("late", "DeleteTopics", (f"DeleteTopics-{name}", f"timeout of 0 ms, {what}", (6,),
                                   lambda version, rows=rows: {"TimeoutMs": 0, "Topics": rows}))


@case("late.create-validate", "CreateTopics v7: timeout of 0 ms, validated only")
def _(context):
    rows = [{"Name": "probe-l3", "NumPartitions": 1, "ReplicationFactor": 1}]
    answer = context.call("CreateTopics", 7, {"Topics": rows, "timeoutMs": 0, "validateOnly": True})
    return "; ".join(f"{error(row['ErrorCode'])} {row['ErrorMessage']!r}" for row in answer["Topics"])


# ---- a batch that came already ----

@case("args.produce-again", "Produce v9: a batch of an idempotent producer, sent again: the whole row")
def _(context):
    rows = []
    for topic in ("probe-again", "probe-again-ms"):
        context.topic(topic, **({"message.timestamp.type": "LogAppendTime"} if topic.endswith("ms") else {}))
        for _ in range(2):
            context.produce(batch(PAIR, producer=4000100, producer_epoch=0, sequence=0, first_ms=1700000000000), topic=topic)
            ms = context.row["LogAppendTimeMs"]
            rows.append(f"{error(context.row['ErrorCode'])} {context.row['BaseOffset']} "
                        f"{'the batch' if ms == 1700000000000 else 'now' if ms > 0 else ms} {context.row['LogStartOffset']}")
    return "; ".join(rows)


@case("args.produce-again-last", "Produce v9: a batch of two records, the second later, sent again: the time of which")
def _(context):
    context.topic("probe-again-two")
    rows = record(0, b"k", b"v") + record(1, b"k", b"v", 5000)
    given = batch(rows, count=2, last_delta=1, producer=4000101, producer_epoch=0, sequence=0, first_ms=1700000000000,
                  max_ms=1700000005000)
    context.produce(given, topic="probe-again-two")
    first = context.row["LogAppendTimeMs"]
    context.produce(given, topic="probe-again-two")
    return f"{first}; {context.row['LogAppendTimeMs']}"


# ---- Fetch, ListOffsets ----

for version in (4, 7, 12, 13, 18):
    for name, what, options in (
            ("isolation-2", "isolation level 2", {"IsolationLevel": 2}),
            ("isolation-neg", "isolation level -1", {"IsolationLevel": -1}),
            ("wait-neg", "negative wait", {"MaxWaitMs": -1}),
            ("min-neg", "negative min bytes", {"MinBytes": -1}),
            ("max-neg", "negative max bytes", {"MaxBytes": -1}),
            ("max-zero", "max bytes 0", {"MaxBytes": 0})):
        case(f"args.fetch-{name}-v{version}", f"Fetch v{version}: {what}")(fetched(version, (0, 0), **options))
    for name, what, size in (("part-neg", "negative max bytes of the partition", -1),
                             ("part-zero", "max bytes 0 of the partition", 0)):
        def run(context, version=version, size=size):
            named = {"Topic": "probe"} if version < 13 else {"TopicId": context.topic("probe")}
            given = fetching(version, named, (0, 0))
            given["Topics"][0]["Partitions"][0]["PartitionMaxBytes"] = size
            part = context.call("Fetch", version, given)["Responses"][0]["Partitions"][0]
            return f"{error(part['ErrorCode'])} {'some' if part['Records'] else 'empty'}"
        case(f"args.fetch-{name}-v{version}", f"Fetch v{version}: {what}")(run)
for version in (13, 18):
    case(f"args.fetch-zero-id-v{version}", f"Fetch v{version}: an id that is zero")(fetched(version, (0, 0), name=ZERO_ID))
    case(f"args.fetch-zero-id-session-v{version}", f"Fetch v{version}: an id that is zero, in a session")(
        fetched(version, (0, 0), name=ZERO_ID, SessionEpoch=0))
for version in (4, 12):
    case(f"args.fetch-empty-name-v{version}", f"Fetch v{version}: an empty name")(fetched(version, (0, 0), name=""))
table("args", "ListOffsets",
      *((f"list-isolation{level:+}", f"isolation level {level}", (2, 6, 11),
         lambda version, level=level: listing(version, (EMPTY, (0, -1)), isolation=level)) for level in (2, -1)),
      ("list-bad-names", "an empty name, and one that no topic can have", (1, 11),
       lambda version: listing(version, ("", (0, -1)), ("a/b", (0, -1)))),
      ("list-nothing", "no topics", (1, 11), listing),
      ("list-negative", "partition -1", (1, 11), lambda version: listing(version, (EMPTY, (-1, -1)))))

# ---- quotas ----

ALICE = ("producer_byte_rate", 1.0)

table("args", "DescribeClientQuotas",
      ("quotas-none", "no components", (0, 1), lambda version: quotas(version=version)[1]),
      ("quotas-none-strict", "no components, strict", (0, 1), lambda version: quotas(strict=True, version=version)[1]),
      *((f"quotas-{kind}-{how}{'' if match is None else '-name'}", f"type {kind}, match {how}, name {match}", (0, 1),
         lambda version, kind=kind, how=how, match=match: quotas((kind, how, match), version=version)[1])
        for kind in ("user", "client-id", "ip", "USER") for how in (-1, 0, 1, 2, 3) for match in (None, "", "a")),
      ("quotas-long", "a name of 300 letters", (0, 1), lambda version: quotas(("user", 0, "x" * 300), version=version)[1]),
      ("quotas-ip-client", "an address and a client id", (0, 1),
       lambda version: quotas(("ip", 2, None), ("client-id", 2, None), version=version)[1]),
      ("quotas-ip-twice", "an address twice", (0, 1), lambda version: quotas(("ip", 2, None), ("ip", 1, None), version=version)[1]),
      ("quotas-unknown-and-twice", "an unknown type, and one twice", (0, 1),
       lambda version: quotas(("color", 0, "a"), ("user", 0, "a"), ("user", 0, "b"), version=version)[1]))


def limits(names, *values):
    return lambda version: quota(names, *values, version=version, validate=True)[1]


table("args", "AlterClientQuotas",
      *((f"limits-{name}", words, (0, 1), limits(names, *values)) for name, words, names, values in (
          ("long", "a name of 300 letters", entity(user="x" * 300), [ALICE]),
          ("case", "a type in capitals", entity(USER="a"), [ALICE]),
          ("empty-type", "an empty type", [{"EntityType": "", "EntityName": "a"}], [ALICE]),
          ("empty-client", "an empty client id", entity(client_id=""), [ALICE]),
          ("empty-ip", "an empty address", entity(ip=""), [("connection_creation_rate", 1.0)]),
          ("no-ops", "no changes of an unknown type", entity(color="a"), []),
          ("no-ops-empty", "no changes of no entity", [], []),
          ("empty-key", "an empty key", entity(user="a"), [("", 1.0)]),
          ("key-case", "a key in capitals", entity(user="a"), [("PRODUCER_BYTE_RATE", 1.0)]),
          ("set-and-gone", "a key set and taken away", entity(user="a"), [ALICE, ("producer_byte_rate", None)]),
          ("user-ip-null", "the default user and address", entity(user=None, ip=None), [ALICE]),
          ("three", "user, client id and address", entity(user="a", client_id="b", ip="1.2.3.4"), [ALICE]),
          ("same-null", "a user by name and the default", [*entity(user="a"), *entity(user=None)], [ALICE]),
          ("ip-mutations", "mutations of an address", entity(ip="1.2.3.4"), [("controller_mutation_rate", 1.0)]),
          ("min", "the least number above 0", entity(user="a"), [("request_percentage", 5e-324)]),
          ("minus-zero", "-0", entity(user="a"), [("request_percentage", -0.0)]),
          ("minus-infinite", "-infinity", entity(user="a"), [("request_percentage", float("-inf"))]),
          ("remove-negative", "an unknown key of a type that it is not for, taken away", entity(ip="1.2.3.4"),
           [("producer_byte_rate", None)]))))


def pairs_of(*entries):
    return lambda version: {"Entries": [row for one in entries for row in one[1]["Entries"]], "ValidateOnly": False}


table("args", "AlterClientQuotas",
      ("limits-twice-order", "an entity twice, its parts in another order", (0, 1), pairs_of(
          quota(entity(user="ann", client_id="c"), ("consumer_byte_rate", None)),
          quota(entity(client_id="c", user="ann"), ("consumer_byte_rate", None)))),
      ("limits-twice", "an entity twice, wrong in the second", (0, 1), pairs_of(
          quota(entity(user="ann"), ("consumer_byte_rate", None)), quota(entity(user="ann"), ("no_such", 1.0)))),
      ("limits-twice-first", "an entity twice, wrong in the first", (0, 1), pairs_of(
          quota(entity(user="ann"), ("no_such", 1.0)), quota(entity(user="ann"), ("consumer_byte_rate", None)))))

# ---- SCRAM ----

table("args", "DescribeUserScramCredentials",
      ("users-mixed", "missing, twice, empty", (0,), lambda version: users(NOBODY, "", NOBODY, "x")[1]),
      ("users-long", "a name of 300 letters", (0,), lambda version: users("x" * 300)[1]))
table("args", "AlterUserScramCredentials",
      *((f"scram-{name}", words, (0,), lambda version, given=given: given[1]) for name, words, given in (
          ("null-like", "mechanism -1", scram(upsert("x", -1))), ("gone-0", "mechanism 0, deleted", scram(gone=[("x", 0)])),
          ("gone-neg", "mechanism -1, deleted", scram(gone=[("x", -1)])),
          ("iterations-neg", "-1 iterations", scram(upsert("x", iterations=-1))),
          ("iterations-max", "2^31-1 iterations", scram(upsert("x", iterations=2**31 - 1))),
          ("two-errors", "wrong in two ways, for one user", scram(upsert("x", 7), upsert("x", 1, 1))),
          ("two-errors-back", "wrong in two ways, the other way round", scram(upsert("x", 1, 1), upsert("x", 7))),
          ("empty-twice", "an empty name twice", scram(upsert(""), upsert(""))),
          ("empty-both", "an empty name, set and deleted", scram(upsert(""), gone=[("", 1)])),
          ("gone-and-bad", "missing to delete, and set wrongly", scram(upsert("x", 1, 1), gone=[("x", 1)])),
          ("gone-other", "missing to delete, and another to set wrongly", scram(upsert("y", 1, 1), gone=[("x", 1)])),
          ("gone-two", "missing to delete, two mechanisms", scram(gone=[("x", 1), ("x", 2)])),
          ("twice-bad", "a credential twice, and wrong", scram(upsert("x", 1, 1), upsert("x", 1, 1))),
          ("long", "a name of 300 letters, to delete", scram(gone=[("x" * 300, 1)])))))

# ---- leaders and replicas ----


def electing(version, rows, kind=0, timeout=5000):
    return {**({"ElectionType": kind} if version else {}), "TimeoutMs": timeout,
            "TopicPartitions": None if rows is None else [{"Topic": name, "Partitions": list(indexes)} for name, *indexes in rows]}


ANY = (0, 1, 2)
table("args", "ElectLeaders",
      *((f"elect-{name}", words, ANY, lambda version, rows=rows, options=options: electing(version, rows, **options))
        for name, words, rows, options in (
            ("none", "a topic without partitions", [("probe",)], {}),
            ("none-missing", "a missing topic without partitions", [(NOBODY,)], {}),
            ("apart", "a topic twice, same partition", [("probe", 0), ("probe", 0)], {}),
            ("mixed", "there, missing, bad name, empty name", [("probe", 0), (NOBODY, 0), ("a/b", 0), ("", 0)], {}),
            ("twice-missing", "a missing partition twice", [("probe", 7, 7)], {}),
            ("kind-neg", "kind -1", [("probe", 0)], {"kind": -1}),
            ("kind-neg-none", "kind -1, no topics", [], {"kind": -1}),
            ("late", "timeout of 0 ms", [("probe", 0)], {"timeout": 0}),
            ("late-neg", "timeout of -1 ms", [("probe", 0)], {"timeout": -1}),
            ("late-none", "timeout of 0 ms, no topics", [], {"timeout": 0}),
            ("late-all", "timeout of 0 ms, all", None, {"timeout": 0}),
            ("late-kind", "timeout of 0 ms, kind 5, missing ones", [("probe", 0, 0), (NOBODY, 0)], {"kind": 5, "timeout": 0}),
            ("late-empty", "timeout of 0 ms, a topic without partitions", [("probe",)], {"timeout": 0}),
            ("kind-empty", "kind 5, a topic without partitions", [("probe",)], {"kind": 5}),
            ("long", "a name of 300 letters", [("x" * 300, 0)], {}))))


def moves(*rows, timeout=5000, **more):
    """Rows: name, then (partition, replicas)."""
    given = {"TimeoutMs": timeout, "Topics": [{"Name": name, "Partitions": [
        {"PartitionIndex": index, "Replicas": replicas} for index, replicas in pairs]} for name, *pairs in rows], **more}
    return lambda version: given


table("args", "AlterPartitionReassignments",
      *((f"move-{name}", words, (0, 1), make) for name, words, make in (
          ("none", "a topic without partitions", moves(("probe",))),
          ("none-missing", "a missing topic without partitions", moves((NOBODY,))),
          ("twice", "a partition twice", moves(("probe", (0, [1]), (0, [1])))),
          ("twice-other", "a partition twice, wrong in the second", moves(("probe", (0, [1]), (0, [7])))),
          ("apart", "a topic twice, wrong in the second", moves(("probe", (0, [1])), ("probe", (0, [7])))),
          ("mixed", "there, missing, wrong", moves(("probe", (0, [1]), (7, [1]), (-1, None)), (NOBODY, (0, [1]), (1, None)),
                                                   ("", (0, [1])), ("a/b", (0, [])))),
          ("cancel-mixed", "cancelled: there and missing", moves(("probe", (0, None), (7, None)))),
          ("negative", "to brokers -1 and -2", moves(("probe", (0, [-1, -2])))),
          ("max", "to broker 2^31-1", moves(("probe", (0, [2**31 - 1])))),
          ("twice-unknown", "to broker 7 twice", moves(("probe", (0, [7, 7])))),
          ("late", "timeout of 0 ms", moves(("probe", (0, [1])), timeout=0)),
          ("late-none", "timeout of 0 ms, no topics", moves(timeout=0)),
          ("late-empty", "timeout of 0 ms, a topic without partitions", moves(("probe",), timeout=0)),
          ("late-mixed", "timeout of 0 ms, there twice, missing", moves(("probe", (0, [1]), (0, [1])), (NOBODY, (0, None)), timeout=0)),
          ("late-neg", "timeout of -1 ms", moves(("probe", (0, [1])), timeout=-1)))))
table("args", "ListPartitionReassignments",
      *((f"moving-{name}", words, (0,), lambda version, given=given: given) for name, words, given in (
          ("none", "a topic without partitions", moving("probe")[1]),
          ("twice", "a partition twice", moving("probe", 0, 0)[1]),
          ("negative", "partition -1", moving("probe", -1)[1]),
          ("empty", "an empty name", moving("", 0)[1]),
          ("mixed", "a topic twice, and a missing one", {"TimeoutMs": 5000, "Topics": [
              *moving("probe", 0)[1]["Topics"], *moving("probe", 0)[1]["Topics"], *moving(NOBODY, 0)[1]["Topics"]]}),
          ("late", "timeout of 0 ms", {"TimeoutMs": 0, "Topics": None}),
          ("late-neg", "timeout of -1 ms", {"TimeoutMs": -1, "Topics": None}))))

# ---- features, quorum ----

table("args", "UpdateFeatures",
      *((f"features-{name}", words, ANY, make) for name, words, make in (
          ("empty-version", "an empty name, version 0", lambda version: update(version, ("", 0, 1))[1]),
          ("max", "metadata.version 32767", lambda version: update(version, ("metadata.version", 32767, 1))[1]),
          ("min", "metadata.version -32768", lambda version: update(version, ("metadata.version", -32768, 1))[1]),
          ("case", "a name in capitals", lambda version: update(version, ("METADATA.VERSION", 30, 1))[1]),
          ("two-bad", "two that are wrong", lambda version: update(version, ("a", 1, 1), ("b", 1, 1))[1]),
          ("twice-unknown", "one that is none, twice", lambda version: update(version, ("a", 1, 1), ("a", 1, 1))[1]),
          ("bad-first", "one that is wrong, then one that is right",
           lambda version: update(version, ("a", 1, 1), ("metadata.version", 30, 1))[1]),
          ("kinds", "kind -1", lambda version: update(version, ("metadata.version", 30, 0 if version == 0 else -1))[1]),
          ("same-safe", "metadata.version 30 by a safe downgrade", lambda version: update(version, ("metadata.version", 30, 2))[1]),
          ("same-unsafe", "metadata.version 30 by an unsafe downgrade",
           lambda version: update(version, ("metadata.version", 30, 1 if version == 0 else 3))[1]),
          ("higher-safe", "metadata.version 31 by a downgrade", lambda version: update(version, ("metadata.version", 31, 2))[1]),
          ("group-zero", "group.version 0, upgrade", lambda version: update(version, ("no.such", 0, 1))[1]))))


def quorum(*rows):
    return lambda version: {"Topics": [{"TopicName": name, "Partitions": [{"PartitionIndex": one} for one in indexes]}
                                       for name, *indexes in rows]}


table("args", "DescribeQuorum",
      *((f"quorum-{name}", words, ANY, make) for name, words, make in (
          ("none", "no partitions", quorum((LOG,))), ("negative", "partition -1", quorum((LOG, -1))),
          ("empty", "an empty name", quorum(("", 0))), ("twice", "the partition twice", quorum((LOG, 0, 0))),
          ("mixed", "another topic beside it", quorum((LOG, 0), ("probe", 0))),
          ("mixed-first", "another topic before it", quorum(("probe", 0), (LOG, 0))), ("nothing", "no topics", quorum()))))

# ---- what logs know ----

table("args", "DescribeProducers",
      *((f"producers-{name}", words, (0,), lambda version, rows=rows: {"Topics": [
          {"Name": topic, "PartitionIndexes": list(indexes)} for topic, *indexes in rows]}) for name, words, rows in (
              ("twice", "a partition twice", [(EMPTY, 0, 0)]), ("none", "a missing topic without partitions", [(NOBODY,)]),
              ("mixed", "there, missing, wrong", [(EMPTY, 0, 7, -1), (NOBODY, 0), ("a/b", 0), ("", 0), (EMPTY, 0)]),
              ("quorum", "the metadata log", [(LOG, 0)]), ("long", "a name of 300 letters", [("x" * 300, 0)]))))


def epochs(*rows):
    """Rows: name, then (partition, epoch, current epoch)."""
    def make(version):
        return {**({"ReplicaId": -1} if version >= 3 else {}), "Topics": [{"Topic": name, "Partitions": [
            {"Partition": index, "LeaderEpoch": wanted, "CurrentLeaderEpoch": current} for index, wanted, current in parts]}
            for name, *parts in rows]}
    return make


table("args", "OffsetForLeaderEpoch",
      *((f"epochs-{name}", words, (2, 3, 4), make) for name, words, make in (
          ("none", "a topic without partitions", epochs((EMPTY,))),
          ("none-missing", "a missing topic without partitions", epochs((NOBODY,))),
          ("twice", "a partition twice", epochs((EMPTY, (0, 0, -1), (0, 0, -1)))),
          ("twice-bad-last", "a partition twice, wrong in the second", epochs((EMPTY, (0, 0, -1), (0, 0, 1000)))),
          ("twice-bad-first", "a partition twice, wrong in the first", epochs((EMPTY, (0, 0, 1000), (0, 0, -1)))),
          ("mixed", "there, missing, wrong", epochs((EMPTY, (0, 0, -1), (7, 0, -1), (-1, 0, -1)), (NOBODY, (0, 0, -1)), ("", (0, 0, -1)))),
          ("apart", "a topic twice, other partitions", epochs((EMPTY, (0, 0, -1)), (EMPTY, (7, 0, -1)))),
          ("max", "epoch 2^31-1", epochs((EMPTY, (0, 2**31 - 1, -1)))),
          ("min", "epoch -2^31", epochs((EMPTY, (0, -2**31, -1)))),
          ("current-min", "current epoch -2^31", epochs((EMPTY, (0, 0, -2**31)))),
          ("quorum", "the metadata log", epochs((LOG, (0, 0, -1)))))))

ALL = (1, 2, 3, 4, 5)
table("args", "DescribeLogDirs",
      *((f"dirs-{name}", words, ALL, lambda version, given=given: given) for name, words, given in (
          ("none", "a topic without partitions", topics("probe")), ("negative", "partition -1", topics("probe", -1)),
          ("twice", "a partition twice", topics(EMPTY, 0, 0)), ("empty", "an empty name", topics("", 0)),
          ("apart", "a topic twice, other partitions", {"Topics": [*topics(EMPTY, 0)["Topics"], *topics(EMPTY, 7)["Topics"]]}),
          ("mixed", "there, missing, wrong", {"Topics": [*topics(EMPTY, 0, 7, -1)["Topics"], *topics(NOBODY, 0)["Topics"],
                                                         *topics("a/b", 0)["Topics"]]}),
          ("quorum", "the metadata log", topics(LOG, 0)))))

# ---- pages, resources, brokers ----


def paged(version, *names, limit=2000, cursor=None):
    return {"Topics": [{"Name": name} for name in names], "ResponsePartitionLimit": limit,
            "Cursor": cursor and {"TopicName": cursor[0], "PartitionIndex": cursor[1]}}


def page(context, *names, **options):
    answer = context.call("DescribeTopicPartitions", 0, paged(0, *names, **options))
    for topic in answer["Topics"]:
        topic["TopicId"] = "none" if topic["TopicId"] == ZERO_ID else "some"
    return shown("", answer)


for name, what, names, options in (
        ("twice", "a topic twice, and missing twice", ("probe", NOBODY, "probe", NOBODY), {}),
        ("mixed", "there, missing, wrong, internal", ("probe", NOBODY, "a/b", LOG), {}),
        ("min", "at most -2^31", ("probe",), {"limit": -2**31}), ("max", "at most 2^31-1", ("probe",), {"limit": 2**31 - 1}),
        ("cursor-empty", "from an empty name", ("probe",), {"cursor": ("", 0)}),
        ("cursor-bad", "from a/b", ("probe",), {"cursor": ("a/b", 0)}),
        ("cursor-max", "from partition 2^31-1", ("probe",), {"cursor": ("probe", 2**31 - 1)}),
        ("cursor-missing", "from a missing topic that is asked for", ("probe", NOBODY), {"cursor": (NOBODY, 0)}),
        ("cursor-behind", "from behind all", ("probe",), {"cursor": ("zzz", 0)}),
        ("long", "a name of 300 letters", ("x" * 300,), {})):
    case(f"args.pages-{name}", f"DescribeTopicPartitions: {what}")(
        lambda context, names=names, options=options: page(context, *names, **options))


def resources(*kinds):
    def run(context):
        answer = context.call("ListConfigResources", 1, {"ResourceTypes": list(kinds)})
        rows = [f"{one['ResourceType']}:{one['ResourceName']}" for one in answer["ConfigResources"]
                if one["ResourceType"] != 2 or one["ResourceName"] in ("probe", "probe-compact")]
        return f"{error(answer['ErrorCode'])} {sorted(rows)}"
    return run


for name, kinds in (("twice", (2, 2)), ("mixed", (2, 99)), ("zero", (0,)), ("negative", (-1,)), ("loggers", (8,)), ("brokers", (4,)),
                    ("brokers-twice", (4, 4, 8)), ("groups", (32, 16)), ("all", (2, 4, 8, 16, 32)), ("max", (127,)), ("min", (-128,))):
    case(f"args.resources-{name}", f"ListConfigResources v1: types {kinds}")(resources(*kinds))

table("args", "UnregisterBroker",
      *((f"unregister{number:+}", f"broker {number}", (0,), lambda version, number=number: {"BrokerId": number})
        for number in (0, 2**31 - 1, -2**31)))
