/* tools/kafka_tools.c   The names, and what the tools share. */
#include "kafka_tools.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
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
            complain(session->called, "'%s' is no regular expression", list);
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
