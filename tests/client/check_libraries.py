"""check_libraries: the libraries that programs bring along: confluent-kafka (librdkafka), kafka-python, franz-go."""
import os

import peers
from node import broker, scratch
from stage import check, command, require, same

HERE = os.path.dirname(os.path.realpath(__file__))
COUNT = 3000


def records():
    """(key, value, headers), some of them null."""
    for number in range(COUNT):
        key = None if number % 4 == 0 else f"key {number}".encode()
        value = None if number % 10 == 9 and key else f"value {number} {'x' * (number % 700)}".encode()
        yield key, value, [("number", str(number).encode())]


def confluent(node, codec):
    library = peers.python_package(*peers.CONFLUENT)
    common = {"bootstrap.servers": node.address, "broker.address.family": "v4"}
    producer = library.Producer({**common, "compression.type": codec, "enable.idempotence": True, "linger.ms": 5})
    wrong = []
    for key, value, headers in records():
        producer.produce(f"confluent-{codec}", value, key, 0, headers=headers, on_delivery=lambda error, _: error and wrong.append(error))
    same(producer.flush(30), 0, "records without an answer")
    require(not wrong, f"{len(wrong)} records failed: {wrong[:1]}")
    consumer = library.Consumer({**common, "group.id": "none", "enable.auto.commit": False})
    consumer.assign([library.TopicPartition(f"confluent-{codec}", 0, 0)])
    got = []
    while len(got) < COUNT:
        polled = consumer.consume(500, 10)
        require(polled, f"{codec}: nothing more after {len(got)} records")
        got += [(one.key(), one.value(), one.headers()) for one in polled]
    consumer.close()
    same(got, list(records()), f"{codec}: records")


@check("confluent-kafka (librdkafka) with each codec, idempotent", level="all")
def librdkafka():
    with scratch("confluent") as work, broker(work) as node:
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            confluent(node, codec)


@check("kafka-python produces, reads by partition, asks for offsets", level="all")
def kafka_python():
    library = peers.python_package(*peers.KAFKA_PYTHON)
    with scratch("python") as work, broker(work) as node:
        for acks, codec in ((1, None), ("all", "gzip")):
            topic = f"python-{codec}"
            producer = library.KafkaProducer(bootstrap_servers=node.address, acks=acks, compression_type=codec, linger_ms=5)
            sent = [producer.send(topic, value, key, headers, 0) for key, value, headers in records()]
            producer.flush()
            same([one.get(10).offset for one in sent], list(range(COUNT)), "offsets of the answers")
            producer.close()
            consumer = library.KafkaConsumer(bootstrap_servers=node.address, consumer_timeout_ms=5000, enable_auto_commit=False)
            place = library.TopicPartition(topic, 0)
            consumer.assign([place])
            same((consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]), (0, COUNT), "offsets")
            consumer.seek(place, 0)
            got = []
            for one in consumer:
                got.append((one.key, one.value, list(one.headers)))
                if len(got) == COUNT:
                    break
            consumer.close()
            same(got, list(records()), "records")


@check("franz-go produces and reads by partition, with each codec", level="all")
def franz_go():
    program = peers.go_program(os.path.join(HERE, "franz"))
    with scratch("franz") as work, broker(work) as node:
        same(command(program, node.address).decode().splitlines()[-1], "done", "franz")
