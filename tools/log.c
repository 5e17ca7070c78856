/* tools/log.c   `sluice log`: the files of a log directory, looked at, checked, or brought to a clean stop. All of it
 * works on what is on disk: dump never looks at a running node's memory, verify and recover want the directory for
 * themselves. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "log_command.h"
#include "output.h"

struct subcommand {
    const char *name;
    int (*run)(struct log_command *command, const char *path);
    const char *called; /* NULL: shows no progress */
    bool prints;        /* line upon line: then progress is for those who send it to a file */
};

static const struct subcommand subcommands[] = {
    { "dump", log_dump, "sluice log dump", true },
    { "verify", log_verify, "sluice log verify", false },
    { "recover", log_recover, NULL, false },
};

static int help(FILE *out, int code)
{
    fputs(
        "usage: sluice log dump PATH... [--records] [--json]\n"
        "       sluice log verify DIRECTORY... [--json]\n"
        "       sluice log recover DIRECTORY...\n\n"
        "  dump     prints batches (--records: also records) as kafka-dump-log does; a path is a file (.log, .index,\n"
        "           .timeindex, .txnindex, .snapshot), a partition's directory or a whole log directory\n"
        "  verify   checks every batch's sum, offsets, indexes, snapshots; in a directory that a crash left, the\n"
        "           write-ahead log and the checkpoint\n"
        "  recover  finishes what a crash left unfinished, so that the directory is one that was stopped cleanly:\n"
        "           Apache Kafka opens it then\n\n"
        "  --json   one object per line\n\n"
        "Exit status: 0 when all is well, 1 when something is wrong with the files, 2 when the command line is.\n",
        out);
    return code;
}

static void print_out(struct sink *sink, const char *data, size_t size)
{
    progress_wipe(&container_of(sink, struct log_command, out)->progress);
    fwrite(data, 1, size, stdout);
}

static int run(const struct subcommand *subcommand, int count, char **arguments)
{
    struct log_command command = { .out.put = print_out };
    int code = EXIT_FINE, paths = 0;

    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) return help(stdout, EXIT_FINE);
        if (strcmp(arguments[i], "--records") == 0) {
            command.records = true;
        } else if (strcmp(arguments[i], "--json") == 0) {
            command.json = true;
        } else if (arguments[i][0] == '-') {
            fprintf(stderr, "sluice log: there is no option '%s'\n", arguments[i]);
            return EXIT_USAGE;
        } else {
            arguments[paths++] = arguments[i];
        }
    }
    if (paths == 0) return help(stderr, EXIT_USAGE);

    heap_init(&command.heap);
    if (subcommand->called) {
        progress_begin(&command.progress, subcommand->called, "", PROGRESS_BYTES, subcommand->prints);
    }
    for (int i = 0; i < paths; i++) {
        int one = subcommand->run(&command, arguments[i]);
        if (one != EXIT_FINE) code = one;
    }
    progress_wipe(&command.progress);
    heap_end(&command.heap);
    return output_end("sluice log", code);
}

int command_log(int count, char **arguments)
{
    if (count < 2) return help(stderr, EXIT_USAGE);
    if (strcmp(arguments[1], "--help") == 0) return help(stdout, EXIT_FINE);
    for (size_t i = 0; i < array_count(subcommands); i++) {
        if (strcmp(arguments[1], subcommands[i].name) == 0) return run(&subcommands[i], count - 2, arguments + 2);
    }
    fprintf(stderr, "sluice log: there is no '%s'\n\n", arguments[1]);
    return help(stderr, EXIT_USAGE);
}

int log_complain(const char *path, enum status status)
{
    fprintf(stderr, "%s: %s\n", path, status_text(status));
    return EXIT_FAILED;
}

enum log_path log_path_kind(const char *path)
{
    struct files *files = files_kernel();
    struct files_entry entry;
    char inside[4096];
    struct stat here;

    if (stat(path, &here) != 0) return LOG_PATH_MISSING;
    if (!S_ISDIR(here.st_mode)) return LOG_PATH_FILE;
    if (snprintf(inside, sizeof(inside), "%s/meta.properties", path) >= (int)sizeof(inside)) return LOG_PATH_MISSING;
    return files_entry(files, FILES_HERE, inside, &entry) == STATUS_OK ? LOG_PATH_DIRECTORY : LOG_PATH_PARTITION;
}
