/* tools/log_recover.c   `sluice log recover`: a node that serves nobody. It starts as `sluice serve` would (lock,
 * recovery, new WAL), then writes everything out and stops, all by the same code, so what comes out is what a clean
 * stop leaves. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "command.h"
#include "log/directory.h"
#include "log/kafka_files.h"
#include "log_command.h"
#include "machine.h"
#include "read_settings.h"

enum { SETTINGS_SIZE_MAX = 16 << 20 };

struct recovering {
    struct node_platform platform;
    int changed; /* eventfd */
};

static void node_says(struct node_platform *platform, const char *line)
{
    (void)platform;
    fprintf(stderr, "%s\n", line);
}

static void node_changed(struct node_platform *platform)
{
    struct recovering *recovering = container_of(platform, struct recovering, platform);
    uint64_t one = 1;

    if (write(recovering->changed, &one, sizeof(one)) < 0) return; /* Full: there is news to be read already. */
}

/* The directory says itself whose it is. */
static enum status read_identity(const char *path, struct arena *arena, struct directory_identity *identity,
                                 bool *guarded, const char **why)
{
    struct files *files = files_kernel();
    struct files_entry entry;
    int handle;

    *why = "";
    enum status status = files_open_directory(files, FILES_HERE, path, &handle);
    if (status != STATUS_OK) return status;
    status = meta_properties_read(files, handle, arena, identity, why);
    *guarded = files_entry(files, handle, GUARD_NAME, &entry) == STATUS_OK;
    files_close(files, handle);
    return status;
}

static enum status recover(struct recovering *recovering, const struct settings *settings, const char **why)
{
    struct node *node;
    uint64_t news;

    enum status status = node_make(&recovering->platform, settings, &node, why);
    if (status != STATUS_OK) return status;
    while (!node_stopped(node)) {
        struct pollfd event = { recovering->changed, POLLIN, 0 };
        if (poll(&event, 1, -1) > 0 && read(recovering->changed, &news, sizeof(news)) < 0) break;
    }
    return node_end(node);
}

static enum status recover_path(struct arena *arena, const char *path, int32_t node, const char **why)
{
    struct recovering recovering = { .changed = eventfd(0, EFD_CLOEXEC) };
    struct settings settings;
    struct settings_source source = {
        .command = "sluice log recover",
        .no_environment = true,
        .overrides = {
            text_format(arena, "log.dirs=%s", path).data,
            text_format(arena, "node.id=%d", node).data,
            "sluice.shards=1",
            "sluice.http.listen=",
        },
        .override_count = 4,
    };

    invariant(recovering.changed >= 0 && source.overrides[0] && source.overrides[1]);
    enum status status = read_settings(&source, arena, stderr, &settings);
    if (status == STATUS_OK) {
        machine_platform(&recovering.platform);
        recovering.platform.say = node_says;
        recovering.platform.changed = node_changed;
        recovering.platform.recover_only = true;
        status = recover(&recovering, &settings, why);
        /* Its words live in the platform. */
        if (status != STATUS_OK && *why) *why = text_copy(arena, text_of(*why)).data;
    }
    close(recovering.changed);
    return status;
}

int log_recover(struct log_command *command, const char *path)
{
    struct directory_identity identity;
    struct arena arena;
    const char *why = NULL;
    bool guarded;
    int code = EXIT_FAILED;

    arena_init(&arena, &command->heap, NULL, 0, SETTINGS_SIZE_MAX);
    enum status status = read_identity(path, &arena, &identity, &guarded, &why);
    if (status == STATUS_OK && !guarded) {
        printf("%s: was stopped cleanly, nothing to do\n", path);
        code = EXIT_FINE;
    } else {
        if (status == STATUS_OK) status = recover_path(&arena, path, identity.node, &why);
        if (status == STATUS_OK) {
            printf("%s: recovered and stopped cleanly\n", path);
            code = EXIT_FINE;
        } else if (why && *why) {
            fprintf(stderr, "%s\n", why);
        } else {
            (void)log_complain(path, status);
        }
    }
    arena_reset(&arena);
    return code;
}
