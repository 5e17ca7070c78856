/* engine/io/files_kernel.c   The kernel's file system behind files.h: blocking calls, each whole or failed, interrupted
 * ones taken up again. There is no state: what a call needs it is given.
 *
 * FILES_DIRECT is set after the open (F_SETFL), never with it: on a file system without O_DIRECT an open with
 * O_CREAT | O_DIRECT fails *and* leaves the file. There the file stays buffered, which costs speed and nothing else:
 * FILES_DURABLE and IO_DURABLE are RWF_DSYNC, which the kernel honours for buffered writes too. */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/files_kernel.h"

enum { FILE_MODE = 0644, DIRECTORY_MODE = 0755, OPEN_TRIES = 500, OPEN_PAUSE_NS = 10000000 };

_Static_assert(FILES_HERE == AT_FDCWD, "FILES_HERE is handed to the kernel as it is");

/* Evaluates a system call until it was not interrupted by a signal. */
#define uninterrupted(call)                      \
    ({                                           \
        __typeof__(call) outcome;                \
        do {                                     \
            outcome = (call);                    \
        } while (outcome < 0 && errno == EINTR); \
        outcome;                                 \
    })

/* Of the call that failed just now. */
static enum status failure(void)
{
    enum status status = error_status(errno);
    invariant(status != STATUS_OK);
    return status;
}

static enum status status_of(long outcome)
{
    return outcome < 0 ? failure() : STATUS_OK;
}

/* When all descriptors are taken, others give theirs back in a moment (a client that is refused, a scrape of the
 * metrics, another job); five seconds of waiting in a job are better than a log directory that is given up. */
static int open_patiently(int directory, const char *path, int mode)
{
    for (unsigned tries = 0;; tries++) {
        int opened = uninterrupted(openat(directory, path, mode, FILE_MODE));
        if (opened >= 0 || (errno != EMFILE && errno != ENFILE) || tries == OPEN_TRIES) return opened;
        const struct timespec pause = { .tv_nsec = OPEN_PAUSE_NS };
        (void)nanosleep(&pause, NULL);
    }
}

static bool direct_set(int file)
{
    int flags = fcntl(file, F_GETFL);
    return flags >= 0 && fcntl(file, F_SETFL, flags | O_DIRECT) == 0;
}

static enum status kernel_open(struct files *files, int directory, const char *path, int flags, int *file)
{
    (void)files;
    int mode = O_CLOEXEC;
    mode |= (flags & FILES_WRITE) != 0 ? O_RDWR : O_RDONLY;
    if ((flags & FILES_CREATE) != 0) mode |= O_CREAT;
    if ((flags & FILES_EXCLUSIVE) != 0) mode |= O_EXCL;

    int opened = open_patiently(directory, path, mode);
    if (opened < 0) return failure();
    if ((flags & FILES_DIRECT) != 0 && !direct_set(opened) && errno != EINVAL) {
        enum status status = failure();
        close(opened);
        return status;
    }
    *file = opened;
    return STATUS_OK;
}

static void kernel_close(struct files *files, int file)
{
    (void)files;
    close(file); /* The number is free again whatever this returns; writes were checked by their own sync. */
}

static enum status kernel_read(struct files *files, int file, void *memory, size_t size, uint64_t position,
                               size_t *done)
{
    (void)files;
    *done = 0;
    while (*done < size) {
        ssize_t count = uninterrupted(pread(file, (uint8_t *)memory + *done, size - *done, (off_t)(position + *done)));
        if (count < 0) return failure();
        if (count == 0) break;
        *done += (size_t)count;
    }
    return STATUS_OK;
}

static enum status kernel_write(struct files *files, int file, const void *memory, size_t size, uint64_t position,
                                int flags)
{
    (void)files;
    int how = (flags & FILES_DURABLE) != 0 ? RWF_DSYNC : 0;
    for (size_t done = 0; done < size;) {
        struct iovec part = { .iov_base = (uint8_t *)memory + done, .iov_len = size - done };
        ssize_t count = uninterrupted(pwritev2(file, &part, 1, (off_t)(position + done), how));
        if (count < 0) return failure();
        if (count == 0) return STATUS_IO_ERROR; /* Would loop forever. */
        done += (size_t)count;
    }
    return STATUS_OK;
}

