/* tools/read_settings.c   Later beats earlier: file (or what is built in), KAFKA_* variables, overrides. */
#include "read_settings.h"

#include <string.h>
#include <unistd.h>

#include "io/files.h"

enum { SETTINGS_FILE_MAX = 1 << 20 };

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

static enum status gather(struct property_list *list, const struct settings_source *source, struct arena *arena,
                          FILE *out)
{
    enum status status = STATUS_OK;
    int32_t bad_line;

    if (source->file) {
        status = read_file(list, source->file, arena, out);
    } else if (source->built_in) {
        status = properties_read(list, text_of(source->built_in), TEXT("built in"), &bad_line);
    }
    if (status == STATUS_OK) status = properties_read_environment(list, (const char *const *)environ);
    for (uint32_t i = 0; i < source->override_count && status == STATUS_OK; i++) {
        status = properties_override(list, text_of(source->overrides[i]));
        if (status == STATUS_INVALID) {
            fprintf(out, "--override %s: error: expected NAME=VALUE\n", source->overrides[i]);
        }
    }
    return status;
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
    enum status status = gather(&list, source, arena, out);
    if (status != STATUS_OK) return status;

    settings->origins = arena_take(arena, broker_table.row_count * sizeof(*settings->origins));
    if (!settings->origins) return STATUS_NO_MEMORY;
    status = settings_apply(&broker_table, &list, &settings->values, settings->origins, &report, arena);
    print_report(&report, out);
    return status;
}
