/* engine/log/inspect_line.h   A line of named fields, as kafka-dump-log prints them or as one JSON object:
 *
 *     baseOffset: 0 lastOffset: 4 isvalid: true           
 *         {"type":"batch","baseOffset":0,"lastOffset":4,"isvalid":true} */
#ifndef ENGINE_LOG_INSPECT_LINE_H
#define ENGINE_LOG_INSPECT_LINE_H

#include <stdint.h>

#include "base/bytes.h"
#include "log/inspect.h"

struct inspect_line {
    struct inspect *inspect;
    uint32_t count; /* fields until now */
};

/* `type` is said in JSON only, `mark` (or "") stands before the first field in text only. */
struct inspect_line line_begin(struct inspect *inspect, const char *type, const char *mark);
void line_number(struct inspect_line *line, const char *name, int64_t n);
void line_truth(struct inspect_line *line, const char *name, bool is);
void line_word(struct inspect_line *line, const char *name, const char *word);
/* Java's OptionalLong in text; a number or null in JSON. */
void line_optional(struct inspect_line *line, const char *name, bool there, int64_t n);
/* As it is in text; in JSON a string, or NAMEHex where the bytes are no UTF-8. Nothing when it is null. */
void line_bytes(struct inspect_line *line, const char *name, struct bytes bytes);
/* The keys of a record's headers, which parsed before. */
void line_keys(struct inspect_line *line, const char *name, struct bytes headers);
void line_end(struct inspect_line *line);

#endif
