/* tests/wire/golden.h   Reads the golden messages, line by line; make_golden.py says what stands in one. */
#ifndef TESTS_WIRE_GOLDEN_H
#define TESTS_WIRE_GOLDEN_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct golden {
    char *file, *at;     /* the whole file, cut into lines as it is read */
    char *name, *expect; /* of the current line */
    int16_t version;
    uint8_t *bytes;
    size_t size;
};

static inline void golden_open(struct golden *golden, const char *test, const char *name)
{
    /* The tests stand in tests/unit/FLOOR/ROOM, the messages in tests/wire. */
    char path[4096];
    int size = (int)(strstr(test, "/unit/") - test);
    snprintf(path, sizeof(path), "%.*s/wire/%s", size, test, name);

    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    *golden = (struct golden){ .file = malloc(bytes + 1), .bytes = malloc(bytes) };
    if (!golden->file || !golden->bytes || fread(golden->file, 1, bytes, file) != bytes) abort();
    golden->file[bytes] = '\0';
    golden->at = golden->file;
    fclose(file);
}

static inline void golden_close(struct golden *golden)
{
    free(golden->file);
    free(golden->bytes);
}

static inline uint8_t golden_digit(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Hex to bytes; `into` has room. */
static inline size_t golden_hex(const char *hex, uint8_t *into)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        into[i] = (uint8_t)(golden_digit(hex[2 * i]) << 4 | golden_digit(hex[2 * i + 1]));
    }
    return size;
}

/* The next line, false at the end. */
static inline bool golden_next(struct golden *golden)
{
    if (*golden->at == '\0') return false;

    golden->name = strsep(&golden->at, "\t");
    golden->version = (int16_t)strtol(strsep(&golden->at, "\t"), NULL, 10);
    const char *hex = strsep(&golden->at, "\t");
    golden->expect = strsep(&golden->at, "\n");
    golden->size = golden_hex(hex, golden->bytes);
    return true;
}

/* The next line of a file of keys ("-" is null) and values in hex. */
static inline bool golden_next_pair(struct golden *golden, struct bytes *key, struct bytes *value)
{
    if (*golden->at == '\0') return false;

    const char *hex = strsep(&golden->at, "\t");
    bool null = strcmp(hex, "-") == 0;
    size_t key_size = null ? 0 : golden_hex(hex, golden->bytes);
    size_t value_size = golden_hex(strsep(&golden->at, "\n"), golden->bytes + key_size);

    *key = (struct bytes){ null ? NULL : golden->bytes, key_size };
    *value = (struct bytes){ golden->bytes + key_size, value_size };
    return true;
}

#endif
