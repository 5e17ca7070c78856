/* replication/cluster/record.c   The table of types, and the frame around a body. */
#include "cluster/record.h"

#include "base/check.h"

enum { FRAME_VERSION = 1 };

/* clang-format off */
#define ROW(type, member, name, version_min, version_max) \
    { name, &member##_record_schema, RECORD_##type, version_min, version_max }

const struct record_row record_rows[] = {
    /*  type                          member                        name                         versions */
    ROW(REGISTER_BROKER,              register_broker,              "RegisterBroker",            4, 4),
    ROW(UNREGISTER_BROKER,            unregister_broker,            "UnregisterBroker",          0, 0),
    ROW(TOPIC,                        topic,                        "Topic",                     0, 0),
    ROW(PARTITION,                    partition,                    "Partition",                 2, 2),
    ROW(CONFIG,                       config,                       "Config",                    0, 0),
    ROW(PARTITION_CHANGE,             partition_change,             "PartitionChange",           2, 2),
    ROW(FENCE_BROKER,                 fence_broker,                 "FenceBroker",               0, 0),
    ROW(UNFENCE_BROKER,               unfence_broker,               "UnfenceBroker",             0, 0),
    ROW(REMOVE_TOPIC,                 remove_topic,                 "RemoveTopic",               0, 0),
    ROW(DELEGATION_TOKEN,             delegation_token,             "DelegationToken",           0, 0),
    ROW(USER_SCRAM_CREDENTIAL,        user_scram_credential,        "UserScramCredential",       0, 0),
    ROW(FEATURE_LEVEL,                feature_level,                "FeatureLevel",              0, 0),
    ROW(CLIENT_QUOTA,                 client_quota,                 "ClientQuota",               0, 0),
    ROW(PRODUCER_IDS,                 producer_ids,                 "ProducerIds",               0, 0),
    ROW(BROKER_CHANGE,                broker_change,                "BrokerRegistrationChange",  0, 3),
    ROW(ACCESS_CONTROL_ENTRY,         access_control_entry,         "AccessControlEntry",        0, 0),
    ROW(REMOVE_ACCESS_CONTROL_ENTRY,  remove_access_control_entry,  "RemoveAccessControlEntry",  0, 0),
    ROW(NO_OP,                        no_op,                        "NoOp",                      0, 0),
    ROW(ZK_MIGRATION_STATE,           zk_migration_state,           "ZkMigrationState",          0, 0),
    ROW(REMOVE_USER_SCRAM_CREDENTIAL, remove_user_scram_credential, "RemoveUserScramCredential", 0, 0),
    ROW(BEGIN_TRANSACTION,            begin_transaction,            "BeginTransaction",          0, 0),
    ROW(END_TRANSACTION,              end_transaction,              "EndTransaction",            0, 0),
    ROW(ABORT_TRANSACTION,            abort_transaction,            "AbortTransaction",          0, 0),
    ROW(REMOVE_DELEGATION_TOKEN,      remove_delegation_token,      "RemoveDelegationToken",     0, 0),
    ROW(REGISTER_CONTROLLER,          register_controller,          "RegisterController",        0, 0),
    ROW(CLEAR_ELR,                    clear_elr,                    "ClearElr",                  0, 0),
};
/* clang-format on */
const size_t record_row_count = array_count(record_rows);

const struct record_row *record_row_find(int64_t type)
{
    for (size_t i = 0; i < record_row_count; i++) {
        if ((int64_t)record_rows[i].type == type) return &record_rows[i];
    }
    return NULL;
}

/* The members of the union begin at one place. */
static void *body_of(struct any_record *any)
{
    return &any->topic;
}

static const void *body_in(const struct any_record *any)
{
    return &any->topic;
}

static const struct record_row *row_of(const struct any_record *any)
{
    const struct record_row *row = record_row_find(any->type);

    invariant(row != NULL);
    return row;
}

static enum status frame_read(const uint8_t **at, const uint8_t *limit, uint32_t frame[3])
{
    for (int i = 0; i < 3; i++) {
        size_t size = varint_read_u32(*at, limit, &frame[i]);
        if (size == 0) return limit - *at < 5 ? STATUS_TRUNCATED : STATUS_MALFORMED;
        *at += size;
    }
    return frame[0] == FRAME_VERSION ? STATUS_OK : STATUS_UNSUPPORTED;
}

enum status record_read(struct bytes value, struct any_record *any, struct arena *arena)
{
    const uint8_t *at = value.data, *limit = value.data + value.size;
    uint32_t frame[3] = { 0 };

    enum status status = frame_read(&at, limit, frame);
    if (status != STATUS_OK) return status;

    const struct record_row *row = record_row_find(frame[1]);
    if (row == NULL || frame[2] > (uint32_t)row->version_max) return STATUS_UNSUPPORTED;

    any->type = row->type;
    any->version = (int16_t)frame[2];
    status = message_read(row->schema, any->version, true, &at, limit, body_of(any), arena);
    if (status != STATUS_OK) return status;
    return at == limit ? STATUS_OK : STATUS_MALFORMED;
}

void record_clear(struct any_record *any, enum record_type type)
{
    *any = (struct any_record){ .type = type };
    message_clear(row_of(any)->schema, body_of(any));
}

int16_t record_version(const struct any_record *any)
{
    const struct record_row *row = row_of(any);
    int16_t version = message_version(row->schema, body_in(any));

    invariant(version <= row->version_max);
    return max_of(version, row->version_min);
}

size_t record_size(const struct any_record *any)
{
    const struct record_row *row = row_of(any);
    int16_t version = record_version(any);

    return varint_size_u32(FRAME_VERSION) + varint_size_u32((uint32_t)row->type) + varint_size_u32((uint32_t)version) +
           message_size(row->schema, version, true, body_in(any));
}

static void write_varint(struct writer *writer, uint32_t n)
{
    if (writer->overrun || (size_t)(writer->limit - writer->at) < varint_size_u32(n)) {
        writer->overrun = true;
        return;
    }
    writer->at += varint_write_u32(writer->at, n);
}

void record_write(const struct any_record *any, struct writer *writer)
{
    const struct record_row *row = row_of(any);
    int16_t version = record_version(any);

    write_varint(writer, FRAME_VERSION);
    write_varint(writer, (uint32_t)row->type);
    write_varint(writer, (uint32_t)version);
    message_write(row->schema, version, true, body_in(any), writer);
}
