/* net/conn/reply.h   From finished requests to the socket, in the order in which they came. */
#ifndef NET_CONN_REPLY_H
#define NET_CONN_REPLY_H

#include "conn/connection.h"

/* Sends what is ready, if nothing is being sent; lets go of finished slots. May end the connection. */
void reply_flush(struct connection *connection);
/* Asks the sends to end early. */
void reply_stop(struct connection *connection);
/* The socket is dead: finished requests are let go without an answer. */
void reply_abandon(struct connection *connection);
void reply_end(struct face *face);

#endif
