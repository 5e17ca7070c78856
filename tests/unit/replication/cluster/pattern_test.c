/* Which regular expressions are Java's; each row as java.util.regex of JDK 17 takes or refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "cluster/pattern.h"

static void assert_all(const char *const *patterns, size_t count, bool known)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_known(text_of(patterns[i])) != known)
            fail_msg("%s is %s", patterns[i], known ? "refused" : "taken");
    }
}

static void what_java_takes_is_taken(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "",
        "a b",
        "client-[0-9]+",
        "^(app|web)-\\d{3}.*$",
        "a|",
        "|",
        "()",
        "(a|(b|c)*)?",
        "a*?b+?c??",
        "a*+b++c?+",
        "a{2}{3}",
        "{2}",
        "a{2,}b{2,5}?",
        "^*$+",
        "]}",
        "(?i)a",
        "(?i-m:a)(?)",
        "(?:a)(?>b)(?=c)(?!d)(?<=e)(?<!f)",
        "(?<name1>a)\\k<name1>",
        "\\\\\\.\\[\\é",
        "\\d\\D\\h\\H\\s\\S\\v\\V\\w\\W",
        "\\a\\e\\f\\n\\r\\t\\cA\\x41\\x{1F600}\\u0041\\07\\077\\0377",
        "\\A\\b\\b{g}\\B\\G\\R\\X\\z\\Z\\1",
        "\\p{Alpha}\\P{Lu}\\pL\\p{IsLatin}\\p{InGreek}\\p{javaLowerCase}\\p{sc=Latin}",
        "\\Qa[*\\E",
        "\\Q(",
        "[a-z]",
        "[^a]",
        "[]a]",
        "[a-]",
        "[-a]",
        "[a^]",
        "[[a]b[c]]",
        "[a&&b]",
        "[&&a]",
        "[a&&]",
        "[a&&&&b]",
        "[a&&[^b]]",
        "[a&b]",
        "[\\d-z]",
        "[\\]]",
        "[\\p{L}\\x41-\\x5a]",
        "[\\v-\\x20]",
        "[\\Q]\\E]",
        "[é-ü]",
        "[a-[b]]",
    };
    assert_all(patterns, array_count(patterns), true);
}

static void what_java_refuses_is_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(",       "(a",        ")",           "a)",       "(a))",
        "*",       "+",         "?",           "a**",      "a*?*",
        "a|*",     "(*)",       "(?i)*",       "a{",       "a{x}",
        "a{2",     "a{2,",      "a{,2}",       "a{3,2}",   "a{2147483648}",
        "{",       "(?",        "(?z)",        "(?i",      "(?i-m-s)",
        "(?<",     "(?<1>a)",   "(?<n)",       "(?<n_>a)", "(?$a)",
        "\\",      "a\\",       "\\q",         "\\E",      "\\x",
        "\\x4",    "\\x{}",     "\\x{110000}", "\\x{41",   "\\u12",
        "\\u{41}", "\\0",       "\\08",        "\\c",      "\\k",
        "\\kn",    "\\k<n",     "\\b{x}",      "\\p",      "\\p{",
        "\\p{}",   "\\p{Nope}", "\\pX",        "\\p{Is}",  "\\N",
        "\\N{",    "[",         "[]",          "[^]",      "[a",
        "[a-",     "[[a]",      "[[]]",        "[\\]",     "[&&]",
        "[&&&a]",  "[z-a]",     "[a-\\d]",     "[ü-é]",    "[\\x41-\\x40]",
        "[\\q]",   "[\\b]",     "[\\1]",       "[\\R]",    "[\\k<n>]",
        "[\\Qa",   "[a-&&b]",
    };
    assert_all(patterns, array_count(patterns), false);
}

/* However deep it goes, nothing is kept but how deep. */
static void depth_is_only_counted(void **state)
{
    (void)state;
    static char deep[200001];

    memset(deep, '(', 100000);
    assert_false(pattern_known((struct text){ deep, 100000 }));
    memset(deep + 100000, ')', 100001);
    assert_true(pattern_known((struct text){ deep, 200000 }));
    assert_false(pattern_known((struct text){ deep, 200001 }));
    memset(deep, '[', 100000);
    deep[100000] = 'a';
    memset(deep + 100001, ']', 100000);
    assert_true(pattern_known((struct text){ deep, 200001 }));
    assert_false(pattern_known((struct text){ deep, 200000 }));
}

/* A text that ends anywhere, also inside a character, is read no further. */
static void nothing_is_read_beyond_the_end(void **state)
{
    (void)state;
    static const char whole[] = "(?<n>[^A-\\x{61}&&[\\u0041]]{2,3}?)\\p{Alpha}\\k<n>\\Q*\\E\\N{DIGIT ONE}\\0377\\b{g}ü";

    for (size_t size = 0; size < sizeof(whole); size++) {
        char *copy = malloc(max_of(size, (size_t)1));
        memcpy(copy, whole, size);
        (void)pattern_known((struct text){ copy, size });
        free(copy);
    }
    assert_true(pattern_known(text_of(whole)));
    assert_true(pattern_known((struct text){ "\xc3", 1 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_java_takes_is_taken),
        cmocka_unit_test(what_java_refuses_is_refused),
        cmocka_unit_test(depth_is_only_counted),
        cmocka_unit_test(nothing_is_read_beyond_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
