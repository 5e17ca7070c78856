/* replication/replica/quorum_state.c   A reader for the few names that this file has. It is written by Kafka or by us,
 * on one line, without nesting that matters; a name is looked up, not a grammar walked. */
#include "replica/quorum_state.h"

#include <string.h>

/* What follows "name": up to the next comma or bracket, without quotes; null when the name is not there. */
static struct text member(struct text text, struct text name)
{
    for (size_t at = 0; at + name.size + 3 <= text.size; at++) {
        if (text.data[at] != '"' || memcmp(text.data + at + 1, name.data, name.size) != 0) continue;
        if (text.data[at + 1 + name.size] != '"') continue;

        struct text rest = { text.data + at + 2 + name.size, text.size - at - 2 - name.size };
        while (rest.size > 0 && (*rest.data == ' ' || *rest.data == ':')) {
            rest.data++;
            rest.size--;
        }
        size_t size = 0;
        while (size < rest.size && !strchr(",}]", rest.data[size])) size++;
        struct text value = text_trim((struct text){ rest.data, size });
        if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"') {
            value = (struct text){ value.data + 1, value.size - 2 };
        }
        return value;
    }
    return TEXT_NULL;
}

static bool member_i32(struct text text, struct text name, int32_t *n)
{
    int64_t wide;
    if (!text_to_i64(member(text, name), &wide) || wide < -1 || wide > INT32_MAX) return false;
    *n = (int32_t)wide;
    return true;
}

enum status quorum_state_parse(struct text text, struct ballot *ballot, bool *dynamic)
{
    int32_t version;

    *ballot = (struct ballot){ .vote = RAFT_NOBODY, .leader = RAFT_NOBODY };
    if (!member_i32(text, TEXT("data_version"), &version) || version < 0 || version > 1) return STATUS_MALFORMED;
    if (!member_i32(text, TEXT("leaderEpoch"), &ballot->term)) return STATUS_MALFORMED;
    if (!member_i32(text, TEXT("leaderId"), &ballot->leader)) return STATUS_MALFORMED;
    if (!member_i32(text, TEXT("votedId"), &ballot->vote)) return STATUS_MALFORMED;
    if (version == 1 && !uuid_parse(member(text, TEXT("votedDirectoryId")), &ballot->vote_directory))
        return STATUS_MALFORMED;
    if (ballot->term < 0) return STATUS_MALFORMED;
    *dynamic = version == 1;
    return STATUS_OK;
}

struct text quorum_state_print(const struct ballot *ballot, const struct quorum *quorum, bool dynamic,
                               struct arena *arena)
{
    if (dynamic) {
        char directory[UUID_TEXT_SIZE + 1];
        uuid_print(ballot->vote_directory, directory);
        return text_format(
            arena, "{\"leaderId\":%d,\"leaderEpoch\":%d,\"votedId\":%d,\"votedDirectoryId\":\"%s\",\"data_version\":1}",
            ballot->leader, ballot->term, ballot->vote, directory);
    }

    struct text voters = TEXT("");
    for (uint32_t i = 0; i < quorum->count && voters.data; i++) {
        voters =
            text_format(arena, "%.*s%s{\"voterId\":%d}", TEXT_ARGS(voters), i ? "," : "", quorum->members[i].voter.id);
    }
    if (!voters.data) return TEXT_NULL;
    return text_format(arena,
                       "{\"clusterId\":\"\",\"leaderId\":%d,\"leaderEpoch\":%d,\"votedId\":%d,\"appliedOffset\":0,"
                       "\"currentVoters\":[%.*s],\"data_version\":0}",
                       ballot->leader, ballot->term, ballot->vote, TEXT_ARGS(voters));
}
