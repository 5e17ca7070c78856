/* net/conn/frame.h   From received bytes to whole requests. */
#ifndef NET_CONN_FRAME_H
#define NET_CONN_FRAME_H

#include "conn/connection.h"

/* Begins to receive. */
void frame_begin(struct connection *connection);
/* There may be room again: eats what is queued, and receives if that has stopped. */
void frame_wake(struct connection *connection);
/* Nothing will be eaten any more: gives the stash and the half-received body back. The receive must be over. */
void frame_abandon(struct connection *connection);
/* Completion of connection->receive. */
void frame_resume(struct completion *io);

#endif
