/* tools/top_page.h   A page of a node's HTTP side, as samples: `name{labels} value`, in Prometheus text. */
#ifndef TOOLS_TOP_PAGE_H
#define TOOLS_TOP_PAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct sample {
    const char *name;
    const char *labels; /* between the braces; "" for none */
    double value;
};

/* Samples by name, then by labels. */
struct page {
    char *text;
    struct sample *samples;
    size_t count;
};

enum { PAGE_WHY_MAX = 160 };

/* Asks over HTTP; waits some seconds at most. False: `why` says what is wrong. */
bool page_fetch(const struct sockaddr_storage *place, const char *path, struct page *page, char why[PAGE_WHY_MAX]);
/* Takes over `text`, which malloc gave; lines that are no samples are skipped. */
void page_read(char *text, struct page *page);
void page_free(struct page *page);

/* The samples of a name, one after the other. */
const struct sample *page_samples(const struct page *page, const char *name, size_t *count);
/* One sample; 0 when there is none. */
double page_value(const struct page *page, const char *name, const char *labels);
/* The sum of all of a name. */
double page_sum(const struct page *page, const char *name);
/* The value of a label, without its escapes; "" when there is none. Cut to `size`. */
void sample_label(const struct sample *sample, const char *label, char *value, size_t size);

#endif
