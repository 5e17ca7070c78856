/* Mail: in order per pair, never lost, whatever the rings' size; one poke per batch and only for a sleeper. The last
 * tests run real threads with their own sleep, to be looked at by the thread sanitizer. */
#include "shards.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

struct letter {
    struct mail mail;
    unsigned from, number;
};

struct reader {
    unsigned next[SHARDS_MAX + 1]; /* by sender; the last is the door */
    unsigned count;
};

static void letter_read(struct mail *mail, struct shard *at)
{
    struct letter *letter = container_of(mail, struct letter, mail);
    struct reader *reader = (struct reader *)at->face;
    assert_int_equal(letter->number, reader->next[letter->from]);
    reader->next[letter->from]++;
    reader->count++;
}

static void mail_arrives_in_order_also_when_the_ring_is_full(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct shards *shards = shards_make(2);
    struct reader reader = { 0 };
    struct letter *letters = calloc(COUNT, sizeof *letters);
    shards->shard[1].face = (struct face *)&reader;
    for (unsigned i = 0; i < COUNT; i++) {
        letters[i].number = i;
        mail_post(&shards->shard[0], 1, &letters[i].mail, letter_read);
    }
    for (int round = 0; round < 100 && reader.count < COUNT; round++) {
        shard_step(&shards->shard[1]);
        shard_step(&shards->shard[0]);
    }
    assert_int_equal(reader.count, COUNT);
    assert_int_equal(shards->shard[0].mailbox.posted, COUNT);
    assert_int_equal(shards->shard[1].mailbox.delivered, COUNT);
    free(letters);
    shards_end(shards);
}

static void only_a_sleeper_is_poked_and_once_per_batch(void **state)
{
    (void)state;
    struct shards *shards = shards_make(2);
    struct reader reader = { 0 };
    struct letter letters[10];
    shards->shard[1].face = (struct face *)&reader;
    for (unsigned i = 0; i < 10; i++) letters[i] = (struct letter){ .number = i };

    mail_post(&shards->shard[0], 1, &letters[0].mail, letter_read);
    shard_step(&shards->shard[0]);
    assert_int_equal(shards->io[1].pokes, 0);      /* Awake. */
    assert_true(mailbox_sleep(&shards->shard[1])); /* It may not sleep: there is mail. */
    mailbox_awake(&shards->shard[1]);
    shard_step(&shards->shard[1]);

    assert_false(mailbox_sleep(&shards->shard[1]));
    for (unsigned i = 1; i < 10; i++) mail_post(&shards->shard[0], 1, &letters[i].mail, letter_read);
    assert_int_equal(shards->io[1].pokes, 0); /* At the end of the step, not at each post. */
    shard_step(&shards->shard[0]);
    assert_int_equal(shards->io[1].pokes, 1);
    mailbox_awake(&shards->shard[1]);
    shard_step(&shards->shard[1]);
    assert_int_equal(reader.count, 10);
    shards_end(shards);
}

static void a_sender_with_a_full_ring_is_poked_when_there_is_room(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct shards *shards = shards_make(2);
    struct reader reader = { 0 };
    struct letter letters[COUNT];
    shards->shard[1].face = (struct face *)&reader;
    for (unsigned i = 0; i < COUNT; i++) {
        letters[i] = (struct letter){ .number = i };
        mail_post(&shards->shard[0], 1, &letters[i].mail, letter_read);
    }
    assert_false(mailbox_sleep(&shards->shard[0])); /* Nothing to do until there is room. */
    shard_step(&shards->shard[1]);
    assert_int_equal(shards->io[0].pokes, 1);
    assert_true(mailbox_pending(&shards->shard[0])); /* Now there is. */
    shard_step(&shards->shard[0]);
    shard_step(&shards->shard[1]);
    assert_int_equal(reader.count, COUNT);
    shards_end(shards);
}

static unsigned own_delivered;
static void own_read(struct mail *mail, struct shard *at)
{
    if (own_delivered++ < 3) mail_post(at, at->index, mail, own_read);
}

static void mail_to_oneself_comes_with_the_next_step(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct mail mail = { 0 };
    own_delivered = 0;
    mail_post(&shards->shard[0], 0, &mail, own_read);
    for (unsigned i = 1; i <= 4; i++) {
        int64_t next_ns = shard_step(&shards->shard[0]);
        assert_int_equal(own_delivered, i); /* One step, one delivery: no loop inside. */
        assert_int_equal(next_ns == INT64_MAX, i == 4);
    }
    assert_int_equal(shards->io[0].pokes, 0);
    shards_end(shards);
}

static void the_door_keeps_order_and_pokes_a_sleeper(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct reader reader = { 0 };
    struct letter letters[5];
    shards->shard[0].face = (struct face *)&reader;
    assert_false(mailbox_sleep(&shards->shard[0]));
    for (unsigned i = 0; i < 5; i++) {
        letters[i] = (struct letter){ .from = SHARDS_MAX, .number = i };
        mail_post_outside(&shards->shard[0], &letters[i].mail, letter_read);
    }
    assert_int_equal(shards->io[0].pokes, 1);
    assert_true(mailbox_pending(&shards->shard[0]));
    shard_step(&shards->shard[0]);
    assert_int_equal(reader.count, 5);
    shards_end(shards);
}

