/* engine/base/status.c   The texts of the statuses, made from the same rows as the enum, so that none can be
 * without. */
#include "base/status.h"

#include "base/check.h"

#define STATUS_TEXT(name, text) [name] = (text),
static const char *const texts[STATUS_COUNT] = { STATUS_ROWS(STATUS_TEXT) };
#undef STATUS_TEXT

const char *status_text(enum status status)
{
    invariant((unsigned)status < STATUS_COUNT);
    return texts[status];
}
