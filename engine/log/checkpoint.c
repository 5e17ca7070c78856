/* engine/log/checkpoint.c   The way of a checkpoint. At the cut the state of every log is taken as bytes, all drafts
 * begun before are closed off, and each tail that holds bytes no segment has is queued. Appends go on meanwhile; they
 * belong to the next one.
 *
 * Why it is safe to free WAL files then: everything the chunks below the cut say is in the picture, and everything the
 * picture says is in segments, synced before the slot is written. A chunk below the cut that is still to be written
 * (its flush may wait for just this room) repeats what the picture says; recovery passes over it, by offset and by
 * incarnation. A log that loses its end before all is synced would leave the picture with bytes that no segment has:
 * then the cut is taken anew, and the truncation lies below it.
 *
 * The last cut of a store with many logs writes no slot and frees nothing: its bytes go to segments unsynced, the file
 * system is synced once (directory_close), and until the guard goes a crash finds the slot and the WAL from before. */
#include "log/checkpoint.h"

#include <stdatomic.h>
#include <string.h>

#include "base/canary.h"
#include "io/files.h"
#include "log/flush.h"
#include "log/gather.h"
#include "log/segment_files.h"
#include "log/spill.h"
#include "log/stream.h"
#include "log/upkeep.h"
#include "log/wal.h"

static void sync_done(struct segment_work *work);

void checkpoint_init(struct checkpoint *checkpoint, struct store *store)
{
    *checkpoint = (struct checkpoint){ .store = store };
    for (uint32_t i = 0; i < CHECKPOINT_SYNCS; i++) checkpoint->syncs[i].checkpoint = checkpoint;
    checkpoint_image_begin(&checkpoint->image, &store->shard->heap);
}

void checkpoint_end(struct checkpoint *checkpoint)
{
    checkpoint_image_end(&checkpoint->image);
    heap_give(&checkpoint->store->shard->heap, checkpoint->dirty);
}

/* ---- writing a slot ---- */

static size_t image_finish(struct checkpoint *checkpoint)
{
    const struct directory *directory = checkpoint->store->directory;
    struct checkpoint_header header = {
        .directory = directory->identity.directory,
        .shard = checkpoint->store->shard->index,
        .incarnation = directory->incarnation,
        .sequence = checkpoint->sequence + 1,
        .cut = checkpoint->cut,
        .resume = checkpoint->resume,
    };
    return checkpoint_image_seal(&checkpoint->image, &header);
}

static enum status slot_write(struct checkpoint *checkpoint, size_t size)
{
    struct directory *directory = checkpoint->store->directory;
    struct files *files = directory->files;
    char name[64];
    int file;

    checkpoint_file_name(checkpoint->store->shard->index, checkpoint->slot, name);
    enum status status = files_open(files, directory->handle, name, FILES_WRITE | FILES_CREATE | FILES_DIRECT, &file);
    if (status != STATUS_OK) return status;

    status = files_write(files, file, checkpoint->image.data, size, 0, 0);
    if (status == STATUS_OK) status = files_sync(files, file);
    files_close(files, file);
    if (status == STATUS_OK) status = files_sync_directory(files, directory->handle);
    return status;
}

static void slot_written(struct checkpoint *checkpoint, size_t size)
{
    checkpoint->sequence++;
    checkpoint->slot = (checkpoint->slot + 1) % CHECKPOINT_SLOTS;
    checkpoint->count++;
    checkpoint->byte_count += size;
    checkpoint_image_rest(&checkpoint->image);
}

enum status checkpoint_write_now(struct checkpoint *checkpoint)
{
    size_t size = image_finish(checkpoint);
    enum status status = slot_write(checkpoint, size);
    if (status == STATUS_OK) slot_written(checkpoint, size);
    return status;
}

static void writing_work(struct job *job)
{
    struct checkpoint *checkpoint = container_of(job, struct checkpoint, job);
    job->status = slot_write(checkpoint, round_up(checkpoint->image.size, (size_t)CHUNK_BLOCK));
}

static void writing_done(struct job *job)
{
    struct checkpoint *checkpoint = container_of(job, struct checkpoint, job);
    struct store *store = checkpoint->store;

    invariant(checkpoint->stage == CHECKPOINT_WRITING);
    checkpoint->stage = CHECKPOINT_IDLE;
    if (job->status == STATUS_NO_SPACE) {
        upkeep_no_space(store->upkeep); /* The other slot is whole; this cut is forgotten. */
        return;
    }
    if (job->status != STATUS_OK) {
        directory_fail(store, job->status);
        return;
    }
    slot_written(checkpoint, checkpoint->image.size);
    store->stream_size -= checkpoint->stream_size;
    checkpoint->closed = checkpoint->final;
    wal_release(store->wal, checkpoint->cut, &checkpoint->resume);
    store_settle(store);
}

