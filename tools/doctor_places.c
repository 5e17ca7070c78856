/* tools/doctor_places.c   Where records are kept, and where clients are told to come. */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "client/peer.h"
#include "doctor.h"
#include "io/flush_probe.h"
#include "node/address.h"

enum { PLACE_MAX = 4096 };

/* ---- directories ---- */

/* The directory itself, or the nearest one above it that is there: a node makes the rest. */
static bool existing(struct text path, char place[PLACE_MAX])
{
    struct stat here;

    if (path.size == 0 || path.size >= PLACE_MAX) return false;
    snprintf(place, PLACE_MAX, "%.*s", TEXT_ARGS(path));
    while (stat(place, &here) != 0) {
        char *slash = strrchr(place, '/');
        if (!slash) {
            memcpy(place, ".", 2);
        } else if (slash == place) {
            memcpy(place, "/", 2);
        } else {
            *slash = 0;
        }
    }
    return S_ISDIR(here.st_mode);
}

static const char *file_system(const char *place)
{
    static const struct {
        uint64_t magic;
        const char *name;
    } known[] = {
        { 0xef53, "ext4" },      { 0x58465342, "xfs" },     { 0x9123683e, "btrfs" },
        { 0x01021994, "tmpfs" }, { 0x794c7630, "overlay" }, { 0x6969, "nfs" },
        { 0x2fc12fc1, "zfs" },   { 0x65735546, "fuse" },    { 0xf2f52010, "f2fs" },
    };
    struct statfs about;

    if (statfs(place, &about) != 0) return "unknown";
    for (size_t i = 0; i < array_count(known); i++) {
        if ((uint64_t)about.f_type == known[i].magic) return known[i].name;
    }
    return "unknown";
}

static void space(struct doctor *doctor, const char *what, const char *place)
{
    enum { SHARE = 10 };
    struct statvfs about;
    char name[PLACE_MAX];

    if (statvfs(place, &about) != 0 || about.f_blocks == 0) return;
    double free = (double)about.f_bavail * (double)about.f_frsize / (1 << 30);
    double all = (double)about.f_blocks * (double)about.f_frsize / (1 << 30);
    double reserve = (double)doctor->settings.values.disk_reserve / (1 << 30);
    enum verdict verdict = free <= reserve ? VERDICT_BAD : free < all / SHARE ? VERDICT_WARN : VERDICT_GOOD;
    snprintf(name, sizeof(name), "%s: space", what);
    struct finding *finding = doctor_find(doctor, verdict, name);
    found(finding, "%.1f of %.1f GiB free, %s", free, all, file_system(place));
    wanted(finding, "more than a tenth free");
    if (verdict != VERDICT_GOOD) {
        remedy(finding, "make room, or lower retention: producers are refused below %.2f GiB (sluice.disk.reserve)",
               reserve);
    }
}

static void device(struct doctor *doctor, const char *what, const char *place)
{
    struct files *files = doctor->platform.files;
    struct flush_probe probe;
    struct finding *finding;
    char name[PLACE_MAX];
    bool direct = false;
    int handle;

    if (files_open_directory(files, FILES_HERE, place, &handle) != STATUS_OK) return;
    if (files_direct_works(files, handle, &direct) == STATUS_OK) {
        snprintf(name, sizeof(name), "%s: O_DIRECT", what);
        finding = doctor_find(doctor, direct ? VERDICT_GOOD : VERDICT_WARN, name);
        found(finding, direct ? "works" : "refused by %s", file_system(place));
        wanted(finding, "works");
        if (!direct) remedy(finding, "put the directory on ext4 or xfs; until then writes are buffered and cost more");
    }
    if (doctor->io && flush_probe(doctor->io, files, handle, &probe) == STATUS_OK) {
        enum { SLOW_NS = 10000000 };
        int64_t best = min_of(probe.durable_ns, probe.flush_ns);
        snprintf(name, sizeof(name), "%s: durable write of 4 KiB", what);
        finding = doctor_find(doctor, best < SLOW_NS ? VERDICT_GOOD : VERDICT_WARN, name);
        found(finding, "%.2f ms with the write, %.2f ms with a flush after it: %s", (double)probe.durable_ns / 1e6,
              (double)probe.flush_ns / 1e6, probe.flags & IO_FLUSH ? "the flush is taken" : "the first is taken");
        wanted(finding, "below 10 ms");
        if (best >= SLOW_NS) {
            remedy(finding,
                   "every acknowledgement waits for this: a drive with power-loss protection, or, where losing the "
                   "last moments is fine, sluice.durability=relaxed");
        }
    }
    files_close(files, handle);
}

static void directory(struct doctor *doctor, struct text path)
{
    char place[PLACE_MAX], what[64];
    struct finding *finding;

    snprintf(what, sizeof(what), "%.40s", text_copy(&doctor->arena, path).data);
    if (!existing(path, place)) {
        finding = doctor_find(doctor, VERDICT_BAD, what);
        found(finding, "%s is no directory", place);
        wanted(finding, "a directory");
        remedy(finding, "remove what stands there, or name another in log.dirs");
        return;
    }
    bool there = path.size == strlen(place) && memcmp(path.data, place, path.size) == 0;
    bool writable = access(place, W_OK | X_OK) == 0;
    finding = doctor_find(doctor, writable ? VERDICT_GOOD : VERDICT_BAD, what);
    if (there) {
        found(finding, writable ? "there, writable" : "there, not writable");
    } else {
        found(finding, writable ? "will be made in %s" : "can't be made in %s", place);
    }
    wanted(finding, "writable");
    if (!writable) {
        remedy(finding, "`chown` it to the user of the node (this is %u)", geteuid());
        return;
    }
    space(doctor, what, place);
    device(doctor, what, place);
}

