/* tools/config.c   `sluice config check`: what `sluice serve` would say of these settings, without starting anything.
 * The other verbs ask a cluster: config_client.c. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "machine.h"
#include "options.h"
#include "read_settings.h"

enum { SETTINGS_SIZE_MAX = 16 << 20 };

static int help(FILE *out, int code)
{
    fputs("usage: sluice config check SERVER.PROPERTIES [--override NAME=VALUE]...\n\n"
          "Reads the settings as `sluice serve` does, KAFKA_* variables included, and prints every error with its\n"
          "file and line, and what is without effect. Exit status: 0 when a node may start with them, 2 when not.\n",
          out);
    return code;
}

static int check(const struct settings_source *source)
{
    struct node_platform platform = { 0 };
    struct settings settings;
    struct plan plan;
    struct heap heap;
    struct arena arena;
    const char *why = "";

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, SETTINGS_SIZE_MAX);
    machine_platform(&platform);
    enum status status = read_settings(source, &arena, stdout, &settings);
    if (status == STATUS_OK) {
        status = node_plan(&platform, &settings, &plan, &arena, &why);
        if (status != STATUS_OK) printf("%s: error: %s\n", source->file, why);
    }
    if (status == STATUS_OK) printf("%s: good\n", source->file);
    heap_end(&heap);
    return status == STATUS_OK ? EXIT_FINE : EXIT_USAGE;
}

int command_config(int count, char **arguments)
{
    struct settings_source source = { .command = "sluice config check" };

    if (count < 2 || strcmp(arguments[1], "check") != 0) {
        const struct command client = { .name = "config",
                                        .verbs = config_verbs,
                                        .verb_count = array_count(config_verbs) };
        return verbs_run(&client, count, arguments);
    }
    for (int i = 2; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) return help(stdout, EXIT_FINE);
        if (!settings_argument(&source, count, arguments, &i)) return EXIT_USAGE;
    }
    return source.file ? check(&source) : help(stderr, EXIT_USAGE);
}
