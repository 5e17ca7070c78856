/* engine/shard/mailbox.c   Single-producer rings between shards, a stack for everybody else, and one flag about sleep.
 *
 *     sender                                   receiver
 *     ring: write place, release `tail`        asleep := true   (exchange, acquire and release)
 *     asleep := false  (exchange)              look into rings and door
 *     was true? poke                           something there? then do not wait
 *
 * Both sides change `asleep` by an exchange, so one of the two comes second and sees all that the other did before its
 * own: either the sender learns that the receiver sleeps, or the receiver finds the mail. The same argument holds for a
 * full ring: `starved` is exchanged by the sender before its second look at the room, and by the receiver after it made
 * room.
 *
 * Invariants. (1) tail - head <= MAIL_RING_SIZE; only the sender moves tail, only the receiver head. (2) Mail that
 * waits in the sender's list is younger than all mail in the ring, so order holds. (3) Once delivered, mail belongs to
 * the receiver: nothing of it is read after the call. */
#include "shard/mailbox.h"

#include "base/check.h"
#include "base/heap.h"
#include "io/io.h"
#include "shard/shard.h"

enum { MAIL_RING_SIZE = 256, CACHE_LINE = 64 };

struct mail_ring {
    _Atomic uint32_t tail; /* the sender's */
    uint32_t head_seen;    /* the sender's memory of head: spares looking at the receiver's line */
    _Atomic bool starved;  /* the sender has mail that did not fit */
    char apart[CACHE_LINE];
    _Atomic uint32_t head; /* the receiver's */
    char apart_too[CACHE_LINE];
    struct mail *places[MAIL_RING_SIZE];
};

void mailbox_init(struct mailbox *mailbox, uint32_t shard_count, struct heap *heap)
{
    invariant(shard_count > 0);

    mailbox->from = heap_take(heap, shard_count * sizeof(struct mail_ring *));
    mailbox->waiting = heap_take(heap, shard_count * sizeof(struct list));
    mailbox->unpoked = heap_take(heap, shard_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < shard_count; i++) {
        mailbox->from[i] = heap_take(heap, sizeof(struct mail_ring));
        list_init(&mailbox->waiting[i]);
    }
    atomic_init(&mailbox->door, NULL);
    atomic_init(&mailbox->asleep, false);
    mailbox->posted = mailbox->delivered = mailbox->pokes = 0;
}

static struct mail_ring *ring_between(const struct shard *from, uint32_t to)
{
    invariant(to < from->shard_count);
    return from->shards[to]->mailbox.from[from->index];
}

/* The sender's side. */
static bool ring_room(struct mail_ring *ring)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail - ring->head_seen < MAIL_RING_SIZE) return true;
    ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
    invariant(tail - ring->head_seen <= MAIL_RING_SIZE);
    return tail - ring->head_seen < MAIL_RING_SIZE;
}

static bool ring_put(struct mail_ring *ring, struct mail *mail)
{
    if (!ring_room(ring)) return false;
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    ring->places[tail % MAIL_RING_SIZE] = mail;
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

/* The receiver's side. */
static uint32_t ring_count(const struct mail_ring *ring)
{
    return atomic_load_explicit(&ring->tail, memory_order_acquire) -
           atomic_load_explicit(&ring->head, memory_order_relaxed);
}

static struct mail *ring_take(struct mail_ring *ring)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    struct mail *mail = ring->places[head % MAIL_RING_SIZE];
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return mail;
}

void mail_post(struct shard *from, uint32_t to, struct mail *mail, void (*deliver)(struct mail *mail, struct shard *at))
{
    struct mailbox *mailbox = &from->mailbox;
    invariant(deliver != NULL);

    mail->deliver = deliver;
    list_node_init(&mail->node);
    mailbox->posted++;
    if (list_empty(&mailbox->waiting[to]) && ring_put(ring_between(from, to), mail)) {
        mailbox->unpoked[to]++;
        return;
    }
    list_append(&mailbox->waiting[to], &mail->node);
}

/* Fills the ring from the waiting list. What is left is told to the receiver, which pokes us when it has made room; the
 * second look catches room that it made before it could see that. */
