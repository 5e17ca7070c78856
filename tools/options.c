/* tools/options.c   GNU's habits: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, flags of one letter together, `--`
 * ends the options, and they may stand behind the operands. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command.h"

/* clang-format off */
const struct option_row common_rows[] = {
    OPTION(common, servers,   "bootstrap-server", 'b', "HOST:PORT", "where to begin (SLUICE_BOOTSTRAP, localhost)"),
    OPTION(common, timeout_s, "timeout",          0,   "SECONDS",   "how long a broker may take (10)"),
    OPTION(common, json,      "json",             0,   NULL,        "JSON instead of a table"),
    OPTION(common, help,      "help",             'h', NULL,        "this"),
};
/* clang-format on */
const size_t common_row_count = array_count(common_rows);

struct reading {
    const struct verb *verb;
    const char *called;
    int count;
    char **arguments;
    int at;
    char *options;
};

static const struct option_row *row_at(const struct verb *verb, size_t index)
{
    if (index < verb->row_count) return &verb->rows[index];
    index -= verb->row_count;
    return index < common_row_count ? &common_rows[index] : NULL;
}

/* A command may say more of a common option in a row of its own. */
static bool is_repeated(const struct verb *verb, const struct option_row *row)
{
    if (row < common_rows || row >= common_rows + common_row_count) return false;
    for (size_t i = 0; i < verb->row_count; i++) {
        if (verb->rows[i].place == row->place) return true;
        if (verb->rows[i].name && strcmp(verb->rows[i].name, row->name) == 0) return true;
    }
    return false;
}

static const struct option_row *row_named(const struct verb *verb, struct text name)
{
    const struct option_row *row;

    for (size_t i = 0; (row = row_at(verb, i)); i++) {
        if (row->name && text_equal(text_of(row->name), name)) return row;
    }
    return NULL;
}

static const struct option_row *row_lettered(const struct verb *verb, char letter)
{
    const struct option_row *row;

    for (size_t i = 0; (row = row_at(verb, i)); i++) {
        if (row->letter == letter) return row;
    }
    return NULL;
}

static bool unknown_name(const struct reading *reading, struct text name)
{
    enum { NEAR = 4 };
    const struct option_row *row;
    const char *nearest = NULL;
    unsigned least = NEAR;

    for (size_t i = 0; (row = row_at(reading->verb, i)); i++) {
        unsigned distance = row->name ? text_distance(name, text_of(row->name), least) : least;
        if (row->name && name.size >= 3 && text_starts(text_of(row->name), name)) distance = 0;
        if (distance < least) {
            least = distance;
            nearest = row->name;
        }
    }
    fprintf(stderr, "%s: there is no option '--%.*s'", reading->called, TEXT_ARGS(name));
    if (nearest) fprintf(stderr, "; did you mean --%s?", nearest);
    fprintf(stderr, "\n");
    return false;
}

/* ---- values ---- */

static bool number_read(const char *word, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(word, &end, 10);
    return end != word && *end == 0 && errno == 0;
}

static bool value_set(struct reading *reading, const struct option_row *row, const char *word)
{
    char *place = reading->options + row->place;
    int64_t number;

    switch (row->kind) {
    case OPTION_FLAG: *(bool *)(void *)place = true; return true;
    case OPTION_WORD: *(const char **)(void *)place = word; return true;
    case OPTION_WORDS: {
        struct words *words = (struct words *)(void *)place;
        if (words->count == WORDS_MAX) {
            fprintf(stderr, "%s: too many of --%s\n", reading->called, row->name);
            return false;
        }
        words->items[words->count++] = word;
        return true;
    }
    case OPTION_COUNT:
    case OPTION_NUMBER: break;
    }
    if (!number_read(word, &number) || (row->kind == OPTION_COUNT && number < 0)) {
        fprintf(stderr, "%s: %s wants a number, not '%s'\n", reading->called, row->name ? row->name : row->value, word);
        return false;
    }
    *(int64_t *)(void *)place = number;
    return true;
}

static bool value_wanted(struct reading *reading, const struct option_row *row, const char *inside)
{
    bool last = reading->at + 1 == reading->count;

    if (inside) return value_set(reading, row, inside);
    if (row->bare && (last || reading->arguments[reading->at + 1][0] == '-')) {
        return value_set(reading, row, row->bare);
    }
    if (last) {
        fprintf(stderr, "%s: %s wants %s\n", reading->called, reading->arguments[reading->at], row->value);
        return false;
    }
    return value_set(reading, row, reading->arguments[++reading->at]);
}

static bool read_long(struct reading *reading, const char *word)
{
    const char *equals = strchr(word, '=');
    struct text name = { word, equals ? (size_t)(equals - word) : strlen(word) };
    const struct option_row *row = row_named(reading->verb, name);

    if (!row) return unknown_name(reading, name);
    if (row->value) return value_wanted(reading, row, equals ? equals + 1 : NULL);
    if (!equals) return value_set(reading, row, row->bare);
    fprintf(stderr, "%s: --%s takes no value\n", reading->called, row->name);
    return false;
}