/* Threads. Each shard's io waits on a semaphore; a lost wake would be a deadlock, seen as a timeout. */
struct sleeper_io {
    struct io io;
    sem_t wake;
    _Atomic unsigned long pokes;
};

static void sleeper_poke_outside(struct io *to)
{
    struct sleeper_io *sleeper = container_of(to, struct sleeper_io, io);
    atomic_fetch_add(&sleeper->pokes, 1);
    sem_post(&sleeper->wake);
}

static void sleeper_poke(struct io *from, struct io *to)
{
    (void)from;
    sleeper_poke_outside(to);
}

static void sleeper_turn(struct io *io, int64_t deadline_ns)
{
    struct sleeper_io *sleeper = container_of(io, struct sleeper_io, io);
    struct timespec limit;
    if (deadline_ns <= io->now_ns) return;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    assert_int_equal(sem_timedwait(&sleeper->wake, &limit), 0); /* Nobody woke us: mail was lost. */
}

static const struct io_engine sleeper_engine = { .poke = sleeper_poke,
                                                 .poke_outside = sleeper_poke_outside,
                                                 .turn = sleeper_turn };

enum { THREADS = 4, LETTERS = 40, TRAVELLERS = THREADS * LETTERS, HOPS = 4000 };

/* A letter goes from shard to shard and stops after some hops; a shard stops when the last letter of all has
 * stopped. */
struct traveller {
    struct mail mail;
    unsigned hops;
};

static _Atomic unsigned arrived;
static _Atomic unsigned outside_read;

static void stop_read(struct mail *mail, struct shard *at)
{
    free(mail);
    shard_stop(at);
}

static void traveller_read(struct mail *mail, struct shard *at)
{
    struct traveller *traveller = container_of(mail, struct traveller, mail);
    if (++traveller->hops < HOPS) {
        mail_post(at, (uint32_t)prng_below(&at->prng, at->shard_count), mail, traveller_read);
        return;
    }
    if (atomic_fetch_add(&arrived, 1) + 1 < TRAVELLERS) return;
    for (uint32_t to = 0; to < at->shard_count; to++) mail_post(at, to, calloc(1, sizeof(struct mail)), stop_read);
}

static void outside_mail_read(struct mail *mail, struct shard *at)
{
    (void)at;
    free(mail);
    atomic_fetch_add(&outside_read, 1);
}

static void *shard_thread(void *argument)
{
    shard_run(argument);
    return NULL;
}

static void *outside_thread(void *argument)
{
    struct shard **shards = argument;
    for (unsigned i = 0; i < 2000; i++)
        mail_post_outside(shards[i % THREADS], calloc(1, sizeof(struct mail)), outside_mail_read);
    return NULL;
}

static void threads_lose_no_mail_and_no_wake(void **state)
{
    (void)state;
    struct shard *by_index[THREADS], shard[THREADS];
    struct sleeper_io io[THREADS] = { 0 };
    struct traveller *travellers = calloc(TRAVELLERS, sizeof *travellers);
    pthread_t threads[THREADS], outside;

    for (unsigned i = 0; i < THREADS; i++) {
        by_index[i] = &shard[i];
        io[i].io.engine = &sleeper_engine;
        sem_init(&io[i].wake, 0, 0);
    }
    for (unsigned i = 0; i < THREADS; i++) shard_init(&shard[i], i, THREADS, by_index, &io[i].io, NULL, NULL, i);
    for (unsigned i = 0; i < TRAVELLERS; i++)
        mail_post(&shard[i % THREADS], i % THREADS, &travellers[i].mail, traveller_read);
    for (unsigned i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, shard_thread, &shard[i]);
    pthread_create(&outside, NULL, outside_thread, by_index);
    pthread_join(outside, NULL);
    for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++) (void)mailbox_deliver(&shard[i]); /* Of the door, after the loop's end. */

    assert_int_equal(arrived, TRAVELLERS);
    assert_int_equal(outside_read, 2000);
    for (unsigned i = 0; i < THREADS; i++) {
        shard_end(&shard[i]);
        sem_destroy(&io[i].wake);
    }
    free(travellers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_arrives_in_order_also_when_the_ring_is_full),
        cmocka_unit_test(only_a_sleeper_is_poked_and_once_per_batch),
        cmocka_unit_test(a_sender_with_a_full_ring_is_poked_when_there_is_room),
        cmocka_unit_test(mail_to_oneself_comes_with_the_next_step),
        cmocka_unit_test(the_door_keeps_order_and_pokes_a_sleeper),
        cmocka_unit_test(threads_lose_no_mail_and_no_wake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
