/* tests/unit/tools/output_test.c   Tables whose columns are as wide as what is in them, JSON that every reader takes,
 * whatever bytes and numbers come, and the last words of a command. */
#include "printed.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>

#include "command.h"
#include "output.h"

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    static const char *const headings[] = { "NAME", ">SIZE", "NOTE" };
    struct printed printed;
    struct table table;

    table_begin(&table, headings, 3);
    table_text(&table, TEXT("a"));
    table_cell(&table, "%d", 12345);
    table_text(&table, TEXT("x"));
    table_text(&table, TEXT("longer"));
    table_cell(&table, "%d", 7);
    table_text(&table, TEXT_NULL);
    table_end(&table, printed_begin(&printed));
    printed_is(&printed, "NAME     SIZE  NOTE\n"
                         "a       12345  x\n"
                         "longer      7  -\n");
}

static void a_table_without_rows_is_its_headings(void **state)
{
    (void)state;
    static const char *const headings[] = { ">N", "NAME" };
    struct printed printed;
    struct table table;

    table_begin(&table, headings, 2);
    table_end(&table, printed_begin(&printed));
    printed_is(&printed, "N  NAME\n");
}

/* A character may have several bytes; a cell may have more than a format's room, and is cut. */
static void characters_count_and_not_bytes(void **state)
{
    (void)state;
    static const char *const headings[] = { "NAME", "N" };
    static char long_name[8000];
    struct printed printed;
    struct table table;

    table_begin(&table, headings, 2);
    table_text(&table, TEXT("gr\xc3\xb6\xc3\x9f"));
    table_text(&table, TEXT("1"));
    table_text(&table, TEXT("abcde"));
    table_text(&table, TEXT("2"));
    table_end(&table, printed_begin(&printed));
    printed_is(&printed, "NAME   N\ngr\xc3\xb6\xc3\x9f   1\nabcde  2\n");

    memset(long_name, 'a', sizeof(long_name) - 1);
    table_begin(&table, headings, 2);
    table_cell(&table, "%s", long_name);
    table_text(&table, TEXT("1"));
    table_end(&table, printed_begin(&printed));
    const char *row = strchr(printed_end(&printed), '\n') + 1;
    assert_int_equal(strspn(row, "a"), 4095);
    printed_free(&printed);
}

static void many_cells_are_kept(void **state)
{
    (void)state;
    static const char *const headings[] = { "N" };
    enum { ROWS = 10000 };
    struct printed printed;
    struct table table;
    char last[16];

    table_begin(&table, headings, 1);
    for (int i = 0; i < ROWS; i++) table_cell(&table, "%d", i);
    table_end(&table, printed_begin(&printed));
    (void)snprintf(last, sizeof(last), "\n%d\n", ROWS - 1);
    printed_says(&printed, last);
}

/* ---- JSON ---- */

static void commas_stand_between_members_and_nowhere_else(void **state)
{
    (void)state;
    struct printed printed;
    struct json json = { .out = printed_begin(&printed) };

    for (int twice = 0; twice < 2; twice++) {
        json_open(&json, NULL, '{');
        json_number(&json, "n", INT64_MIN);
        json_open(&json, "list", '[');
        json_bool(&json, NULL, true);
        json_bool(&json, NULL, false);
        json_open(&json, NULL, '{');
        json_close(&json, '}');
        json_close(&json, ']');
        json_text(&json, "none", TEXT_NULL);
        json_word(&json, "empty", "");
        json_close(&json, '}');
        json_line(&json);
    }
    printed_is(&printed, "{\"n\":-9223372036854775808,\"list\":[true,false,{}],\"none\":null,\"empty\":\"\"}\n"
                         "{\"n\":-9223372036854775808,\"list\":[true,false,{}],\"none\":null,\"empty\":\"\"}\n");
}

