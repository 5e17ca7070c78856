/* engine/io/errors.c   errno -> status, as a table. Rows are chosen by what a caller can do about it: a connection that
 * is gone is gone, however the kernel puts it; a quota that is used up is a full disk. */
#include "io/errors.h"

#include <errno.h>

#include "base/check.h"

struct error_row {
    int error;
    enum status status;
};

/* clang-format off */
static const struct error_row error_rows[] = {
    { 0,             STATUS_OK },
    { ECANCELED,     STATUS_CANCELLED },
    { EPIPE,         STATUS_CLOSED },
    { ECONNRESET,    STATUS_CLOSED },
    { ECONNABORTED,  STATUS_CLOSED },
    { ECONNREFUSED,  STATUS_CLOSED },
    { ENOTCONN,      STATUS_CLOSED },
    { ESHUTDOWN,     STATUS_CLOSED },
    { EHOSTUNREACH,  STATUS_CLOSED },
    { ENETUNREACH,   STATUS_CLOSED },
    { EHOSTDOWN,     STATUS_CLOSED },
    { ENETDOWN,      STATUS_CLOSED },
    { ETIMEDOUT,     STATUS_TIMED_OUT },
    { ETIME,         STATUS_TIMED_OUT },
    { EAGAIN,        STATUS_BUSY },
    { EBUSY,         STATUS_BUSY },
    { ENOBUFS,       STATUS_BUSY },
    { ENOMEM,        STATUS_NO_MEMORY },
    { ENOSPC,        STATUS_NO_SPACE },
    { EDQUOT,        STATUS_NO_SPACE },
    { ENOENT,        STATUS_NOT_FOUND },
    { ENOTDIR,       STATUS_NOT_FOUND },
    { EEXIST,        STATUS_EXISTS },
    { ENOTEMPTY,     STATUS_EXISTS },
    { EACCES,        STATUS_DENIED },
    { EPERM,         STATUS_DENIED },
    { EROFS,         STATUS_READ_ONLY },
    { ENOSYS,        STATUS_UNSUPPORTED },
    { EOPNOTSUPP,    STATUS_UNSUPPORTED },
    { EAFNOSUPPORT,  STATUS_UNSUPPORTED },
    { EMFILE,        STATUS_TOO_MANY },
    { ENFILE,        STATUS_TOO_MANY },
    { EADDRINUSE,    STATUS_ADDRESS_IN_USE },
    { EADDRNOTAVAIL, STATUS_INVALID },
    { EINVAL,        STATUS_INVALID },
    { EISDIR,        STATUS_INVALID },
    { EBADF,         STATUS_INVALID },
    { EFBIG,         STATUS_TOO_LARGE },
    { EOVERFLOW,     STATUS_TOO_LARGE },
    { ENAMETOOLONG,  STATUS_TOO_LARGE },
    { EIO,           STATUS_IO_ERROR },
};
/* clang-format on */

enum status error_status(int error)
{
    invariant(error >= 0);

    for (size_t i = 0; i < array_count(error_rows); i++)
        if (error_rows[i].error == error) return error_rows[i].status;
    return STATUS_IO_ERROR;
}
