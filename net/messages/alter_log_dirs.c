/* net/messages/alter_log_dirs.c   AlterReplicaLogDirs as rows: one per field, in wire order. */
#include "messages/alter_log_dirs.h"

#include "base/check.h"

/* clang-format off */
static const struct field topic_ask_fields[] = {
    /*                              member      since  until   null   tag     fallback, items */
    FIELD(alter_log_dirs_topic_ask, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_log_dirs_topic_ask, partitions, 0,     LATEST, NEVER, NO_TAG, &schema_i32),
};
static const struct schema topic_ask_schema = SCHEMA(alter_log_dirs_topic_ask, topic_ask_fields);

static const struct field directory_fields[] = {
    /*                              member  since  until   null   tag     fallback, items */
    FIELD(alter_log_dirs_directory, path,   0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_log_dirs_directory, topics, 0,     LATEST, NEVER, NO_TAG, &topic_ask_schema),
};
static const struct schema directory_schema = SCHEMA(alter_log_dirs_directory, directory_fields);

static const struct field alter_log_dirs_ask_fields[] = {
    /*                        member       since  until   null   tag     items */
    ARRAY(alter_log_dirs_ask, directories, 0,     LATEST, NEVER, NO_TAG, &directory_schema),
};
const struct schema alter_log_dirs_ask_schema = SCHEMA(alter_log_dirs_ask, alter_log_dirs_ask_fields);

static const struct field partition_fields[] = {
    /*                              member since  until   null   tag     fallback */
    FIELD(alter_log_dirs_partition, index, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(alter_log_dirs_partition, error, 0,     LATEST, NEVER, NO_TAG, 0),
};
static const struct schema partition_schema = SCHEMA(alter_log_dirs_partition, partition_fields);

static const struct field topic_answer_fields[] = {
    /*                                 member      since  until   null   tag     fallback, items */
    FIELD(alter_log_dirs_topic_answer, name,       0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_log_dirs_topic_answer, partitions, 0,     LATEST, NEVER, NO_TAG, &partition_schema),
};
static const struct schema topic_answer_schema = SCHEMA(alter_log_dirs_topic_answer, topic_answer_fields);

static const struct field alter_log_dirs_answer_fields[] = {
    /*                           member            since  until   null   tag     fallback, items */
    FIELD(alter_log_dirs_answer, throttle_time_ms, 0,     LATEST, NEVER, NO_TAG, 0),
    ARRAY(alter_log_dirs_answer, topics,           0,     LATEST, NEVER, NO_TAG, &topic_answer_schema),
};
const struct schema alter_log_dirs_answer_schema = SCHEMA(alter_log_dirs_answer, alter_log_dirs_answer_fields);
/* clang-format on */
