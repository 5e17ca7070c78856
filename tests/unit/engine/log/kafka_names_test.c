/* Names in a data directory: what is Kafka's is known, what is like it is not, and ours are no longer than a name may
 * be. */
#include "unit.h"

#include "log/kafka_files.h"

static void names_are_kafkas(void **state)
{
    (void)state;
    struct partition_name name;
    char path[PATH_SIZE];
    int64_t base;

    assert_true(partition_name_parse(TEXT("a-b.c_d-12"), &name));
    assert_true(text_equal(name.topic, TEXT("a-b.c_d")) && name.partition == 12 && name.kind == PARTITION_LIVE);
    assert_true(partition_name_parse(TEXT("x-0.0123456789abcdef0123456789abcdef-delete"), &name));
    assert_true(text_equal(name.topic, TEXT("x")) && name.kind == PARTITION_DELETED);
    assert_true(partition_name_parse(TEXT("x-0.0123456789abcdef0123456789abcdef-stray"), &name));
    assert_int_equal(name.kind, PARTITION_STRAY);
    static const char *const not_ours[] = { "sluice.open", "lost+found", "x",         "x-",
                                            "-0",          "x-y",        "foo-0.abc", "x-99999999999" };
    for (size_t i = 0; i < array_count(not_ours); i++) assert_false(partition_name_parse(text_of(not_ours[i]), &name));

    segment_path(TEXT("plain"), 3, 1020, ".timeindex", path);
    assert_string_equal(path, "plain-3/00000000000000001020.timeindex");
    partition_path_marked(TEXT("t"), 0, UUID_METADATA_TOPIC, "delete", path);
    assert_string_equal(path, "t-0.00000000000000000000000000000001-delete");
    assert_true(segment_name_parse(TEXT("00000000000000001020.log"), ".log", &base) && base == 1020);
    assert_false(segment_name_parse(TEXT("00000000000000001020.log.deleted"), ".log", &base));
    assert_false(segment_name_parse(TEXT("0000000000000001020.log"), ".log", &base));
    assert_false(segment_name_parse(TEXT("99999999999999999999.log"), ".log", &base));

    char topic[250];
    memset(topic, 't', 249);
    partition_path_marked((struct text){ topic, 249 }, INT32_MAX, UUID_NONE, "delete", path);
    assert_true(strlen(path) <= 255);
}

static void marked_names_end_in_32_digits_and_a_word(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *topic; /* NULL: not ours */
        int32_t partition;
        enum partition_kind kind;
    } rows[] = {
        { "x-0.0123456789abcdef0123456789abcdef-future", "x", 0, PARTITION_FUTURE },
        { "x-delete-7", "x-delete", 7, PARTITION_LIVE },
        { "x.0123456789abcdef0123456789abcdef-stray-3", "x.0123456789abcdef0123456789abcdef-stray", 3, PARTITION_LIVE },
        { "x-0.0123456789abcdef0123456789abcde-delete", NULL, 0, 0 },  /* 31 digits */
        { "x-0-0123456789abcdef0123456789abcdef-delete", NULL, 0, 0 }, /* no dot */
        { ".0123456789abcdef0123456789abcdef-delete", NULL, 0, 0 },    /* nothing before it */
        { "x-2147483647", "x", INT32_MAX, PARTITION_LIVE },
        { "x-2147483648", NULL, 0, 0 },
        { "", NULL, 0, 0 },
    };
    struct partition_name name;

    for (size_t i = 0; i < array_count(rows); i++) {
        bool known = partition_name_parse(text_of(rows[i].name), &name);
        if (known != (rows[i].topic != NULL)) fail_msg("%s", rows[i].name);
        if (!known) continue;
        assert_true(text_equal(name.topic, text_of(rows[i].topic)));
        assert_int_equal(name.partition, rows[i].partition);
        assert_int_equal(name.kind, rows[i].kind);
    }
    char topic[252];
    memset(topic, 't', 250);
    memcpy(topic + 249, "-0", sizeof "-0");
    assert_true(partition_name_parse(text_of(topic), &name)); /* 249 is the most, */
    assert_int_equal(name.topic.size, 249);
    char longer[256];
    snprintf(longer, sizeof longer, "t%s", topic);
    assert_false(partition_name_parse(text_of(longer), &name));
}

static void what_is_written_is_known_again(void **state)
{
    (void)state;
    static const char *const words[] = { "delete", "stray", "future" };
    struct uuid unique = { { 0x01, 0xff, 0x80, 0x7f, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xf0 } };
    struct partition_name name;
    char path[PATH_SIZE];
    int64_t base;

    partition_path(TEXT("a-b"), 12, path);
    assert_true(partition_name_parse(text_of(path), &name));
    assert_int_equal(name.partition, 12);
    for (size_t i = 0; i < array_count(words); i++) {
        partition_path_marked(TEXT("a-b"), 12, unique, words[i], path);
        assert_true(partition_name_parse(text_of(path), &name));
        assert_true(text_equal(name.topic, TEXT("a-b")));
        assert_int_equal(name.kind, PARTITION_DELETED + (int)i);
    }
    segment_path(TEXT("a"), 0, INT64_MAX, ".txnindex", path);
    assert_true(segment_name_parse(text_of(strchr(path, '/') + 1), ".txnindex", &base));
    assert_int_equal(base, INT64_MAX);
    assert_false(segment_name_parse(text_of(strchr(path, '/') + 1), ".index", &base));
    assert_false(segment_name_parse(TEXT("+0000000000000000001.log"), ".log", &base));
    assert_false(segment_name_parse(TEXT("-0000000000000000001.log"), ".log", &base));
    partition_file_path(TEXT("a"), 3, PARTITION_FILE, path);
    assert_string_equal(path, "a-3/partition.metadata");
}

static void snapshots_of_the_metadata_are_known(void **state)
{
    (void)state;
    static const char *const others[] = {
        "00000000000000000225-0000000001.checkpoint.part",
        "0000000000000000225-0000000001.checkpoint",
        "00000000000000000225-000000001.checkpoint",
        "00000000000000000225_0000000001.checkpoint",
        "0000000000000000022x-0000000001.checkpoint",
        "+0000000000000000225-0000000001.checkpoint",
        "-0000000000000000225-0000000001.checkpoint",
        "00000000000000000225-+000000001.checkpoint",
        "00000000000000000225-2147483648.checkpoint",
        "09223372036854775808-0000000001.checkpoint",
        "00000000000000000225-0000000001.checkpoint.sluice.sluice",
        "00000000000000000225.log",
        "bootstrap.checkpoint",
        "",
    };
    int64_t end;
    int32_t epoch;
    bool hidden;

    assert_true(
        metadata_snapshot_name_parse(TEXT("00000000000000000225-0000000001.checkpoint"), &end, &epoch, &hidden));
    assert_true(end == 225 && epoch == 1 && !hidden);
    struct text most = TEXT("09223372036854775807-2147483647.checkpoint.sluice");
    assert_true(metadata_snapshot_name_parse(most, &end, &epoch, &hidden));
    assert_true(end == INT64_MAX && epoch == INT32_MAX && hidden);
    for (size_t i = 0; i < array_count(others); i++)
        assert_false(metadata_snapshot_name_parse(text_of(others[i]), &end, &epoch, &hidden));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_kafkas),
        cmocka_unit_test(marked_names_end_in_32_digits_and_a_word),
        cmocka_unit_test(what_is_written_is_known_again),
        cmocka_unit_test(snapshots_of_the_metadata_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
