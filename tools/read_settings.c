/* tools/read_settings.c   Later beats earlier: file (or what is built in), KAFKA_* variables, overrides. */
#include "read_settings.h"

#include <string.h>
#include <unistd.h>

#include "check_settings.h"
#include "io/files.h"

enum { SETTINGS_FILE_MAX = 1 << 20 };

const char settings_built_in[] = "node.id=1\n"
                                 "process.roles=broker,controller\n"
                                 "listeners=PLAINTEXT://127.0.0.1:9092\n"
                                 "log.dirs=data\n";

static enum status read_file(struct property_list *list, const char *path, struct arena *arena, FILE *out)
{
    const uint8_t *data;
    size_t size;
    int32_t bad_line = 0;
    enum status status = files_load(files_kernel(), FILES_HERE, path, SETTINGS_FILE_MAX, arena, &data, &size);

    if (status != STATUS_OK) {
        fprintf(out, "%s: error: %s\n", path, status_text(status));
        return status;
    }
    status = properties_read(list, (struct text){ (const char *)data, size }, text_of(path), &bad_line);
    if (status == STATUS_INVALID) fprintf(out, "%s:%d: error: malformed \\uXXXX\n", path, bad_line);
    return status;
}

/* `*bad`: an override was none. The others still count, so that their faults are told too. */
static enum status gather(struct property_list *list, const struct settings_source *source, struct arena *arena,
                          FILE *out, bool *bad)
{
    enum status status = STATUS_OK;
    int32_t bad_line;

    *bad = false;

    if (source->file) {
        status = read_file(list, source->file, arena, out);
    } else if (source->built_in) {
        status = properties_read(list, text_of(source->built_in), TEXT("built in"), &bad_line);
    }
    if (status == STATUS_OK && !source->no_environment)
        status = properties_read_environment(list, (const char *const *)environ);
    for (uint32_t i = 0; i < source->override_count && status == STATUS_OK; i++) {
        status = properties_override(list, text_of(source->overrides[i]));
        if (status != STATUS_INVALID) continue;
        fprintf(out, "--override %s: error: expected NAME=VALUE\n", source->overrides[i]);
        *bad = true;
        status = STATUS_OK;
    }
    return status;
}

void print_complaint(const struct property *origin, struct text message, FILE *out)
{
    fprintf(out, "%.*s", TEXT_ARGS(origin ? origin->source : TEXT("default")));
    if (origin && origin->line > 0) fprintf(out, ":%d", origin->line);
    fprintf(out, ": error: %.*s\n", TEXT_ARGS(message));
}

static void print_report(const struct setting_report *report, FILE *out)
{
    for (uint32_t i = 0; i < report->count; i++) {
        const struct setting_report_line *line = &report->lines[i];
        fprintf(out, "%.*s", TEXT_ARGS(line->source));
        if (line->line) fprintf(out, ":%d", line->line);
        fprintf(out, ": %s: %.*s\n", line->error ? "error" : "note", TEXT_ARGS(line->message));
    }
}

enum status read_settings(const struct settings_source *source, struct arena *arena, FILE *out,
                          struct settings *settings)
{
    struct property_list list;
    struct setting_report report = { 0 };

    properties_init(&list, arena);
    bool bad;
    enum status status = gather(&list, source, arena, out, &bad);
    if (status != STATUS_OK) return status;

    settings->origins = arena_take(arena, broker_table.row_count * sizeof(struct property *));
    if (!settings->origins) return STATUS_NO_MEMORY;
    status = settings_apply(&broker_table, &list, &settings->values, settings->origins, &report, arena);
    print_report(&report, out);
    if (status != STATUS_OK && status != STATUS_INVALID) return status;
    return check_settings(settings, arena, out) > 0 || bad ? STATUS_INVALID : status;
}

bool settings_argument(struct settings_source *source, int count, char **arguments, int *at)
{
    const char *argument = arguments[*at];

    if (strcmp(argument, "--override") == 0) {
        if (*at + 1 == count) {
            fprintf(stderr, "%s: --override wants NAME=VALUE\n", source->command);
            return false;
        }
        if (source->override_count == OVERRIDES_MAX) {
            fprintf(stderr, "%s: more than %d overrides\n", source->command, OVERRIDES_MAX);
            return false;
        }
        source->overrides[source->override_count++] = arguments[++*at];
    } else if (argument[0] == '-') {
        fprintf(stderr, "%s: there is no option '%s'; --help names those that there are\n", source->command, argument);
        return false;
    } else if (source->file) {
        fprintf(stderr, "%s: one file only, not also '%s'\n", source->command, argument);
        return false;
    } else {
        source->file = argument;
    }
    return true;
}
