import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;

/**
 * What the console UIs around Kafka ask on their pages (kafbat's kafka-ui with this very client; Redpanda Console and
 * AKHQ by the same requests), but for groups and access control. One line each: page <tab> call <tab> what came back.
 *
 * Consoles BOOTSTRAP
 */
public class Consoles {
    static Admin admin;

    static void ask(String page, String call, Callable<Object> asked) {
        String said;
        try {
            said = String.valueOf(asked.call());
        } catch (ExecutionException refused) {
            said = refused.getCause().getClass().getSimpleName() + ": " + refused.getCause().getMessage();
        } catch (Exception wrong) {
            said = wrong.getClass().getSimpleName() + ": " + wrong.getMessage();
        }
        System.out.println(page + "\t" + call + "\t" + said.replace('\n', ' '));
    }

    static String config(Config config) {
        TreeMap<String, String> rows = new TreeMap<>();
        for (ConfigEntry one : config.entries()) {
            List<String> synonyms = new ArrayList<>();
            for (ConfigEntry.ConfigSynonym synonym : one.synonyms())
                synonyms.add(synonym.name() + "=" + synonym.value() + "@" + synonym.source());
            rows.put(one.name(),
                one.value() + " " + one.source() + " " + one.type() + (one.isReadOnly() ? " read-only" : "")
                    + (one.isSensitive() ? " sensitive" : "") + " " + synonyms
                    + (one.documentation() == null ? "" : " documented"));
        }
        return rows.toString();
    }

    static ConfigResource topic(String name) {
        return new ConfigResource(ConfigResource.Type.TOPIC, name);
    }

    static ConfigResource broker(String name) {
        return new ConfigResource(ConfigResource.Type.BROKER, name);
    }

    static Object alter(ConfigResource of, String name, String value, AlterConfigOp.OpType how) throws Exception {
        return admin.incrementalAlterConfigs(Map.of(of, List.of(new AlterConfigOp(new ConfigEntry(name, value), how))))
            .all()
            .get();
    }

    /* A broker hears of a change a moment after it was made. */
    static Object settled(ConfigResource of, String name, String value) throws Exception {
        for (int i = 0;; i++) {
            ConfigEntry one = admin.describeConfigs(List.of(of)).all().get().get(of).get(name);
            if (value.equals(one.value()) || i == 100) return config(new Config(List.of(one)));
            Thread.sleep(50);
        }
    }

    static Object offsets(String name, int partition, OffsetSpec spec) throws Exception {
        ListOffsetsResult.ListOffsetsResultInfo found =
            admin.listOffsets(Map.of(new TopicPartition(name, partition), spec))
                .all()
                .get()
                .get(new TopicPartition(name, partition));
        return found.offset() + " " + (found.timestamp() > 0 ? "TIME" : found.timestamp()) + " " + found.leaderEpoch();
    }

