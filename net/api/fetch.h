/* net/api/fetch.h   Inside Fetch: the request and its session (fetch.c), reading and watching where the partitions live
 * (fetch_group.c, fetch_ahead.c), the answer (fetch_answer.c). */
#ifndef NET_API_FETCH_H
#define NET_API_FETCH_H

#include "api/route.h"
#include "conn/fetch_session.h"
#include "messages/fetch.h"

enum {
    FETCH_EXTENTS_BASE = 44,   /* of one shard in one answer: bounds pins; of one partition they fit into a slot */
    FETCH_EXTENTS_PART = 4,    /* and for each partition; */
    FETCH_EXTENTS_MORE = 1020, /* who needs more gets so many */
    FETCH_EXTENTS_MAX = 4096,
    FETCH_SIZE_MAX = 8 << 20,    /* of one answer, whatever was asked: bounds pins */
    FETCH_CACHED_MAX = 32 << 20, /* of the read cache that one answer may pin on a shard, beyond its last part */
    FETCH_LENT_FIRST = 1024,     /* room for aborted lists of another shard, doubled when it was not enough */
    FETCH_LENT_MAX = 1 << 20,
    FETCH_AHEAD = 16,             /* reads of later parts on their way while one is waited for, */
    FETCH_AHEAD_SHARD = 64,       /* and of all fetches together: who finds none free goes on part by part */
    FETCH_AHEAD_SHARE = 8,        /* what is read ahead takes at most this part of the read cache, */
    FETCH_AHEAD_LEAST = 64 << 10, /* but this much */
};

/* One partition of a request. */
struct fetch_part {
    struct uuid topic;
    struct text name; /* as the client named it; empty: by id */
    struct fetch_partition_ask ask;
    struct fetch_group *group; /* NULL: refused at home */
    struct fetch_part *next;   /* of the same group */
    struct watermark_wait wait;
    bool watching;
    bool starved;                            /* its bytes are cold, and the read cache had no room for them */
    int64_t told_high_watermark, told_start; /* what the session's client knows; -1: nothing */
    /* out */
    int16_t error;
    int64_t high_watermark, last_stable, start;
    uint32_t extent_first, extent_count; /* of the group's */
    uint32_t size;
    uint32_t ahead;                         /* bytes at most that are read ahead for it */
    int64_t seen;                           /* nothing to read below this offset: watched from here */
    struct fetch_diverging_epoch diverging; /* epoch -1: none */
    struct aborted *aborted;
    uint32_t aborted_count;
};

/* The partitions of a request that live on one shard. It travels there to read, and again to watch: the marks of its
 * parts, and for the first that is starved it queues at the read cache, with a read that waits.
 *
 *     GROUP_HOME --read--> GROUP_READING --all parts read--> returns
 *          \-----watch--> GROUP_WATCHING --news, or recalled------------------------> returns
 *                             |      \--while a read waits--> GROUP_LEAVING --read---> returns
 *                             \--the read has come, and its bytes are kept-----------> returns */
enum fetch_group_stage { GROUP_HOME, GROUP_READING, GROUP_WATCHING, GROUP_LEAVING };

struct fetch_group {
    struct route_part route;
    struct route_part recall; /* a second envelope: "come home" */
    struct fetch *fetch;
    struct shard *owner;
    uint32_t owner_index;
    enum fetch_group_stage stage; /* the owner's, while it is away */
    struct fetch_part *parts, **parts_end;
    uint32_t part_count;
    bool away, recalled;   /* as home knows it */
    struct fetch_part *at; /* being read */
    struct log_read read;
    struct fetch_part *ahead; /* the next one to be read ahead */
    struct list aheads;       /* struct fetch_ahead: on their way */
    uint32_t ahead_count;
    uint64_t ahead_size; /* for parts that are not read yet */
    struct arena *arena; /* of aborted lists: the request's when it lives at home, else room that home has lent */
    struct arena lent;
    uint32_t lent_size;
    bool lent_short; /* more room is needed: home lends more and reads again */
    uint32_t size, size_max;
    uint64_t cached;            /* bytes of blocks of the read cache that it pins */
    bool full;                  /* more was there than it may hold */
    bool waiting;               /* `read` is under way while it watches */
    struct fetch_part *starved; /* the first that is; NULL: none */
    struct fetch_part *kept;    /* read while it watched: the next round has its bytes already */
    uint32_t extent_count, extent_max;
    struct extent *extents;
};

/*     READING --enough, an error, no time, some bytes and no room for more--> answered
 *        ^ |
 *        | \--nothing yet--> WATCHING --news, bytes for which there was no room--\
 *        |                      |  \--deadline, given up--> recall, last round     |
 *        \----------------------+--------------------------------------------------/
 *
 * Reading waits for bytes, never for memory: what is short may be what this fetch holds itself. It answers with what it
 * has, or holds nothing and watches: then its groups queue for the room that they lacked. */
enum fetch_stage { FETCH_READING, FETCH_WATCHING };

struct fetch {
    struct request *request;
    struct apis *apis;
    enum fetch_stage stage;
    struct route route;
    struct timer timer;
    int64_t deadline_ns;
    bool last_round;    /* answer with what there is */
    bool news;          /* somebody came home from watching */
    int32_t session_id; /* 0: none */
    bool incremental;   /* only what is news is answered */
    bool by_id, read_committed;
    int32_t replica; /* -1: a consumer */
    int32_t size_max, size_min;
    struct image_topic *topic; /* of the part that was added last; only while parts are added */
    struct fetch_part *parts;
    uint32_t part_count;
    struct fetch_group **groups;
    uint32_t group_count;
};

/* The next trip of a group. */
static inline void fetch_group_send(struct fetch *fetch, struct fetch_group *group,
                                    void (*arrive)(struct route_part *route, struct shard *owner))
{
    group->away = true;
    route_send(&fetch->route, &group->route, group->owner_index, arrive);
}

/* Reads all parts of a group; watches them. On the owner. */
void fetch_group_read(struct route_part *route, struct shard *owner);
void fetch_group_watch(struct route_part *route, struct shard *owner);
void fetch_group_recall(struct route_part *route, struct shard *owner);

/* fetch_ahead.c: while group->at waits for its bytes, those of the parts behind it are asked for, too. */
void fetch_ahead_go(struct fetch_group *group);
/* A part has been read, or passed over: what was read ahead for it counts no more. */
void fetch_ahead_pass(struct fetch_group *group, struct fetch_part *part);
/* What is on its way is not waited for; fetch_group_settle runs when the last has come back. False: none was. */
bool fetch_ahead_stop(struct fetch_group *group);
void fetch_group_settle(struct fetch_group *group);

/* Answers with what the parts hold now, and lets them go. */
void fetch_reply(struct fetch *fetch);
void fetch_refuse(struct request *request, int16_t error);

#endif
