// kafkajs.cjs: kafkajs against one node: admin calls, a producer plain and with gzip. It reads only in groups, so what it wrote
// is read by somebody else.
//
//     node kafkajs.cjs HOST:PORT COUNT      (NODE_PATH: where kafkajs is)
//
// Prints "done" when every answer was as it should be.
const assert = require("node:assert");
const { CompressionTypes, Kafka, logLevel } = require("kafkajs");

const [address, count] = [process.argv[2], Number(process.argv[3])];
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR, retry: { retries: 2 } });

function record(number) {
  return {
    key: number % 4 === 0 ? null : `key ${number}`,
    value: number % 10 === 9 && number % 4 !== 0 ? null : `value ${number} ${"x".repeat(number % 700)}`,
    partition: 0,
    headers: { number: String(number) },
  };
}

async function produce(topic, compression) {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let first = 0; first < count; first += 500) {
    const messages = Array.from({ length: 500 }, (_, i) => record(first + i));
    const [answer] = await producer.send({ topic, messages, compression, acks: -1 });
    assert.equal(answer.baseOffset, String(first), "base offset");
  }
  await producer.disconnect();
}

async function offsets(admin, topic) {
  const [at] = await admin.fetchTopicOffsets(topic);
  assert.deepEqual([at.low, at.high], ["0", String(count)], "offsets at the ends");
  const [found] = await admin.fetchTopicOffsetsByTimestamp(topic, Date.now() - 3600000);
  assert.equal(found.offset, "0", "offset by time");
}

async function main() {
  const admin = kafka.admin();
  await admin.connect();
  const topics = ["kafkajs-none", "kafkajs-gzip"];
  const wanted = topics.map((topic) => ({ topic, numPartitions: 1, configEntries: [{ name: "retention.ms", value: "3600000" }] }));
  assert.equal(await admin.createTopics({ topics: wanted }), true, "created");
  assert.equal(await admin.createTopics({ topics: wanted }), false, "created twice");
  await produce(topics[0], CompressionTypes.None);
  await produce(topics[1], CompressionTypes.GZIP);
  for (const topic of topics) await offsets(admin, topic);

  const described = await admin.describeConfigs({ resources: [{ type: 2, name: topics[0], configNames: ["retention.ms"] }] });
  assert.equal(described.resources[0].configEntries[0].configValue, "3600000", "config");
  await admin.createPartitions({ topicPartitions: [{ topic: topics[0], count: 3 }] });
  const [shown] = (await admin.fetchTopicMetadata({ topics: [topics[0]] })).topics;
  assert.equal(shown.partitions.length, 3, "partitions");
  const changed = { type: 2, name: topics[0], configEntries: [{ name: "segment.ms", value: "60000" }] };
  await admin.alterConfigs({ validateOnly: false, resources: [changed] });
  const cluster = await admin.describeCluster();
  assert.equal(cluster.brokers.length, 1, "brokers");
  assert.deepEqual((await admin.listTopics()).sort(), [...topics].sort(), "topics");
  await admin.createTopics({ topics: [{ topic: "kafkajs-gone" }] });
  await admin.deleteTopics({ topics: ["kafkajs-gone"] });
  await admin.disconnect();
  console.log("done");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
