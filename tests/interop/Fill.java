import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills a broker with a fixed set of records, and writes down what a reader finds in it, so that two brokers can be compared.
 *
 * Fill BOOTSTRAP topics          makes the topics
 * Fill BOOTSTRAP records         records of every codec, in many segments
 * Fill BOOTSTRAP transactions    committed and aborted transactions, and the offsets of groups (a broker that has these)
 * Fill BOOTSTRAP more            further records
 * Fill BOOTSTRAP open            a transaction that stays open
 * Fill BOOTSTRAP read FILE       every record into FILE: topic, partition, offset, timestamp, key, CRC-32 of the value, and c when
 *                                a reader of committed records sees it, else a; at the end of a partition: "end", its end
 * Several commands may follow each other. Records, timestamps and batch borders are always the same.
 */
public class Fill {
    static final long FIRST_MS = 1700000000000L;
    static final List<String> TOPICS = List.of("plain", "gzip", "snappy", "lz4", "zstd", "roll", "tx");

    static String bootstrap;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        for (int i = 1; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "topics" -> topics();
                case "records" -> records();
                case "transactions" -> transactions();
                case "more" -> more();
                case "open" -> transaction("tx-c", 14, 3, "open");
                case "read" -> read(arguments[++i]);
                default -> throw new IllegalArgumentException(arguments[i]);
            }
        }
        System.out.println("done");
        Runtime.getRuntime().halt(0); // a transaction that stays open must not be closed politely
    }

    static Map<String, Object> settings(Object... more) {
        Map<String, Object> all = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "client.id", "fill"));
        for (int i = 0; i < more.length; i += 2) all.put((String) more[i], more[i + 1]);
        return all;
    }

    /** One at a time: a fixed order in the metadata log. */
    static void topics() throws Exception {
        try (Admin admin = Admin.create(settings())) {
            for (String name : TOPICS) {
                NewTopic topic = new NewTopic(name, name.equals("plain") ? 2 : 1, (short) 1);
                if (name.equals("roll")) topic.configs(Map.of("segment.bytes", "1048576"));
                admin.createTopics(List.of(topic)).all().get();
            }
        }
    }

    static void records() throws Exception {
        send("none", "plain", 0, 0, 200, 100);
        send("none", "plain", 1, 0, 50, 100);
        for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) send(codec, codec, 0, 0, 200, 100);
        send("none", "roll", 0, 0, 1500, 1000);
    }

    static void more() throws Exception {
        send("none", "plain", 0, 200, 100, 100);
        send("lz4", "lz4", 0, 200, 100, 100);
        send("none", "roll", 0, 1500, 700, 1000);
    }

    static void transactions() throws Exception {
        transaction("tx-a", 0, 5, "commit");
        transaction("tx-a", 5, 4, "abort");
        transaction("tx-b", 9, 3, "commit");
        transaction("tx-b", 12, 2, "abort");
        group("classic", "group-classic");
        group("consumer", "group-consumer");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ProducerRecord<byte[], byte[]> record(String topic, int partition, int number, int size) {
        StringBuilder value = new StringBuilder(topic + "-" + partition + "-" + number + ":");
        while (value.length() < size) value.append((char) ('a' + (number * 7 + value.length()) % 26));
        return new ProducerRecord<>(topic, partition, FIRST_MS + number * 1000L, bytes("k" + number), bytes(value.toString()));
    }

    static KafkaProducer<byte[], byte[]> producer(Object... more) {
        return new KafkaProducer<>(settings(more), new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Ten records to a batch: one flush is one batch. */
    static void send(String codec, String topic, int partition, int first, int count, int size) throws Exception {
        try (var producer = producer("compression.type", codec, "linger.ms", 1000)) {
            for (int i = first; i < first + count; i++) {
                var sent = producer.send(record(topic, partition, i, size));
                if (i % 10 != 9) continue;
                producer.flush();
                sent.get();
            }
        }
    }

    static void transaction(String id, int first, int count, String end) throws Exception {
        var producer = producer("transactional.id", id, "linger.ms", 1000, "transaction.timeout.ms", 600000);
        producer.initTransactions();
        producer.beginTransaction();
        for (int i = first; i < first + count; i++) producer.send(record("tx", 0, i, 50));
        producer.flush();
        if (end.equals("open")) return;
        if (end.equals("commit")) producer.commitTransaction();
        else producer.abortTransaction();
        producer.close();
        Thread.sleep(300); // the next initTransactions finds it completed
    }

    static void group(String protocol, String group) {
        var more = List.of("group.id", group, "group.protocol", protocol, "auto.offset.reset", "earliest", "enable.auto.commit",
            "false", "max.poll.records", "10");
        try (var consumer = consumer(new ArrayList<>(more).toArray())) {
            consumer.subscribe(List.of("zstd"));
            for (int got = 0, tries = 0; got == 0 && tries < 100; tries++) got = consumer.poll(Duration.ofMillis(200)).count();
            consumer.commitSync(Map.of(new TopicPartition("zstd", 0), new OffsetAndMetadata(10)));
        }
    }

    /** Closing waits for the fetch that is out. */
    static KafkaConsumer<byte[], byte[]> consumer(Object... more) {
        Map<String, Object> all = settings(more);
        all.put("fetch.max.wait.ms", 20);
        return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static Map<Long, ConsumerRecord<byte[], byte[]>> find(TopicPartition partition, String isolation) {
        Map<Long, ConsumerRecord<byte[], byte[]>> found = new TreeMap<>();
        try (var consumer = consumer("isolation.level", isolation)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long limit = consumer.endOffsets(List.of(partition)).get(partition);
            long deadline = System.currentTimeMillis() + 30000;
            while (consumer.position(partition) < limit) {
                if (System.currentTimeMillis() > deadline) throw new IllegalStateException(partition + " ends before " + limit);
                consumer.poll(Duration.ofMillis(200)).forEach(record -> found.put(record.offset(), record));
            }
        }
        return found;
    }

    static void read(String file) throws Exception {
        try (Admin admin = Admin.create(settings()); PrintWriter out = new PrintWriter(file, StandardCharsets.UTF_8)) {
            var described = admin.describeTopics(TOPICS).allTopicNames().get();
            for (String topic : TOPICS) {
                for (int i = 0; i < described.get(topic).partitions().size(); i++) {
                    read(admin, new TopicPartition(topic, i), out);
                }
            }
        }
    }

    static void read(Admin admin, TopicPartition at, PrintWriter out) throws Exception {
        long end = admin.listOffsets(Map.of(at, OffsetSpec.latest())).partitionResult(at).get().offset();
        Set<Long> committed = find(at, "read_committed").keySet();
        for (var record : find(at, "read_uncommitted").values()) {
            CRC32 crc = new CRC32();
            crc.update(record.value());
            out.printf("%s\t%d\t%d\t%d\t%s\t%08x\t%s%n", at.topic(), at.partition(), record.offset(), record.timestamp(),
                new String(record.key(), StandardCharsets.UTF_8), crc.getValue(), committed.contains(record.offset()) ? "c" : "a");
        }
        out.printf("%s\t%d\tend\t%d%n", at.topic(), at.partition(), end);
    }
}