void doctor_directories(struct doctor *doctor)
{
    const struct broker_values *values = &doctor->settings.values;
    const struct text_list *list = values->log_dirs.count > 0 ? &values->log_dirs : &values->log_dir;

    for (int32_t i = 0; i < list->count; i++) directory(doctor, text_trim(list->items[i]));
}

/* ---- addresses ---- */

static bool is_loopback(struct text host)
{
    return text_equal(host, TEXT("localhost")) || text_starts(host, TEXT("127.")) || text_equal(host, TEXT("::1"));
}

static bool is_everywhere(struct text host)
{
    return host.size == 0 || text_equal(host, TEXT("0.0.0.0")) || text_equal(host, TEXT("::"));
}

static bool resolves(const char *host)
{
    struct addrinfo *all = NULL;

    if (getaddrinfo(host, NULL, NULL, &all) != 0) return false;
    freeaddrinfo(all);
    return true;
}

/* Does a node answer there, as one of Kafka's kind? */
static bool answers(struct doctor *doctor, const char *host, uint16_t port, char why[PEER_WHY_MAX])
{
    enum { PATIENCE_MS = 2000 };
    struct peer peer;

    peer_init(&peer, &doctor->heap, "sluice-doctor", -1, host, port);
    enum status status = peer_connect(&peer, clock_ms() + PATIENCE_MS);
    memcpy(why, peer.why, PEER_WHY_MAX);
    peer_end(&peer);
    return status == STATUS_OK;
}

static void advertised(struct doctor *doctor, struct text name, struct text host, uint16_t port, bool bound_everywhere)
{
    struct finding *finding;
    char what[64], place[256], why[PEER_WHY_MAX];

    snprintf(what, sizeof(what), "clients of %.*s", TEXT_ARGS(name));
    snprintf(place, sizeof(place), "%.*s", TEXT_ARGS(host));
    if (is_everywhere(host)) {
        finding = doctor_find(doctor, VERDICT_BAD, what);
        found(finding, "are told to come to %s:%u", *place ? place : "nowhere", port);
        wanted(finding, "an address that they can reach");
        remedy(finding,
               "advertised.listeners=%.*s://HOST:%u with a name or address of this machine, or nothing at all: "
               "then each client is told the address that it reached",
               TEXT_ARGS(name), port);
        return;
    }
    if (!resolves(place)) {
        finding = doctor_find(doctor, VERDICT_BAD, what);
        found(finding, "are told to come to %s, which has no address here", place);
        wanted(finding, "a name that resolves");
        remedy(finding, "mend the name in advertised.listeners, or the machine's resolver");
        return;
    }
    bool cut_off = bound_everywhere && is_loopback(host);
    finding = doctor_find(doctor, cut_off ? VERDICT_WARN : VERDICT_GOOD, what);
    found(finding, "are told to come to %s:%u; %s", place, port,
          answers(doctor, place, port, why) ? "a node answers there" : "nobody answers there yet");
    wanted(finding, "an address that they can reach");
    if (cut_off) {
        remedy(finding,
               "the node listens on all addresses, but sends its clients to this machine's loopback: others can't "
               "come. advertised.listeners=%.*s://HOST:%u",
               TEXT_ARGS(name), port);
    }
}

static bool host_of(const struct text_list *list, struct text wanted_name, struct text *host, uint16_t *port)
{
    struct text name;

    for (int32_t i = 0; i < list->count; i++) {
        if (address_listener(list->items[i], &name, host, port) && text_equal(name, wanted_name)) return true;
    }
    return false;
}

void doctor_addresses(struct doctor *doctor)
{
    const struct broker_values *values = &doctor->settings.values;

    for (int32_t i = 0; i < values->listeners.count; i++) {
        struct text name, host, told;
        uint16_t port, told_port;
        bool controller = false;
        if (!address_listener(values->listeners.items[i], &name, &host, &port)) continue;
        for (int32_t k = 0; k < values->controller_listeners.count; k++) {
            controller = controller || text_equal(text_trim(values->controller_listeners.items[k]), name);
        }
        if (controller) continue;
        if (host_of(&values->advertised_listeners, name, &told, &told_port)) {
            advertised(doctor, name, told, told_port, is_everywhere(host));
        } else if (is_everywhere(host)) {
            char what[64];
            snprintf(what, sizeof(what), "clients of %.*s", TEXT_ARGS(name));
            struct finding *finding = doctor_find(doctor, VERDICT_GOOD, what);
            found(finding, "are told the address that they reached, port %u", port);
            wanted(finding, "an address that they can reach");
        } else {
            advertised(doctor, name, host, port, false);
        }
    }
}
