/* tests/sim/disk.h   The disk and file system of one simulated machine. What is read back at once and what would
 * survive a power cut are kept apart, for bytes and for names:
 *
 *     bytes   a sector (512 B) that was written but neither DURABLE nor synced is `dirty`: `data` is what reads see,
 *         `before` is
 *             what the device surely holds. At a power cut each dirty sector is kept, lost or torn by itself.
 *     size    growing or cutting a file is one step of its own: it is kept or lost as a whole. A lost cut brings the
 *         old bytes back.
 *     names   creating, renaming and removing are changes in a journal until files_sync_directory of a directory they
 *         touch.
 *             At a power cut a prefix of the changes of each directory survives; a rename across two directories counts
 *                 in both.
 *
 * The trap this sets, seen on ext4: after rename(A, B) without a sync of the directory, DURABLE bytes written to B are
 * lost together with the name: they stand under A.
 *
 * A power cut may fall at any operation: when `operations` reaches `crash_at`, that operation is done, but its caller
 * is told of an error, and so is every later one, until the machine is started again (`frozen`). */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <sys/uio.h>

#include "base/list.h"
#include "io/files.h"
#include "sim/world.h"

struct sim_inode;

enum { SIM_SECTOR = 512, SIM_BLOCK = 4096, SIM_FILE_FIRST = 3, SIM_NEVER_PPM = 0 };

struct sim_handle {
    struct sim_inode *inode; /* NULL: closed; numbers are not used twice between two starts */
    bool writable, direct;
};

/* A write that was begun and has not completed. */
struct sim_write {
    struct list_node node;
    struct sim_inode *inode;
    struct iovec *parts; /* the caller's, unchanged while in flight */
    uint32_t part_count;
    uint64_t position, size;
    uint32_t sum; /* CRC-32C at the begin: memory in flight must not change */
    bool durable;
};

/* Parts per million of operations. */
struct sim_disk_rates {
    uint32_t read_error, write_error, sync_error, no_space, misdirected;
};

struct sim_disk {
    struct files files; /* what the node is given */
    struct sim_world *world;
    struct prng prng;
    struct sim_disk_rates rates;
    struct list inodes;
    struct sim_inode *root;
    struct list changes; /* not durable yet, oldest first */
    struct list writes;  /* in flight */
    struct sim_handle *handles;
    uint32_t handle_count, handle_room, handles_open;
    uint64_t inode_count;
    uint64_t blocks, blocks_max; /* allocated, and the size of the device */
    uint8_t *pages;              /* free ones */
    uint64_t operations, crash_at;
    bool frozen;
};

void sim_disk_init(struct sim_disk *disk, struct sim_world *world, uint64_t blocks_max);
/* The device as it is from now on: power was cut, or only the process ended (`power` false: what was written stays
 * written, but is not durable yet). All handles are closed; the disk works again. */
void sim_disk_crash(struct sim_disk *disk, bool power);
/* Everything that was written or named is durable: a quiet moment before a check. */
void sim_disk_settle(struct sim_disk *disk);
/* Flips `count` bits in files that hold any. */
void sim_disk_flip(struct sim_disk *disk, uint32_t count);

/* For the simulated ring. Handles as of files_open. */
enum status sim_disk_read(struct sim_disk *disk, int file, void *memory, size_t size, uint64_t position, size_t *done);
void sim_disk_write_begin(struct sim_disk *disk, struct sim_write *write, int file, struct iovec *parts,
                          uint32_t part_count, uint64_t position, bool durable);
enum status sim_disk_write_end(struct sim_disk *disk, struct sim_write *write);
void sim_disk_close(struct sim_disk *disk, int file);

extern const struct files_table sim_files_table;

#endif