    static Object described(String name) throws Exception {
        TopicDescription told =
            admin.describeTopics(List.of(name), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .allTopicNames()
                .get()
                .get(name);
        return told.name() + " " + told.isInternal() + " " + told.partitions() + " "
            + new TreeSet<>(told.authorizedOperations());
    }

    static Object grown(String name, int partitions) throws Exception {
        for (int i = 0; i < 100; i++) {
            if (admin.describeTopics(List.of(name)).allTopicNames().get().get(name).partitions().size() == partitions) break;
            Thread.sleep(50);
        }
        return described(name);
    }

    static Object logDirs(Collection<Integer> brokers) throws Exception {
        TreeMap<String, Object> rows = new TreeMap<>();
        for (Map<String, LogDirDescription> dirs : admin.describeLogDirs(brokers).allDescriptions().get().values()) {
            for (LogDirDescription dir : dirs.values()) {
                dir.replicaInfos().forEach((partition, info) -> {
                    if (!partition.topic().startsWith("__"))
                        rows.put(
                            partition.toString(), (info.size() > 0) + " " + info.offsetLag() + " " + info.isFuture());
                });
                rows.put("", dir.error() + " " + (dir.totalBytes().orElse(0) > dir.usableBytes().orElse(0)));
            }
        }
        return rows;
    }

    static void cluster() {
        ask("cluster", "describeCluster",
            ()
                -> admin.describeCluster().nodes().get().size() + " " + admin.describeCluster().controller().get().id()
                + " "
                + admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true))
                      .authorizedOperations()
                      .get()
                      .stream()
                      .sorted()
                      .toList());
        ask("cluster", "describeFeatures", () -> {
            FeatureMetadata features = admin.describeFeatures().featureMetadata().get();
            return features.finalizedFeatures().get("metadata.version") + " "
                + features.supportedFeatures().get("metadata.version");
        });
        ask("cluster", "describeMetadataQuorum", () -> {
            QuorumInfo quorum = admin.describeMetadataQuorum().quorumInfo().get();
            return quorum.leaderId() + " " + quorum.voters().size() + " " + quorum.observers().size() + " "
                + (quorum.highWatermark() > 0);
        });
        ask("brokers", "describeConfigs of the broker", () -> {
            Config all = admin
                             .describeConfigs(List.of(broker("1")),
                                 new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true))
                             .all()
                             .get()
                             .get(broker("1"));
            TreeMap<String, String> some = new TreeMap<>();
            for (String name : List.of("log.retention.ms", "message.max.bytes", "num.partitions", "compression.type",
                     "auto.create.topics.enable", "log.cleanup.policy", "delete.topic.enable", "log.segment.bytes"))
                some.put(name, config(new Config(List.of(all.get(name)))));
            return some;
        });
        ask("brokers", "describeConfigs of a broker that is not there",
            () -> config(admin.describeConfigs(List.of(broker("one"))).all().get().get(broker("one"))));
        ask("brokers", "describeLogDirs", () -> logDirs(List.of(1)));
        ask("brokers", "incrementalAlterConfigs of the broker",
            () -> alter(broker("1"), "log.retention.ms", "86400000", AlterConfigOp.OpType.SET));
        ask("brokers", "what it is then", () -> settled(broker("1"), "log.retention.ms", "86400000"));
        ask("brokers", "incrementalAlterConfigs back",
            () -> alter(broker("1"), "log.retention.ms", null, AlterConfigOp.OpType.DELETE));
        ask("brokers", "incrementalAlterConfigs of what is read-only",
            () -> alter(broker("1"), "num.io.thread", "3", AlterConfigOp.OpType.SET));
        ask("brokers", "alterReplicaLogDirs",
            () -> admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica("none", 0, 1), "/nowhere")).all().get());
    }

    static void topics() {
        ask("topics", "createTopics",
            ()
                -> admin
                       .createTopics(List.of(new NewTopic("seen", Optional.of(2), Optional.empty())
                                                 .configs(Map.of("retention.ms", "60000"))))
                       .all()
                       .get());
        ask("topics", "createTopics again",
            () -> admin.createTopics(List.of(new NewTopic("seen", 2, (short) 1))).all().get());
        ask("topics", "createTopics, validated only",
            ()
                -> admin
                       .createTopics(
                           List.of(new NewTopic("maybe", 2, (short) 1)), new CreateTopicsOptions().validateOnly(true))
                       .all()
                       .get());
        ask("topics", "createTopics with a bad name",
            () -> admin.createTopics(List.of(new NewTopic("a b", 2, (short) 1))).all().get());
        ask("topics", "createTopics with two replicas",
            () -> admin.createTopics(List.of(new NewTopic("two", 1, (short) 2))).all().get());
        ask("topics", "listTopics",
            () -> new TreeSet<>(admin.listTopics(new ListTopicsOptions().listInternal(false)).names().get()));
        ask("topics", "describeTopics", () -> described("seen"));
        ask("topics", "describeTopics of none", () -> described("none"));
        ask("topics", "describeConfigs of the topic",
            ()
                -> config(
                    new Config(admin
                                   .describeConfigs(List.of(topic("seen")),
                                       new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true))
                                   .all()
                                   .get()
                                   .get(topic("seen"))
                                   .entries()
                                   .stream()
                                   .filter(one -> !one.name().equals("min.insync.replicas"))
                                   .toList())));
        ask("topics", "describeConfigs of none",
            () -> config(admin.describeConfigs(List.of(topic("none"))).all().get().get(topic("none"))));
        ask("topics", "incrementalAlterConfigs",
            () -> alter(topic("seen"), "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND));
        ask("topics", "incrementalAlterConfigs out of bounds",
            () -> alter(topic("seen"), "segment.bytes", "1", AlterConfigOp.OpType.SET));
        ask("topics", "incrementalAlterConfigs of none",
            () -> alter(topic("none"), "segment.ms", "100", AlterConfigOp.OpType.SET));
        ask("topics", "createPartitions",
            () -> admin.createPartitions(Map.of("seen", NewPartitions.increaseTo(3))).all().get());
        ask("topics", "createPartitions, fewer",
            () -> admin.createPartitions(Map.of("seen", NewPartitions.increaseTo(1))).all().get());
        ask("topics", "describeTopics then", () -> grown("seen", 3));
    }

    static void messages() {
        ask("messages", "listOffsets, earliest", () -> offsets("held", 0, OffsetSpec.earliest()));
        ask("messages", "listOffsets, latest", () -> offsets("held", 0, OffsetSpec.latest()));
        ask("messages", "listOffsets, by time", () -> offsets("held", 0, OffsetSpec.forTimestamp(1)));
        ask("messages", "listOffsets, of tomorrow",
            () -> offsets("held", 0, OffsetSpec.forTimestamp(System.currentTimeMillis() + 86400000)));
        ask("messages", "listOffsets, the largest time", () -> offsets("held", 0, OffsetSpec.maxTimestamp()));
        ask("messages", "listOffsets of a partition that is not there", () -> offsets("none", 0, OffsetSpec.latest()));
        ask("messages", "describeProducers", () -> {
            List<String> rows = new ArrayList<>();
            for (ProducerState one : admin.describeProducers(List.of(new TopicPartition("held", 0)))
                                         .all()
                                         .get()
                                         .get(new TopicPartition("held", 0))
                                         .activeProducers())
                rows.add(one.producerEpoch() + " " + one.lastSequence() + " " + one.coordinatorEpoch() + " "
                    + one.currentTransactionStartOffset());
            return rows;
        });
        ask("messages", "deleteRecords",
            ()
                -> admin.deleteRecords(Map.of(new TopicPartition("held", 0), RecordsToDelete.beforeOffset(1)))
                       .lowWatermarks()
                       .get(new TopicPartition("held", 0))
                       .get()
                       .lowWatermark());
        ask("messages", "deleteRecords, all",
            ()
                -> admin.deleteRecords(Map.of(new TopicPartition("held", 0), RecordsToDelete.beforeOffset(-1)))
                       .lowWatermarks()
                       .get(new TopicPartition("held", 0))
                       .get()
                       .lowWatermark());
        ask("messages", "deleteRecords behind the end",
            ()
                -> admin.deleteRecords(Map.of(new TopicPartition("held", 0), RecordsToDelete.beforeOffset(99)))
                       .all()
                       .get());
        ask("messages", "deleteTopics", () -> admin.deleteTopics(List.of("held")).all().get());
        ask("messages", "deleteTopics of none", () -> admin.deleteTopics(List.of("none")).all().get());
    }

    static void rest() {
        ask("reassignments", "listPartitionReassignments",
            () -> admin.listPartitionReassignments().reassignments().get());
        ask("reassignments", "alterPartitionReassignments",
            ()
                -> admin
                       .alterPartitionReassignments(
                           Map.of(new TopicPartition("seen", 0), Optional.of(new NewPartitionReassignment(List.of(1)))))
                       .all()
                       .get());
        ask("reassignments", "alterPartitionReassignments, cancelled",
            ()
                -> admin.alterPartitionReassignments(Map.of(new TopicPartition("seen", 0), Optional.empty()))
                       .all()
                       .get());
        ask("quotas", "describeClientQuotas",
            () -> admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get());
        ask("quotas", "describeClientQuotas of users",
            ()
                -> admin
                       .describeClientQuotas(
                           ClientQuotaFilter.contains(List.of(ClientQuotaFilterComponent.ofEntityType("user"))))
                       .entities()
                       .get());
        ask("users", "describeUserScramCredentials", () -> admin.describeUserScramCredentials().all().get());
        ask("users", "alterUserScramCredentials",
            ()
                -> admin
                       .alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(
                           "u", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), "secret")))
                       .all()
                       .get());
        ask("users", "describeUserScramCredentials then", () -> admin.describeUserScramCredentials().all().get());
        ask("users", "alterUserScramCredentials, removed",
            ()
                -> admin
                       .alterUserScramCredentials(
                           List.of(new UserScramCredentialDeletion("u", ScramMechanism.SCRAM_SHA_256)))
                       .all()
                       .get());
        ask("users", "alterUserScramCredentials, again",
            ()
                -> admin
                       .alterUserScramCredentials(
                           List.of(new UserScramCredentialDeletion("u", ScramMechanism.SCRAM_SHA_256)))
                       .all()
                       .get());
    }

    public static void main(String[] arguments) throws Exception {
        admin = Admin.create(
            Map.of("bootstrap.servers", arguments[0], "default.api.timeout.ms", 20000, "request.timeout.ms", 15000));
        cluster();
        topics();
        messages();
        rest();
        admin.close();
    }
}
