// franz: franz-go against one node: an idempotent producer with each codec, a consumer by partition, offsets by time.
//
//	franz HOST:PORT
//
// Prints "done" when every record came back as it was sent.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const count = 3000

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

func record(topic string, number int) *kgo.Record {
	one := &kgo.Record{
		Topic:     topic,
		Timestamp: start.Add(time.Duration(number) * time.Millisecond),
		Value:     []byte(fmt.Sprintf("value %d %s", number, bytes.Repeat([]byte("x"), number%700))),
	}
	if number%4 != 0 {
		one.Key = []byte(fmt.Sprintf("key %d", number))
		one.Headers = []kgo.RecordHeader{{Key: "number", Value: []byte(fmt.Sprint(number))}}
	}
	return one
}

func equal(got, sent *kgo.Record) bool {
	if len(got.Headers) != len(sent.Headers) || !bytes.Equal(got.Key, sent.Key) || !bytes.Equal(got.Value, sent.Value) {
		return false
	}
	for i := range got.Headers {
		if got.Headers[i].Key != sent.Headers[i].Key || !bytes.Equal(got.Headers[i].Value, sent.Headers[i].Value) {
			return false
		}
	}
	return got.Timestamp.Equal(sent.Timestamp)
}

func produce(ctx context.Context, address, topic string, codec kgo.CompressionCodec) {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.AllowAutoTopicCreation(), kgo.ProducerBatchCompression(codec),
		kgo.ProducerLinger(5*time.Millisecond))
	check(err, "client")
	defer client.Close()
	for number := range count {
		client.Produce(ctx, record(topic, number), func(_ *kgo.Record, err error) { check(err, topic) })
	}
	check(client.Flush(ctx), "flush")
}

// consume reads from an offset and expects the records from `first` on.
func consume(ctx context.Context, address, topic string, from kgo.Offset, first int) {
	client, err := kgo.NewClient(kgo.SeedBrokers(address),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: from}}))
	check(err, "client")
	defer client.Close()
	for next := first; next < count; {
		fetches := client.PollFetches(ctx)
		check(fetches.Err(), "poll")
		fetches.EachRecord(func(got *kgo.Record) {
			require(got.Offset == int64(next) && equal(got, record(topic, next)), "%s: record %d at %d", topic, next, got.Offset)
			next++
		})
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	for name, codec := range codecs {
		topic := "franz-" + name
		produce(ctx, os.Args[1], topic, codec)
		consume(ctx, os.Args[1], topic, kgo.NewOffset().AtStart(), 0)
		consume(ctx, os.Args[1], topic, kgo.NewOffset().At(1000), 1000)
		consume(ctx, os.Args[1], topic, kgo.NewOffset().AfterMilli(start.Add(2*time.Second).UnixMilli()), 2000)
	}
	fmt.Println("done")
}
