/* tools/format.h   How one record is printed: kcat's format strings.
 *
 *     %s value   %S its length, -1 for null   %R the same as 4 bytes, big-endian
 *     %k key     %K its length                %T timestamp, ms   %h headers, name=value,...
 *     %t topic   %p partition                 %o offset          %% a percent sign
 *     \n \r \t \\ \xHH \NNN                   bytes */
#ifndef TOOLS_FORMAT_H
#define TOOLS_FORMAT_H

#include <stdio.h>

#include "client/consumer.h"

enum { FORMAT_SIZE_MAX = 4096 };

struct format {
    char text[FORMAT_SIZE_MAX]; /* escapes resolved; %% and tokens as they are */
    size_t size;
    const char *null;                  /* what null keys and values are printed as */
    const char *key_spec, *value_spec; /* pack_spec.h; NULL: bytes as they are */
};

/* Resolves escapes. False: too long, or a token that there is none of, told in *why. */
must_check bool format_read(struct format *format, const char *text, const char *null, char why[64]);
/* False: a key or value is not what its spec reads. */
must_check bool format_print(const struct format *format, const struct consumer_record *one, FILE *out);

/* Escapes alone, in place; the size of what is left. */
size_t format_unescape(char *text, size_t size);

/* Walks the headers of a record; false at the end. */
struct header_walk {
    const uint8_t *at, *limit;
    int32_t left;
};
struct header_walk header_walk_begin(const struct record *record);
bool header_walk_next(struct header_walk *walk, struct bytes *name, struct bytes *value);

#endif
