"""epochs: a partition with several leader epochs, and where a broker says that each ends."""
import time

from cases import Context, batch, error
from stage import require, same

NAME, ROUNDS, BATCH = "epochs", 4, 3
STARTS = (1, 3, 4, 7, 8, ROUNDS * BATCH)  # within an epoch, at its end, within one behind it, at the end of all


def patiently(what, call):
    """A broker of Kafka says that it is up a moment before it leads."""
    for _ in range(300):
        code, answer = call()
        if code == 0:
            return answer
        time.sleep(0.1)
    return same(code, 0, what)


def said_of(node, api, version, given):
    part = Context(node.address).call(api, version, given)["Topics"][0]["Partitions"][0]
    return part["ErrorCode"], part


def end(node, epoch):
    asked = {"Partition": 0, "LeaderEpoch": epoch, "CurrentLeaderEpoch": -1}
    part = patiently(f"{node.name}: end of epoch {epoch}", lambda: said_of(node, "OffsetForLeaderEpoch", 4, {
        "ReplicaId": -1, "Topics": [{"Topic": NAME, "Partitions": [asked]}]}))
    return part["LeaderEpoch"], part["EndOffset"]


def ends(node, epochs):
    return [end(node, epoch) for epoch in epochs]


def raise_start(node, start):
    part = patiently(f"{node.name}: records below {start} are deleted", lambda: said_of(node, "DeleteRecords", 2, {
        "TimeoutMs": 5000, "Topics": [{"Name": NAME, "Partitions": [{"PartitionIndex": 0, "Offset": start}]}]}))
    same(part["LowWatermark"], start, f"{node.name}: low watermark")


def made(node):
    """Every start begins an epoch: those in which something was written, and those between, and the one above."""
    Context(node.address).topic(NAME)
    written = []
    for number in range(ROUNDS):
        if number:
            node.restart()
        patiently(f"{node.name}: produce", lambda: (
            Context(node.address).produce(batch([(b"k", b"v")] * BATCH), topic=NAME) != error(0), None))
        topic = Context(node.address).call("Metadata", 12, {"Topics": [{"Name": NAME}]})["Topics"][0]
        written.append(topic["Partitions"][0]["LeaderEpoch"])
    require(written == sorted(set(written)), f"{node.name}: epochs {written}")
    return range(written[-1] + 1)


def told(node, epochs):
    """What a node says of each, for each start."""
    answers = {0: ends(node, epochs)}
    for start in STARTS:
        raise_start(node, start)
        answers[start] = ends(node, epochs)
    return answers
