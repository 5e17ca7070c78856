/* tools/doctor.h   What the examinations of `sluice doctor` share: findings, each with its remedy. */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "cluster/configs.h"
#include "node/node.h"
#include "output.h"

enum { FINDINGS_MAX = 128, FINDING_MAX = 512 };

enum verdict { VERDICT_GOOD, VERDICT_WARN, VERDICT_BAD };

struct finding {
    enum verdict verdict;
    char what[96];
    char found[FINDING_MAX], wanted[FINDING_MAX];
    char remedy[FINDING_MAX]; /* empty: nothing to be done */
};

struct doctor {
    struct heap heap;
    struct arena arena;
    struct node_platform platform;
    struct settings settings;
    struct plan plan;
    enum status planned;
    const char *planned_why; /* when it failed */
    struct io *io;           /* NULL: refused */
    struct finding findings[FINDINGS_MAX];
    uint32_t count;
};

/* The next finding, to be filled. */
struct finding *doctor_find(struct doctor *doctor, enum verdict verdict, const char *what);
void found(struct finding *finding, const char *format, ...) printf_like(2, 3);
void wanted(struct finding *finding, const char *format, ...) printf_like(2, 3);
void remedy(struct finding *finding, const char *format, ...) printf_like(2, 3);

/* doctor_machine.c: kernel, io_uring, memory, limits, clock. */
void doctor_machine(struct doctor *doctor);
/* doctor_places.c: log directories and their devices; addresses. */
void doctor_directories(struct doctor *doctor);
void doctor_addresses(struct doctor *doctor);

#endif
