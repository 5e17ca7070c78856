/* engine/base/text.h   Strings that point into somebody else's memory and carry their size; not NUL-terminated. A null
 * string (Kafka's nullable string) has data == NULL; an empty one has data != NULL and size == 0. */
#ifndef ENGINE_BASE_TEXT_H
#define ENGINE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct arena;

struct text {
    const char *data;
    size_t size;
};

#define TEXT(literal)   ((struct text){ (literal), sizeof(literal) - 1 })
#define TEXT_NULL       ((struct text){ NULL, 0 })
#define TEXT_ARGS(text) (int)(text).size, (text).data /* for "%.*s" */

struct text text_of(const char *string); /* NULL gives TEXT_NULL */
bool text_equal(struct text a, struct text b);
int text_compare(struct text a, struct text b); /* bytewise, a prefix comes first; null before empty */
uint64_t text_hash(struct text text);
bool text_starts(struct text text, struct text prefix);
bool text_ends(struct text text, struct text suffix);
struct text text_trim(struct text text); /* without blanks and tabs at both ends */
/* Cuts `text` at the first `mark`: returns what stands before it and leaves the rest (TEXT_NULL when there is no mark).
 * */
struct text text_cut(struct text *text, char mark);
/* Whole-string decimal; false when empty, not a number or outside int64. */
bool text_to_i64(struct text text, int64_t *n);
/* A copy in the arena, NUL-terminated (the size does not count the NUL). */
struct text text_copy(struct arena *arena, struct text text);
struct text text_format(struct arena *arena, const char *format, ...) printf_like(2, 3);
/* Edit distance, for "did you mean": bounded, gives `limit` when the distance is `limit` or more. */
unsigned text_distance(struct text a, struct text b, unsigned limit);

#endif
