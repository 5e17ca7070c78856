/* engine/log/wal.c   WAL files. Invariants:
 *
 *   - chunks fill one file from its beginning to its last block, which is the link's; a chunk lies in one file whole;
 *   - a file is written again, or removed, only after wal_release said that nothing in it is needed and no checkpoint
 *     names it: so every file of the chain is named by the checkpoint or by the file before it, and is missed if it is
 *     not there (wal_walk.c);
 *   - its name and its zeros are durable before the first chunk goes into it. A file under way is called `.new`; what a
 *     crash leaves of it is removed by the next start, and never made use of: it may have any size. */
#include "log/wal.h"

#include <stdio.h>
#include <string.h>

#include "base/canary.h"
#include "io/files.h"
#include "log/flush.h"
#include "log/state.h"
#include "log/upkeep.h"

void wal_file_name(uint32_t shard, uint32_t number, char name[64])
{
    snprintf(name, 64, "sluice-wal-%u-%u", shard, number);
}

void wal_init(struct wal *wal, struct store *store, const struct plan *plan)
{
    uint64_t file_size = round_up(plan->wal_file_size, (uint64_t)WAL_ZEROS_SIZE);
    *wal = (struct wal){
        .store = store,
        .size_min =
            max_of(plan->wal_size, WAL_FILES_MIN * file_size), /* With one there would be no other to go on in. */
        .size_max = min_of(plan->wal_size_max, WAL_FILES_MAX * file_size),
        .each = plan->wal_each,
        .file_size = file_size,
        .first_number = WAL_NUMBER_NONE,
    };
    wal->making.wal = wal;
    wal->removing.wal = wal;
    wal_fit(wal, 0);
}

void wal_fit(struct wal *wal, uint32_t log_count)
{
    uint64_t size = round_down(min_of(log_count * wal->each, wal->size_max), wal->file_size);

    wal->size = max_of(size, wal->size_min);
}

void wal_end(struct wal *wal)
{
    invariant(!wal->making.running && !wal->removing.running);
    if (wal->making.begun && wal->making.file >= 0) files_close(wal->store->directory->files, wal->making.file);
    for (uint32_t i = 0; i < wal->file_count; i++) files_close(wal->store->directory->files, wal->files[i].file);
    heap_give(&wal->store->shard->heap, wal->making.zeros_memory);
}

void wal_adopt(struct wal *wal, int file, uint32_t number, uint64_t size)
{
    invariant(wal->file_count < WAL_FILES_MAX);
    wal->files[wal->file_count++] = (struct wal_file){ .file = file, .number = number, .size = size };
    wal->next_number = max_of(wal->next_number, number + 1);
}

static void wal_trim(struct wal *wal);

/* ---- making files ---- */

static enum status file_create(struct wal_making *making, struct files *files, int directory, const char *fresh)
{
    enum status status = files_remove(files, directory, fresh);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) return status;
    status =
        files_open(files, directory, fresh, FILES_WRITE | FILES_CREATE | FILES_EXCLUSIVE | FILES_DIRECT, &making->file);
    return status == STATUS_OK ? files_allocate(files, making->file, 0, making->size) : status;
}

static enum status zeros_write(struct wal_making *making, struct files *files)
{
    enum status status = STATUS_OK;
    for (; making->done < making->limit && status == STATUS_OK; making->done += WAL_ZEROS_SIZE)
        status = files_write(files, making->file, making->zeros, WAL_ZEROS_SIZE, making->done, 0);
    return status;
}

/* From here on it is a file of the WAL. */
static enum status file_finish(struct wal_making *making, struct files *files, int directory, const char *fresh)
{
    char name[64];

    wal_file_name(making->wal->store->shard->index, making->number, name);
    enum status status = files_sync(files, making->file);
    if (status == STATUS_OK) status = files_rename(files, directory, fresh, name);
    if (status == STATUS_OK && !CANARY(CANARY_NAME_NOT_SYNCED)) status = files_sync_directory(files, directory);
    return status;
}

static void making_work(struct job *job)
{
    struct wal_making *making = container_of(job, struct wal_making, job);
    struct store *store = making->wal->store;
    struct files *files = store->directory->files;
    int directory = store->directory->handle;
    char name[64], fresh[70];

    wal_file_name(store->shard->index, making->number, name);
    snprintf(fresh, sizeof fresh, "%s.new", name);
    job->status = STATUS_OK;
    if (making->file < 0) job->status = file_create(making, files, directory, fresh);
    if (job->status == STATUS_OK) job->status = zeros_write(making, files);
    if (job->status == STATUS_OK && making->done == making->size) {
        job->status = file_finish(making, files, directory, fresh);
    }
    if (job->status == STATUS_OK || making->file < 0) return;
    files_close(files, making->file);
    if (files_remove(files, directory, fresh) != STATUS_OK) return; /* The next start does it. */
}

