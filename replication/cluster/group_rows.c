/* replication/cluster/group_rows.c   The configs of groups (KIP-848, KIP-932, KIP-1071) and of subscriptions to client
 * metrics (KIP-714), one row each: Kafka 4.3.1's names, types, defaults and bounds. What stands behind a group's config
 * is the broker's with "group." before the name. */
#include "cluster/group_rows.h"

#define GROUP   SETTING_GROUP
#define METRICS SETTING_CLIENT_METRICS
#define UNIQUE  SETTING_NO_DUPLICATES
#define LEAST   SETTING_LEAST
#define MOST    SETTING_MOST

#define MEMBER_BOOL   truth
#define MEMBER_INT    whole
#define MEMBER_STRING text
#define MEMBER_LIST   list

#define ROW(name, type, fallback, least, most, choices, scope, doc) \
    SETTING(resource_values, MEMBER_##type, name, SETTING_##type, fallback, least, most, choices, (scope), doc)

/* clang-format off */
static const struct setting groups[] = {
    ROW("consumer.assignment.interval.ms", INT, "1000", 0, MOST, NULL, GROUP,
        "least time between two assignments"),
    ROW("consumer.heartbeat.interval.ms", INT, "5000", 1, MOST, NULL, GROUP,
        "how often members tell that they live"),
    ROW("consumer.session.timeout.ms", INT, "45000", 1, MOST, NULL, GROUP,
        "after how long without a heartbeat a member is gone"),
    ROW("share.assignment.interval.ms", INT, "1000", 0, MOST, NULL, GROUP,
        "least time between two assignments of a share group"),
    ROW("share.auto.offset.reset", STRING, "latest", LEAST, MOST, NULL, GROUP,
        "where a share group begins: latest, earliest, by_duration:PnDTnHnMn.nS"),
    ROW("share.delivery.count.limit", INT, "5", 2, MOST, NULL, GROUP,
        "how often a record is delivered"),
    ROW("share.heartbeat.interval.ms", INT, "5000", 1, MOST, NULL, GROUP,
        "how often members of a share group tell that they live"),
    ROW("share.isolation.level", STRING, "read_uncommitted", LEAST, MOST, "read_committed, read_uncommitted", GROUP,
        "whether a share group reads records of open transactions"),
    ROW("share.partition.max.record.locks", INT, "2000", 100, MOST, NULL, GROUP,
        "records of a partition that may be on their way"),
    ROW("share.record.lock.duration.ms", INT, "30000", 1000, MOST, NULL, GROUP,
        "how long a record is kept for who fetched it"),
    ROW("share.renew.acknowledge.enable", BOOL, "true", LEAST, MOST, NULL, GROUP,
        "whether that time can be renewed"),
    ROW("share.session.timeout.ms", INT, "45000", 1, MOST, NULL, GROUP,
        "after how long without a heartbeat a member of a share group is gone"),
    ROW("streams.assignment.interval.ms", INT, "1000", 0, MOST, NULL, GROUP,
        "least time between two assignments of a streams group"),
    ROW("streams.heartbeat.interval.ms", INT, "5000", 1, MOST, NULL, GROUP,
        "how often members of a streams group tell that they live"),
    ROW("streams.initial.rebalance.delay.ms", INT, "3000", 0, MOST, NULL, GROUP,
        "how long a new streams group waits for its members"),
    ROW("streams.num.standby.replicas", INT, "0", 0, MOST, NULL, GROUP,
        "spare copies of each task's state"),
    ROW("streams.session.timeout.ms", INT, "45000", 1, MOST, NULL, GROUP,
        "after how long without a heartbeat a member of a streams group is gone"),
};

static const struct setting metrics[] = {
    ROW("interval.ms", INT, "300000", LEAST, MOST, NULL, METRICS,
        "how often a client pushes its metrics"),
    ROW("match", LIST, "", LEAST, MOST, NULL, METRICS | UNIQUE,
        "which clients: name=pattern, ..."),
    ROW("metrics", LIST, "", LEAST, MOST, NULL, METRICS | UNIQUE,
        "prefixes of the metrics that are asked for"),
};
/* clang-format on */

const struct setting_table group_table = { .rows = groups, .row_count = array_count(groups) };
const struct setting_table metrics_table = { .rows = metrics, .row_count = array_count(metrics) };
