/* tools/main.c   The roof: `sluice COMMAND ...` finds its row and runs it; so does a link with the
 * name of one of Kafka's tools. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "command.h"
#include "kafka_tools.h"
#include "options.h"
#include "output.h"

#define VERBS_AND(verbs) verbs, array_count(verbs)
#define VERBS(verbs)     VERBS_AND(verbs), NULL, NULL
const struct command commands[] = {
    /* clang-format off */
    { "serve",      command_serve,      "start a node",                                          NULL, 0,
      NULL, "--override --plan --help" },
    { "top",        command_top,        "what a node is doing, live in a terminal",              NULL, 0,
      NULL, "--once --interval --rows --help" },
    { "topic",      NULL,               "make, list, describe, delete and widen topics",         VERBS(topic_verbs) },
    { "produce",    NULL,               "store lines or files as records",                       VERBS(produce_verbs) },
    { "consume",    NULL,               "print records",                                         VERBS(consume_verbs) },
    { "cluster",    NULL,               "nodes, directories, the metadata log, features",        VERBS(cluster_verbs) },
    { "config",     command_config,     "settings of topics and brokers; checking a node's own",
      VERBS_AND(config_verbs), NULL, "--override" },
    { "bench",      NULL,               "a load with intended times, and its latencies",         VERBS(bench_verbs) },
    { "doctor",     NULL,               "what this machine lacks for a node",                    VERBS(doctor_verbs) },
    { "log",        command_log,        "look at, check or recover a log directory",             NULL, 0,
      "dump verify recover", "--records --json --help" },
    { "completion", command_completion, "teach a shell these commands",                          NULL, 0,
      "bash zsh fish", "--help" },
    { "version",    command_version,    "print the version",                                     NULL, 0, NULL, NULL },
    /* clang-format on */
};
const size_t command_count = array_count(commands);

static int usage(FILE *out, int code)
{
    fputs("usage: sluice COMMAND [ARGUMENT...]\n\n", out);
    for (size_t i = 0; i < array_count(commands); i++) {
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n`sluice COMMAND --help` says more.\n", out);
    return code;
}

int command_version(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    puts("sluice " SLUICE_VERSION " (Apache Kafka protocol " KAFKA_RELEASE ")");
    return EXIT_FINE;
}

static const char *nearest(const char *word)
{
    enum { NEAR = 3 };
    unsigned least = NEAR;
    const char *name = NULL;

    for (size_t i = 0; i < command_count; i++) {
        unsigned distance = text_distance(text_of(word), text_of(commands[i].name), least);
        if (distance >= least) continue;
        least = distance;
        name = commands[i].name;
    }
    return name;
}

/* Who is started without standard output must not find the socket of a broker in its place: descriptors 0 to 2 are
 * taken, by what can't be read or written. */
static bool standard_descriptors(void)
{
    int got;

    do {
        got = open("/dev/null", O_RDWR);
        if (got == STDIN_FILENO || got == STDOUT_FILENO) {
            close(got);
            if (open("/dev/null", got == STDIN_FILENO ? O_WRONLY : O_RDONLY) != got) return false;
        }
    } while (got >= 0 && got <= STDERR_FILENO);
    return got < 0 || close(got) == 0;
}

static int run(int count, char **arguments)
{
    static char help[] = "--help";
    const struct kafka_tool *tool = count > 0 ? kafka_tool_find(arguments[0]) : NULL;

    if (tool) return kafka_tool_run(tool, count, arguments);
    if (count < 2) return usage(stderr, EXIT_USAGE);
    if (strcmp(arguments[1], "help") == 0 && count == 3) {
        char *asked[] = { arguments[0], arguments[2], help };
        return run(3, asked);
    }
    if (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0 || strcmp(arguments[1], "help") == 0) {
        return usage(stdout, EXIT_FINE);
    }
    if (strcmp(arguments[1], "--version") == 0) return command_version(count - 1, arguments + 1);

    for (size_t i = 0; i < array_count(commands); i++) {
        if (strcmp(arguments[1], commands[i].name) != 0) continue;
        if (commands[i].run) return commands[i].run(count - 1, arguments + 1);
        return verbs_run(&commands[i], count - 1, arguments + 1);
    }
    const char *near = nearest(arguments[1]);
    fprintf(stderr, "sluice: there is no command '%s'%s%s%s\n\n", arguments[1], near ? "; did you mean " : "",
            near ? near : "", near ? "?" : "");
    return usage(stderr, EXIT_USAGE);
}

int main(int count, char **arguments)
{
    if (!standard_descriptors()) return EXIT_FAILED;
    return output_end("sluice", run(count, arguments));
}
