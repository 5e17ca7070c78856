/* tests/unit/tools/printed.h   What a function prints, as a text: to a stream that it is given, or to the process's own
 * standard output or standard error, which are a file for as long. */
#ifndef TESTS_UNIT_TOOLS_PRINTED_H
#define TESTS_UNIT_TOOLS_PRINTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct printed {
    FILE *out;
    char *text;
    size_t size;
    FILE *own; /* stdout or stderr, while it is taken away; NULL: `out` is a stream of its own */
    int kept;
};

static inline FILE *printed_begin(struct printed *printed)
{
    *printed = (struct printed){ .own = NULL };
    printed->out = open_memstream(&printed->text, &printed->size);
    assert_non_null(printed->out);
    return printed->out;
}

static inline void printed_take(struct printed *printed, FILE *own)
{
    *printed = (struct printed){ .out = tmpfile(), .own = own };
    assert_non_null(printed->out);
    fflush(own);
    printed->kept = dup(fileno(own));
    assert_true(dup2(fileno(printed->out), fileno(own)) >= 0);
}

/* What was printed, until printed_free. */
static inline const char *printed_end(struct printed *printed)
{
    if (printed->own) {
        fflush(printed->own);
        assert_true(dup2(printed->kept, fileno(printed->own)) >= 0);
        close(printed->kept);
        printed->size = (size_t)lseek(fileno(printed->out), 0, SEEK_END);
        printed->text = malloc(printed->size + 1);
        assert_int_equal(pread(fileno(printed->out), printed->text, printed->size, 0), (ssize_t)printed->size);
        printed->text[printed->size] = '\0';
    }
    fclose(printed->out);
    return printed->text;
}

static inline void printed_free(struct printed *printed)
{
    free(printed->text);
}

/* And compared with all that it should be. */
static inline void printed_is(struct printed *printed, const char *expected)
{
    assert_string_equal(printed_end(printed), expected);
    printed_free(printed);
}

static inline void printed_says(struct printed *printed, const char *part)
{
    const char *text = printed_end(printed);
    if (!strstr(text, part)) fail_msg("'%s' is not in '%s'", part, text);
    printed_free(printed);
}

#endif