static void making_begin(struct wal *wal, uint64_t size)
{
    struct wal_making *making = &wal->making;

    invariant(!making->begun);
    if (!making->zeros_memory) {
        making->zeros_memory = heap_take(&wal->store->shard->heap, WAL_ZEROS_SIZE + CHUNK_BLOCK);
        making->zeros = (uint8_t *)round_up((uintptr_t)making->zeros_memory, (uintptr_t)CHUNK_BLOCK);
    }
    making->number = wal->next_number++;
    making->size = round_up(size, (uint64_t)WAL_ZEROS_SIZE);
    making->done = making->limit = 0;
    making->file = -1;
    making->begun = true;
}

/* How much of the file under way should be there by now: all of it when three quarters of the current one are used. */
static uint64_t making_wanted(const struct wal *wal, bool hungry)
{
    const struct wal_making *making = &wal->making;
    const struct wal_file *current = wal->current;

    if (!current || hungry) return making->size;
    uint64_t wanted = making->size / WAL_ZEROS_SIZE * current->used * 4 / (current->size * 3);
    return min_of(wanted * WAL_ZEROS_SIZE, making->size);
}

static void making_done(struct job *job);

static void making_go(struct wal *wal, bool hungry)
{
    struct wal_making *making = &wal->making;

    if (!making->begun || making->running || wal->store->failed) return;
    uint64_t wanted = making_wanted(wal, hungry);
    if (wanted <= making->done) return;
    making->limit = wanted;
    making->running = true;
    jobs_begin(wal->store->shard, &making->job, 0, making_work, making_done);
}

static void making_done(struct job *job)
{
    struct wal_making *making = container_of(job, struct wal_making, job);
    struct wal *wal = making->wal;

    making->running = false;
    making->placed = job->status == STATUS_OK && making->done < making->size;
    if (making->placed) {
        making_go(wal, wal->store->flush->hungry);
        return;
    }
    making->begun = false;
    if (job->status == STATUS_NO_SPACE) {
        upkeep_no_space(wal->store->upkeep); /* The files that are there must do. */
    } else if (job->status != STATUS_OK) {
        directory_fail(wal->store, job->status);
        return;
    } else {
        wal_adopt(wal, making->file, making->number, making->size);
    }
    flush_go(wal->store->flush);
    store_settle(wal->store);
}

enum status wal_make_now(struct wal *wal, uint64_t size)
{
    struct wal_making *making = &wal->making;

    making_begin(wal, size);
    making->limit = making->size;
    making_work(&making->job);
    making->begun = false;
    if (making->job.status == STATUS_OK) wal_adopt(wal, making->file, making->number, making->size);
    return making->job.status;
}

/* ---- places ---- */

/* For a chunk of `size` bytes. */
static struct wal_file *wal_free_file(struct wal *wal, uint64_t size)
{
    for (uint32_t i = 0; i < wal->file_count; i++) {
        struct wal_file *file = &wal->files[i];
        if (file->state == WAL_FREE && file->size - CHUNK_BLOCK >= size) return file;
    }
    return NULL;
}

void wal_begin_in(struct wal *wal, uint32_t number)
{
    invariant(!wal->current);
    for (uint32_t i = 0; i < wal->file_count; i++)
        if (wal->files[i].number == number) wal->current = &wal->files[i];
    invariant(wal->current && wal->current->state == WAL_FREE);
    wal->current->state = WAL_CURRENT;
    wal->current->used = 0;
}

static uint64_t wal_total(const struct wal *wal)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < wal->file_count; i++) total += wal->files[i].size;
    return total;
}

/* As the plan counts: a file that a start made larger than others, for one batch, takes the place of one. */
static bool plan_has_room(const struct wal *wal)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < wal->file_count; i++) total += min_of(wal->files[i].size, wal->file_size);
    return wal->file_count < WAL_FILES_MAX && total + wal->file_size <= wal->size + WAL_FIRST_SIZE;
}

bool wal_wants(const struct wal *wal, uint64_t size)
{
    return size == wal->file_size && plan_has_room(wal);
}

/* One file ahead, until all are there. */
static bool wal_wants_ahead(struct wal *wal)
{
    if (wal->making.begun || wal->store->starting || wal->store->no_space) return false;
    return !wal_free_file(wal, wal_chunk_max(wal)) && plan_has_room(wal);
}

