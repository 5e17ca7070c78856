/* net/api/topics_all.c   Within a step from topic to topic, along the list; in the next from the name of the last. */
#include "api/topics_all.h"

static struct image_topic *behind(const struct image *image, const struct image_topic *topic)
{
    struct list_node *next = topic->node.next;
    return next == &image->topics.head ? NULL : container_of(next, struct image_topic, node);
}

static struct image_topic *next_of(const struct topics_all *all, const struct walk *walk, const struct image *image)
{
    if (all->topic && all->step == walk->steps) return behind(image, all->topic);

    struct image_topic *topic = image_topic_from(image, all->name);
    bool seen = all->begun && topic && text_equal(topic->name, all->name);
    return seen ? behind(image, topic) : topic;
}

bool topics_all_open(struct topics_all *all, struct walk *walk)
{
    const struct image *image = &apis_of(walk->request)->replicas->image;
    bool again = walk->part > 0;

    all->topic = again ? image_topic_by_id(image, all->id) : next_of(all, walk, image);
    all->step = walk->steps;
    if (again && !all->topic) {
        walk->parts = 0;
        all->begun = false; /* Another may have its name. */
    }
    if (!again && !all->topic) walk_over(walk);
    if (again || !all->topic) return true;

    all->begun = true;
    all->id = all->topic->id;
    all->name = text_copy(&walk->request->arena, all->topic->name);
    return all->name.data != NULL;
}
