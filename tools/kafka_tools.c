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
    { "kafka-topics", &kafka_topics_verb },
    { "kafka-configs", &kafka_configs_verb },
    { "kafka-console-producer", &kafka_producer_verb },
    { "kafka-console-consumer", &kafka_consumer_verb },
    { "kafka-get-offsets", &kafka_offsets_verb },
    { "kafka-log-dirs", &kafka_log_dirs_verb },
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

int kafka_tool_run(const struct kafka_tool *tool, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--version") != 0) continue;
        puts(KAFKA_RELEASE);
        return EXIT_FINE;
    }
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

bool kafka_match(const char *list, struct text name, bool *matches)
{
    enum { PATTERN_MAX = 4096, NAME_MAX_SIZE = 256 };
    char pattern[PATTERN_MAX], copy[NAME_MAX_SIZE];
    regex_t compiled;

    *matches = true;
    if (!list) return true;
    if (snprintf(pattern, sizeof(pattern), "^(%s)$", list) >= (int)sizeof(pattern)) return false;
    for (char *c = pattern; *c; c++) {
        if (*c == ',') *c = '|';
    }
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
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