/* Not taken up again after EINTR: a second fsync may report success for what the first one lost. */
static enum status kernel_sync(struct files *files, int file)
{
    (void)files;
    return status_of(fsync(file));
}

static enum status kernel_truncate(struct files *files, int file, uint64_t size)
{
    (void)files;
    return status_of(uninterrupted(ftruncate(file, (off_t)size)));
}

static enum status kernel_allocate(struct files *files, int file, uint64_t position, uint64_t size)
{
    (void)files;
    return status_of(uninterrupted(fallocate(file, 0, (off_t)position, (off_t)size)));
}

static enum status kernel_size(struct files *files, int file, uint64_t *size)
{
    (void)files;
    struct stat found;
    if (fstat(file, &found) < 0) return failure();
    *size = (uint64_t)found.st_size;
    return STATUS_OK;
}

static enum status kernel_lock(struct files *files, int file)
{
    (void)files;
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (uninterrupted(fcntl(file, F_SETLK, &whole)) == 0) return STATUS_OK;
    return errno == EACCES || errno == EAGAIN ? STATUS_LOCKED : failure();
}

enum status files_kernel_open_directory(struct files *files, int directory, const char *path, int *opened)
{
    (void)files;
    int handle = open_patiently(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return failure();
    *opened = handle;
    return STATUS_OK;
}

static enum status kernel_make_directory(struct files *files, int directory, const char *path)
{
    (void)files;
    return status_of(mkdirat(directory, path, DIRECTORY_MODE));
}

static enum status kernel_sync_directory(struct files *files, int directory)
{
    if (directory != FILES_HERE) return status_of(fsync(directory));

    int here;
    enum status status = files_kernel_open_directory(files, FILES_HERE, ".", &here);
    if (status != STATUS_OK) return status;
    status = status_of(fsync(here));
    close(here);
    return status;
}

static enum status kernel_sync_all(struct files *files, int directory)
{
    (void)files;
    return status_of(syncfs(directory));
}

static enum status kernel_rename(struct files *files, int directory, const char *from, const char *to)
{
    (void)files;
    return status_of(renameat(directory, from, directory, to));
}

static enum status kernel_remove(struct files *files, int directory, const char *path)
{
    (void)files;
    return status_of(unlinkat(directory, path, 0));
}

static enum status kernel_remove_directory(struct files *files, int directory, const char *path)
{
    (void)files;
    return status_of(unlinkat(directory, path, AT_REMOVEDIR));
}

static enum status kernel_space(struct files *files, int directory, uint64_t *available, uint64_t *total)
{
    (void)files;
    struct statvfs found;
    int failed = directory == FILES_HERE ? statvfs(".", &found) : fstatvfs(directory, &found);
    if (failed) return failure();
    *available = (uint64_t)found.f_bavail * found.f_frsize;
    *total = (uint64_t)found.f_blocks * found.f_frsize;
    return STATUS_OK;
}

static enum status kernel_direct_works(struct files *files, int directory, bool *works)
{
    char name[64];
    (void)snprintf(name, sizeof name, ".direct-probe-%d", (int)getpid());

    int file;
    enum status status = kernel_open(files, directory, name, FILES_WRITE | FILES_CREATE, &file);
    if (status != STATUS_OK) return status;
    *works = direct_set(file);
    close(file);
    return kernel_remove(files, directory, name);
}

static const struct files_table kernel_table = {
    .open = kernel_open,
    .close = kernel_close,
    .read = kernel_read,
    .write = kernel_write,
    .sync = kernel_sync,
    .truncate = kernel_truncate,
    .allocate = kernel_allocate,
    .size = kernel_size,
    .lock = kernel_lock,
    .open_directory = files_kernel_open_directory,
    .make_directory = kernel_make_directory,
    .sync_directory = kernel_sync_directory,
    .sync_all = kernel_sync_all,
    .rename = kernel_rename,
    .remove = kernel_remove,
    .remove_directory = kernel_remove_directory,
    .entry = files_kernel_entry,
    .list = files_kernel_list,
    .space = kernel_space,
    .direct_works = kernel_direct_works,
};

struct files *files_kernel(void)
{
    static struct files kernel = { .table = &kernel_table }; /* Never written: no state. */
    return &kernel;
}
