/* engine/shard/mailbox.h   Messages between shards. Mail is a field of the sender's struct: posting moves that struct
 * (or the part of it that the mail names) to the receiver, until the receiver posts it back. One single-producer,
 * single-consumer ring per pair of shards; a full ring keeps the mail in the sender's own list and goes on later, so
 * posting never fails. A sleeping shard is woken by one poke per batch of mail, and only if it said that it sleeps.
 *
 * Threads that are no shard (jobs, HTTP) post through the door: a lock-free stack per shard and io_poke_outside. */
#ifndef ENGINE_SHARD_MAILBOX_H
#define ENGINE_SHARD_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct heap;
struct shard;

struct mail {
    struct list_node node; /* in the sender's list while the ring is full */
    struct mail *below;    /* in the door's stack */
    void (*deliver)(struct mail *mail, struct shard *at);
};

struct mail_ring;

struct mailbox {
    struct mail_ring **from; /* rings that end here, by sender */
    struct list *waiting;    /* by receiver: did not fit into its ring yet */
    uint32_t *unpoked;       /* by receiver: posted since the last poke */
    _Atomic(struct mail *) door;
    _Atomic bool asleep; /* said before the last look into the rings and the wait */
    uint64_t posted, delivered, pokes;
};

void mailbox_init(struct mailbox *mailbox, uint32_t shard_count, struct heap *heap);

/* Delivers on shard `to`, in order among the mail of this pair. A shard may post to itself: delivered in the next
 * step. */
void mail_post(struct shard *from, uint32_t to, struct mail *mail,
               void (*deliver)(struct mail *mail, struct shard *at));
/* From a thread that is no shard. Order among outside posts is kept. */
void mail_post_outside(struct shard *to, struct mail *mail, void (*deliver)(struct mail *mail, struct shard *at));

/* For shard.c. Delivers what is there, at most as much as was there at the call; true when something was. */
bool mailbox_deliver(struct shard *shard);
/* Pokes those who sleep and have new mail. */
void mailbox_poke(struct shard *shard);
/* Whether the next mailbox_deliver has something to do. */
bool mailbox_pending(const struct shard *shard);
/* Says that the shard is about to wait. True when there is mail after all: then do not wait. */
bool mailbox_sleep(struct shard *shard);
void mailbox_awake(struct shard *shard);

#endif
