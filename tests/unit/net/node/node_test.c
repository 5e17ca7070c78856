/* A node from an empty directory to a record read back, over clean restarts, kills and refusals. */
#include "log/state.h"
#include "records.h"

#include <signal.h>
#include <sys/wait.h>

static void an_empty_directory_becomes_a_node_that_keeps_records(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_start(&bench);
    assert_int_not_equal(node_port(bench.node, 0), 0);

    struct uuid topic = create_topic(&bench, "alpha", 3);
    assert_int_not_equal(find_shard(&bench, topic, 0), find_shard(&bench, topic, 1));
    append_one(&bench, topic, 0, 0);
    append_one(&bench, topic, 0, 1);
    append_one(&bench, topic, 1, 0);
    read_some(&bench, topic, 0, 1, true);
    read_some(&bench, topic, 0, 2, false);
    read_some(&bench, topic, 2, 0, false);
    all_shards_agree(&bench);
    bench_stop(&bench);
    bench_end(&bench);
}

static void a_clean_restart_keeps_topics_and_records(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_start(&bench);
    struct uuid topic = create_topic(&bench, "alpha", 2), gone = create_topic(&bench, "beta", 2);
    append_one(&bench, topic, 0, 0);
    append_one(&bench, topic, 1, 0);
    append_one(&bench, gone, 0, 0);
    delete_topic(&bench, "beta");
    assert_int_equal(find_shard(&bench, gone, 0), UINT32_MAX);
    bench_stop(&bench);

    for (int round = 0; round < 3; round++) {
        bench_start(&bench);
        all_shards_agree(&bench);
        read_some(&bench, topic, 0, round, true);
        append_one(&bench, topic, 0, 1 + round);
        struct errand errand = { .topic = topic };
        errand_do(&bench, find_shard(&bench, topic, 0), &errand, find_run);
        assert_int_equal(errand.offset, 2 * (round + 1)); /* the leader epoch: left and came back */
        bench_stop(&bench);
    }
    bench_end(&bench);
}

/* In a child, which is killed while the node runs; nothing of it is closed. */
static void live_and_die(struct bench *bench, void (*life)(struct bench *bench))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bench_start(bench);
        life(bench);
        kill(getpid(), SIGKILL);
    }
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFSIGNALED(outcome) && WTERMSIG(outcome) == SIGKILL);
    bench->platform.seed++;
}

static void life_of_two_topics(struct bench *bench)
{
    struct uuid topic = create_topic(bench, "alpha", 2);
    struct uuid gone = create_topic(bench, "beta", 1);
    for (int i = 0; i < 10; i++) append_one(bench, topic, 0, i);
    append_one(bench, gone, 0, 0);
    delete_topic(bench, "beta");
    append_one(bench, topic, 1, 0);
}

static void life_of_nothing(struct bench *bench)
{
    (void)bench;
}

static struct uuid topic_named(struct bench *bench, const char *name)
{
    struct image_topic *topic = image_topic_by_name(&bench->node->shards[0]->replicas->image, text_of(name));
    return topic ? topic->id : UUID_NONE;
}

static void what_was_acknowledged_outlives_a_kill(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    live_and_die(&bench, life_of_two_topics);
    for (int round = 0; round < 3; round++) live_and_die(&bench, life_of_nothing);
    bench_start(&bench);
    all_shards_agree(&bench);
    struct uuid topic = topic_named(&bench, "alpha");
    assert_true(uuid_none(topic_named(&bench, "beta")));
    for (int i = 0; i < 10; i++) read_some(&bench, topic, 0, i, true);
    read_some(&bench, topic, 0, 10, false);
    read_some(&bench, topic, 1, 0, true);
    append_one(&bench, topic, 0, 10);

    struct errand errand = { .topic = topic };
    errand_do(&bench, find_shard(&bench, topic, 0), &errand, find_run);
    assert_int_equal(errand.offset, 4); /* the leader epoch: one more per start */
    bench_stop(&bench);
    bench_end(&bench);
}

static void more_shards_than_before_find_everything(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    live_and_die(&bench, life_of_two_topics);
    for (int32_t shards = 4; shards > 0; shards--) {
        bench.settings.values.shards = shards;
        bench_start(&bench);
        struct uuid topic = topic_named(&bench, "alpha");
        for (int i = 0; i < 10; i++) read_some(&bench, topic, 0, i, true);
        append_one(&bench, topic, 1, 1 + 4 - shards);
        bench_stop(&bench);
    }
    bench_end(&bench);
}

static void assert_start_refused(struct bench *bench, enum status expected, const char *words)
{
    const char *why = NULL;
    struct node *node = NULL;
    assert_int_equal(node_make(&bench->platform, &bench->settings, &node, &why), expected);
    if (!strstr(why, words)) print_message("%s\n", why);
    assert_non_null(strstr(why, words));
    bench->platform.seed++;
}

/* A lock is a process's. The child is there before any thread is, and waits for its word. */
static pid_t try_when_told(struct bench *bench, int *told)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        const char *why;
        char word;
        if (read(ends[0], &word, 1) != 1) _exit(2);
        _exit(node_make(&bench->platform, &bench->settings, &bench->node, &why) == STATUS_LOCKED ? 0 : 1);
    }
    close(ends[0]);
    *told = ends[1];
    return child;
}

