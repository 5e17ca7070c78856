/* tools/kafka_tools.c   The names, and what the tools share. */
#include "kafka_tools.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/properties.h"
#include "client/codes.h"
#include "command.h"
#include "io/files.h"
#include "output.h"

static const struct kafka_tool tools[] = {
    { "kafka-topics", &kafka_topics_verb, "Error while executing topic command : ", true },
    { "kafka-configs", &kafka_configs_verb, "", false },
    { "kafka-console-producer", &kafka_producer_verb, "", false },
    { "kafka-console-consumer", &kafka_consumer_verb, "", false },
    { "kafka-get-offsets", &kafka_offsets_verb, "Error occurred: ", false },
    { "kafka-log-dirs", &kafka_log_dirs_verb, "", false },
};

const struct kafka_tool *kafka_tool_find(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct text name = text_of(slash ? slash + 1 : path);

    if (text_ends(name, TEXT(".sh"))) name.size -= 3;
    for (size_t i = 0; i < array_count(tools); i++) {
        if (text_equal(text_of(tools[i].name), name)) return &tools[i];
    }
    return NULL;
}

static const struct option_row *row_of(const struct verb *verb, struct text name)
{
    for (size_t i = 0; i < verb->row_count; i++) {
        if (text_equal(text_of(verb->rows[i].name), name)) return &verb->rows[i];
    }
    return NULL;
}

/* An option with one value that comes twice: which was meant? */
static bool options_once(const struct kafka_tool *tool, int count, char **arguments)
{
    enum { SEEN_MAX = 64 };
    const struct option_row *seen[SEEN_MAX];
    size_t seen_count = 0;

    for (int i = 0; i < count; i++) {
        const char *word = arguments[i];
        const char *equals = strchr(word, '=');
        if (strncmp(word, "--", 2) != 0) continue;
        const struct option_row *row =
            row_of(tool->verb, (struct text){ word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2) });
        if (!row || !row->value || row->kind == OPTION_WORDS) continue;
        if (!equals && !row->bare) i++; /* the value is no option */
        for (size_t at = 0; at < seen_count; at++) {
            if (seen[at] != row) continue;
            fprintf(tool->aloud ? stdout : stderr,
                    "%sFound multiple arguments for option %s, but you asked for only one\n", tool->before, row->name);
            return false;
        }
        if (seen_count < SEEN_MAX) seen[seen_count++] = row;
    }
    return true;
}

int kafka_tool_run(const struct kafka_tool *tool, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--version") != 0) continue;
        puts(KAFKA_RELEASE);
        return EXIT_FINE;
    }
    if (!options_once(tool, count - 1, arguments + 1)) return EXIT_FAILED;
    int code = verb_run(tool->verb, tool->name, count - 1, arguments + 1);
    return code == EXIT_USAGE ? EXIT_FAILED : code;
}

/* ---- options ---- */

bool kafka_option_given(const struct verb *verb, const void *options, struct text name)
{
    for (size_t i = 0; i < verb->row_count; i++) {
        const struct option_row *row = &verb->rows[i];
        const void *place = (const char *)options + row->place;
        if (!text_equal(text_of(row->name), name)) continue;
        switch (row->kind) {
        case OPTION_FLAG: return *(const bool *)place;
        case OPTION_WORD: return *(const char *const *)place != NULL;
        case OPTION_WORDS: return ((const struct words *)place)->count > 0;
        case OPTION_COUNT:
        case OPTION_NUMBER: return *(const int64_t *)place > 0;
        }
    }
    return false;
}

bool kafka_conflicts_none(const char *called, const struct verb *verb, const void *options,
                          const struct kafka_conflict *conflicts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text rest = text_of(conflicts[i].others);
        if (!kafka_option_given(verb, options, text_of(conflicts[i].option))) continue;
        while (rest.data) {
            struct text other = text_cut(&rest, ' ');
            if (!kafka_option_given(verb, options, other)) continue;
            complain(called, "Option \"[%s]\" can't be used with option \"[%.*s]\"", conflicts[i].option,
                     TEXT_ARGS(other));
            return false;
        }
    }
    return true;
}

bool kafka_properties_read(struct session *session, const char *path, struct words *properties)
{
    enum { FILE_MAX = 1 << 20 };
    struct property_list list;
    struct words all = { .count = 0 };
    const uint8_t *data;
    int32_t bad_line = 0;
    size_t size;

    properties_init(&list, &session->arena);
    enum status status =
        path ? files_load(files_kernel(), FILES_HERE, path, FILE_MAX, &session->arena, &data, &size) : STATUS_OK;
    if (status == STATUS_OK && path) {
        status = properties_read(&list, (struct text){ (const char *)data, size }, text_of(path), &bad_line);
    }
    if (status != STATUS_OK || list.count + properties->count > WORDS_MAX) {
        complain(session->called, "%s: %s", path, status_text(status != STATUS_OK ? status : STATUS_TOO_LARGE));
        return false;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        all.items[all.count++] =
            text_format(&session->arena, "%.*s=%.*s", TEXT_ARGS(list.items[i].name), TEXT_ARGS(list.items[i].value))
                .data;
    }
    for (uint32_t i = 0; i < properties->count; i++) all.items[all.count++] = properties->items[i];
    *properties = all;
    const char *security = kafka_property(properties, "security.protocol", "PLAINTEXT");
    if (strcmp(security, "PLAINTEXT") == 0) return true;
    complain(session->called, "security.protocol=%s: this tool speaks PLAINTEXT only, use Kafka's own", security);
    return false;
}

