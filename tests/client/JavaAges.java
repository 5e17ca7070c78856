import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Apache Kafka's client of any release since 2.8 against one node, with the calls that all of them have: an idempotent producer
 * with each codec, a consumer by partition, topics, configs, offsets, deletion. JavaClient.java asks more of the newest.
 * Prints "done" when all of it was as it should be; ends with an exception otherwise.
 *
 * JavaAges BOOTSTRAP
 */
public class JavaAges {
    static final int COUNT = 2000;
    static final long FIRST_MS = System.currentTimeMillis() - 1_000_000;

    static String bootstrap;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        try (Admin admin = Admin.create(settings())) {
            for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) records(admin, codec);
            require(admin.listTopics().names().get().size() == 5, "list of topics");
            require(admin.describeCluster().nodes().get().size() == 1, "nodes");
            alter(admin);
            admin.deleteTopics(List.of("ages-none")).all().get();
            require(admin.listTopics().names().get().size() == 4, "list of topics after the deletion");
        }
        System.out.println("done");
    }

    static void alter(Admin admin) throws Exception {
        admin.createPartitions(Map.of("ages-none", NewPartitions.increaseTo(4))).all().get();
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, "ages-none");
        var change = new AlterConfigOp(new ConfigEntry("segment.ms", "60000"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
        var configs = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        for (int i = 0; i < 50 && !configs.get("segment.ms").value().equals("60000"); i++) { // Kafka's brokers hear of it later.
            Thread.sleep(100);
            configs = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        }
        require(configs.get("segment.ms").value().equals("60000"), "config that was changed");
        require(configs.get("retention.ms").value().equals("3600000"), "config that was not changed");
        var directories = admin.describeLogDirs(List.of(1)).descriptions().get(1).get();
        require(directories.values().iterator().next().replicaInfos().containsKey(new TopicPartition("ages-none", 3)),
            "the new partition in its log directory");
    }

    static Map<String, Object> settings(Object... more) {
        Map<String, Object> all = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", 20000,
            "request.timeout.ms", 15000));
        for (int i = 0; i < more.length; i += 2) all.put((String) more[i], more[i + 1]);
        return all;
    }

    static void require(boolean holds, String what) {
        if (!holds) throw new IllegalStateException(what);
    }

    static ProducerRecord<byte[], byte[]> record(String topic, int number) {
        byte[] key = number % 4 == 0 ? null : ("k" + number).getBytes(StandardCharsets.UTF_8);
        byte[] value = number % 10 == 7 ? null : (number + " " + "x".repeat(number % 300)).getBytes(StandardCharsets.UTF_8);
        var record = new ProducerRecord<>(topic, 0, FIRST_MS + number, key, value);
        if (number % 5 == 0) record.headers().add("number", value);
        return record;
    }

    static void records(Admin admin, String codec) throws Exception {
        String topic = "ages-" + codec;
        var at = new TopicPartition(topic, 0);
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(Map.of("retention.ms", "3600000")))).all().get();
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var configs = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        require(configs.get("retention.ms").value().equals("3600000"), "config of the topic");

        Future<RecordMetadata> last = null;
        var producing = settings("compression.type", codec, "linger.ms", 5, "enable.idempotence", true, "acks", "all");
        try (var producer = new KafkaProducer<>(producing, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < COUNT; i++) last = producer.send(record(topic, i));
        }
        require(last.get().offset() == COUNT - 1, codec + ": the last offset");

        require(offset(admin, at, OffsetSpec.latest()) == COUNT, codec + ": latest");
        require(offset(admin, at, OffsetSpec.forTimestamp(FIRST_MS + 700)) == 700, codec + ": by time");
        consume(codec, at);
        admin.deleteRecords(Map.of(at, RecordsToDelete.beforeOffset(100))).all().get();
        require(offset(admin, at, OffsetSpec.earliest()) == 100, codec + ": earliest after the deletion");
    }

    static long offset(Admin admin, TopicPartition at, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(at, spec)).partitionResult(at).get().offset();
    }

    static void consume(String codec, TopicPartition at) {
        try (var consumer = new KafkaConsumer<>(settings(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(at));
            consumer.seek(at, 0);
            for (int seen = 0; seen < COUNT; ) {
                var polled = consumer.poll(Duration.ofSeconds(10));
                require(!polled.isEmpty(), codec + ": nothing more after " + seen);
                for (var got : polled) {
                    var sent = record(at.topic(), seen);
                    boolean same = got.offset() == seen && Arrays.equals(got.key(), sent.key())
                        && Arrays.equals(got.value(), sent.value()) && got.headers().equals(sent.headers())
                        && got.timestamp() == sent.timestamp();
                    require(same, codec + ": record at " + seen);
                    seen++;
                }
            }
        }
    }
}
