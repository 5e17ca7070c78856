/* engine/base/list.h   Intrusive, circular, doubly linked lists. A node that is in no list points at itself, so removal
 * is idempotent and "is it queued?" is a question to the node. */
#ifndef ENGINE_BASE_LIST_H
#define ENGINE_BASE_LIST_H

#include <stdbool.h>

#include "base/check.h"

struct list_node {
    struct list_node *next, *previous;
};

struct list {
    struct list_node head;
};

static inline void list_node_init(struct list_node *node)
{
    node->next = node->previous = node;
}
static inline void list_init(struct list *list)
{
    list_node_init(&list->head);
}
static inline bool list_linked(const struct list_node *node)
{
    return node->next != node;
}
static inline bool list_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
    invariant(!list_linked(node));
    node->next = place;
    node->previous = place->previous;
    place->previous->next = node;
    place->previous = node;
}

static inline void list_append(struct list *list, struct list_node *node)
{
    list_insert_before(&list->head, node);
}
static inline void list_prepend(struct list *list, struct list_node *node)
{
    list_insert_before(list->head.next, node);
}

static inline void list_remove(struct list_node *node)
{
    node->next->previous = node->previous;
    node->previous->next = node->next;
    list_node_init(node);
}

static inline struct list_node *list_first(const struct list *list)
{
    return list_empty(list) ? NULL : list->head.next;
}

static inline struct list_node *list_last(const struct list *list)
{
    return list_empty(list) ? NULL : list->head.previous;
}

static inline struct list_node *list_take_first(struct list *list)
{
    struct list_node *node = list_first(list);
    if (node) list_remove(node);
    return node;
}

/* Moves all nodes of `from` behind those of `to`. */
static inline void list_join(struct list *to, struct list *from)
{
    if (list_empty(from)) return;
    from->head.next->previous = to->head.previous;
    to->head.previous->next = from->head.next;
    from->head.previous->next = &to->head;
    to->head.previous = from->head.previous;
    list_init(from);
}

/* `node` may be removed while it is visited; nothing else may. (A name that is declared can't stand in parentheses.) */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define list_each(list, node)                                                                          \
    for (struct list_node *node = (list)->head.next, *node##_next = node->next; node != &(list)->head; \
         node = node##_next, node##_next = node->next)
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