/* RFC 8259: control characters as escapes; RFC 3629: what is no UTF-8 becomes U+FFFD, byte by byte. */
static void any_bytes_become_a_string(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        struct text text;
        const char *printed;
    } rows[] = {
        { TEXT("a\"b\\c/"),         "\"a\\\"b\\\\c/\"" },
        { TEXT("\n\t\r\1\x1f\x7f"), "\"\\n\\t\\u000d\\u0001\\u001f\\u007f\"" },
        { TEXT("\0"),               "\"\\u0000\"" },
        { TEXT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
        { TEXT("\x80"),             "\"\xef\xbf\xbd\"" },                         /* begins in the middle */
        { TEXT("\xc3"),             "\"\xef\xbf\xbd\"" },                         /* ends in the middle */
        { TEXT("\xc3("),            "\"\xef\xbf\xbd(\"" },
        { TEXT("\xc0\xaf"),         "\"\xef\xbf\xbd\xef\xbf\xbd\"" },             /* longer than need be */
        { TEXT("\xe0\x9f\xbf"),     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { TEXT("\xed\xa0\x80"),     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* half of a pair */
        { TEXT("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* beyond the last */
        { TEXT("\xf5"),             "\"\xef\xbf\xbd\"" },
        { TEXT("\xff\xfe"),         "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    /* clang-format on */

    for (size_t i = 0; i < array_count(rows); i++) {
        struct printed printed;
        struct json json = { .out = printed_begin(&printed) };
        json_text(&json, NULL, rows[i].text);
        printed_is(&printed, rows[i].printed);
    }
}

/* JSON has no word for what is no number. */
static void what_is_no_number_is_null(void **state)
{
    (void)state;
    struct printed printed;
    struct json json = { .out = printed_begin(&printed) };

    json_open(&json, NULL, '[');
    json_real(&json, NULL, 0.5);
    json_real(&json, NULL, 1234567.0);
    json_real(&json, NULL, (double)NAN);
    json_real(&json, NULL, (double)INFINITY);
    json_real(&json, NULL, -(double)INFINITY);
    json_close(&json, ']');
    printed_is(&printed, "[0.5,1.23457e+06,null,null,null]");
}

/* ---- last words ---- */

static void a_complaint_names_the_command(void **state)
{
    (void)state;
    struct printed printed;

    printed_take(&printed, stderr);
    complain("sluice topic", "%s: %d", "orders", 7);
    printed_is(&printed, "sluice topic: orders: 7\n");
}

static void standard_output_that_is_full_fails_the_command(void **state)
{
    (void)state;
    struct printed printed;
    int kept = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    fflush(stdout);
    assert_true(full >= 0 && dup2(full, STDOUT_FILENO) >= 0);
    printed_take(&printed, stderr);
    assert_int_equal(output_end("sluice", EXIT_FINE), EXIT_FINE); /* Nothing was printed. */
    fputs("lost", stdout);
    assert_int_equal(output_end("sluice", EXIT_FINE), EXIT_FAILED);
    const char *said = printed_end(&printed);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    close(full);
    assert_string_equal(said, "sluice: standard output can't be written: No space left on device\n");
    printed_free(&printed);
}

/* Whoever reads has had enough: `sluice consume | head`. */
static void who_reads_no_further_hears_nothing(void **state)
{
    (void)state;
    struct printed printed;

    printed_take(&printed, stderr);
    errno = EPIPE;
    assert_int_equal(output_broken("sluice"), EXIT_FAILED);
    printed_is(&printed, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(a_table_without_rows_is_its_headings),
        cmocka_unit_test(characters_count_and_not_bytes),
        cmocka_unit_test(many_cells_are_kept),
        cmocka_unit_test(commas_stand_between_members_and_nowhere_else),
        cmocka_unit_test(any_bytes_become_a_string),
        cmocka_unit_test(what_is_no_number_is_null),
        cmocka_unit_test(a_complaint_names_the_command),
        cmocka_unit_test(standard_output_that_is_full_fails_the_command),
        cmocka_unit_test(who_reads_no_further_hears_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
