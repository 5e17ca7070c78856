"""check_libraries: the libraries that programs bring along: confluent-kafka (librdkafka), kafka-python, franz-go."""
import importlib
import os
import time

import peers
from node import broker, scratch
from stage import check, command, require, same, wait_until

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


def results(futures):
    """What each of the calls came to; the first failure is raised."""
    return {what: future.result(60) for what, future in futures.items()}


def soon(holds, what):
    """Kafka's broker hears of a change some time after its controller has answered."""
    wait_until(holds, what, step_s=0.1)


@check("confluent-kafka's admin client: topics, partitions, configs, offsets, deletion")
def confluent_admin():
    library = peers.python_package(*peers.CONFLUENT)
    admin_of = importlib.import_module("confluent_kafka.admin")
    with scratch("confluent") as work, broker(work) as node:
        admin = admin_of.AdminClient({"bootstrap.servers": node.address, "broker.address.family": "v4"})
        results(admin.create_topics([admin_of.NewTopic("made", 2, 1, config={"retention.ms": "3600000"})]))
        results(admin.create_partitions([admin_of.NewPartitions("made", 3)]))
        soon(lambda: len(admin.list_topics("made", 30).topics["made"].partitions) == 3, "there are 3 partitions")
        change = admin_of.ConfigEntry("segment.ms", "60000", incremental_operation=admin_of.AlterConfigOpType.SET)
        results(admin.incremental_alter_configs([admin_of.ConfigResource("topic", "made", incremental_configs=[change])]))

        def configs():
            told, = results(admin.describe_configs([admin_of.ConfigResource("topic", "made")])).values()
            return [told[name].value for name in ("retention.ms", "segment.ms")]

        soon(lambda: configs() == ["3600000", "60000"], "configs are as they were set")
        same([one.host for one in admin.describe_cluster().result(20).nodes], ["127.0.0.1"], "nodes")
        described, = results(admin.describe_topics(library.TopicCollection(["made"]))).values()
        same([one.leader.id for one in described.partitions], [1, 1, 1], "leaders")
        producer = library.Producer({"bootstrap.servers": node.address, "broker.address.family": "v4"})
        for number in range(100):
            producer.produce("made", str(number).encode(), partition=1)
        same(producer.flush(20), 0, "records without an answer")
        place = library.TopicPartition("made", 1, 40)
        same([one.low_watermark for one in results(admin.delete_records([place])).values()], [40], "start after the deletion")
        asked = {place: admin_of.OffsetSpec.latest()}
        same([one.offset for one in results(admin.list_offsets(asked)).values()], [100], "end")
        results(admin.delete_topics(["made"]))
        soon(lambda: "made" not in admin.list_topics(timeout=30).topics, "the topic is gone")


@check("kafka-python produces, reads by partition, asks for offsets", level="all")
def kafka_python():
    library = peers.python_package(*peers.KAFKA_PYTHON)
    with scratch("python") as work, broker(work) as node:
        for acks, codec in ((1, None), ("all", "gzip")):
            topic = f"python-{codec}"
            producer = library.KafkaProducer(bootstrap_servers=node.address, acks=acks, compression_type=codec, linger_ms=5)
            sent = [producer.send(topic, value, key, headers, 0) for key, value, headers in records()]
            producer.flush()
            same([one.get(60).offset for one in sent], list(range(COUNT)), "offsets of the answers")
            producer.close()
            consumer = library.KafkaConsumer(bootstrap_servers=node.address, consumer_timeout_ms=30000, enable_auto_commit=False)
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


@check("confluent-kafka (librdkafka) sets credentials, asks for leaders", level="all")
def librdkafka_admin():
    peers.python_package(*peers.CONFLUENT)
    from confluent_kafka import ElectionType, TopicPartition
    from confluent_kafka import admin
    with scratch("client") as work, broker(work) as node:
        client = admin.AdminClient({"bootstrap.servers": node.address, "broker.address.family": "v4"})
        client.create_topics([admin.NewTopic("led", 2, 1)])["led"].result(30)
        mechanism = admin.ScramMechanism.SCRAM_SHA_512
        made = client.alter_user_scram_credentials([
            admin.UserScramCredentialUpsertion("user", admin.ScramCredentialInfo(mechanism, 8192), b"secret"),
            admin.UserScramCredentialDeletion("nobody", mechanism)])
        made["user"].result(30)
        same(made["nobody"].exception(30).args[0].name(), "RESOURCE_NOT_FOUND", "deleting what is not there")
        for _ in range(300):  # a broker of Kafka hears of it a moment later
            users = client.describe_user_scram_credentials().result(30)
            if users:
                break
            time.sleep(0.1)
        told = {name: [(one.mechanism, one.iterations) for one in user.scram_credential_infos] for name, user in users.items()}
        same(told, {"user": [(mechanism, 8192)]}, "credentials")
        elected = client.elect_leaders(ElectionType.PREFERRED, [TopicPartition("led", 0), TopicPartition("led", 9)]).result(30)
        same({key.partition: failed.name() for key, failed in elected.items()},
             {0: "ELECTION_NOT_NEEDED", 9: "UNKNOWN_TOPIC_OR_PART"}, "elections")


@check("kafka-python asks for log directories, reassignments, quorum, features", level="all")
def kafka_python_admin():
    peers.python_package(*peers.KAFKA_PYTHON)
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient
    with scratch("client") as work, broker(work, overrides={"num.partitions": 1}) as node:
        producer = KafkaProducer(bootstrap_servers=node.address, enable_idempotence=True)
        producer.send("seen", b"value").get(30)
        producer.close()
        client = KafkaAdminClient(bootstrap_servers=node.address)
        (one,) = client.describe_log_dirs()[0]["log_dirs"]
        sizes = {topic["name"]: topic["partitions"][0]["partition_size"] for topic in one["topics"]}
        require(one["error_code"] == 0 and sizes["seen"] > 60, f"log directories: {one}")
        same(client.list_partition_reassignments(), {}, "reassignments")
        quorum = client.describe_metadata_quorum()["topics"][0]["partitions"][0]
        same((quorum["leader_id"], len(quorum["current_voters"])), (1, 1), "the quorum")
        same(client.describe_features()["metadata.version"]["finalized"], (30, 30), "metadata.version")
        client.close()


@check("franz-go produces and reads by partition, with each codec", level="all")
def franz_go():
    program = peers.go_program(os.path.join(HERE, "franz"))
    with scratch("franz") as work, broker(work) as node:
        same(command(program, node.address).decode().splitlines()[-1], "done", "franz")
