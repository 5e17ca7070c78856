/* net/api/topic_name.c   Kafka's rules, in its words. */
#include "api/topic_name.h"

enum { NAME_SIZE_MAX = 249 };

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

static struct text name_fault(struct text name)
{
    if (name.size == 0) return TEXT("Topic name is invalid: the empty string is not allowed");
    if (text_equal(name, TEXT("."))) return TEXT("Topic name is invalid: '.' is not allowed");
    if (text_equal(name, TEXT(".."))) return TEXT("Topic name is invalid: '..' is not allowed");
    if (name.size > NAME_SIZE_MAX)
        return TEXT("Topic name is invalid: the length is longer than the max allowed length 249");
    for (size_t i = 0; i < name.size; i++) {
        if (!name_char(name.data[i])) {
            return TEXT("Topic name is invalid: it contains one or more characters other than ASCII alphanumerics, "
                        "'.', '_' and '-'");
        }
    }
    return TEXT_NULL;
}

enum status topic_name_status(struct text name, struct text *why)
{
    struct text fault = name_fault(name);

    if (why) *why = fault;
    return fault.data ? STATUS_INVALID : STATUS_OK;
}

struct text topic_name_why(struct text name, struct arena *arena)
{
    struct text fault = name_fault(name);
    if (name.size <= 2) {
        bool dots = name.size > 0 && name.data[0] == '.' && name.data[name.size - 1] == '.';
        if (name.size == 0 || dots) return fault;
    }
    if (name.size > NAME_SIZE_MAX) {
        return text_format(arena,
                           "Topic name is invalid: the length of '%.*s' is longer than the max allowed length %d",
                           TEXT_ARGS(name), NAME_SIZE_MAX);
    }
    return text_format(arena,
                       "Topic name is invalid: '%.*s' contains one or more characters other than ASCII alphanumerics, "
                       "'.', '_' and '-'",
                       TEXT_ARGS(name));
}
