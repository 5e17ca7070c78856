/* engine/log/kafka_names.c   Names in a data directory.
 *
 *     <topic>-<partition>                         plain-0
 *     <topic>-<partition>.<32 hex>-delete         being removed; -stray: nobody's; -future: moving between directories
 *     <20 digits>.log .index .timeindex .txnindex .snapshot
 *     <20 digits>-<10 digits>.checkpoint          a snapshot of the metadata; .sluice behind it: hidden from Kafka
 */
#include <inttypes.h>
#include <stdio.h>

#include "log/kafka_files.h"

enum { TOPIC_SIZE_MAX = 249, UNIQUE_SIZE = 32, DIGITS = 20, EPOCH_DIGITS = 10 };

static const char *const kind_suffixes[] = {
    [PARTITION_DELETED] = "-delete",
    [PARTITION_STRAY] = "-stray",
    [PARTITION_FUTURE] = "-future",
};

/* Takes `.<32 hex>-delete` and its like from the end of `name`. */
static enum partition_kind kind_cut(struct text *name)
{
    for (enum partition_kind kind = PARTITION_DELETED; kind <= PARTITION_FUTURE; kind++) {
        struct text suffix = text_of(kind_suffixes[kind]);
        if (!text_ends(*name, suffix)) continue;

        size_t marked = 1 + UNIQUE_SIZE + suffix.size;
        if (name->size <= marked || name->data[name->size - marked] != '.') continue;
        name->size -= marked;
        return kind;
    }
    return PARTITION_LIVE;
}

bool partition_name_parse(struct text name, struct partition_name *parsed)
{
    parsed->kind = kind_cut(&name);

    size_t dash = name.size;
    while (dash > 0 && name.data[dash - 1] != '-') dash--;
    if (dash < 2 || dash == name.size || dash - 1 > TOPIC_SIZE_MAX) return false;

    int64_t partition;
    if (!text_to_i64((struct text){ name.data + dash, name.size - dash }, &partition)) return false;
    if (partition < 0 || partition > INT32_MAX) return false;

    parsed->topic = (struct text){ name.data, dash - 1 };
    parsed->partition = (int32_t)partition;
    return true;
}

/* Names are bounded by the length of a topic's name. */
static void path_fits(int size)
{
    invariant(size > 0 && size < PATH_SIZE);
}

void partition_path(struct text topic, int32_t partition, char path[PATH_SIZE])
{
    path_fits(snprintf(path, PATH_SIZE, "%.*s-%" PRId32, TEXT_ARGS(topic), partition));
}

/* A name has at most 255 bytes: of a long topic's name Kafka keeps less, as we do here. */
void partition_path_marked(struct text topic, int32_t partition, struct uuid unique, const char *suffix,
                           char path[PATH_SIZE])
{
    char hex[UNIQUE_SIZE + 1];
    for (size_t i = 0; i < sizeof unique.byte; i++) snprintf(hex + 2 * i, 3, "%02x", unique.byte[i]);

    int rest = 1 + 10 + 1 + UNIQUE_SIZE + 1 + (int)sizeof "delete";
    int kept = min_of((int)topic.size, 255 - rest);
    path_fits(snprintf(path, PATH_SIZE, "%.*s-%" PRId32 ".%s-%s", kept, topic.data, partition, hex, suffix));
}

void partition_file_path(struct text topic, int32_t partition, const char *name, char path[PATH_SIZE])
{
    path_fits(snprintf(path, PATH_SIZE, "%.*s-%" PRId32 "/%s", TEXT_ARGS(topic), partition, name));
}

void segment_path(struct text topic, int32_t partition, int64_t base, const char *suffix, char path[PATH_SIZE])
{
    path_fits(snprintf(path, PATH_SIZE, "%.*s-%" PRId32 "/%0*" PRId64 "%s", TEXT_ARGS(topic), partition, DIGITS, base,
                       suffix));
}

/* As many digits and nothing else: no sign. */
static bool digits_parse(const char *digits, size_t count, int64_t *n)
{
    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
    }
    return text_to_i64((struct text){ digits, count }, n);
}

bool segment_name_parse(struct text name, const char *suffix, int64_t *base)
{
    struct text wanted = text_of(suffix);
    if (name.size != DIGITS + wanted.size || !text_ends(name, wanted)) return false;
    return digits_parse(name.data, DIGITS, base);
}

bool metadata_snapshot_name_parse(struct text name, int64_t *end, int32_t *epoch, bool *hidden)
{
    struct text suffix = TEXT(METADATA_SNAPSHOT_SUFFIX), behind = TEXT(METADATA_SNAPSHOT_HIDDEN);
    int64_t number;

    *hidden = text_ends(name, behind);
    if (*hidden) name.size -= behind.size;
    if (name.size != DIGITS + 1 + EPOCH_DIGITS + suffix.size || !text_ends(name, suffix)) return false;
    if (name.data[DIGITS] != '-' || !digits_parse(name.data, DIGITS, end)) return false;
    if (!digits_parse(name.data + DIGITS + 1, EPOCH_DIGITS, &number) || number > INT32_MAX) return false;
    *epoch = (int32_t)number;
    return true;
}
