/* The chain of chunks over several WAL files: one that is gone is missed by its name, wherever it stood. */
#include "node_end.h"
#include "node_records.h"

#include "log/recovery.h"
#include "log/wal.h"

enum { BATCHES = 24, BATCH_SIZE = 190000 };

static bool file_is_there(const struct node *node, uint32_t number)
{
    char path[128];
    snprintf(path, sizeof path, "%s/sluice-wal-0-%u", node->path, number);
    return access(path, F_OK) == 0;
}

/* `sluice-wal-0-<number>` to another name, and back. */
static void file_move(const struct node *node, uint32_t number, bool away)
{
    char here[128], there[140];
    snprintf(here, sizeof here, "%s/sluice-wal-0-%u", node->path, number);
    snprintf(there, sizeof there, "%s/aside", node->path);
    assert_int_equal(away ? rename(here, there) : rename(there, here), 0);
}

/* A directory whose WAL reaches over three files: 2 MiB, 1 MiB, 1 MiB ... Killed. */
static void crashed_make(struct node *node, bool relaxed)
{
    node_init(node, 1);
    node->relaxed = relaxed;
    node->plan.wal_size = 16 << 20;
    node->plan.wal_file_size = 1 << 20;
    node_start(node);
    struct log *log = node_log(node, 0, "t", 0);
    node_begin(node);
    for (uint32_t i = 0; i < BATCHES; i++) {
        assert_int_equal(node_append(log, 1, BATCH_SIZE, i), STATUS_OK);
        node_settle(node);
    }
    assert_true(wal_full_count(node->stores[0]->wal) >= 3);
    node_crash(node);
}

static void each_is_missed(bool relaxed)
{
    struct node node;
    enum status status;
    uint32_t missed = 0;

    crashed_make(&node, relaxed);
    assert_int_equal(node_restart_end(&node, &status), BATCHES);
    for (uint32_t number = 0; file_is_there(&node, number); number++) {
        char name[64];
        wal_file_name(0, number, name);
        file_move(&node, number, true);
        int64_t end = node_restart_end(&node, &status);
        file_move(&node, number, false);
        if (status == STATUS_OK) {
            assert_int_equal(end, BATCHES); /* Made ahead, and never written to. */
            continue;
        }
        assert_int_equal(status, STATUS_DAMAGED);
        assert_non_null(strstr(node.told, name));
        missed++;
    }
    assert_true(missed >= 4);
    assert_int_equal(node_restart_end(&node, &status), BATCHES);
    node_remove(&node);
}

static void a_file_that_is_gone_is_missed(void **state)
{
    (void)state;
    each_is_missed(false);
}

static void a_file_that_is_gone_is_missed_when_durability_is_relaxed(void **state)
{
    (void)state;
    each_is_missed(true);
}

/* Even when nothing was written to it yet, or the start before wrote to it. */
static void the_first_file_of_a_start_is_missed(void **state)
{
    (void)state;
    struct node node;
    enum status status;

    node_init(&node, 1);
    for (int starts = 0; starts < 4; starts++) {
        uint32_t missed = 0;
        node_start(&node);
        struct log *log = node_log(&node, 0, "t", 0);
        node_begin(&node);
        if (starts >= 2) assert_int_equal(node_append(log, 1, 100, (uint64_t)starts), STATUS_OK);
        node_crash(&node);
        for (uint32_t number = 0; number < 16; number++) {
            if (!file_is_there(&node, number)) continue;
            file_move(&node, number, true);
            (void)node_restart_end(&node, &status);
            file_move(&node, number, false);
            if (status == STATUS_DAMAGED) missed++;
        }
        assert_int_equal(missed, 1);
    }
    node_remove(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_gone_is_missed),
        cmocka_unit_test(a_file_that_is_gone_is_missed_when_durability_is_relaxed),
        cmocka_unit_test(the_first_file_of_a_start_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
