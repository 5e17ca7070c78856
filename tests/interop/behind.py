"""behind: a metadata log that begins behind a snapshot, given from one kind of broker to the other."""
import glob
import os
import re
import time

import admin_cases
import handover
from cases import Context
from stage import require, same, wait_until

SEGMENT = "internal.metadata.log.segment.bytes"  # a batch of Kafka's controller that is larger ends it
OFTEN = {"metadata.log.max.record.bytes.between.snapshots": 2000, SEGMENT: 20000}
KAFKA = {**OFTEN, "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
         "allow.everyone.if.no.acl.found": "true", "super.users": "User:ANONYMOUS"}


def bases(directory):
    return sorted(int(os.path.basename(path).split(".")[0]) for path in glob.glob(f"{directory}/__cluster_metadata-0/*.log"))


def snapshots(directory):
    """Finished snapshots by end, without the one that a format leaves."""
    found = sorted(glob.glob(f"{directory}/__cluster_metadata-0/*-*.checkpoint"))
    return [path for path in found if not os.path.basename(path).startswith("0" * 20)]


def cut(directory):
    """Removes what lies below the newest snapshot, as either broker does in time; the snapshot's path."""
    newest = snapshots(directory)[-1]
    end = int(os.path.basename(newest).split("-")[0])
    starts = bases(directory)
    for base, following in zip(starts, starts[1:]):
        if following <= end:
            for path in glob.glob(f"{directory}/__cluster_metadata-0/{base:020d}.*"):
                os.remove(path)
    for path in snapshots(directory)[:-1]:
        os.remove(path)
    require(bases(directory)[0] > 0, f"nothing of the metadata log lies below {newest}: {starts}")
    return newest


def make_topics(node, names):
    context = Context(node.address)
    for first in range(0, len(names), 5):
        given = [{"Name": name, "NumPartitions": 3, "ReplicationFactor": 1, "Configs": [{"Name": "retention.ms", "Value": "1234567"}]}
                 for name in names[first:first + 5]]
        answer = context.call("CreateTopics", 5, {"Topics": given, "timeoutMs": 10000})
        same([one["ErrorCode"] for one in answer["Topics"]], [0] * len(given), f"{node.name}: making topics")


def make_acls(kafka):
    creations = [{"ResourceType": 2, "ResourceName": f"acl{n}", "ResourcePatternType": 3 + n % 2, "Principal": f"User:p{n}", "Host": "*",
                  "Operation": 3 + n % 2, "PermissionType": 2 + n % 2} for n in range(6)]
    answer = Context(kafka.address).call("CreateAcls", 2, {"Creations": creations})
    same([one["ErrorCode"] for one in answer["Results"]], [0] * 6, "making ACLs")


def acls(kafka):
    """What make_acls made; a broker of Kafka hears of it a moment late."""
    given = {"ResourceTypeFilter": 1, "ResourceNameFilter": None, "PatternTypeFilter": 1, "PrincipalFilter": None, "HostFilter": None,
             "Operation": 1, "PermissionType": 1}

    def told():
        return Context(kafka.address).call("DescribeAcls", 2, given)["Resources"]
    return sorted(repr(sorted(one.items())) for one in wait_until(lambda: len(told()) >= 6 and told(), "six ACLs"))


def facts(node, count):
    """Topics with their ids, leaders and configs; quotas and users. A broker of Kafka hears of all of them a moment late."""
    context = Context(node.address)
    for _ in range(300):
        topics = context.call("Metadata", 12, {"Topics": None})["Topics"]
        if len(topics) == count and all(part["LeaderId"] == 1 for topic in topics for part in topic["Partitions"]):
            break
        time.sleep(0.1)
    told = sorted((topic["Name"], str(topic["TopicId"]), [part["LeaderId"] for part in topic["Partitions"]]) for topic in topics)
    asked = [{"ResourceType": 2, "ResourceName": one[0], "ConfigurationKeys": ["retention.ms"]} for one in told]
    answer = context.call("DescribeConfigs", 4, {"Resources": asked})
    configs = sorted((one["ResourceName"], one["Configs"][0]["Value"]) for one in answer["Results"])
    quotas = context.call("DescribeClientQuotas", *admin_cases.ALL_QUOTAS)["Entries"]
    quotas = sorted(repr((sorted(map(repr, one["Entity"])), sorted(map(repr, one["Values"])))) for one in quotas)
    users = context.call("DescribeUserScramCredentials", 0, {"Users": None})["Results"]
    users = sorted((one["User"], sorted(map(repr, one["CredentialInfos"]))) for one in users)
    return {"topics": told, "configs": configs, "quotas": quotas, "users": users}


def same_facts(node, want, when):
    got = facts(node, len(want["topics"]))
    for what, wanted in want.items():
        require(wanted, f"no {what} to compare: {when}")
        same(got[what], wanted, f"{what} in {node.name}: {when}")


def read_by_tools(path, *kinds):
    """kafka-dump-log and sluice log dump make sense of a snapshot of ours."""
    text = handover.dump("--cluster-metadata-decoder", "--files", path)
    for kind in ("SnapshotHeader", "SnapshotFooter", *kinds):
        require(kind in text, f"kafka-dump-log of {os.path.basename(path)} has no {kind}")
    names = set(re.findall(r'"type":"TOPIC_RECORD","version":0,"data":\{"name":"([^"]+)"', text))
    require(names, "kafka-dump-log tells of no topic")
    ours = handover.binary("log", "dump", "--records", path).decode(errors="replace")
    for name in names:
        require(name in ours, f"sluice log dump of {os.path.basename(path)} has no {name}")
