/* tests/unit/tools/options_test.c   Command lines as GNU's tools take them, and what is said of wrong ones. */
#include "printed.h"

#include <inttypes.h>

#include "command.h"
#include "options.h"

struct wanted {
    struct common common;
    int64_t number;
    uint64_t count;
    const char *word;
    struct words words;
    bool flag, other;
};

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(wanted, number, "number", 'n', "N",    "any number"),
    OPTION(wanted, count,  "count",  'c', "N",    "not below zero"),
    OPTION_OR(wanted, word, "word",  'w', "WORD", "bare", "may be said without a value"),
    OPTION(wanted, words,  "add",    'a', "WORD", "as often as one likes"),
    OPTION(wanted, flag,   "flag",   'f', NULL,   "a flag"),
    OPTION(wanted, other,  "other",  'o', NULL,   "another"),
    OPTION(wanted, count,  NULL,     'z', "N",    "only a letter"),
};
/* clang-format on */
static struct wanted wanted, ran;

static int run(void *options)
{
    memcpy(&ran, options, sizeof(ran));
    return EXIT_FINE;
}

static const struct verb verb = { .name = "make",
                                  .operands = "NAME",
                                  .summary = "makes it",
                                  .rows = rows,
                                  .row_count = array_count(rows),
                                  .size = sizeof(struct wanted),
                                  .run = run };

/* Words up to a NULL. */
static bool take(const char *const *words)
{
    char *arguments[WORDS_MAX + 8];
    int count = 0;

    for (; words[count]; count++) arguments[count] = (char *)(uintptr_t)words[count];
    memset(&wanted, 0, sizeof(wanted));
    return options_read(&verb, "sluice it make", count, arguments, &wanted);
}

#define TAKE(...) take((const char *const[]){ __VA_ARGS__, NULL })

static void values_stand_behind_or_inside(void **state)
{
    (void)state;
    assert_true(TAKE("--number", "-5", "--count=7", "-w", "x", "-ay", "--add", "z"));
    assert_int_equal(wanted.number, -5);
    assert_int_equal(wanted.count, 7);
    assert_string_equal(wanted.word, "x");
    assert_int_equal(wanted.words.count, 2);
    assert_string_equal(wanted.words.items[0], "y");
    assert_string_equal(wanted.words.items[1], "z");
    assert_true(TAKE("--word="));
    assert_string_equal(wanted.word, "");
    assert_true(TAKE("-z3"));
    assert_int_equal(wanted.count, 3);
}

static void flags_of_one_letter_stand_together(void **state)
{
    (void)state;
    assert_true(TAKE("-fon", "9"));
    assert_true(wanted.flag && wanted.other);
    assert_int_equal(wanted.number, 9);
    assert_true(TAKE("-fn-9"));
    assert_int_equal(wanted.number, -9);
}

static void what_may_be_bare_takes_no_option_for_its_value(void **state)
{
    (void)state;
    assert_true(TAKE("--word"));
    assert_string_equal(wanted.word, "bare");
    assert_true(TAKE("--word", "-f"));
    assert_string_equal(wanted.word, "bare");
    assert_true(wanted.flag);
    assert_true(TAKE("--word", "said"));
    assert_string_equal(wanted.word, "said");
}

static void operands_stand_anywhere_and_dashes_end_the_options(void **state)
{
    (void)state;
    assert_true(TAKE("a", "-f", "-", "--", "--flag", "-o"));
    assert_true(wanted.flag);
    assert_false(wanted.other);
    assert_int_equal(wanted.common.operands.count, 4);
    assert_string_equal(wanted.common.operands.items[1], "-");
    assert_string_equal(wanted.common.operands.items[3], "-o");
    assert_true(TAKE("-n", "--", "x") == false); /* "--" is its value, and no number. */
}

static void numbers_have_their_ends(void **state)
{
    (void)state;
    char least[32], most[32];

    (void)snprintf(least, sizeof(least), "%" PRId64, INT64_MIN);
    (void)snprintf(most, sizeof(most), "%" PRId64, INT64_MAX);
    assert_true(TAKE("-n", least));
    assert_int_equal(wanted.number, INT64_MIN);
    assert_true(TAKE("-n", most));
    assert_int_equal(wanted.number, INT64_MAX);
}

