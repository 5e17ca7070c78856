/* tests/sim/demand.h   The people at the other end of the wire: producers, consumers and one administrator, each with a
 * client of their own (client.h), all writing into one ledger. They know how to retry, and when not to: what a lost
 * connection leaves unknown is asked again where a protocol allows it (idempotent producers, metadata), and otherwise
 * stays unknown. */
#ifndef SIM_DEMAND_H
#define SIM_DEMAND_H

#include "base/uuid.h"
#include "sim/client.h"
#include "sim/follow.h"
#include "sim/ledger.h"

enum {
    DEMAND_SLOTS = 4,
    DEMAND_PRODUCERS = 4,
    DEMAND_CONSUMERS = 3,
    DEMAND_IN_FLIGHT = 5,
    DEMAND_PARTITIONS = 3,
    DEMAND_LASTING = 2, /* slots whose topic is never deleted */
    DEMAND_CONFIGS = 5, /* that are set; each has values 0 to 2, or none */
    CONFIG_UNSET = 3
};

/* What is known of a topic. ASKED and LEAVING: somebody asked, the answer is not known. */
enum topic_state { TOPIC_ASKED, TOPIC_LIVE, TOPIC_LEAVING, TOPIC_GONE };

struct demand_config {
    int told;            /* value */
    uint8_t asked, lost; /* since then, a bit per value; those of them whose answer was lost */
};

struct demand_topic {
    struct demand_topic *next;
    uint64_t number; /* in the ledger */
    char name[24];
    struct uuid id; /* none: not known yet */
    int32_t partitions, place;
    struct demand_config configs[DEMAND_CONFIGS];
    enum topic_state state;
    bool uncertain; /* an answer about it was lost: what was asked may still happen */
};

struct demand;

/* One batch on its way. */
struct sending {
    struct list_node node;
    struct producer *producer; /* NULL: nobody cares any more */
    struct demand_topic *topic;
    struct ledger_log *log;
    uint8_t *data;
    uint32_t size, records;
    uint64_t value;
    int32_t sequence;
    bool sent;
};

struct producer {
    struct demand *demand;
    struct client client;
    struct sim_event event;
    struct demand_topic *topic;
    int32_t partition;
    int16_t acks;
    bool idempotent, asking, failing; /* failing: wait until nothing is on the wire, then again in order */
    int64_t id;                       /* -1: not given yet */
    int16_t epoch;
    int32_t number; /* of this identity, in the ledger */
    int32_t next_sequence;
    struct list sendings; /* oldest first */
    uint32_t count, on_wire;
};

struct consumer {
    struct demand *demand;
    struct client client;
    struct sim_event event;
    struct demand_topic *topic;
    int32_t partition;
    int64_t position;  /* -1: to be found */
    int64_t committed; /* the ledger's when the fetch was asked */
    int64_t end;       /* while reading all: the latest offset, once known; -1 */
    int64_t start, start_told;
    bool asking, reading_all, done;
    bool refused; /* while reading all: damaged files may be */
};

struct demand {
    struct sim_world *world;
    struct prng prng;
    struct ledger ledger;
    struct demand_topic *topics;              /* all that ever were, newest first */
    struct demand_topic *slots[DEMAND_SLOTS]; /* by name */
    uint64_t topic_count;
    struct producer producers[DEMAND_PRODUCERS];
    struct consumer consumers[DEMAND_CONSUMERS];
    struct follower follower;
    struct client admin;
    struct sim_event admin_event;
    bool admin_asking;
    struct demand_topic *asked;   /* what the administrator's request is about */
    uint64_t metadata_count;      /* answers */
    int altering, altering_value; /* a config of `asked` */
    bool configs_asking;
    uint64_t configs_seen; /* answers */
    int32_t identities;
    uint64_t actions_left; /* new batches, fetches, admin requests */
    uint32_t value_size_max, records_max;
    int64_t gap_ns;
    bool damaged; /* files were: a partition may be refused */
    bool quiet;   /* nothing new is begun; what is open is brought to its end */
    uint64_t told, lost;
};

void demand_init(struct demand *demand, struct sim_world *world, struct sim_network *network, uint16_t port,
                 bool relaxed);
void demand_end(struct demand *demand);
/* Nobody waits for anything. */
bool demand_at_rest(const struct demand *demand);
/* After everything is at rest: every live log is read from its start to its end, and the ledger is asked. True when
 * done. */
void demand_read_all_begin(struct demand *demand);
bool demand_read_all_done(struct demand *demand);

/* Between the files of demand. */
void producer_init(struct producer *producer, struct demand *demand, struct sim_network *network, uint16_t port);
void producer_end(struct producer *producer);
void consumer_init(struct consumer *consumer, struct demand *demand, struct sim_network *network, uint16_t port);
void consumer_read_next(struct consumer *consumer);
void admin_init(struct demand *demand, struct sim_network *network, uint16_t port);
/* Asks for all topics and corrects what is believed; `strict`: what was told must be so. */
void admin_look(struct demand *demand);
/* The administrator's request is done, or could not be made. */
void admin_again(struct demand *demand);
/* Draws what a new topic is made with: up to DEMAND_CONFIGS of them. */
struct create_topics_config_ask;
uint32_t admin_config_draw(struct demand *demand, struct demand_topic *topic, struct create_topics_config_ask *asks);
void admin_config_change(struct demand *demand, struct demand_topic *topic);
/* Asks what is set, and holds it against what was told. */
void admin_config_look(struct demand *demand);
int16_t demand_version(struct demand *demand, int16_t key, int16_t since, int16_t until);
static inline bool topic_usable(const struct demand_topic *topic)
{
    return topic && topic->state == TOPIC_LIVE;
}

#endif
