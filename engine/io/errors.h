/* engine/io/errors.h   Where errno ends: the kernel's error numbers as statuses. Private to this room and its simulated
 * twin. */
#ifndef ENGINE_IO_ERRORS_H
#define ENGINE_IO_ERRORS_H

#include "base/status.h"

/* `error` is a positive errno, or 0. What has no row of its own is STATUS_IO_ERROR. */
enum status error_status(int error);

#endif