/* ---- topics ---- */

bool kafka_expression(const char *list)
{
    bool matches;

    return kafka_match(list, TEXT(""), &matches);
}

enum { LIST_MAX = 4096 };

/* From Java's regular expressions to POSIX's, which is what most people write; lookaround stays Java's. */
struct expression {
    char pattern[LIST_MAX];
    size_t size;
    bool inside; /* brackets */
    int flags;
};

static void put(struct expression *into, const char *words)
{
    size_t size = strlen(words);
    if (into->size + size >= sizeof(into->pattern)) {
        into->size = sizeof(into->pattern); /* too long: refused at the end */
        return;
    }
    memcpy(into->pattern + into->size, words, size + 1);
    into->size += size;
}

static void put_escaped(struct expression *into, char letter)
{
    char word[] = { '\\', letter, '\0' };

    switch (letter) {
    case 'd': put(into, into->inside ? "0-9" : "[0-9]"); return;
    case 'D': put(into, into->inside ? "\\D" : "[^0-9]"); return;
    case 'w': put(into, into->inside ? "[:alnum:]_" : "\\w"); return;
    default: put(into, into->inside ? word + 1 : word); return;
    }
}

/* What goes from `at` into the expression; how many letters that were. */
static size_t translate(struct expression *into, struct text text, size_t at)
{
    char word[] = { text.data[at], '\0' };
    char last = '\0';
    struct text rest = { text.data + at, text.size - at };

    if (into->size > 0 && into->size < sizeof(into->pattern)) last = into->pattern[into->size - 1];
    if (word[0] == '\\' && rest.size > 1) {
        put_escaped(into, rest.data[1]);
        return 2;
    }
    if (into->inside || word[0] == '[') {
        into->inside = word[0] != ']';
        put(into, word);
    } else if (text_starts(rest, TEXT("(?:"))) {
        put(into, "(");
        return 3;
    } else if (at == 0 && text_starts(rest, TEXT("(?i)"))) {
        into->flags |= REG_ICASE;
        return 4;
    } else if (word[0] == ',') {
        put(into, "|");
    } else if (word[0] != '?' || !strchr("*+?}", last) || last == '\0') { /* how much is taken changes no match */
        put(into, word);
    }
    return 1;
}

/* As Kafka cleans a list: no blanks anywhere, no quotes around. */
static struct text cleaned(const char *list, char room[LIST_MAX])
{
    struct text text = { room, 0 };

    for (const char *c = list; *c && text.size < LIST_MAX; c++) {
        if (*c != ' ') room[text.size++] = *c;
    }
    while (text.size > 0 && strchr("\"'", text.data[text.size - 1])) text.size--;
    while (text.size > 0 && strchr("\"'", text.data[0])) text = (struct text){ text.data + 1, text.size - 1 };
    return text;
}

bool kafka_match(const char *list, struct text name, bool *matches)
{
    enum { NAME_MAX_SIZE = 256 };
    struct expression expression = { .flags = REG_EXTENDED | REG_NOSUB };
    char room[LIST_MAX], copy[NAME_MAX_SIZE];
    regex_t compiled;

    *matches = true;
    if (!list) return true;
    put(&expression, "^(");
    struct text text = cleaned(list, room);
    for (size_t at = 0; at < text.size;) at += translate(&expression, text, at);
    put(&expression, ")$");
    if (expression.size == sizeof(expression.pattern)) return false;
    if (regcomp(&compiled, expression.pattern, expression.flags) != 0) return false;
    snprintf(copy, sizeof(copy), "%.*s", TEXT_ARGS(name));
    *matches = regexec(&compiled, copy, 0, NULL, 0) == 0;
    regfree(&compiled);
    return true;
}

bool kafka_topics_matching(struct session *session, const char *list, bool internal, struct metadata_answer *answer)
{
    static const struct words all = { .count = 0 };
    int32_t kept = 0;

    if (!session_topics(session, &all, answer)) return false;
    for (int32_t i = 0; i < answer->topics.count; i++) {
        bool matches;
        if (!kafka_match(list, answer->topics.items[i].name, &matches)) {
            complain(session->called, "%s is an invalid regex.", list);
            return false;
        }
        if (!matches || (answer->topics.items[i].is_internal && !internal)) continue;
        answer->topics.items[kept++] = answer->topics.items[i];
    }
    answer->topics.count = kept;
    return true;
}

const char *kafka_property(const struct words *properties, const char *name, const char *otherwise)
{
    size_t size = strlen(name);

    for (uint32_t i = properties->count; i-- > 0;) {
        const char *word = properties->items[i];
        if (strncmp(word, name, size) == 0 && word[size] == '=') return word + size + 1;
    }
    return otherwise;
}

bool kafka_truth(const struct words *properties, const char *name, bool otherwise)
{
    const char *word = kafka_property(properties, name, NULL);

    return word ? strcmp(word, "true") == 0 : otherwise;
}
