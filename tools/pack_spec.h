/* tools/pack_spec.h   Bytes read as numbers and text: kcat's -s.
 *
 *     < little-endian from here   > big-endian (the default)   b B h H i I q Q   8 to 64 bits, signed and unsigned
 *     c one character             s the rest as text           $ no byte may be left   blank: itself */
#ifndef TOOLS_PACK_SPEC_H
#define TOOLS_PACK_SPEC_H

#include <stdbool.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/check.h"

/* False: `*bad` is no token. */
must_check bool pack_spec_read(const char *spec, char *bad);
/* False: there are too few bytes, or behind '$' too many; what was read before is printed. */
must_check bool pack_spec_print(const char *spec, struct bytes bytes, FILE *out);

#endif
