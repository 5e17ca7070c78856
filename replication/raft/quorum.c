/* replication/raft/quorum.c   Majorities. Of n voters, n / 2 + 1 are one; what a majority has is therefore the element
 * n / 2 (from 0) of the ends in descending order. */
#include "raft/quorum.h"

#include "base/check.h"

void quorum_init(struct quorum *quorum)
{
    *quorum = (struct quorum){ 0 };
}

void quorum_add(struct quorum *quorum, struct voter voter)
{
    invariant(quorum->count < QUORUM_MAX && !quorum_find(quorum, voter));
    quorum->members[quorum->count++] = (struct quorum_member){ .voter = voter, .end = -1 };
}

struct quorum_member *quorum_find(struct quorum *quorum, struct voter voter)
{
    for (uint32_t i = 0; i < quorum->count; i++) {
        struct quorum_member *member = &quorum->members[i];
        if (member->voter.id == voter.id && uuid_equal(member->voter.directory, voter.directory)) return member;
    }
    return NULL;
}

void quorum_reset(struct quorum *quorum)
{
    for (uint32_t i = 0; i < quorum->count; i++) {
        quorum->members[i].granted = false;
        quorum->members[i].end = -1;
    }
}

bool quorum_granted(const struct quorum *quorum)
{
    uint32_t granted = 0;
    for (uint32_t i = 0; i < quorum->count; i++) granted += quorum->members[i].granted;
    return granted > quorum->count / 2;
}

int64_t quorum_end(const struct quorum *quorum)
{
    int64_t ends[QUORUM_MAX];

    invariant(quorum->count > 0);
    for (uint32_t i = 0; i < quorum->count; i++) {
        uint32_t place = i;
        for (; place > 0 && ends[place - 1] < quorum->members[i].end; place--) ends[place] = ends[place - 1];
        ends[place] = quorum->members[i].end;
    }
    return ends[quorum->count / 2];
}
