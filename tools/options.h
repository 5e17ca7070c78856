/* tools/options.h   The command lines of the commands that are clients, as tables: one row per option, one struct that
 * the options fill. Parsing, --help, complaints with the nearest known name and the shells' completions all come from
 * the rows.
 *
 *     struct topic_options { struct common common; int64_t partitions; };
 *     OPTION(topic_options, partitions, "partitions", 'p', "COUNT", "how many") */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"

enum { WORDS_MAX = 256 };

struct words {
    const char *items[WORDS_MAX];
    uint32_t count;
};

enum option_kind { OPTION_FLAG, OPTION_COUNT, OPTION_NUMBER, OPTION_WORD, OPTION_WORDS };

struct option_row {
    const char *name; /* without its dashes; NULL: only a letter */
    char letter;      /* 0: none */
    enum option_kind kind;
    size_t place;
    const char *value; /* what it is called in help; NULL for flags, and for words that are always `bare` */
    const char *help;
    const char *bare; /* what a word is when none was said; NULL: one must be */
};

#define OPTION_KIND(member) \
    _Generic((member), bool: OPTION_FLAG, uint64_t: OPTION_COUNT, int64_t: OPTION_NUMBER, const char *: OPTION_WORD,  \
             struct words: OPTION_WORDS)
#define OPTION_OR(type, member, name, letter, value, bare, help)                                                \
    {                                                                                                           \
        name, letter, OPTION_KIND(((struct type *)0)->member), offsetof(struct type, member), value, help, bare \
    }
#define OPTION(type, member, name, letter, value, help) OPTION_OR(type, member, name, letter, value, NULL, help)

/* What all client commands understand; the first member of their structs. */
struct common {
    const char *servers;
    uint64_t timeout_s;
    bool json;
    bool help;
    struct words operands;
};

/* One way to call a command: `sluice topic create`, or a command without a second word (name ""). */
struct verb {
    const char *name;
    const char *operands; /* for the usage line */
    const char *summary;  /* one line */
    const char *more;     /* what help says below the options, or NULL */
    const struct option_row *rows;
    size_t row_count;
    size_t size;                   /* of the struct, which begins with struct common */
    void (*preset)(void *options); /* what is not zero without being said, or NULL */
    int (*run)(void *options);
};

extern const struct option_row common_rows[];
extern const size_t common_row_count;

/* Each in the file of its command. */
extern const struct verb topic_verbs[5], produce_verbs[1], consume_verbs[1], config_verbs[4], cluster_verbs[1];
extern const struct verb bench_verbs[3], doctor_verbs[1];

struct command;
/* Finds the verb, reads the options and runs it. */
int verbs_run(const struct command *command, int count, char **arguments);
/* The same for one verb. */
int verb_run(const struct verb *verb, const char *called, int count, char **arguments);
/* Reads the options alone; operands go to common.operands. False: it was complained about. `called` is the name in
 * complaints. */
must_check bool options_read(const struct verb *verb, const char *called, int count, char **arguments, void *options);
void options_help(const struct verb *verb, const char *called, FILE *out);

#endif