static void writing_begin(struct checkpoint *checkpoint)
{
    checkpoint->stage = CHECKPOINT_WRITING;
    (void)image_finish(checkpoint);
    jobs_begin(checkpoint->store->shard, &checkpoint->job, 0, writing_work, writing_done);
}

/* ---- syncing ---- */

static void dirty_add(struct checkpoint *checkpoint, struct log *log, int64_t base)
{
    struct heap *heap = &checkpoint->store->shard->heap;

    if (checkpoint->dirty_count == checkpoint->dirty_room) {
        checkpoint->dirty_room = checkpoint->dirty_room ? checkpoint->dirty_room * 2 : 64;
        checkpoint->dirty = heap_resize(heap, checkpoint->dirty, checkpoint->dirty_room * sizeof checkpoint->dirty[0]);
    }
    checkpoint->dirty[checkpoint->dirty_count++] = (struct checkpoint_dirty){ .log = log, .base = base };
}

static void dirty_add_log(struct checkpoint *checkpoint, struct log *log)
{
    const struct segments *segments = log->segments;

    for (uint32_t i = 0; i < segments->count; i++) {
        const struct segment *segment = &segments->items[i];
        bool rolled = i + 1 < segments->count, whole = segment->written == segment->size;
        if (segment->sealed) continue;
        if (segment->written > segment->synced || (rolled && whole)) dirty_add(checkpoint, log, segment->base);
    }
}

/* Looks at all of them: a cut that is taken anew may have sealed any before. */
static void syncing_begin(struct checkpoint *checkpoint)
{
    checkpoint->dirty_count = checkpoint->dirty_next = 0;
    checkpoint->stage = CHECKPOINT_SYNCING;
    list_each(&checkpoint->store->logs, node)
    {
        struct log *log = container_of(node, struct log, node);
        if (log->segments && !log->deleted) dirty_add_log(checkpoint, log);
    }
}

static void syncing_go(struct checkpoint *checkpoint)
{
    for (uint32_t i = 0; i < CHECKPOINT_SYNCS && checkpoint->dirty_next < checkpoint->dirty_count; i++) {
        struct checkpoint_sync *sync = &checkpoint->syncs[i];
        while (!sync->running && checkpoint->dirty_next < checkpoint->dirty_count) {
            struct checkpoint_dirty *dirty = &checkpoint->dirty[checkpoint->dirty_next++];
            if (!dirty->log || dirty->log->deleted || !segments_at(dirty->log, dirty->base)) continue;
            sync->running = true;
            checkpoint->syncing++;
            sync->work = (struct segment_work){ .log = dirty->log, .base = dirty->base, .done = sync_done };
            segment_sync(&sync->work);
        }
    }
    if (checkpoint->syncing == 0 && checkpoint->dirty_next == checkpoint->dirty_count) writing_begin(checkpoint);
}

static void sync_done(struct segment_work *work)
{
    struct checkpoint_sync *sync = container_of(work, struct checkpoint_sync, work);
    struct checkpoint *checkpoint = sync->checkpoint;

    sync->running = false;
    checkpoint->syncing--;
    if (work->status == STATUS_NO_SPACE) { /* For the files beside its batches: once more when there is some. */
        checkpoint->dirty[--checkpoint->dirty_next] = (struct checkpoint_dirty){ .log = work->log, .base = work->base };
        upkeep_no_space(checkpoint->store->upkeep);
        return;
    }
    if (work->status != STATUS_OK) {
        directory_fail(checkpoint->store, work->status);
        return;
    }
    store_settle(checkpoint->store);
}

void checkpoint_truncated(struct checkpoint *checkpoint, struct log *log, bool waited)
{
    struct tail *tail = log->tail;

    if (!waited || (tail && tail->written < tail->count)) return; /* What is left is still wanted. */
    if (tail) tail->cut = false;
    invariant(checkpoint->spilling > 0);
    checkpoint->spilling--;
}

