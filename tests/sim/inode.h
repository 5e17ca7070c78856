/* tests/sim/inode.h   What a simulated disk is made of, between disk.c, block.c, names.c and files.c: blocks of bytes,
 * names, and the inodes that hold either; each knows what reads see and what a power cut would leave. */
#ifndef SIM_INODE_H
#define SIM_INODE_H

#include "sim/disk.h"

struct sim_block {
    uint8_t *data;   /* NULL: a hole; pages are block.c's */
    uint8_t *before; /* while `dirty` */
    uint8_t dirty;   /* a bit per sector */
    bool written;    /* else it is only allocated */
};

struct sim_name {
    char *text;
    struct sim_inode *inode;
};

struct sim_names {
    struct sim_name *items; /* ascending */
    uint32_t count, room;
};

struct sim_inode {
    struct list_node node;
    uint64_t number;
    bool directory;
    bool locked;
    bool reached; /* while sweeping */
    int64_t modified_ms;
    /* A file. */
    struct sim_block *blocks;
    uint32_t block_room;
    uint64_t size, size_durable;
    uint64_t cut; /* the lowest place of an unsynced truncation; UINT64_MAX: none */
    /* A directory. */
    struct sim_names names, names_durable;
};

/* One or two assignments of a name, as one step; inode NULL: the name goes. */
struct sim_change {
    struct list_node node;
    uint32_t part_count;
    struct {
        struct sim_inode *directory, *inode;
        char *name;
    } parts[2];
};

/* Counts one operation that changes something; false: the disk is frozen, or this one freezes it after it is done. */
bool sim_disk_operate(struct sim_disk *disk);
struct sim_handle *sim_disk_handle(struct sim_disk *disk, int file);
struct sim_inode *sim_inode_make(struct sim_disk *disk, bool directory);
/* False when the device has no room. */
bool sim_inode_put(struct sim_disk *disk, struct sim_inode *inode, uint64_t position, const void *data, size_t size,
                   bool durable);
bool sim_inode_allocate(struct sim_disk *disk, struct sim_inode *inode, uint64_t position, uint64_t size);
void sim_inode_truncate(struct sim_disk *disk, struct sim_inode *inode, uint64_t size);
void sim_inode_sync(struct sim_disk *disk, struct sim_inode *inode);

extern uint8_t *const sim_zeros;
void sim_block_put(struct sim_disk *disk, struct sim_block *block, uint64_t within, const void *data, size_t size,
                   bool durable);
/* Zeros from `within` on: by a cut that a crash may undo; or for good, as seen and as surely held. */
void sim_block_cut(struct sim_disk *disk, struct sim_block *block, uint64_t within);
void sim_block_blank(struct sim_disk *disk, struct sim_block *block, uint64_t within);
void sim_block_blank_before(struct sim_block *block, uint64_t within);
/* A dirty sector falls back to what it was, but for its first `kept` bytes. */
void sim_block_lose(struct sim_disk *disk, struct sim_block *block, unsigned sector, uint64_t kept);
void sim_block_flip(struct sim_disk *disk, struct sim_block *block, uint64_t within, unsigned bit);
void sim_block_clean(struct sim_disk *disk, struct sim_block *block, uint8_t sectors);
void sim_block_drop(struct sim_disk *disk, struct sim_block *block);

struct sim_inode *sim_names_find(const struct sim_names *names, const char *text);
void sim_change_make(struct sim_disk *disk, struct sim_inode *directory, const char *name, struct sim_inode *inode,
                     struct sim_inode *from_directory, const char *from);
/* Makes durable the changes of this directory, and those that they stand on. */
void sim_names_sync(struct sim_disk *disk, struct sim_inode *directory);
void sim_names_crash(struct sim_disk *disk, bool settle);
/* Gives back the inodes that no name, change, handle or write refers to. */
void sim_names_sweep(struct sim_disk *disk);

#endif
