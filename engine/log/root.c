/* engine/log/root.c   Two slots of 4096 bytes in one file; a start writes the slot that is not in force, so a torn
 * write leaves the other. Numbers are big-endian. The version is that of all that a crash leaves to recovery, chunks
 * and checkpoints too: it rises when one of their formats changes, so that nothing is read as what it is not.
 *
 *      at size
 *       0   8  "SLUICERT"
 *       8   4  version 2
 *      12   4  number of shards
 *      16  16  directory id
 *      32   8  sequence
 *      40   8  incarnation
 *      48   4  CRC-32C of bytes 0..47, then zeros */
#include "log/root.h"

#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "io/files.h"

static const char ROOT_MAGIC[8] = { 'S', 'L', 'U', 'I', 'C', 'E', 'R', 'T' };

enum { VERSION = 2, CRC_AT = 48 };

static bool slot_read(const uint8_t *at, struct root *root)
{
    if (memcmp(at, ROOT_MAGIC, sizeof ROOT_MAGIC) != 0 || load_u32(at + 8) != VERSION) return false;
    if (crc32c(0, at, CRC_AT) != load_u32(at + CRC_AT)) return false;
    root->shard_count = load_u32(at + 12);
    memcpy(root->directory.byte, at + 16, 16);
    root->sequence = load_u64(at + 32);
    root->incarnation = load_u64(at + 40);
    return true;
}

enum status root_read(struct files *files, int directory, struct root *root)
{
    _Alignas(ROOT_SLOT_SIZE) uint8_t slots[ROOT_SLOTS * ROOT_SLOT_SIZE] = { 0 };
    size_t done;
    int file;

    enum status status = files_open(files, directory, ROOT_FILE, FILES_READ | FILES_DIRECT, &file);
    if (status != STATUS_OK) return status;
    status = files_read(files, file, slots, sizeof slots, 0, &done);
    files_close(files, file);
    if (status != STATUS_OK) return status;

    struct root slot;
    bool found = false;
    for (uint32_t i = 0; i < ROOT_SLOTS; i++) {
        if (!slot_read(slots + (size_t)i * ROOT_SLOT_SIZE, &slot)) continue;
        if (!found || slot.sequence > root->sequence) *root = slot;
        found = true;
    }
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status root_write(struct files *files, int directory, const struct root *root)
{
    _Alignas(ROOT_SLOT_SIZE) uint8_t slot[ROOT_SLOT_SIZE] = { 0 };
    int file;

    memcpy(slot, ROOT_MAGIC, sizeof ROOT_MAGIC);
    store_u32(slot + 8, VERSION);
    store_u32(slot + 12, root->shard_count);
    memcpy(slot + 16, root->directory.byte, 16);
    store_u64(slot + 32, root->sequence);
    store_u64(slot + 40, root->incarnation);
    store_u32(slot + CRC_AT, crc32c(0, slot, CRC_AT));

    enum status status = files_open(files, directory, ROOT_FILE, FILES_WRITE | FILES_CREATE | FILES_DIRECT, &file);
    if (status != STATUS_OK) return status;
    status = files_write(files, file, slot, sizeof slot, root->sequence % ROOT_SLOTS * ROOT_SLOT_SIZE, 0);
    if (status == STATUS_OK) status = files_sync(files, file);
    files_close(files, file);
    return status == STATUS_OK ? files_sync_directory(files, directory) : status;
}
