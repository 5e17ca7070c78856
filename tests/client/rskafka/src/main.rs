//! rskafka against one node: a topic, records with each codec, read back by partition, offsets at the ends and by time, records
//! deleted.
//!
//!     rskafka-client HOST:PORT
//!
//! Prints "done" when every record came back as it was sent.
use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Timelike, Utc};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::ClientBuilder;
use rskafka::record::Record;

const COUNT: i64 = 2000;
const STEP: i64 = 500;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn record(start: DateTime<Utc>, number: i64) -> Record {
    Record {
        key: (number % 4 != 0).then(|| format!("key {number}").into_bytes()),
        value: (number % 10 != 9).then(|| format!("value {number} {}", "x".repeat(number as usize % 700)).into_bytes()),
        headers: BTreeMap::from([("number".to_owned(), number.to_string().into_bytes())]),
        timestamp: start + Duration::milliseconds(number),
    }
}

async fn produce(partition: &PartitionClient, start: DateTime<Utc>, codec: Compression) -> Outcome<()> {
    for first in (0..COUNT).step_by(STEP as usize) {
        let batch = (first..first + STEP).map(|number| record(start, number)).collect();
        let offsets = partition.produce(batch, codec).await?;
        assert_eq!(offsets, (first..first + STEP).collect::<Vec<_>>(), "offsets of the answer");
    }
    Ok(())
}

async fn consume(partition: &PartitionClient, start: DateTime<Utc>, from: i64) -> Outcome<()> {
    let mut next = from;
    while next < COUNT {
        let (records, high_watermark) = partition.fetch_records(next, 1..1_000_000, 5000).await?;
        assert!(!records.is_empty(), "nothing more at {next}");
        assert_eq!(high_watermark, COUNT, "high watermark");
        for got in records.into_iter().filter(|got| got.offset >= from) {
            assert_eq!(got.offset, next, "offset");
            assert_eq!(got.record, record(start, next), "record at {next}");
            next += 1;
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let address = std::env::args().nth(1).ok_or("rskafka-client HOST:PORT")?;
    let now = Utc::now() - Duration::hours(1);
    let start = now.with_nanosecond(now.timestamp_subsec_millis() * 1_000_000).ok_or("time")?;
    let client = ClientBuilder::new(vec![address]).build().await?;
    let controller = client.controller_client()?;
    let codecs = [
        ("none", Compression::NoCompression),
        ("gzip", Compression::Gzip),
        ("lz4", Compression::Lz4),
        ("snappy", Compression::Snappy),
        ("zstd", Compression::Zstd),
    ];
    for (name, codec) in codecs {
        let topic = format!("rskafka-{name}");
        controller.create_topic(topic.as_str(), 1, 1, 5000).await?;
        assert!(controller.create_topic(topic.as_str(), 1, 1, 5000).await.is_err(), "created twice");
        let partition = client.partition_client(topic.as_str(), 0, UnknownTopicHandling::Retry).await?;
        produce(&partition, start, codec).await?;
        consume(&partition, start, 0).await?;
        consume(&partition, start, 1234).await?;
        assert_eq!(partition.get_offset(OffsetAt::Earliest).await?, 0);
        assert_eq!(partition.get_offset(OffsetAt::Latest).await?, COUNT);
        assert_eq!(partition.get_offset(OffsetAt::Timestamp(start + Duration::milliseconds(700))).await?, 700);
        partition.delete_records(100, 5000).await?;
        assert_eq!(partition.get_offset(OffsetAt::Earliest).await?, 100);
    }
    assert_eq!(client.list_topics().await?.len(), codecs.len());
    controller.delete_topic("rskafka-none", 5000).await?;
    println!("done");
    Ok(())
}
