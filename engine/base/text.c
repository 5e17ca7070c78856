/* engine/base/text.c   Strings by pointer and size. Nothing here looks for a NUL except text_of, and nothing writes
 * into what it was given. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

struct text text_of(const char *string)
{
    return string ? (struct text){ string, strlen(string) } : TEXT_NULL;
}

bool text_equal(struct text a, struct text b)
{
    if (!a.data || !b.data) return !a.data && !b.data;
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

int text_compare(struct text a, struct text b)
{
    if (!a.data || !b.data) return (a.data != NULL) - (b.data != NULL);

    int order = memcmp(a.data, b.data, min_of(a.size, b.size));
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Eight bytes at a time, multiplied and folded; the end is MurmurHash3's finalizer. Null hashes like empty. */
uint64_t text_hash(struct text text)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ text.size;
    const char *at = text.data;

    for (size_t left = text.size; left > 0;) {
        uint64_t word = 0;
        size_t step = min_of(left, sizeof(word));
        memcpy(&word, at, step);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
        at += step;
        left -= step;
    }
    hash ^= hash >> 33;
    hash *= UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

bool text_starts(struct text text, struct text prefix)
{
    return prefix.size == 0 || (text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0);
}

bool text_ends(struct text text, struct text suffix)
{
    if (suffix.size == 0) return true;
    if (text.size < suffix.size) return false;
    return memcmp(text.data + (text.size - suffix.size), suffix.data, suffix.size) == 0;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text text)
{
    while (text.size > 0 && blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && blank(text.data[text.size - 1])) text.size--;
    return text;
}

struct text text_cut(struct text *text, char mark)
{
    struct text head = *text;
    const char *found = text->size > 0 ? memchr(text->data, mark, text->size) : NULL;

    if (!found) {
        *text = TEXT_NULL;
        return head;
    }
    head.size = (size_t)(found - text->data);
    text->data = found + 1;
    text->size -= head.size + 1;
    return head;
}

bool text_to_i64(struct text text, int64_t *n)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t i = negative || (text.size > 0 && text.data[0] == '+') ? 1 : 0;
    if (i == text.size) return false;

    /* Gathered below zero, where there is room for one more. */
    int64_t value = 0;
    for (; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_sub_overflow(value, text.data[i] - '0', &value)) return false;
    }
    if (!negative && value == INT64_MIN) return false;
    *n = negative ? value : -value;
    return true;
}

struct text text_copy(struct arena *arena, struct text text)
{
    if (!text.data) return TEXT_NULL;

    char *copy = arena_take(arena, text.size + 1);
    if (!copy) return TEXT_NULL;
    memcpy(copy, text.data, text.size);
    return (struct text){ copy, text.size };
}

struct text text_format(struct arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    invariant(size >= 0);

    char *text = arena_take(arena, (size_t)size + 1);
    if (!text) return TEXT_NULL;
    va_start(list, format);
    (void)vsnprintf(text, (size_t)size + 1, format, list);
    va_end(list);
    return (struct text){ text, (size_t)size };
}

/* Levenshtein with one row; `row[j]` is the distance between the first i bytes of a and the first j of b. */
unsigned text_distance(struct text a, struct text b, unsigned limit)
{
    enum { SIZE_LIMIT = 256 };
    unsigned row[SIZE_LIMIT];

    size_t longer = max_of(a.size, b.size), shorter = min_of(a.size, b.size);
    if (longer - shorter >= limit || longer >= SIZE_LIMIT) return limit;

    for (unsigned j = 0; j <= b.size; j++) row[j] = j;
    for (unsigned i = 1; i <= a.size; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.size; j++) {
            unsigned change = diagonal + (a.data[i - 1] != b.data[j - 1]);
            unsigned step = min_of(row[j], row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = min_of(change, step);
        }
    }
    return min_of(row[b.size], limit);
}
