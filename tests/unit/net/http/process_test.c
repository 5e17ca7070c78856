/* tests/unit/net/http/process_test.c   What the kernel says of this process: under the names that everybody knows, with
 * values that move when the process does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/sink.h"
#include "http/process.h"

static char page[1 << 16];

static void look(void)
{
    struct heap heap;
    struct memory_sink memory;

    heap_init(&heap);
    memory_sink_init(&memory, &heap, sizeof(page) - 1);
    process_write(&memory.sink);
    struct text text = memory_sink_text(&memory);
    memcpy(page, text.data, text.size);
    page[text.size] = '\0';
    memory_sink_end(&memory);
    heap_end(&heap);
}

/* The value of a line; -1: there is none. */
static double value_of(const char *name)
{
    size_t size = strlen(name);

    for (const char *line = page; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        if (strncmp(line, name, size) == 0 && line[size] == ' ') return strtod(line + size, NULL);
    }
    return -1;
}

static void the_known_names_are_there(void **state)
{
    (void)state;
    static const char *const names[] = { "process_cpu_seconds_total", "process_resident_memory_bytes",
                                         "process_virtual_memory_bytes", "process_open_fds", "process_max_fds" };

    look();
    for (size_t i = 0; i < array_count(names); i++) {
        char head[128];
        snprintf(head, sizeof(head), "# TYPE %s ", names[i]);
        if (value_of(names[i]) < 0) fail_msg("%s is missing in\n%s", names[i], page);
        assert_non_null(strstr(page, head));
    }
    assert_true(value_of("process_virtual_memory_bytes") >= value_of("process_resident_memory_bytes"));
    assert_true(value_of("process_resident_memory_bytes") > 100000); /* bytes, not pages */
    assert_true(value_of("process_max_fds") >= value_of("process_open_fds"));
}

static void open_files_are_counted(void **state)
{
    (void)state;
    int files[10], count = 0;

    for (int file = 0; file < 1024; file++) count += fcntl(file, F_GETFD) >= 0;
    look();
    assert_int_equal((int)value_of("process_open_fds"), count);
    double before = value_of("process_open_fds");
    for (size_t i = 0; i < array_count(files); i++) files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    look();
    assert_int_equal((int)(value_of("process_open_fds") - before), array_count(files));
    for (size_t i = 0; i < array_count(files); i++) close(files[i]);
    look();
    assert_int_equal((int)(value_of("process_open_fds") - before), 0); /* Its own look leaves nothing open. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_names_are_there),
        cmocka_unit_test(open_files_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