static void what_cant_be_a_node_is_refused_with_a_sentence(void **state)
{
    (void)state;
    struct bench bench;
    int told, outcome;
    bench_init(&bench);
    pid_t child = try_when_told(&bench, &told);
    bench_start(&bench);

    assert_int_equal(write(told, "!", 1), 1);
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
    close(told);

    struct bench second = bench;
    struct text listener = text_of("PLAINTEXT://127.0.0.1");
    struct text_list before = bench.settings.values.listeners;
    second.settings.values.listeners.items = &listener;
    assert_start_refused(&second, STATUS_INVALID, "not NAME://host:port");
    listener = text_of("SSL://127.0.0.1:0");
    assert_start_refused(&second, STATUS_UNSUPPORTED, "SSL is not supported yet");
    second.settings.values.listeners = before;
    struct text voters[] = { TEXT("1@a:1"), TEXT("2@b:1") };
    second.settings.values.quorum_voters = (struct text_list){ voters, 2 };
    assert_start_refused(&second, STATUS_UNSUPPORTED, "more than one is not supported yet");
    second.settings.values.quorum_voters = bench.settings.values.quorum_voters;
    second.settings.values.memory = 1 << 20;
    second.settings.values.request_size_max = 100 << 20;
    assert_start_refused(&second, STATUS_INVALID, "too little");
    second.settings.values.memory = 128 << 20;
    second.settings.values.batch_size_max = 90 << 20;
    assert_start_refused(&second, STATUS_INVALID, "does not fit");
    bench_stop(&bench);

    bench.settings.values.node_id = 9;
    assert_start_refused(&bench, STATUS_MISMATCH, "");
    bench.settings.values.node_id = 1;
    bench_start(&bench);
    bench_stop(&bench);
    bench_end(&bench);
}

static void break_byte(const struct bench *bench, const char *name, long position)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/data/%s", bench->path, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, position, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, position, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

static void a_damaged_metadata_log_stops_the_start(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    bench_start(&bench);
    create_topic(&bench, "alpha", 2);
    bench_stop(&bench);
    break_byte(&bench, "__cluster_metadata-0/00000000000000000000.log", 500);
    assert_start_refused(&bench, STATUS_DAMAGED, "");
    break_byte(&bench, "__cluster_metadata-0/00000000000000000000.log", 500);
    bench_start(&bench);
    assert_false(uuid_none(topic_named(&bench, "alpha")));
    bench_stop(&bench);
    bench_end(&bench);
}

static void a_stop_may_come_before_the_node_serves(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (int round = 0; round < 10; round++) {
        const char *why;
        assert_int_equal(node_make(&bench.platform, &bench.settings, &bench.node, &why), STATUS_OK);
        bench.platform.seed++;
        if (round % 2) usleep((useconds_t)round * 1000);
        bench_stop(&bench);
    }
    bench_start(&bench);
    bench_stop(&bench);
    bench_end(&bench);
}

static void life_of_one_name(struct bench *bench)
{
    for (int round = 0; round < 20; round++) {
        struct uuid topic = create_topic(bench, "again", 2);
        for (int i = 0; i <= round; i++) append_one(bench, topic, i % 2, i / 2);
        if (round < 19) delete_topic(bench, "again");
    }
}

static void a_name_that_is_used_again_holds_only_its_own_records(void **state)
{
    (void)state;
    for (int killed = 0; killed < 2; killed++) {
        struct bench bench;
        bench_init(&bench);
        if (killed) {
            live_and_die(&bench, life_of_one_name);
        } else {
            bench_start(&bench);
            life_of_one_name(&bench);
            bench_stop(&bench);
        }
        for (int start = 0; start < 2; start++) {
            bench_start(&bench);
            struct uuid topic = topic_named(&bench, "again");
            read_some(&bench, topic, 0, 9, true);
            read_some(&bench, topic, 0, 10, false);
            read_some(&bench, topic, 1, 9, true);
            read_some(&bench, topic, 1, 10, false);
            bench_stop(&bench);
        }
        bench_end(&bench);
    }
}

static void fail_run(struct errand *errand)
{
    directory_fail(errand->shard->store, STATUS_IO_ERROR);
    errand->done = true;
}

static void a_failed_directory_takes_the_node_down_and_nothing_acknowledged_with_it(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (uint32_t shard = 0; shard < 3; shard++) {
        bench_start(&bench);
        struct uuid topic = shard == 0 ? create_topic(&bench, "alpha", 2) : topic_named(&bench, "alpha");
        append_one(&bench, topic, 0, shard);
        append_one(&bench, topic, 1, shard);

        struct errand errand = { .number = 0 };
        errand_do(&bench, shard, &errand, fail_run);
        bench_wait_stopped(&bench);
        assert_int_equal(node_status(bench.node), STATUS_IO_ERROR);
        assert_int_equal(node_end(bench.node), STATUS_IO_ERROR);
    }
    bench_start(&bench);
    struct uuid topic = topic_named(&bench, "alpha");
    for (int i = 0; i < 3; i++) read_some(&bench, topic, 0, i, true);
    append_one(&bench, topic, 0, 3);
    bench_stop(&bench);
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_directory_becomes_a_node_that_keeps_records),
        cmocka_unit_test(a_clean_restart_keeps_topics_and_records),
        cmocka_unit_test(what_was_acknowledged_outlives_a_kill),
        cmocka_unit_test(more_shards_than_before_find_everything),
        cmocka_unit_test(what_cant_be_a_node_is_refused_with_a_sentence),
        cmocka_unit_test(a_damaged_metadata_log_stops_the_start),
        cmocka_unit_test(a_stop_may_come_before_the_node_serves),
        cmocka_unit_test(a_name_that_is_used_again_holds_only_its_own_records),
        cmocka_unit_test(a_failed_directory_takes_the_node_down_and_nothing_acknowledged_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
