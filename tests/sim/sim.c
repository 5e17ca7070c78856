/* tests/sim/sim.c   The program: plays stories by seed, each in a process of its own, and counts.
 *
 *     sim [--story NAME] --seeds FROM:TO [--jobs N] [--hashes]     many seeds; a line per failing one
 *     sim [--story NAME] --seed N [--trace]                        one seed, told from the beginning
 *     sim --stories                                                their names
 *     sim --first ...                                              ends with the first seed that fails
 *     sim --canary NAME ...                                        with that bug of engine/base/canary.h awake
 *     sim --replay FILE                                            the seeds of tests/sim/seeds.txt: lines of "STORY
 *         SEED # why"
 *
 * Output: at the end the faults that were fired, by class, the hash over all stories, and "N passed, N failed". */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sim/canary.h"
#include "sim/story.h"

enum { CHILDREN_MAX = 64, LINES_WHEN_MANY = 40 };

struct outcome {
    bool told; /* the story came to its end */
    uint64_t hash, events;
    uint64_t faults[SIM_FAULTS];
};

struct child {
    pid_t pid;
    const struct sim_story *story;
    uint64_t seed;
};

struct run {
    const struct sim_story *story;
    uint64_t first, last;
    uint32_t jobs;
    bool trace, hashes, alone, first_only;
    const char *replay;
    struct outcome *outcomes; /* shared with the children, one per child */
    struct child children[CHILDREN_MAX];
    uint32_t running;
    uint64_t passed, failed, events, hash;
    uint64_t faults[SIM_FAULTS];
};

static const struct sim_story *const stories[] = { &sim_toy, &sim_echo, &sim_store, &sim_node };

/* The story of this process, for a broken invariant. */
static struct sim_world *told_world;
static bool told_alone;

static void options_read(struct run *run, int count, char **arguments);
static void seeds_replay(struct run *run);
static void story_begin(struct run *run, const struct sim_story *story, uint64_t seed);
static void story_wait(struct run *run);
static void story_play(const struct sim_story *story, uint64_t seed, bool trace, struct outcome *outcome);
static void run_print(const struct run *run);
static const struct sim_story *story_find(const char *name);

int main(int count, char **arguments)
{
    struct run run = { .story = &sim_store, .last = 99, .jobs = 1 };

    options_read(&run, count, arguments);
    run.outcomes =
        mmap(NULL, sizeof *run.outcomes * CHILDREN_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run.outcomes == MAP_FAILED) return perror("sim: mmap"), 2;

    told_alone = run.alone;
    if (run.replay) {
        seeds_replay(&run);
    } else {
        for (uint64_t seed = run.first; seed <= run.last && !(run.first_only && run.failed); seed++) {
            story_begin(&run, run.story, seed);
            if (run.first_only) story_wait(&run);
        }
    }
    while (run.running) story_wait(&run);
    run_print(&run);
    return run.failed != 0;
}

void sim_fail(struct sim_world *world, const char *format, ...)
{
    va_list list;

    sim_trace_print(world->trace, stderr, told_alone ? SIM_TRACE_LINES : LINES_WHEN_MANY);
    fprintf(stderr, "seed %lu at %.6f ms: ", world->seed, (double)world->now_ns / 1e6);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    fflush(NULL);
    _exit(1);
}

static void invariant_told(const char *line)
{
    sim_fail(told_world, "%s", line);
}

static bool number_read(struct text text, uint64_t *number)
{
    int64_t found;
    if (!text_to_i64(text, &found) || found < 0) return false;
    *number = (uint64_t)found;
    return true;
}

/* FIRST:LAST */
static bool seeds_read(const char *value, uint64_t *first, uint64_t *last)
{
    struct text rest = text_of(value), front = text_cut(&rest, ':');
    return number_read(front, first) && number_read(rest, last);
}

