// segmentio: kafka-go against one node: topics, a writer with each codec, a reader by partition, offsets at the ends and by
// time.
//
//	segmentio HOST:PORT
//
// Prints "done" when every record came back as it was sent.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
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

func message(number int) kafka.Message {
	one := kafka.Message{Time: start.Add(time.Duration(number) * time.Millisecond),
		Value:   []byte(fmt.Sprintf("value %d %s", number, bytes.Repeat([]byte("x"), number%700))),
		Headers: []kafka.Header{{Key: "number", Value: []byte(fmt.Sprint(number))}}}
	if number%4 != 0 {
		one.Key = []byte(fmt.Sprintf("key %d", number))
	}
	return one
}

func produce(ctx context.Context, address, topic string, codec kafka.Compression) {
	writer := &kafka.Writer{Addr: kafka.TCP(address), Topic: topic, Compression: codec, RequiredAcks: kafka.RequireAll,
		BatchSize: 500, BatchTimeout: 5 * time.Millisecond}
	for first := 0; first < count; first += 500 {
		var batch []kafka.Message
		for number := first; number < first+500; number++ {
			batch = append(batch, message(number))
		}
		check(writer.WriteMessages(ctx, batch...), topic)
	}
	check(writer.Close(), "close")
}

func consume(ctx context.Context, address, topic string, from int64) {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{address}, Topic: topic, Partition: 0, MaxWait: 100 * time.Millisecond})
	check(reader.SetOffset(from), "offset")
	for next := from; next < count; next++ {
		got, err := reader.ReadMessage(ctx)
		check(err, topic)
		sent := message(int(next))
		same := got.Offset == next && bytes.Equal(got.Key, sent.Key) && bytes.Equal(got.Value, sent.Value) &&
			got.Time.Equal(sent.Time) && len(got.Headers) == 1 && bytes.Equal(got.Headers[0].Value, sent.Headers[0].Value)
		require(same, "%s: record %d at %d", topic, next, got.Offset)
	}
	check(reader.Close(), "close")
}

func offsets(ctx context.Context, address, topic string) {
	conn, err := kafka.DialLeader(ctx, "tcp", address, topic, 0)
	check(err, "leader")
	first, last, err := conn.ReadOffsets()
	check(err, "offsets")
	require(first == 0 && last == count, "%s: offsets %d to %d", topic, first, last)
	found, err := conn.ReadOffset(start.Add(time.Second))
	check(err, "offset by time")
	require(found == 1000, "%s: offset %d by time", topic, found)
	check(conn.Close(), "close")
}

func create(ctx context.Context, client *kafka.Client, topic string) {
	made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}}})
	check(err, "create")
	check(made.Errors[topic], "create "+topic)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	address := os.Args[1]
	client := &kafka.Client{Addr: kafka.TCP(address)}
	for name, codec := range map[string]kafka.Compression{"none": 0, "gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4,
		"zstd": kafka.Zstd} {
		topic := "segmentio-" + name
		create(ctx, client, topic)
		produce(ctx, address, topic, codec)
		offsets(ctx, address, topic)
		consume(ctx, address, topic, 0)
		consume(ctx, address, topic, 1500)
	}
	told, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	check(err, "metadata")
	require(len(told.Brokers) == 1 && len(told.Topics) == 5, "metadata %v", told)
	gone, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{"segmentio-none"}})
	check(err, "delete")
	check(gone.Errors["segmentio-none"], "delete")
	fmt.Println("done")
}
