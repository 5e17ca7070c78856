/* tools/doctor.c   `sluice doctor`: what a node with these settings would find on this machine, what is wrong with it
 * and what to change. Nothing is changed; the probe of a disk makes a small file and removes it. */
#include "doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "machine.h"
#include "options.h"
#include "read_settings.h"

struct doctor_options {
    struct common common;
    struct words overrides;
};

static const char *const verdict_names[] = { [VERDICT_GOOD] = "good", [VERDICT_WARN] = "warn", [VERDICT_BAD] = "BAD" };

struct finding *doctor_find(struct doctor *doctor, enum verdict verdict, const char *what)
{
    struct finding *finding = &doctor->findings[min_of(doctor->count, FINDINGS_MAX - 1)];

    if (doctor->count < FINDINGS_MAX) doctor->count++;
    *finding = (struct finding){ .verdict = verdict };
    snprintf(finding->what, sizeof(finding->what), "%s", what);
    return finding;
}

void found(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding->found, sizeof(finding->found), format, arguments);
    va_end(arguments);
}

void wanted(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding->wanted, sizeof(finding->wanted), format, arguments);
    va_end(arguments);
}

void remedy(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding->remedy, sizeof(finding->remedy), format, arguments);
    va_end(arguments);
}

/* ---- printing ---- */

static void print_table(const struct doctor *doctor)
{
    static const char *const headings[] = { "STATE", "WHAT", "FOUND", "WANTED" };
    struct table table;
    uint32_t number = 0;

    table_begin(&table, headings, array_count(headings));
    for (uint32_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        table_cell(&table, "%s", verdict_names[finding->verdict]);
        table_cell(&table, "%s", finding->what);
        table_cell(&table, "%s", finding->found);
        table_cell(&table, "%s", finding->wanted);
    }
    table_end(&table, stdout);
    for (uint32_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        if (!*finding->remedy) continue;
        if (number == 0) puts("\nWhat to change:");
        printf("%2u. %s: %s\n", ++number, finding->what, finding->remedy);
    }
}

static void print_json(const struct doctor *doctor)
{
    struct json json = { .out = stdout };

    json_open(&json, NULL, '[');
    for (uint32_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        json_open(&json, NULL, '{');
        json_word(&json, "state", finding->verdict == VERDICT_BAD ? "bad" : verdict_names[finding->verdict]);
        json_word(&json, "what", finding->what);
        json_word(&json, "found", finding->found);
        json_word(&json, "wanted", finding->wanted);
        json_word(&json, "remedy", *finding->remedy ? finding->remedy : NULL);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_line(&json);
}

static int conclude(const struct doctor *doctor, bool json)
{
    int code = EXIT_FINE;

    if (json) {
        print_json(doctor);
    } else {
        print_table(doctor);
    }
    for (uint32_t i = 0; i < doctor->count; i++) {
        if (doctor->findings[i].verdict == VERDICT_BAD) code = EXIT_FAILED;
    }
    return code;
}

/* ---- the command ---- */

static bool source_read(const struct doctor_options *options, struct settings_source *source)
{
    source->command = "sluice doctor";
    source->built_in = settings_built_in;
    if (options->common.operands.count > 1) {
        complain(source->command, "one file only, not also '%s'", options->common.operands.items[1]);
        return false;
    }
    if (options->common.operands.count == 1) source->file = options->common.operands.items[0];
    for (uint32_t i = 0; i < options->overrides.count; i++) {
        source->overrides[source->override_count++] = options->overrides.items[i];
    }
    return true;
}

static void examine(struct doctor *doctor)
{
    doctor_machine(doctor);
    doctor_directories(doctor);
    doctor_addresses(doctor);
    if (doctor->io) io_end(doctor->io);
}

static int doctor_run(void *given)
{
    enum { SETTINGS_SIZE_MAX = 64 << 20 };
    const struct doctor_options *options = given;
    struct settings_source *source = calloc(1, sizeof(*source));
    struct doctor *doctor = calloc(1, sizeof(*doctor));
    int code = EXIT_USAGE;

    if (source && doctor && source_read(options, source)) {
        heap_init(&doctor->heap);
        arena_init(&doctor->arena, &doctor->heap, NULL, 0, SETTINGS_SIZE_MAX);
        machine_platform(&doctor->platform);
        if (read_settings(source, &doctor->arena, stderr, &doctor->settings) == STATUS_OK) {
            examine(doctor);
            code = conclude(doctor, options->common.json);
        }
        heap_end(&doctor->heap);
    }
    free(source);
    free(doctor);
    return output_end("sluice doctor", code);
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(doctor_options, overrides, "override", 'o', "NAME=VALUE", "a setting, over the file's; again for more"),
};
static const char more[] =
    "The settings are read as `sluice serve` reads them, KAFKA_* too. Exit status 1: BAD.\n";

const struct verb doctor_verbs[] = {
    { "", "[SERVER.PROPERTIES]", "look at this machine and say what a node would miss", more, rows, array_count(rows),
      sizeof(struct doctor_options), NULL, doctor_run },
};
/* clang-format on */
