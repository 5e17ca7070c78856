import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Apache Kafka's client against one node: the default producer (idempotent, acks=all) with each codec, a consumer by partition
 * and the admin calls that need no group. Prints "done" when all of it was as it should be; ends with an exception otherwise.
 *
 * JavaClient BOOTSTRAP
 */
public class JavaClient {
    static final int COUNT = 5000;
    static final long FIRST_MS = System.currentTimeMillis() - 1_000_000;

    static String bootstrap;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        try (Admin admin = Admin.create(settings())) {
            topics(admin);
            for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) records(codec);
            largest();
            offsets(admin);
            deletion(admin);
            cluster(admin);
        }
        System.out.println("done");
    }

    static Map<String, Object> settings(Object... more) {
        Map<String, Object> all = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", 20000, "request.timeout.ms", 15000));
        for (int i = 0; i < more.length; i += 2) all.put((String) more[i], more[i + 1]);
        return all;
    }

    static void require(boolean holds, String what) {
        if (!holds) throw new IllegalStateException(what);
    }

    static KafkaProducer<byte[], byte[]> producer(Object... more) {
        return new KafkaProducer<>(settings(more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> consumer(Object... more) {
        return new KafkaConsumer<>(settings(more), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static Throwable failure(Future<?> call) throws InterruptedException {
        try {
            call.get();
            return null;
        } catch (ExecutionException failed) {
            return failed.getCause();
        }
    }

    static void topics(Admin admin) throws Exception {
        NewTopic topic = new NewTopic("java", 3, (short) 1).configs(Map.of("max.message.bytes", "2000000"));
        var made = admin.createTopics(List.of(topic));
        made.all().get();
        require(made.numPartitions("java").get() == 3, "partitions in the answer of CreateTopics");
        require(failure(admin.createTopics(List.of(topic)).all()) instanceof TopicExistsException,
            "the second creation");
        require(admin.listTopics().names().get().equals(Set.of("java")), "list of topics");
        var described = admin.describeTopics(List.of("java")).allTopicNames().get().get("java");
        require(described.partitions().size() == 3 && described.topicId().equals(made.topicId("java").get()), "description");
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, "java");
        var configs = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        require(configs.get("max.message.bytes").value().equals("2000000"), "config of the topic");
        require(configs.get("retention.ms").isDefault(), "default config of the topic");
        require(failure(admin.describeTopics(List.of("nowhere")).allTopicNames())
            instanceof UnknownTopicOrPartitionException, "an unknown topic");
    }

    static ProducerRecord<byte[], byte[]> record(String codec, int number) {
        byte[] value = number % 10 == 7 ? null : bytes(codec + " " + number + " " + "x".repeat(number % 300));
        var record = new ProducerRecord<>("java", number % 3, FIRST_MS + number, number % 4 == 0 ? null : bytes("k" + number), value);
        if (number % 5 == 0) record.headers().add("number", bytes("" + number)).add("empty", null);
        return record;
    }

    static void records(String codec) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (var producer = producer("compression.type", codec, "linger.ms", 5)) {
            for (int i = 0; i < COUNT; i++) sent.add(producer.send(record(codec, i)));
        }
        Map<TopicPartition, Map<Long, Integer>> placed = new HashMap<>();
        for (int i = 0; i < COUNT; i++) {
            RecordMetadata at = sent.get(i).get();
            placed.computeIfAbsent(new TopicPartition("java", at.partition()), key -> new HashMap<>()).put(at.offset(), i);
        }
        for (var partition : placed.entrySet()) compare(codec, partition.getKey(), partition.getValue());
    }

    static void compare(String codec, TopicPartition partition, Map<Long, Integer> placed) {
        long first = placed.keySet().stream().mapToLong(Long::longValue).min().getAsLong();
        int last = -1;
        try (var consumer = consumer("max.partition.fetch.bytes", 20000)) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, first);
            for (int seen = 0; seen < placed.size(); ) {
                var polled = consumer.poll(Duration.ofSeconds(10));
                require(!polled.isEmpty(), codec + ": nothing more after " + seen + " of " + placed.size());
                for (var got : polled) {
                    Integer number = placed.get(got.offset());
                    require(number != null && number > last, codec + ": offset " + got.offset() + " is out of order");
                    equal(got, record(codec, number));
                    last = number;
                    seen++;
                }
            }
        }
    }

    static void equal(ConsumerRecord<byte[], byte[]> got, ProducerRecord<byte[], byte[]> sent) {
        require(Arrays.equals(got.key(), sent.key()) && Arrays.equals(got.value(), sent.value()), "record at " + got.offset());
        require(got.timestamp() == sent.timestamp(), "timestamp at " + got.offset());
        require(got.headers().equals(sent.headers()), "headers at " + got.offset());
    }

    static void largest() throws Exception {
        try (var producer = producer("max.request.size", 8_000_000, "buffer.memory", 32_000_000)) {
            producer.send(new ProducerRecord<>("java", 0, null, new byte[1_999_000])).get();
            require(failure(producer.send(new ProducerRecord<>("java", 0, null, new byte[2_000_001]))) instanceof RecordTooLargeException,
                "a record over max.message.bytes");
        }
    }

    static void offsets(Admin admin) throws Exception {
        var partition = new TopicPartition("java", 0);
        try (var consumer = consumer()) {
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long begin = consumer.beginningOffsets(List.of(partition)).get(partition);
            var found = consumer.offsetsForTimes(Map.of(partition, FIRST_MS + 3000)).get(partition);
            require(begin == 0 && found.offset() == 1000 && found.timestamp() == FIRST_MS + 3000, "offsets: " + begin + " " + found);
            require(consumer.offsetsForTimes(Map.of(partition, Long.MAX_VALUE)).get(partition) == null, "a time to come");
            long newest = admin.listOffsets(Map.of(partition, OffsetSpec.maxTimestamp())).partitionResult(partition).get().offset();
            require(newest == end - 1, "offset of the largest timestamp: " + newest + " of " + end);
        }
    }

    static void deletion(Admin admin) throws Exception {
        var partition = new TopicPartition("java", 1);
        var deleted = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(100))).lowWatermarks().get(partition);
        require(deleted.get().lowWatermark() == 100, "low watermark");
        try (var consumer = consumer("auto.offset.reset", "earliest")) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, 5); // out of range now: the consumer resets itself
            Set<Long> offsets = new HashSet<>();
            while (offsets.isEmpty()) consumer.poll(Duration.ofSeconds(1)).forEach(record -> offsets.add(record.offset()));
            require(offsets.stream().mapToLong(Long::longValue).min().getAsLong() == 100, "first record after the deletion");
        }
        admin.deleteTopics(List.of("java")).all().get();
        require(admin.listTopics().names().get().isEmpty(), "topics after deletion");
    }

    static void cluster(Admin admin) throws Exception {
        var cluster = admin.describeCluster();
        require(cluster.clusterId().get().length() == 22, "cluster id");
        var nodes = cluster.nodes().get();
        require(nodes.size() == 1 && bootstrap.endsWith(":" + nodes.iterator().next().port()), "nodes: " + nodes);
    }
}
