/* net/conn/listener.h   One listening socket of one shard. Every shard has its own (SO_REUSEPORT), and the kernel deals
 * connections out among them. While a limit is reached nothing is accepted: who comes then waits in the kernel's
 * backlog, as at Kafka; so do those who come faster than they may. An address that has too many already is closed at
 * once. */
#ifndef NET_CONN_LISTENER_H
#define NET_CONN_LISTENER_H

#include "conn/face.h"

/*     CLOSED --listen--> BOUND --begin--> ACCEPTING <--limit, end of a connection, pause--> PAUSED
 *                                             |                                               |
 *                                             +--------- close ---> JOINING <-----------------+ ---> CLOSED */
enum listener_stage { LISTENER_CLOSED, LISTENER_BOUND, LISTENER_ACCEPTING, LISTENER_PAUSED, LISTENER_JOINING };

struct listener {
    struct face *face;
    const struct face_listener *settings;
    enum listener_stage stage;
    int socket;
    uint16_t port;
    struct completion accept; /* and the close */
    struct timer pause;
    int64_t paced_ns; /* before that nobody is taken: max.connection.creation.rate */
};

void listener_init(struct listener *listener, struct face *face, const struct face_listener *settings);
must_check enum status listener_bind(struct listener *listener, uint16_t *port);
void listener_begin(struct listener *listener);
/* Takes up accepting again, if it was paused: a connection has ended. */
void listener_resume(struct listener *listener);
void listener_close(struct listener *listener);

#endif
