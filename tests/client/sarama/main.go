// sarama: IBM's sarama against one node: admin calls, an idempotent producer with each codec, a consumer by partition,
// offsets at the ends and by time.
//
//	sarama HOST:PORT
//
// Prints "done" when every record came back as it was sent.
package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
)

const count = 2000

var start = time.Now().Add(-time.Hour).Truncate(time.Millisecond)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func require(holds bool, what string, about ...any) {
	if !holds {
		check(fmt.Errorf(what, about...), "not as it should be")
	}
}

func settings(codec sarama.CompressionCodec) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Idempotent = true
	config.Producer.Compression = codec
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Net.MaxOpenRequests = 1
	return config
}

func key(number int) []byte {
	if number%4 == 0 {
		return nil
	}
	return []byte(fmt.Sprintf("key %d", number))
}

func value(number int) []byte {
	return []byte(fmt.Sprintf("value %d %s", number, bytes.Repeat([]byte("x"), number%700)))
}

func produce(address, topic string, codec sarama.CompressionCodec) {
	producer, err := sarama.NewSyncProducer([]string{address}, settings(codec))
	check(err, "producer")
	defer func() { check(producer.Close(), "close") }()
	for first := 0; first < count; first += 500 {
		var batch []*sarama.ProducerMessage
		for number := first; number < first+500; number++ {
			one := &sarama.ProducerMessage{Topic: topic, Timestamp: start.Add(time.Duration(number) * time.Millisecond),
				Value:   sarama.ByteEncoder(value(number)),
				Headers: []sarama.RecordHeader{{Key: []byte("number"), Value: []byte(fmt.Sprint(number))}}}
			if named := key(number); named != nil {
				one.Key = sarama.ByteEncoder(named)
			}
			batch = append(batch, one)
		}
		check(producer.SendMessages(batch), topic)
		require(batch[499].Offset == int64(first+499), "%s: offset %d of %d", topic, batch[499].Offset, first+499)
	}
}

func consume(client sarama.Client, topic string, from int64) {
	consumer, err := sarama.NewConsumerFromClient(client)
	check(err, "consumer")
	partition, err := consumer.ConsumePartition(topic, 0, from)
	check(err, "partition")
	for next := int(from); next < count; next++ {
		select {
		case got := <-partition.Messages():
			same := got.Offset == int64(next) && bytes.Equal(got.Key, key(next)) && bytes.Equal(got.Value, value(next)) &&
				got.Timestamp.Equal(start.Add(time.Duration(next)*time.Millisecond)) && len(got.Headers) == 1
			require(same, "%s: record %d at %d", topic, next, got.Offset)
		case err := <-partition.Errors():
			check(err, topic)
		case <-time.After(10 * time.Second):
			require(false, "%s: nothing more at %d", topic, next)
		}
	}
	check(partition.Close(), "close")
}

func alter(admin sarama.ClusterAdmin) {
	check(admin.CreatePartitions("sarama", 5, nil, false), "more partitions")
	require(admin.CreatePartitions("sarama", 4, nil, false) != nil, "fewer partitions")
	short := "60000"
	entry := map[string]sarama.IncrementalAlterConfigsEntry{
		"segment.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &short}}
	check(admin.IncrementalAlterConfig(sarama.TopicResource, "sarama", entry, false), "config")
	told, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: "sarama",
		ConfigNames: []string{"segment.ms", "retention.ms"}})
	check(err, "configs")
	require(len(told) == 2, "configs %v", told)
	for _, one := range told {
		require(one.Value == map[string]string{"segment.ms": short, "retention.ms": "3600000"}[one.Name], "config %v", one)
	}
	directories, err := admin.DescribeLogDirs([]int32{1})
	check(err, "log directories")
	require(len(directories[1]) == 1 && directories[1][0].ErrorCode == sarama.ErrNoError, "directories %v", directories)
	_, err = admin.DescribeClientQuotas([]sarama.QuotaFilterComponent{}, false)
	check(err, "quotas")
}

func administer(address string) {
	admin, err := sarama.NewClusterAdmin([]string{address}, settings(sarama.CompressionNone))
	check(err, "admin")
	defer func() { check(admin.Close(), "close") }()
	keep := "3600000"
	detail := &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &keep}}
	check(admin.CreateTopic("sarama", detail, false), "create")
	require(admin.CreateTopic("sarama", detail, false) != nil, "created twice")
	topics, err := admin.ListTopics()
	check(err, "list")
	require(topics["sarama"].NumPartitions == 3 && *topics["sarama"].ConfigEntries["retention.ms"] == keep, "listed as %v", topics)
	brokers, _, err := admin.DescribeCluster()
	check(err, "cluster")
	require(len(brokers) == 1 && brokers[0].Addr() == address, "brokers %v", brokers)
	described, err := admin.DescribeTopics([]string{"sarama"})
	check(err, "describe")
	require(len(described[0].Partitions) == 3, "described %v", described)
	alter(admin)
	check(admin.DeleteTopic("sarama"), "delete")
}

func main() {
	address := os.Args[1]
	administer(address)
	for name, codec := range map[string]sarama.CompressionCodec{"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP,
		"snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD} {
		topic := "sarama-" + name
		produce(address, topic, codec)
		client, err := sarama.NewClient([]string{address}, settings(codec))
		check(err, "client")
		for _, at := range []struct{ when, want int64 }{{sarama.OffsetOldest, 0}, {sarama.OffsetNewest, count},
			{start.UnixMilli() + 1000, 1000}, {start.UnixMilli() + 10*count, -1}} {
			offset, err := client.GetOffset(topic, 0, at.when)
			check(err, "offset")
			require(offset == at.want, "%s: offset %d for %d", topic, offset, at.when)
		}
		consume(client, topic, 0)
		consume(client, topic, 1500)
		check(client.Close(), "close")
	}
	fmt.Println("done")
}
