/* replication/replica/access.h   Operations of the controller about clients: quotas (KIP-546) and SCRAM credentials
 * (KIP-554). What can be said without the cluster's state was checked by the caller; here is decided what that state
 * has to say, and only what changes is written. */
#ifndef REPLICATION_REPLICA_ACCESS_H
#define REPLICATION_REPLICA_ACCESS_H

#include "cluster/access.h"

struct controller;
struct controller_call;
struct record_list;

struct quota_change {
    struct text key;
    double value;
    bool remove;
};

/* What changes for one entity. */
struct quota_alter {
    struct quota_entity entity;
    struct quota_change *changes; /* each key once */
    uint32_t change_count;
    bool refused; /* by the caller: left alone */
};

enum credential_fault {
    CREDENTIAL_FINE,
    CREDENTIAL_NAMELESS,
    CREDENTIAL_UNKNOWN_MECHANISM,
    CREDENTIAL_FEW_ITERATIONS,
    CREDENTIAL_MANY_ITERATIONS,
    CREDENTIAL_NO_PASSWORD,
    CREDENTIAL_TWICE,   /* a user is altered once in a call, whatever the mechanism */
    CREDENTIAL_MISSING, /* deleted, and not there */
};

/* One credential is set or deleted. */
struct credential_alter {
    struct image_credential credential; /* deleted: user and mechanism */
    bool remove;
    enum credential_fault fault; /* of this one alone, as the caller sees it */
    uint32_t first;              /* the first of this user in the call, which tells of the user: */
    enum credential_fault outcome;
    uint32_t chosen; /* the controller's own */
};

struct access_change {
    struct quota_alter *quotas;
    uint32_t quota_count;
    struct credential_alter *credentials; /* deletions first */
    uint32_t credential_count;
};

/* For decide.c: decides the next item of call->access; false: none is left. */
must_check bool access_alter(struct controller *controller, struct controller_call *call, struct record_list *list);

#endif
