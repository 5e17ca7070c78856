/* tests/unit/tools/read_settings_test.c   From file, environment and command line to settings: who beats whom, and
 * every complaint at once, with its place. */
#include "printed.h"

#include "base/heap.h"
#include "read_settings.h"

static struct heap heap;
static struct arena arena;
static struct settings settings;
static char path[64];

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SIZE_MAX);
    strcpy(path, "/tmp/sluice-settings-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    arena_reset(&arena);
    heap_end(&heap);
    return 0;
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#define NODE "node.id=1\nprocess.roles=broker,controller\nlisteners=PLAINTEXT://127.0.0.1:0\nlog.dirs=data\n"

static enum status read_with(const struct settings_source *source, const char *expected)
{
    struct printed printed;

    settings = (struct settings){ .origins = NULL };
    enum status status = read_settings(source, &arena, printed_begin(&printed), &settings);
    printed_is(&printed, expected);
    return status;
}

static void later_beats_earlier(void **state)
{
    (void)state;
    struct settings_source source = { .command = "sluice", .file = path };

    write_file(NODE "num.partitions=2\n");
    assert_int_equal(read_with(&source, ""), STATUS_OK);
    assert_int_equal(settings.values.num_partitions, 2);
    setenv("KAFKA_NUM_PARTITIONS", "3", 1);
    assert_int_equal(read_with(&source, ""), STATUS_OK);
    assert_int_equal(settings.values.num_partitions, 3);
    source.overrides[source.override_count++] = "num.partitions=4";
    assert_int_equal(read_with(&source, ""), STATUS_OK);
    assert_int_equal(settings.values.num_partitions, 4);
    source.override_count = 0;
    source.no_environment = true;
    assert_int_equal(read_with(&source, ""), STATUS_OK);
    assert_int_equal(settings.values.num_partitions, 2);
    unsetenv("KAFKA_NUM_PARTITIONS");
}

static void what_is_built_in_stands_in_for_a_file(void **state)
{
    (void)state;
    struct settings_source source = { .command = "sluice", .built_in = settings_built_in, .no_environment = true };

    assert_int_equal(read_with(&source, ""), STATUS_OK);
    assert_int_equal(settings.values.node_id, 1);
    source.file = path;
    write_file(NODE "node.id=7\n");
    assert_int_equal(read_with(&source, ""), STATUS_OK);
    assert_int_equal(settings.values.node_id, 7);
}

static void a_file_that_can_not_be_read_is_named(void **state)
{
    (void)state;
    struct settings_source source = { .command = "sluice", .file = "/nowhere/at.all", .no_environment = true };

    assert_int_equal(read_with(&source, "/nowhere/at.all: error: not found\n"), STATUS_NOT_FOUND);
    char expected[128];
    source.file = path;
    write_file(NODE "a=\\u12\n");
    (void)snprintf(expected, sizeof(expected), "%s:5: error: malformed \\uXXXX\n", path);
    assert_int_equal(read_with(&source, expected), STATUS_INVALID);
}

/* Wrong values, wrong overrides, and what does not go together: told in one go. */
static void every_complaint_comes_at_once(void **state)
{
    (void)state;
    struct settings_source source = { .command = "sluice", .file = path, .no_environment = true };
    struct printed printed;
    char line[160];

    write_file("node.id=1\nprocess.roles=broker\nlisteners=nothing\nlog.dirs=a,b\nnum.partitions=x\n");
    source.overrides[source.override_count++] = "no equals";
    enum status status = read_settings(&source, &arena, printed_begin(&printed), &settings);
    const char *text = printed_end(&printed);
    assert_int_equal(status, STATUS_INVALID);
    static const char *const parts[] = { ":2: error: process.roles: a node is broker and controller in one",
                                         ":3: error: listeners: 'nothing' is not NAME://host:port",
                                         ":4: error: log.dirs: one directory only", ":5: error: " };
    for (size_t i = 0; i < array_count(parts); i++) {
        (void)snprintf(line, sizeof(line), "%s%s", path, parts[i]);
        if (!strstr(text, line)) fail_msg("'%s' is not in '%s'", line, text);
    }
    assert_non_null(strstr(text, "--override no equals: error: expected NAME=VALUE\n"));
    printed_free(&printed);
}

static void an_override_that_is_none_is_an_error_by_itself(void **state)
{
    (void)state;
    struct settings_source source = { .command = "sluice",
                                      .built_in = settings_built_in,
                                      .no_environment = true,
                                      .overrides = { "x" },
                                      .override_count = 1 };
    assert_int_equal(read_with(&source, "--override x: error: expected NAME=VALUE\n"), STATUS_INVALID);
}

static void arguments_are_a_file_and_overrides(void **state)
{
    (void)state;
    char *good[] = { "a.properties", "--override", "x=y", "--override", "--override" };
    struct settings_source source = { .command = "sluice serve" };

    for (int at = 0; at < 5; at++) assert_true(settings_argument(&source, 5, good, &at));
    assert_string_equal(source.file, "a.properties");
    assert_int_equal(source.override_count, 2);
    assert_string_equal(source.overrides[1], "--override");
}

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    static const struct {
        char *words[2];
        int count;
        const char *said;
    } rows[] = {
        { { "a", "b" }, 2, "sluice: one file only, not also 'b'\n" },
        { { "a", "--override" }, 2, "sluice: --override wants NAME=VALUE\n" },
        { { "a", "--quick" }, 2, "sluice: there is no option '--quick'; --help names those that there are\n" },
        { { "a", "-" }, 2, "sluice: there is no option '-'; --help names those that there are\n" },
    };

    for (size_t i = 0; i < array_count(rows); i++) {
        struct settings_source source = { .command = "sluice" };
        struct printed printed;
        int at = 0;
        assert_true(settings_argument(&source, rows[i].count, (char **)rows[i].words, &at));
        at = 1;
        printed_take(&printed, stderr);
        bool taken = settings_argument(&source, rows[i].count, (char **)rows[i].words, &at);
        printed_is(&printed, rows[i].said);
        assert_false(taken);
    }

    struct settings_source full = { .command = "sluice", .override_count = OVERRIDES_MAX };
    char *more[] = { "--override", "x=y" };
    struct printed printed;
    int at = 0;
    printed_take(&printed, stderr);
    bool taken = settings_argument(&full, 2, more, &at);
    printed_is(&printed, "sluice: more than 256 overrides\n");
    assert_false(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_beats_earlier),
        cmocka_unit_test(what_is_built_in_stands_in_for_a_file),
        cmocka_unit_test(a_file_that_can_not_be_read_is_named),
        cmocka_unit_test(every_complaint_comes_at_once),
        cmocka_unit_test(an_override_that_is_none_is_an_error_by_itself),
        cmocka_unit_test(arguments_are_a_file_and_overrides),
        cmocka_unit_test(wrong_arguments_are_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
