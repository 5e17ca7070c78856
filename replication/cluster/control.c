/* replication/cluster/control.c   The table of control types. Every struct begins with its version, so that it can be
 * read before the layout is known. */
#include "cluster/control.h"

#include "base/check.h"

struct control_row {
    const struct schema *schema;
    enum raft_control type;
    int16_t version_max;
};

/* clang-format off */
static const struct control_row rows[] = {
    { &leader_change_record_schema,   CONTROL_LEADER_CHANGE,   1 },
    { &snapshot_header_record_schema, CONTROL_SNAPSHOT_HEADER, 0 },
    { &snapshot_footer_record_schema, CONTROL_SNAPSHOT_FOOTER, 0 },
    { &kraft_version_record_schema,   CONTROL_KRAFT_VERSION,   0 },
    { &voters_record_schema,          CONTROL_VOTERS,          0 },
};
/* clang-format on */

_Static_assert(offsetof(struct leader_change_record, version) == 0, "the version comes first");
_Static_assert(offsetof(struct snapshot_header_record, version) == 0, "the version comes first");
_Static_assert(offsetof(struct snapshot_footer_record, version) == 0, "the version comes first");
_Static_assert(offsetof(struct kraft_version_record, version) == 0, "the version comes first");
_Static_assert(offsetof(struct voters_record, version) == 0, "the version comes first");

static const struct control_row *row_find(int type)
{
    for (size_t i = 0; i < array_count(rows); i++) {
        if ((int)rows[i].type == type) return &rows[i];
    }
    return NULL;
}

static const struct control_row *row_of(const struct any_control *any)
{
    const struct control_row *row = row_find((int)any->type);

    invariant(row != NULL);
    invariant(any->version >= 0 && any->version <= row->version_max);
    return row;
}

enum status control_read(struct bytes key, struct bytes value, struct any_control *any, struct arena *arena)
{
    if (key.size < CONTROL_KEY_SIZE || value.size < sizeof(int16_t)) return STATUS_TRUNCATED;

    const struct control_row *row = row_find(load_i16(key.data + 2));
    int16_t version = load_i16(value.data);
    if (row == NULL || version < 0 || version > row->version_max) return STATUS_UNSUPPORTED;

    const uint8_t *at = value.data, *limit = value.data + value.size;
    any->type = row->type;
    enum status status = message_read(row->schema, version, true, &at, limit, &any->version, arena);
    if (status != STATUS_OK) return status;
    return at == limit ? STATUS_OK : STATUS_MALFORMED;
}

void control_clear(struct any_control *any, enum raft_control type)
{
    *any = (struct any_control){ .type = type };
    message_clear(row_of(any)->schema, &any->version);
}

void control_key(enum raft_control type, uint8_t key[CONTROL_KEY_SIZE])
{
    store_i16(key, 0);
    store_i16(key + 2, (int16_t)type);
}

size_t control_size(const struct any_control *any)
{
    return message_size(row_of(any)->schema, any->version, true, &any->version);
}

void control_write(const struct any_control *any, struct writer *writer)
{
    message_write(row_of(any)->schema, any->version, true, &any->version, writer);
}
