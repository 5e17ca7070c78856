/* net/api/topics_all.h   All topics of the image, by name: items of a walk. Between its steps topics come and go, so
 * the place is found again by name:
 *
 *     begin: count = UINT32_MAX     open: topics_all_open, parts = ... of all->topic     item: part by part
 *
 * Who is told of a topic in several steps is told of one that is gone meanwhile in part: `open` drops that. Nor may it
 * take memory that is cleared in portions (walk_take): a step that ended before the first part would pass the topic
 * by. */
#ifndef NET_API_TOPICS_ALL_H
#define NET_API_TOPICS_ALL_H

#include "api/walk.h"

struct topics_all {
    struct image_topic *topic; /* that the walk is at, in this step; NULL: none */
    struct text name;          /* of it, kept in the request's arena; at first where to begin, null: at the beginning */
    struct uuid id;
    uint32_t step;
    bool begun;
};

/* For a pass's `open`: `topic` is the next, or the same once more in a step that begins in the midst of it. NULL then:
 * it is gone; NULL of a new one: the pass is over. False: no memory. */
must_check bool topics_all_open(struct topics_all *all, struct walk *walk);

#endif
