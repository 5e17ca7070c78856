/* tools/command.h   The subcommands of the one binary. Each has a file of its own and one row in main.c. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <stddef.h>

#define KAFKA_RELEASE "4.3.1" /* whose protocol is spoken */

/* Exit codes, the same for all commands. */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_FAILED = 1, /* the world said no */
    EXIT_USAGE = 2,  /* the command line did */
};

struct verb;
struct command {
    const char *name;
    int (*run)(int count, char **arguments); /* arguments[0] is the command's name; NULL: it is made of verbs */
    const char *summary;                     /* one line of help */
    const struct verb *verbs;                /* options.h: what a client of a cluster may do */
    size_t verb_count;
    const char *more_verbs, *more_options; /* words that no table has, for the shells' completions; NULL: none */
};

extern const struct command commands[];
extern const size_t command_count;

int command_serve(int count, char **arguments);
int command_top(int count, char **arguments);
int command_log(int count, char **arguments);
int command_config(int count, char **arguments);
int command_completion(int count, char **arguments);
int command_version(int count, char **arguments);

#endif