void checkpoint_outdate(struct checkpoint *checkpoint)
{
    if (checkpoint->stage == CHECKPOINT_SPILLING || checkpoint->stage == CHECKPOINT_SYNCING)
        checkpoint->outdated = true;
}

void checkpoint_forget(struct checkpoint *checkpoint, struct log *log)
{
    for (uint32_t i = checkpoint->dirty_next; i < checkpoint->dirty_count; i++)
        if (checkpoint->dirty[i].log == log) checkpoint->dirty[i].log = NULL;
}

/* ---- the cut ---- */

static void cut_log(struct checkpoint *checkpoint, struct log *log)
{
    struct tail *tail = log->tail;

    if (log->deleted || (!log->opened && log->end == 0)) return;
    checkpoint_add(&checkpoint->image, log);
    if (!tail || tail->written == tail->count) return;
    if (log->stream && !stream_busy(log->stream)) stream_end(log->stream); /* Its rest is spill.c's. */
    tail->cut = true;
    tail->cut_limit = log->end;
    checkpoint->spilling++;
    spill_log(checkpoint->store->spill, log);
}

static void cut_begin(struct checkpoint *checkpoint)
{
    struct store *store = checkpoint->store;

    checkpoint->stage = CHECKPOINT_SPILLING;
    checkpoint->spilling = 0;
    checkpoint->outdated = false;
    checkpoint_image_begin(&checkpoint->image, &store->shard->heap);
    checkpoint->stream_size = store->stream_size;
    checkpoint->cut = gathers_cut(store->gathers);
    checkpoint->final = store->closing && store_quiet(store);
    store->lazy = checkpoint->final && store->log_count > CLOSE_EACH_MAX;
    if (store->lazy) atomic_store_explicit(&store->directory->unsynced, true, memory_order_relaxed);
    checkpoint->resume = flush_resume_point(store->flush);
    list_each(&store->logs, node) cut_log(checkpoint, container_of(node, struct log, node));
    if (CANARY(CANARY_WAL_REUSED_EARLY)) wal_release(store->wal, checkpoint->cut, &checkpoint->resume);
}

void checkpoint_spilled(struct checkpoint *checkpoint, struct log *log)
{
    struct tail *tail = log->tail;

    if (!tail->cut) return;
    if (!log->deleted && tail->written < tail->count && tail_span(tail, tail->written)->first < tail->cut_limit) {
        spill_log(checkpoint->store->spill, log);
        return;
    }
    tail->cut = false;
    invariant(checkpoint->spilling > 0);
    checkpoint->spilling--;
}

static bool checkpoint_wanted(const struct checkpoint *checkpoint)
{
    const struct store *store = checkpoint->store;

    if (store->no_space) return false;
    if (store->closing && store_quiet(store))
        return !checkpoint->closed && list_empty(&store->removals) && store->removing == 0;
    /* Either way it is what a start would have to read and prove. */
    if (store->stream_size * 2 > store->wal->size) return true;
    if (wal_full_count(store->wal) == 0) return false;
    /* Hungry, and no file is coming, because the disk is nearly full: those that are there must do. */
    if (store->flush->hungry && !store->wal->making.placed) return true;
    return wal_used(store->wal) * 2 > store->wal->size;
}

static void lazy_end(struct checkpoint *checkpoint)
{
    checkpoint->stage = CHECKPOINT_IDLE;
    checkpoint->closed = true;
    checkpoint_image_rest(&checkpoint->image);
}

/* A picture that is not true any more, and nothing under way for it. */
static bool cut_again(const struct checkpoint *checkpoint)
{
    bool at_rest = checkpoint->stage == CHECKPOINT_SPILLING ? checkpoint->spilling == 0 : checkpoint->syncing == 0;
    return checkpoint->outdated && at_rest;
}

void checkpoint_go(struct checkpoint *checkpoint)
{
    if (checkpoint->stage == CHECKPOINT_IDLE && checkpoint_wanted(checkpoint)) cut_begin(checkpoint);
    if (cut_again(checkpoint)) cut_begin(checkpoint);
    bool spilled = checkpoint->stage == CHECKPOINT_SPILLING && checkpoint->spilling == 0;
    if (spilled && checkpoint->store->lazy) {
        lazy_end(checkpoint);
    } else if (spilled) {
        syncing_begin(checkpoint);
    }
    bool stays = !checkpoint->outdated && !checkpoint->store->no_space;
    if (checkpoint->stage == CHECKPOINT_SYNCING && stays) syncing_go(checkpoint);
}
