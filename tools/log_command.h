/* tools/log_command.h   What the parts of `sluice log` share. */
#ifndef TOOLS_LOG_COMMAND_H
#define TOOLS_LOG_COMMAND_H

#include "base/heap.h"
#include "base/sink.h"
#include "io/files.h"
#include "progress.h"

struct log_command {
    struct sink out; /* standard output */
    struct heap heap;
    struct progress progress;
    bool records, json;
};

/* Each returns an exit code, and has said why when it isn't EXIT_FINE. */
int log_dump(struct log_command *command, const char *path);
int log_verify(struct log_command *command, const char *path);
int log_recover(struct log_command *command, const char *path);

enum log_path {
    LOG_PATH_MISSING,
    LOG_PATH_FILE,
    LOG_PATH_PARTITION, /* a directory without meta.properties */
    LOG_PATH_DIRECTORY, /* a log directory */
};
enum log_path log_path_kind(const char *path);

int log_complain(const char *path, enum status status);

#endif
