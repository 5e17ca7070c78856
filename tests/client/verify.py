"""verify: producers and a consumer that remember everything, for tests that kill the broker under them.

Every record's value says its number, so what a topic holds can be judged afterwards:

    promise                                             how it is checked
    an acknowledged record is where the broker said     offset of the delivery report -> number stored there
    idempotent: each number once and in order           the numbers stored are 0, 1, 2 ... without gap or repetition
    what a reader has seen stays                        the consumer's (offset, value) pairs are the final ones

Librdkafka does the work of the client; the sequences and retries are its own, as in the field. Without idempotence it may
repeat and, retrying, reorder (seen with Apache Kafka too, at one request in flight), so order is judged only with it.
"""
import collections
import contextlib
import importlib
import random
import threading
import time

import peers
from stage import require, same


def value_of(number, size):
    start = f"{number:012d}:".encode()
    return start + bytes((number * 7 + index) % 251 for index in range(min(size, 64))) * (max(size - 13, 0) // 64 + 1)


def number_of(value):
    number = int(value[:12])
    require(value == value_of(number, size_of(number)), f"the value of record {number} has changed")
    return number


def size_of(number):
    """Mostly small, sometimes large: 20 B to 100 KiB, always the same for a number."""
    return 100000 if number % 997 == 0 else 20000 if number % 101 == 0 else 20 + number * 37 % 1500


class Producer(threading.Thread):
    """Sends numbered records to one partition until told to stop, then waits until all have been decided."""

    def __init__(self, address, topic, partition, rate=2000, **settings):
        super().__init__(daemon=True)
        self.topic, self.partition, self.rate = topic, partition, rate
        self.idempotent = settings.get("enable.idempotence", False)
        self.name = f"partition {partition} ({', '.join(f'{key}={value}' for key, value in settings.items())})"
        self.acked, self.failed, self.sent = {}, [], 0
        self.done, self.held = threading.Event(), False
        self.client = peers.python_package(*peers.CONFLUENT).Producer({
            "bootstrap.servers": address, "broker.address.family": "v4", "message.timeout.ms": 300000, "linger.ms": 2,
            "batch.num.messages": 50, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20,
            "log_level": 0, "error_cb": lambda _: None, **settings})

    def decided(self, number):
        def store(error, message):
            if error:
                self.failed.append((number, str(error)))
            else:
                self.acked[number] = message.offset()
        return store

    def run(self):
        owed, last = 0, time.monotonic()
        while not self.done.is_set():
            now = time.monotonic()
            owed += 0 if self.held else (now - last) * self.rate
            last = now
            while owed >= 1 and len(self.client) < 20000:
                owed -= 1
                value = value_of(self.sent, size_of(self.sent))
                self.client.produce(self.topic, value, partition=self.partition, on_delivery=self.decided(self.sent))
                self.sent += 1
            self.client.poll(0.005)

    def finish(self, limit_s=120):
        self.done.set()
        self.join()
        left = self.client.flush(limit_s)
        same(left, 0, f"{self.name}: records undecided after {limit_s} s")


class Consumer(threading.Thread):
    """Reads along and remembers what it saw at each offset."""

    def __init__(self, address, topic, partitions):
        super().__init__(daemon=True)
        library = peers.python_package(*peers.CONFLUENT)
        self.seen = collections.defaultdict(dict)
        self.wrong = []
        self.done = threading.Event()
        self.client = library.Consumer({
            "bootstrap.servers": address, "broker.address.family": "v4", "group.id": "none", "enable.auto.commit": False,
            "auto.offset.reset": "error", "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "log_level": 0,
            "error_cb": lambda _: None, "fetch.wait.max.ms": 50})
        self.client.assign([library.TopicPartition(topic, partition, 0) for partition in range(partitions)])
        self.offset_errors = (library.KafkaError._AUTO_OFFSET_RESET, library.KafkaError.OFFSET_OUT_OF_RANGE)

    def run(self):
        while not self.done.is_set():
            for message in self.client.consume(500, 0.05):
                if message.error():
                    if message.error().code() in self.offset_errors:
                        self.wrong.append(f"partition {message.partition()}: {message.error()}")
                    continue
                self.seen[message.partition()][message.offset()] = number_of(message.value())

    def finish(self):
        self.done.set()
        self.join()
        self.client.close()
        require(not self.wrong, f"a reader's offset was gone: {self.wrong[:3]}")


def read_all(address, topic, partition):
    """[(offset, number)] of the whole partition."""
    library = peers.python_package(*peers.CONFLUENT)
    client = library.Consumer({"bootstrap.servers": address, "broker.address.family": "v4", "group.id": "none",
                               "enable.auto.commit": False, "log_level": 0})
    place = library.TopicPartition(topic, partition, 0)
    end = client.get_watermark_offsets(place, timeout=30)[1]
    client.assign([place])
    found, limit = [], time.monotonic() + 60
    while (not found or found[-1][0] < end - 1) and end and time.monotonic() < limit:
        for message in client.consume(1000, 0.5):
            require(not message.error(), f"partition {partition}: {message.error()}")
            found.append((message.offset(), number_of(message.value())))
    client.close()
    same(len(found), end, f"records read of partition {partition}, whose end is {end}")
    return found


def judge(producer, found, acked=None):
    """Was every promise kept for this partition? `acked` is given when the broker's life ended then: what came later may be
    there or not, but nothing may be there twice or out of order."""
    who = producer.name
    require(not producer.failed, f"{who}: {len(producer.failed)} failed, first {producer.failed[:2]}")
    complete = acked is None
    acked = producer.acked if complete else acked
    same([offset for offset, _ in found], list(range(len(found))), f"{who}: offsets")
    stored = [number for _, number in found]
    lost = [number for number, offset in acked.items() if offset >= 0 and stored[offset:offset + 1] != [number]]
    require(not lost, f"{who}: {len(lost)} acknowledged records are not where they were, first number {lost[:1]}, "
                      f"offset {[acked[number] for number in lost[:1]]} of {len(stored)}")
    absent = set(acked) - set(stored)
    require(not absent, f"{who}: {len(absent)} acknowledged records are lost, first {min(absent, default=None)}")
    if producer.idempotent:
        same(stored, list(range(producer.sent if complete else len(stored))), f"{who}: numbers")


KINDS = (
    {"enable.idempotence": True, "acks": "all"},
    {"enable.idempotence": True, "acks": "all", "compression.type": "lz4", "linger.ms": 0},
    {"acks": "1", "max.in.flight": 1},
    {"acks": "all", "max.in.flight": 1, "batch.num.messages": 5},
)


class Load:
    """A producer of each kind, one per partition of the topic "load", and a reader of all of them."""

    def __init__(self, node, rate=600):
        self.node = node
        peers.python_package(*peers.CONFLUENT)
        admin = importlib.import_module("confluent_kafka.admin")
        client = admin.AdminClient({"bootstrap.servers": node.address, "log_level": 0})
        client.create_topics([admin.NewTopic("load", len(KINDS), 1)])["load"].result()
        self.producers = [Producer(node.address, "load", number, rate=rate, **kind) for number, kind in enumerate(KINDS)]
        self.consumer = Consumer(node.address, "load", len(KINDS))
        for thread in (self.consumer, *self.producers):
            thread.start()

    def kill_and_start(self, count, between_s):
        for _ in range(count):
            time.sleep(random.uniform(*between_s))
            self.node.kill()
            time.sleep(random.uniform(0, 0.2))
            self.node.start()

    @contextlib.contextmanager
    def held(self):
        """Nothing new is sent meanwhile: judging takes longer than sending, and what is to be judged must not grow without end."""
        for producer in self.producers:
            producer.held = True
        yield
        for producer in self.producers:
            producer.held = False

    def known(self):
        """What is acknowledged and what is seen at this moment."""
        return [dict(producer.acked) for producer in self.producers], [dict(self.consumer.seen[n]) for n in range(len(KINDS))]

    def finish(self):
        for producer in self.producers:
            producer.finish()
        time.sleep(0.5)
        self.consumer.finish()

    def judge(self, address, known=None):
        """What the node at this address holds, against all that was promised, or against what was `known` when it died."""
        found = [read_all(address, "load", number) for number in range(len(KINDS))]
        acked, seen = known or ([None] * len(KINDS), [self.consumer.seen[n] for n in range(len(KINDS))])
        for number, producer in enumerate(self.producers):
            judge(producer, found[number], acked[number])
            final = dict(found[number])
            changed = [offset for offset, value in seen[number].items() if final.get(offset) != value]
            require(not changed, f"{producer.name}: a reader saw what is gone or changed at {changed[:3]}")
        return found