static void wal_make_ahead(struct wal *wal, bool hungry)
{
    if (wal_wants_ahead(wal)) making_begin(wal, wal->file_size);
    making_go(wal, hungry);
}

/* Another file than the current one for a chunk of `size` bytes, or NULL. */
static struct wal_file *wal_next_file(struct wal *wal, size_t size)
{
    struct wal_file *next = wal_free_file(wal, size);
    if (next || !wal->store->starting) return next;

    bool small = wal->file_count == 0 && size <= WAL_FIRST_SIZE - CHUNK_BLOCK;
    uint64_t wanted = small ? (uint64_t)WAL_FIRST_SIZE : max_of(wal->file_size, (uint64_t)size + CHUNK_BLOCK);
    if (wal->file_count == WAL_FILES_MAX || wal_make_now(wal, wanted) != STATUS_OK) return NULL;
    return wal_free_file(wal, size);
}

/* From the current file to another one. */
static bool wal_step(struct wal *wal, size_t size, struct wal_place *place)
{
    struct wal_file *next = wal_next_file(wal, size), *left = wal->current;

    if (next) {
        if (left) {
            left->state = WAL_FULL;
            place->left = true;
            place->left_file = left->file;
            place->left_position = left->size - CHUNK_BLOCK;
        } else {
            wal->first_number = next->number;
        }
        next->state = WAL_CURRENT;
        next->used = 0;
        wal->current = next;
    }
    return next != NULL;
}

bool wal_place(struct wal *wal, size_t size, uint64_t sequence, struct wal_place *place)
{
    *place = (struct wal_place){ .left = false };
    bool room = wal->current && wal->current->size - CHUNK_BLOCK - wal->current->used >= size;
    if (!room) room = wal_step(wal, size, place);
    wal_make_ahead(wal, !room);
    if (!room) return false;

    struct wal_file *current = wal->current;
    place->file = current->file;
    place->position = current->used;
    place->number = current->number;
    current->used += size;
    current->last = sequence;
    wal->bytes_written += size;
    return true;
}

static void removing_work(struct job *job)
{
    struct wal_removing *removing = container_of(job, struct wal_removing, job);
    struct directory *directory = removing->wal->store->directory;
    char name[64];

    files_close(directory->files, removing->file);
    wal_file_name(removing->wal->store->shard->index, removing->number, name);
    job->status = files_remove(directory->files, directory->handle, name);
}

static void removing_done(struct job *job)
{
    struct wal_removing *removing = container_of(job, struct wal_removing, job);

    removing->running = false; /* If it failed, the next start finds it again: nobody believes it. */
    wal_trim(removing->wal);
}

/* A start takes as many files as it needs at once; what the plan does not want goes again, and so does the small first
 * one. */
static void wal_trim(struct wal *wal)
{
    if (wal->removing.running || wal_total(wal) <= wal->size) return;
    for (uint32_t i = 0; i < wal->file_count; i++) {
        struct wal_file *file = &wal->files[i];
        if (file->state != WAL_FREE || wal_total(wal) - file->size < wal->size) continue;
        struct wal_removing *removing = &wal->removing;
        removing->file = file->file;
        removing->number = file->number;
        removing->running = true;
        *file = wal->files[--wal->file_count];
        if (wal->current == &wal->files[wal->file_count]) wal->current = file;
        jobs_begin(wal->store->shard, &removing->job, 0, removing_work, removing_done);
        return;
    }
}

/* Recovery follows the chain from `resume` on, even through chunks below the cut that were written after it. */
void wal_release(struct wal *wal, uint64_t cut, const struct checkpoint_resume *resume)
{
    uint64_t sequence = min_of(cut, resume->sequence);

    for (uint32_t i = 0; i < wal->file_count; i++) {
        struct wal_file *file = &wal->files[i];
        if (file->state == WAL_FULL && file->last < sequence && file->number != resume->number) {
            file->state = WAL_FREE;
            file->used = 0;
        }
    }
    wal_trim(wal);
    flush_go(wal->store->flush);
}

uint32_t wal_full_count(const struct wal *wal)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < wal->file_count; i++)
        if (wal->files[i].state == WAL_FULL) count++;
    return count;
}

uint64_t wal_used(const struct wal *wal)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < wal->file_count; i++) {
        const struct wal_file *file = &wal->files[i];
        if (file->state == WAL_FULL) used += file->size;
        if (file->state == WAL_CURRENT) used += file->used;
    }
    return used;
}