static void wrong_lines_are_told_in_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *words[4], *said;
    } lines[] = {
        { { "--number" }, "sluice it make: --number wants N\n" },
        { { "-n" }, "sluice it make: -n wants N\n" },
        { { "-n", "9223372036854775808" }, "sluice it make: number wants a number, not '9223372036854775808'\n" },
        { { "-n", "5x" }, "sluice it make: number wants a number, not '5x'\n" },
        { { "-n", "" }, "sluice it make: number wants a number, not ''\n" },
        { { "--count", "-1" }, "sluice it make: count wants a number, not '-1'\n" },
        { { "-z", "x" }, "sluice it make: N wants a number, not 'x'\n" },
        { { "--flag=yes" }, "sluice it make: --flag takes no value\n" },
        { { "-x" }, "sluice it make: there is no option '-x'\n" },
        { { "-fx" }, "sluice it make: there is no option '-x'\n" },
        { { "--nubmer" }, "sluice it make: there is no option '--nubmer'; did you mean --number?\n" },
        { { "--num" }, "sluice it make: there is no option '--num'; did you mean --number?\n" },
        { { "--num=5" }, "sluice it make: there is no option '--num'; did you mean --number?\n" },
        { { "--quite-another" }, "sluice it make: there is no option '--quite-another'\n" },
    };

    for (size_t i = 0; i < array_count(lines); i++) {
        struct printed printed;
        printed_take(&printed, stderr);
        bool taken = take(lines[i].words);
        printed_is(&printed, lines[i].said);
        assert_false(taken);
    }
}

static void there_are_only_so_many_words(void **state)
{
    (void)state;
    static const char *words[WORDS_MAX + 2];
    struct printed printed;

    for (int i = 0; i < WORDS_MAX; i++) words[i] = "w";
    assert_true(take(words));
    assert_int_equal(wanted.common.operands.count, WORDS_MAX);
    words[WORDS_MAX] = "more";
    printed_take(&printed, stderr);
    bool taken = take(words);
    printed_is(&printed, "sluice it make: more than 256 operands\n");
    assert_false(taken);

    for (int i = 0; i < WORDS_MAX; i++) words[i] = "-aw";
    words[WORDS_MAX] = NULL;
    assert_true(take(words));
    words[WORDS_MAX] = "-aw";
    printed_take(&printed, stderr);
    taken = take(words);
    printed_is(&printed, "sluice it make: too many of --add\n");
    assert_false(taken);
}

/* ---- verbs ---- */

static const struct verb verbs[] = { { .name = "create", .summary = "makes one", .size = sizeof(struct common) },
                                     { .name = "delete", .summary = "removes one", .size = sizeof(struct common) } };
static const struct command command = { .name = "it", .verbs = verbs, .verb_count = array_count(verbs) };

static void a_verb_that_is_none_is_told_the_nearest(void **state)
{
    (void)state;
    static char *arguments[] = { "it", "craete" };
    struct printed printed;

    printed_take(&printed, stderr);
    assert_int_equal(verbs_run(&command, 2, arguments), EXIT_USAGE);
    printed_says(&printed, "sluice it: there is no 'craete'; did you mean create?\n");
    printed_take(&printed, stderr);
    assert_int_equal(verbs_run(&command, 1, arguments), EXIT_USAGE);
    printed_says(&printed, "  delete           removes one\n");
}

static void the_environment_says_where_to_begin_and_the_line_says_it_better(void **state)
{
    (void)state;
    char *none[] = { "-f" }, *said[] = { "-b", "there:1" };

    unsetenv("SLUICE_BOOTSTRAP");
    assert_int_equal(verb_run(&verb, "sluice it make", 1, none), EXIT_FINE);
    assert_string_equal(ran.common.servers, "localhost:9092");
    assert_int_equal(ran.common.timeout_s, 10);
    setenv("SLUICE_BOOTSTRAP", "here:1", 1);
    assert_int_equal(verb_run(&verb, "sluice it make", 1, none), EXIT_FINE);
    assert_string_equal(ran.common.servers, "here:1");
    assert_int_equal(verb_run(&verb, "sluice it make", 2, said), EXIT_FINE);
    assert_string_equal(ran.common.servers, "there:1");
    setenv("SLUICE_BOOTSTRAP", "", 1);
    assert_int_equal(verb_run(&verb, "sluice it make", 1, none), EXIT_FINE);
    assert_string_equal(ran.common.servers, "localhost:9092");
}

static void help_has_a_line_per_option(void **state)
{
    (void)state;
    struct printed printed;

    options_help(&verb, "sluice it make", printed_begin(&printed));
    const char *help = printed_end(&printed);
    assert_int_equal(strncmp(help, "usage: sluice it make NAME [OPTION...]\n\nmakes it\n\n", 50), 0);
    assert_non_null(strstr(help, "\n  -n, --number N                     any number\n"));
    assert_non_null(strstr(help, "\n  -z N                               only a letter\n"));
    assert_non_null(strstr(help, "\n      --timeout SECONDS              how long"));
    printed_free(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_behind_or_inside),
        cmocka_unit_test(flags_of_one_letter_stand_together),
        cmocka_unit_test(what_may_be_bare_takes_no_option_for_its_value),
        cmocka_unit_test(operands_stand_anywhere_and_dashes_end_the_options),
        cmocka_unit_test(numbers_have_their_ends),
        cmocka_unit_test(wrong_lines_are_told_in_a_line),
        cmocka_unit_test(there_are_only_so_many_words),
        cmocka_unit_test(a_verb_that_is_none_is_told_the_nearest),
        cmocka_unit_test(the_environment_says_where_to_begin_and_the_line_says_it_better),
        cmocka_unit_test(help_has_a_line_per_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