static void options_read(struct run *run, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : NULL;
        bool used = true;
        if (!strcmp(arguments[i], "--trace")) {
            run->trace = true;
            continue;
        } else if (!strcmp(arguments[i], "--stories")) {
            for (size_t k = 0; k < array_count(stories); k++) puts(stories[k]->name);
            exit(0);
        } else if (!strcmp(arguments[i], "--first")) {
            run->first_only = true;
            continue;
        } else if (!strcmp(arguments[i], "--hashes")) {
            run->hashes = true;
            continue;
        } else if (value && !strcmp(arguments[i], "--seeds")) {
            used = seeds_read(value, &run->first, &run->last);
        } else if (value && !strcmp(arguments[i], "--seed")) {
            used = number_read(text_of(value), &run->first);
            run->last = run->first;
            run->alone = true;
        } else if (value && !strcmp(arguments[i], "--jobs")) {
            uint64_t jobs = 0;
            used = number_read(text_of(value), &jobs) && jobs > 0 && jobs <= CHILDREN_MAX;
            run->jobs = (uint32_t)jobs;
        } else if (value && !strcmp(arguments[i], "--story")) {
            used = (run->story = story_find(value)) != NULL;
        } else if (value && !strcmp(arguments[i], "--canary")) {
            used = sim_canary_choose(value);
        } else if (value && !strcmp(arguments[i], "--replay")) {
            run->replay = value;
        } else {
            used = false;
        }
        if (!used) {
            fprintf(stderr, "sim: what is \"%s%s%s\"? See the top of tests/sim/sim.c.\n", arguments[i],
                    value ? " " : "", value ? value : "");
            exit(2);
        }
        i++;
    }
}

static void seeds_replay(struct run *run)
{
    FILE *file = fopen(run->replay, "r");
    char line[256], name[32];
    uint64_t seed;

    if (!file) {
        perror(run->replay);
        exit(2);
    }
    while (fgets(line, sizeof line, file)) {
        struct text rest = text_of(line), first = text_cut(&rest, ' '); /* STORY SEED # why */
        if (!number_read(text_trim(text_cut(&rest, ' ')), &seed)) continue;
        snprintf(name, sizeof name, "%.*s", TEXT_ARGS(first));
        const struct sim_story *story = story_find(name);
        if (story) story_begin(run, story, seed);
    }
    fclose(file);
}

static void story_begin(struct run *run, const struct sim_story *story, uint64_t seed)
{
    if (run->running == run->jobs) story_wait(run);

    uint32_t slot = 0;
    while (run->children[slot].pid) slot++;
    memset(&run->outcomes[slot], 0, sizeof run->outcomes[slot]);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("sim: fork");
        exit(2);
    }
    if (pid == 0) {
        story_play(story, seed, run->trace, &run->outcomes[slot]);
        fflush(NULL);
        _exit(0); /* What a power cut left unfinished in a job is not a leak. */
    }
    run->children[slot] = (struct child){ pid, story, seed };
    run->running++;
}

static void story_wait(struct run *run)
{
    int status;
    pid_t pid = wait(&status);
    uint32_t slot = 0;

    while (run->children[slot].pid != pid) slot++;
    struct child *child = &run->children[slot];
    struct outcome *outcome = &run->outcomes[slot];
    bool passed = outcome->told && WIFEXITED(status) && WEXITSTATUS(status) == 0;

    if (passed) {
        run->passed++;
    } else {
        run->failed++;
        printf("FAILED: sim --story %s --seed %lu%s\n", child->story->name, child->seed,
               WIFSIGNALED(status) ? " (killed by a signal)" : "");
    }
    if (run->hashes || run->alone) printf("%s %lu %016lx\n", child->story->name, child->seed, outcome->hash);
    for (int i = 0; i < SIM_FAULTS; i++) run->faults[i] += outcome->faults[i];
    run->events += outcome->events;
    run->hash += outcome->hash * (child->seed * 2 + 1); /* In whatever order they end. */
    child->pid = 0;
    run->running--;
}

static void story_play(const struct sim_story *story, uint64_t seed, bool trace_live, struct outcome *outcome)
{
    struct sim_trace *trace = calloc(1, sizeof *trace);
    struct sim_world world;

    if (!trace) exit(2);
    sim_world_init(&world, seed, trace);
    told_world = &world;
    invariant_tell(invariant_told);
    if (trace_live) trace->live = stdout;
    story->play(&world);

    outcome->hash = trace->hash;
    outcome->events = world.event_count;
    memcpy(outcome->faults, world.faults, sizeof outcome->faults);
    outcome->told = true;
    sim_world_end(&world);
    free(trace);
}

static void run_print(const struct run *run)
{
    for (int i = 0; i < SIM_FAULTS; i++) printf("%10lu  %s\n", run->faults[i], sim_fault_text((enum sim_fault)i));
    printf("%10lu  events, trace hash %016lx\n", run->events, run->hash);
    printf("%lu passed, %lu failed\n", run->passed, run->failed);
}

static const struct sim_story *story_find(const char *name)
{
    for (size_t i = 0; i < array_count(stories); i++)
        if (!strcmp(stories[i]->name, name)) return stories[i];
    return NULL;
}