static void waiting_put(struct shard *shard, uint32_t to)
{
    struct mailbox *mailbox = &shard->mailbox;
    struct mail_ring *ring = ring_between(shard, to);

    for (int look = 0; look < 2; look++) {
        for (struct list_node *node; (node = list_first(&mailbox->waiting[to])) != NULL && ring_room(ring);) {
            list_remove(node);
            bool put = ring_put(ring, container_of(node, struct mail, node));
            invariant(put);
            mailbox->unpoked[to]++;
        }
        if (list_empty(&mailbox->waiting[to])) return;
        atomic_exchange_explicit(&ring->starved, true, memory_order_acq_rel);
    }
}

void mail_post_outside(struct shard *to, struct mail *mail, void (*deliver)(struct mail *mail, struct shard *at))
{
    struct mailbox *mailbox = &to->mailbox;
    invariant(deliver != NULL);

    mail->deliver = deliver;
    list_node_init(&mail->node);
    mail->below = atomic_load_explicit(&mailbox->door, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&mailbox->door, &mail->below, mail, memory_order_release,
                                                  memory_order_relaxed))
        continue;
    if (atomic_exchange_explicit(&mailbox->asleep, false, memory_order_acq_rel)) io_poke_outside(to->io);
}

/* Everything that stands in the door now, oldest first. */
static struct mail *door_take(struct mailbox *mailbox)
{
    if (atomic_load_explicit(&mailbox->door, memory_order_relaxed) == NULL) return NULL;

    struct mail *newest = atomic_exchange_explicit(&mailbox->door, NULL, memory_order_acquire);
    struct mail *oldest = NULL;
    while (newest != NULL) {
        struct mail *below = newest->below;
        newest->below = oldest;
        oldest = newest;
        newest = below;
    }
    return oldest;
}

static bool deliver_ring(struct shard *shard, uint32_t from)
{
    struct mailbox *mailbox = &shard->mailbox;
    struct mail_ring *ring = mailbox->from[from];
    uint32_t count = ring_count(ring);
    if (count == 0) return false;

    for (uint32_t i = 0; i < count; i++) {
        struct mail *mail = ring_take(ring);
        mailbox->delivered++;
        mail->deliver(mail, shard);
    }
    if (atomic_exchange_explicit(&ring->starved, false, memory_order_acq_rel)) mailbox->unpoked[from]++;
    return true;
}

bool mailbox_deliver(struct shard *shard)
{
    struct mailbox *mailbox = &shard->mailbox;
    bool any = false;

    for (uint32_t to = 0; to < shard->shard_count; to++)
        if (!list_empty(&mailbox->waiting[to])) waiting_put(shard, to);
    for (uint32_t from = 0; from < shard->shard_count; from++)
        if (deliver_ring(shard, from)) any = true;
    for (struct mail *mail = door_take(mailbox); mail != NULL; any = true) {
        struct mail *above = mail->below;
        mailbox->delivered++;
        mail->deliver(mail, shard);
        mail = above;
    }
    return any;
}

void mailbox_poke(struct shard *shard)
{
    struct mailbox *mailbox = &shard->mailbox;

    for (uint32_t to = 0; to < shard->shard_count; to++) {
        if (mailbox->unpoked[to] == 0) continue;
        mailbox->unpoked[to] = 0;
        if (to == shard->index) continue;
        struct shard *sleeper = shard->shards[to];
        if (!atomic_exchange_explicit(&sleeper->mailbox.asleep, false, memory_order_acq_rel)) continue;
        mailbox->pokes++;
        io_poke(shard->io, sleeper->io);
    }
}

bool mailbox_pending(const struct shard *shard)
{
    const struct mailbox *mailbox = &shard->mailbox;

    if (atomic_load_explicit(&mailbox->door, memory_order_relaxed) != NULL) return true;
    for (uint32_t i = 0; i < shard->shard_count; i++) {
        if (ring_count(mailbox->from[i]) > 0) return true;
        if (!list_empty(&mailbox->waiting[i]) && ring_room(ring_between(shard, i))) return true;
    }
    return false;
}

bool mailbox_sleep(struct shard *shard)
{
    struct mailbox *mailbox = &shard->mailbox;

    for (uint32_t to = 0; to < shard->shard_count; to++)
        if (!list_empty(&mailbox->waiting[to])) waiting_put(shard, to);
    mailbox_poke(shard);
    atomic_exchange_explicit(&mailbox->asleep, true, memory_order_acq_rel);
    return mailbox_pending(shard);
}

void mailbox_awake(struct shard *shard)
{
    atomic_store_explicit(&shard->mailbox.asleep, false, memory_order_relaxed);
}
