/* tools/offset_spec.c   From words to offsets: start and end of every partition are always asked for, so that a number
 * outside of them is told before anything is fetched. */
#include "offset_spec.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/codes.h"
#include "client/offsets.h"
#include "output.h"

/* ---- words ---- */

static bool ago_read(const char *word, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    char *end;
    long long count = strtoll(word, &end, 10);

    if (end == word || count < 0 || count > INT32_MAX) return false;
    for (size_t i = 0; i < array_count(units); i++) {
        if (strcmp(end, units[i].unit) != 0) continue;
        *ms = count * units[i].ms;
        return true;
    }
    return false;
}

bool time_read(const char *word, int64_t now_ms, int64_t *time_ms)
{
    struct tm parts = { .tm_isdst = -1 };
    int64_t ms;

    if (text_to_i64(text_of(word), time_ms)) return *time_ms >= 0;
    if (word[0] == '-' && ago_read(word + 1, &ms)) {
        *time_ms = max_of(now_ms - ms, 0);
        return true;
    }
    const char *end = strptime(word, "%Y-%m-%d", &parts);
    if (end && (*end == 'T' || *end == ' ')) end = strptime(end + 1, "%H:%M:%S", &parts);
    if (!end || (*end != 0 && strcmp(end, "Z") != 0)) return false;
    *time_ms = (int64_t)(*end == 'Z' ? timegm(&parts) : mktime(&parts)) * 1000;
    return *time_ms >= 0;
}

bool offset_spec_read(struct offset_spec *spec, const char *word, int64_t now_ms)
{
    int64_t number;

    if (strncmp(word, "e@", 2) == 0) return time_read(word + 2, now_ms, &spec->until_ms);
    if (strncmp(word, "s@", 2) == 0) {
        spec->from = OFFSET_TIME;
        return time_read(word + 2, now_ms, &spec->from_value);
    }
    if (strcmp(word, "beginning") == 0 || strcmp(word, "earliest") == 0 || strcmp(word, "start") == 0) {
        spec->from = OFFSET_BEGINNING;
        return true;
    }
    if (strcmp(word, "end") == 0 || strcmp(word, "latest") == 0) {
        spec->from = OFFSET_END;
        return true;
    }
    if (!text_to_i64(text_of(word), &number) || number == INT64_MIN) return false;
    spec->from = word[0] == '-' ? OFFSET_BACK : OFFSET_ABSOLUTE;
    spec->from_value = word[0] == '-' ? -number : number;
    return spec->from_value >= 0;
}

/* ---- offsets ---- */

static bool lookup(struct session *session, struct consumer *consumer, int64_t timestamp_ms,
                   struct offset_query **queries)
{
    uint32_t count = consumer->partition_count;

    *queries = session_take(session, count * sizeof(**queries));
    for (uint32_t i = 0; i < count; i++) {
        (*queries)[i].topic = consumer->partitions[i].topic;
        (*queries)[i].partition = consumer->partitions[i].index;
        (*queries)[i].leader = consumer->partitions[i].leader;
        (*queries)[i].timestamp_ms = timestamp_ms;
    }
    if (client_offsets(&session->client, *queries, count, consumer->committed) != STATUS_OK) {
        (void)session_lost(session);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((*queries)[i].error == CODE_NONE) continue;
        complain(session->called, "%.*s [%d]: %s", TEXT_ARGS((*queries)[i].topic), (*queries)[i].partition,
                 code_name((*queries)[i].error));
        return false;
    }
    return true;
}

static bool set_one(const struct offset_spec *spec, struct session *session, struct consumer_partition *partition,
                    int64_t start, int64_t end, int64_t at_time)
{
    switch (spec->from) {
    case OFFSET_BEGINNING: partition->next = start; return true;
    case OFFSET_END: partition->next = end; return true;
    case OFFSET_BACK: partition->next = max_of(start, end - min_of(spec->from_value, end)); return true;
    case OFFSET_TIME: partition->next = at_time < 0 ? end : at_time; return true;
    case OFFSET_ABSOLUTE: break;
    }
    partition->next = spec->from_value;
    if (spec->clamped && (spec->from_value < start || spec->from_value > end)) partition->next = end;
    if (spec->clamped) return true;
    if (spec->from_value >= start && spec->from_value <= end) return true;
    complain(session->called, "%.*s [%d] has offsets from %lld to %lld, and no %lld", TEXT_ARGS(partition->topic),
             partition->index, (long long)start, (long long)end, (long long)spec->from_value);
    return false;
}

bool offset_spec_resolve(const struct offset_spec *spec, struct session *session, struct consumer *consumer,
                         bool to_end)
{
    struct offset_query *starts, *ends, *times = NULL, *untils = NULL;

    if (!lookup(session, consumer, LIST_OFFSETS_EARLIEST, &starts)) return false;
    if (!lookup(session, consumer, LIST_OFFSETS_LATEST, &ends)) return false;
    if (spec->from == OFFSET_TIME && !lookup(session, consumer, spec->from_value, &times)) return false;
    if (spec->until_ms >= 0 && !lookup(session, consumer, spec->until_ms, &untils)) return false;

    for (uint32_t i = 0; i < consumer->partition_count; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];
        int64_t at_time = times ? times[i].offset : -1;
        if (!set_one(spec, session, partition, starts[i].offset, ends[i].offset, at_time)) return false;
        partition->high_watermark = ends[i].offset;
        partition->limit = to_end ? ends[i].offset : INT64_MAX;
        if (untils) partition->limit = untils[i].offset < 0 ? ends[i].offset : untils[i].offset;
        partition->done = partition->next >= partition->limit;
    }
    return true;
}