static bool read_letters(struct reading *reading, const char *letters)
{
    for (; *letters; letters++) {
        const struct option_row *row = row_lettered(reading->verb, *letters);
        if (!row) {
            fprintf(stderr, "%s: there is no option '-%c'\n", reading->called, *letters);
            return false;
        }
        if (row->kind != OPTION_FLAG) return value_wanted(reading, row, letters[1] ? letters + 1 : NULL);
        if (!value_set(reading, row, NULL)) return false;
    }
    return true;
}

bool options_read(const struct verb *verb, const char *called, int count, char **arguments, void *options)
{
    struct reading reading = { verb, called, count, arguments, 0, options };
    struct words *operands = &((struct common *)options)->operands;
    bool only_operands = false;

    for (; reading.at < count; reading.at++) {
        const char *word = arguments[reading.at];
        bool fine = true;
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(word, "--", 2) == 0) {
            fine = read_long(&reading, word + 2);
        } else if (!only_operands && word[0] == '-' && word[1]) {
            fine = read_letters(&reading, word + 1);
        } else if (operands->count < WORDS_MAX) {
            operands->items[operands->count++] = word;
        } else {
            fprintf(stderr, "%s: more than %d operands\n", called, WORDS_MAX);
            fine = false;
        }
        if (!fine) return false;
    }
    return true;
}

/* ---- help ---- */

static void help_row(const struct option_row *row, FILE *out)
{
    char left[64];
    int used = snprintf(left, sizeof(left), row->letter ? "-%c" : "  ", row->letter);

    if (row->name) {
        used += snprintf(left + used, sizeof(left) - (size_t)used, "%s--%s", row->letter ? ", " : "  ", row->name);
    }
    if (row->value) snprintf(left + used, sizeof(left) - (size_t)used, " %s", row->value);
    fprintf(out, "  %-34s %s\n", left, row->help);
}

void options_help(const struct verb *verb, const char *called, FILE *out)
{
    const struct option_row *row;

    fprintf(out, "usage: %s%s%s [OPTION...]\n\n%s\n\n", called, *verb->operands ? " " : "", verb->operands,
            verb->summary);
    for (size_t i = 0; (row = row_at(verb, i)); i++) {
        if (!is_repeated(verb, row)) help_row(row, out);
    }
    if (verb->more) fprintf(out, "\n%s", verb->more);
    fputs("\nExit status: 0 it was done, 1 the cluster said no or could not be reached, 2 the command line is wrong.\n",
          out);
}

/* ---- verbs ---- */

static const char *nearest_verb(const struct command *command, const char *word)
{
    enum { NEAR = 3 };
    unsigned least = NEAR;
    const char *name = NULL;

    for (size_t i = 0; i < command->verb_count; i++) {
        unsigned distance = text_distance(text_of(word), text_of(command->verbs[i].name), least);
        if (distance >= least) continue;
        least = distance;
        name = command->verbs[i].name;
    }
    return name;
}

static int verbs_help(const struct command *command, FILE *out, int code)
{
    fprintf(out, "usage: sluice %s VERB [ARGUMENT...]\n\n", command->name);
    for (size_t i = 0; i < command->verb_count; i++) {
        fprintf(out, "  %-16s %s\n", command->verbs[i].name, command->verbs[i].summary);
    }
    fprintf(out, "\n`sluice %s VERB --help` says more.\n", command->name);
    return code;
}

int verb_run(const struct verb *verb, const char *called, int count, char **arguments)
{
    struct common *common = calloc(1, verb->size);
    const char *servers = getenv("SLUICE_BOOTSTRAP");
    int code = EXIT_USAGE;

    if (!common) return EXIT_FAILED;
    common->servers = servers && *servers ? servers : "localhost:9092";
    common->timeout_s = 10;
    if (verb->preset) verb->preset(common);
    if (options_read(verb, called, count, arguments, common)) {
        if (common->help) {
            options_help(verb, called, stdout);
            code = EXIT_FINE;
        } else {
            code = verb->run(common);
        }
    }
    free(common);
    return code;
}

int verbs_run(const struct command *command, int count, char **arguments)
{
    char called[64];
    const struct verb *verb = command->verbs;
    int skip = 1;

    if (*verb->name) {
        if (count < 2) return verbs_help(command, stderr, EXIT_USAGE);
        if (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0) {
            return verbs_help(command, stdout, EXIT_FINE);
        }
        const struct verb *limit = command->verbs + command->verb_count;
        while (verb < limit && strcmp(arguments[1], verb->name) != 0) verb++;
        if (verb == limit) {
            const char *near = nearest_verb(command, arguments[1]);
            fprintf(stderr, "sluice %s: there is no '%s'%s%s%s\n\n", command->name, arguments[1],
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
            return verbs_help(command, stderr, EXIT_USAGE);
        }
        skip = 2;
    }
    snprintf(called, sizeof(called), "sluice %s%s%s", command->name, *verb->name ? " " : "", verb->name);
    return verb_run(verb, called, count - skip, arguments + skip);
}
