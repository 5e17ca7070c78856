/* tools/top_page.c   GET, and the lines of the answer:
 *
 *     # HELP ... and # TYPE ...          skipped
 *     name{a="x",b="y \" z"} 12.5        a sample; the text is cut up in place
 *     name 3                             the same, without labels */
#include "top_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/check.h"

enum { PATIENCE_S = 5, PAGE_SIZE_MAX = 64 << 20, PAGE_SIZE_FIRST = 1 << 16 };

/* ---- asking ---- */

static bool fail(char why[PAGE_WHY_MAX], const char *what)
{
    (void)snprintf(why, PAGE_WHY_MAX, "%s", what);
    return false;
}

static int page_connect(const struct sockaddr_storage *place)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    int peer = socket(place->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (peer < 0) return -1;
    (void)setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* of the connect, too */
    if (connect(peer, (const struct sockaddr *)place, sizeof(*place)) == 0) return peer;
    int error = errno;
    close(peer);
    errno = error;
    return -1;
}

/* Everything up to the end of the connection, NUL-terminated; NULL: too much, or it broke. */
static char *receive_all(int peer)
{
    size_t room = PAGE_SIZE_FIRST, size = 0;
    char *text = malloc(room);

    while (text) {
        ssize_t got = recv(peer, text + size, room - size - 1, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            text[size] = '\0';
            if (got == 0) return text;
            break;
        }
        size += (size_t)got;
        if (size + 1 < room) continue;
        room *= 2;
        char *more = room <= PAGE_SIZE_MAX ? realloc(text, room) : NULL;
        if (!more) break;
        text = more;
    }
    free(text);
    return NULL;
}

/* The body moves to the front. */
static bool take_body(char *text, char why[PAGE_WHY_MAX])
{
    char *body = strstr(text, "\r\n\r\n");

    if (strncmp(text, "HTTP/1.", 7) != 0 || !body) return fail(why, "that is no HTTP server");
    if (strncmp(text + 8, " 200", 4) != 0) {
        (void)snprintf(why, PAGE_WHY_MAX, "it answers %.3s; is this a node of sluice?", text + 9);
        return false;
    }
    memmove(text, body + 4, strlen(body + 4) + 1);
    return true;
}

bool page_fetch(const struct sockaddr_storage *place, const char *path, struct page *page, char why[PAGE_WHY_MAX])
{
    char ask[128];
    int peer = page_connect(place);

    *page = (struct page){ .text = NULL };
    if (peer < 0) return fail(why, strerror(errno == EINPROGRESS ? ETIMEDOUT : errno));
    int size = snprintf(ask, sizeof(ask), "GET %s HTTP/1.0\r\nHost: sluice\r\n\r\n", path);
    bool sent = send(peer, ask, (size_t)size, MSG_NOSIGNAL) == size;
    char *text = sent ? receive_all(peer) : NULL;
    close(peer);
    if (!text) return fail(why, "the answer did not come whole");
    if (!take_body(text, why)) {
        free(text);
        return false;
    }
    page_read(text, page);
    return true;
}

/* ---- reading ---- */

/* The closing brace: not the one that stands in quotes. */
static char *labels_end(char *at)
{
    for (bool quoted = false; *at; at++) {
        if (quoted && *at == '\\' && at[1]) {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        } else if (*at == '}' && !quoted) {
            return at;
        }
    }
    return NULL;
}

static bool line_read(char *line, struct sample *sample)
{
    char *end = line + strcspn(line, "{ ");
    char *rest = end + 1;

    if (*line == '#' || end == line || !*end) return false;
    *sample = (struct sample){ .name = line, .labels = "" };
    if (*end == '{') {
        char *close = labels_end(rest);
        if (!close || close[1] != ' ') return false;
        *close = '\0';
        sample->labels = rest;
        rest = close + 2;
    }
    *end = '\0';
    sample->value = strtod(rest, &end);
    return end != rest && sample->value - sample->value == 0; /* no infinity, no NaN */
}

static int compare(const void *a, const void *b)
{
    const struct sample *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->labels, right->labels);
}

void page_read(char *text, struct page *page)
{
    size_t lines = 1;

    for (const char *at = text; *at; at++) lines += *at == '\n';
    *page = (struct page){ .text = text, .samples = malloc(lines * sizeof(struct sample)) };
    invariant(page->samples != NULL);
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        page->count += line_read(line, &page->samples[page->count]);
    }
    qsort(page->samples, page->count, sizeof(struct sample), compare);
}

void page_free(struct page *page)
{
    free(page->samples);
    free(page->text);
    *page = (struct page){ .text = NULL };
}

/* ---- looking up ---- */

/* The first sample that is not before this one. */
static size_t first_at(const struct page *page, const char *name, const char *labels)
{
    const struct sample wanted = { .name = name, .labels = labels };
    size_t low = 0, high = page->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&page->samples[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct sample *page_samples(const struct page *page, const char *name, size_t *count)
{
    size_t first = first_at(page, name, ""), end = first;

    while (end < page->count && strcmp(page->samples[end].name, name) == 0) end++;
    *count = end - first;
    return page->samples + first;
}

double page_value(const struct page *page, const char *name, const char *labels)
{
    const struct sample wanted = { .name = name, .labels = labels };
    size_t at = first_at(page, name, labels);

    return at < page->count && compare(&page->samples[at], &wanted) == 0 ? page->samples[at].value : 0;
}

double page_sum(const struct page *page, const char *name)
{
    size_t count;
    const struct sample *samples = page_samples(page, name, &count);
    double sum = 0;

    for (size_t i = 0; i < count; i++) sum += samples[i].value;
    return sum;
}

void sample_label(const struct sample *sample, const char *label, char *value, size_t size)
{
    size_t label_size = strlen(label), at = 0;

    invariant(size > 0);
    value[0] = '\0';
    for (const char *place = sample->labels; *place;) {
        bool found = strncmp(place, label, label_size) == 0 && place[label_size] == '=';
        place += strcspn(place, "\"");
        for (place += *place == '"'; *place && *place != '"'; place++) {
            if (*place == '\\' && place[1]) place++;
            if (found && at + 1 < size) value[at++] = *place;
        }
        value[at] = '\0';
        if (found || !*place) return;
        place += place[1] == ',' ? 2 : 1;
    }
}
