/* What a process may use, read from trees of our own in the shapes that systemd, Docker and bare machines have. */
#include "ring.h"

#include <ftw.h>
#include <sys/stat.h>

#include "io/allowance.h"

enum { TREE_SIZE = 64, PLACE_SIZE = 256 };

static void put(const char *tree, const char *path, const char *text)
{
    char place[PLACE_SIZE];

    (void)snprintf(place, sizeof place, "%s/%s", tree, path);
    for (char *slash = strchr(place + strlen(tree) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        (void)mkdir(place, 0755);
        *slash = '/';
    }
    FILE *file = fopen(place, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int entry_remove(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* {path, text} pairs up to a NULL. */
static struct allowance read_from(const char *const files[][2])
{
    char tree[TREE_SIZE] = "allowance-test-XXXXXX";
    struct allowance allowance;

    assert_non_null(mkdtemp(tree));
    for (size_t i = 0; files[i][0]; i++) put(tree, files[i][0], files[i][1]);
    allowance_read(tree, &allowance);
    assert_int_equal(nftw(tree, entry_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
    return allowance;
}

static void without_groups_it_is_the_machine(void **state)
{
    (void)state;
    const char *const none[][2] = { { "proc/self/comm", "" }, { NULL, NULL } };
    struct allowance allowance = read_from(none);
    assert_int_equal(allowance.memory_size, sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    assert_false(allowance.memory_of_group);
    assert_in_range(allowance.core_count, 1, sysconf(_SC_NPROCESSORS_CONF));
    assert_true(allowance.file_count > 0);
    assert_false(allowance.locked_unlimited);
}

static void the_strictest_group_on_the_way_up_counts(void **state)
{
    (void)state;
    const char *const nested[][2] = {
        { "proc/self/cgroup", "0::/system.slice/sluice.service\n" },
        { "sys/fs/cgroup/system.slice/memory.max", "536870912\n" },
        { "sys/fs/cgroup/system.slice/cpu.max", "max 100000\n" },
        { "sys/fs/cgroup/system.slice/sluice.service/memory.max", "max\n" },
        { "sys/fs/cgroup/system.slice/sluice.service/cpu.max", "50000 100000\n" },
        { NULL, NULL },
    };
    struct allowance allowance = read_from(nested);
    assert_int_equal(allowance.memory_size, 512 << 20);
    assert_true(allowance.memory_of_group);
    assert_int_equal(allowance.core_count, 1);
}

static void a_container_has_its_limits_at_the_root(void **state)
{
    (void)state;
    const char *const version1[][2] = {
        { "proc/self/cgroup",
          "9:memory:/docker/4f53\n4:cpu,cpuacct:/docker/4f53\n1:name=systemd:/docker/4f53\n0::/\n" },
        { "sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n" },
        { "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n" },
        { "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n" },
        { NULL, NULL },
    };
    const char *const version2[][2] = {
        { "proc/self/cgroup", "0::/\n" },
        { "sys/fs/cgroup/memory.max", "268435456\n" },
        { NULL, NULL },
    };
    assert_int_equal(read_from(version1).memory_size, 256 << 20);
    assert_int_equal(read_from(version2).memory_size, 256 << 20);
}

static void version_1_beside_version_2_is_found(void **state)
{
    (void)state;
    const char *const hybrid[][2] = {
        { "proc/self/cgroup", "7:memory:/small\n3:cpuset,cpu:/small\n0::/other\n" },
        { "sys/fs/cgroup/memory/small/memory.limit_in_bytes", "134217728\n" },
        { "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n" },
        { "sys/fs/cgroup/cpu/small/cpu.cfs_quota_us", "10000\n" },
        { "sys/fs/cgroup/cpu/small/cpu.cfs_period_us", "100000\n" },
        { "sys/fs/cgroup/unified/other/memory.max", "150000000\n" },
        { NULL, NULL },
    };
    struct allowance allowance = read_from(hybrid);
    assert_int_equal(allowance.memory_size, 128 << 20);
    assert_int_equal(allowance.core_count, 1);
}

static void nonsense_limits_nothing(void **state)
{
    (void)state;
    const char *const odd[][2] = {
        { "proc/self/cgroup", "\n:\n::\n0::\nmemory\n5:memory\n5:memory:relative\n0::/\n" },
        { "proc/self/status", "Name:\tx\nCapEff:\t0000000000004000\n" },
        { "sys/fs/cgroup/memory.max", "\n" },
        { "sys/fs/cgroup/cpu.max", "0 0\n" },
        { NULL, NULL },
    };
    struct allowance allowance = read_from(odd);
    assert_false(allowance.memory_of_group);
    assert_true(allowance.core_count >= 1);
    assert_true(allowance.locked_unlimited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_groups_it_is_the_machine),
        cmocka_unit_test(the_strictest_group_on_the_way_up_counts),
        cmocka_unit_test(a_container_has_its_limits_at_the_root),
        cmocka_unit_test(version_1_beside_version_2_is_found),
        cmocka_unit_test(nonsense_limits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
