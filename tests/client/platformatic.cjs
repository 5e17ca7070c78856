// platformatic.cjs: @platformatic/kafka against one node: admin calls and a producer with each codec that it brings. It reads
// only in groups, so what it wrote is read by somebody else.
//
//     node platformatic.cjs HOST:PORT COUNT      (NODE_PATH: where @platformatic/kafka is)
//
// Prints "done" when every answer was as it should be.
const assert = require("node:assert");
const { pathToFileURL } = require("node:url");

const [address, count] = [process.argv[2], Number(process.argv[3])];

function record(topic, number) {
  return {
    topic,
    partition: 0,
    key: number % 4 === 0 ? undefined : Buffer.from(`key ${number}`),
    value: Buffer.from(`value ${number} ${"x".repeat(number % 700)}`),
    headers: new Map([[Buffer.from("number"), Buffer.from(String(number))]]),
  };
}

async function produce(library, topic, compression) {
  const producer = new library.Producer({ clientId: "test", bootstrapBrokers: [address], idempotent: true, compression });
  for (let first = 0; first < count; first += 500) {
    const messages = Array.from({ length: 500 }, (_, i) => record(topic, first + i));
    const answer = await producer.send({ messages, acks: library.ProduceAcks.ALL });
    assert.equal(answer.offsets[0].offset, BigInt(first), "base offset");
  }
  await producer.close();
}

async function alter(admin, name) {
  const resource = { resourceType: 2, resourceName: name };
  await admin.createPartitions({ topics: [{ name, count: 3 }] });
  const change = { name: "segment.ms", configOperation: 0, value: "60000" };
  await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs: [change] }] });
  const [told] = await admin.describeConfigs({ resources: [{ ...resource, configurationKeys: ["segment.ms"] }] });
  assert.equal(told.configs[0].value, "60000", "config that was changed");
  const [directory] = (await admin.describeLogDirs({ topics: [{ name, partitions: [0, 1, 2] }] }))[0].results;
  assert.equal(directory.topics[0].partitions.length, 3, "partitions in their log directory");
}

async function main() {
  const library = await import(pathToFileURL(require.resolve("@platformatic/kafka")));
  const admin = new library.Admin({ clientId: "test", bootstrapBrokers: [address], retries: 2 });
  const codecs = ["none", "gzip", "snappy", "lz4", "zstd"].filter((codec) => codec !== "zstd" || require("node:zlib").zstdCompressSync);
  const topics = codecs.map((codec) => `platformatic-${codec}`);
  await admin.createTopics({ topics, partitions: 1, replicas: 1 });
  await assert.rejects(admin.createTopics({ topics, partitions: 1, replicas: 1 }), "created twice");
  for (const codec of codecs) await produce(library, `platformatic-${codec}`, codec);

  const topicsAsked = topics.map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp: -1n }] }));
  for (const one of await admin.listOffsets({ topics: topicsAsked })) {
    assert.equal(one.partitions[0].offset, BigInt(count), `end of ${one.name}`);
  }
  assert.deepEqual((await admin.listTopics()).sort(), [...topics].sort(), "topics");
  await alter(admin, topics[0]);
  await admin.deleteTopics({ topics: [topics[0]] });
  await admin.close();
  console.log("done");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
