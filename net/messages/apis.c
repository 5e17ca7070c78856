/* net/messages/apis.c   The rows, in order of their keys. */
#include "messages/apis.h"

#include "base/check.h"
#include "base/codec.h"
#include "messages/api_versions.h"
#include "messages/create_topics.h"
#include "messages/delete_records.h"
#include "messages/delete_topics.h"
#include "messages/describe_cluster.h"
#include "messages/describe_configs.h"
#include "messages/fetch.h"
#include "messages/init_producer_id.h"
#include "messages/list_offsets.h"
#include "messages/metadata.h"
#include "messages/produce.h"

#define ROW(key, name, file, since, until, flexible_from)                                       \
    {                                                                                           \
        API_##key, since, until, flexible_from, name, &file##_ask_schema, &file##_answer_schema \
    }

/* clang-format off */
const struct api_row api_rows[] = {
    /*  key               name               file              since until flexible from */
    ROW(PRODUCE,          "Produce",         produce,          3,    13,   9),
    ROW(FETCH,            "Fetch",           fetch,            4,    18,   12),
    ROW(LIST_OFFSETS,     "ListOffsets",     list_offsets,     1,    11,   6),
    ROW(METADATA,         "Metadata",        metadata,         0,    13,   9),
    ROW(API_VERSIONS,     "ApiVersions",     api_versions,     0,    4,    3),
    ROW(CREATE_TOPICS,    "CreateTopics",    create_topics,    2,    7,    5),
    ROW(DELETE_TOPICS,    "DeleteTopics",    delete_topics,    1,    6,    4),
    ROW(DELETE_RECORDS,   "DeleteRecords",   delete_records,   0,    2,    2),
    ROW(INIT_PRODUCER_ID, "InitProducerId",  init_producer_id, 0,    5,    2),
    ROW(DESCRIBE_CONFIGS, "DescribeConfigs", describe_configs, 1,    4,    4),
    ROW(DESCRIBE_CLUSTER, "DescribeCluster", describe_cluster, 0,    2,    0),
};
/* clang-format on */
const size_t api_row_count = array_count(api_rows);

const struct api_row *api_find(int16_t key)
{
    for (size_t i = 0; i < api_row_count; i++) {
        if (api_rows[i].key == key) return &api_rows[i];
    }
    return NULL;
}

bool api_flexible(const struct api_row *row, int16_t version)
{
    return version >= row->flexible_from;
}

int16_t api_ask_header(const struct api_row *row, int16_t version)
{
    return api_flexible(row, version) ? 2 : 1;
}

int16_t api_answer_header(const struct api_row *row, int16_t version)
{
    /* A client that asks in a version unknown here must be able to read that it is unknown. */
    if (row->key == API_API_VERSIONS) return 0;
    return api_flexible(row, version) ? 1 : 0;
}
