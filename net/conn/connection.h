/* net/conn/connection.h   One client's socket: what is being received (frame.c), what is under way (slots), what is
 * being sent (reply.c), and its end. It is small, because thousands of them do nothing: it holds no buffer while it
 * waits. */
#ifndef NET_CONN_CONNECTION_H
#define NET_CONN_CONNECTION_H

#include "conn/face.h"
#include "conn/listener.h"
#include "conn/transform.h"

struct reply_window;
struct slot;

/*     OPEN --client finished, bad frame, abort, stop--> DRAINING --all owed sent--+
 *       |                                                  |                      v
 *       +------------- network error, deadline ------------+--------------> JOINING  receive and sends are cancelled
 *                                                                              | all have resumed
 *                                                                              v
 *                                         freed <--closed, no request left-- SHUTTING */
enum connection_stage {
    CONNECTION_OPEN,     /* reads and answers */
    CONNECTION_DRAINING, /* reads no more; sends what it still owes */
    CONNECTION_JOINING,  /* waits for its operations */
    CONNECTION_SHUTTING, /* waits for the close and for the requests that still run */
};

/* What a frame waits for: frame.c draws it. */
enum frame_stage { FRAME_HEAD, FRAME_ROOM, FRAME_BODY };
/* Where received bytes go: into buffers of the engine, or straight to their place. */
enum receive_way { RECEIVE_PIECES, RECEIVE_STRAIGHT };

enum { FRAME_HEAD_SIZE = 8 };

/* What is told of a client to people: who, and how much. */
enum { CLIENT_NAME_MAX = 32 };
struct connection_traffic {
    char client[CLIENT_NAME_MAX]; /* the client id of its requests, NUL-terminated, cut */
    int64_t opened_ns;
    uint64_t requests, bytes_in, bytes_out;
};

struct connection {
    struct face *face;
    struct listener *listener;
    const struct transform *transform;
    struct list_node node;        /* in face->connections */
    struct completion receive;    /* and the close */
    struct timer timer;           /* at or before the earliest of the deadlines below */
    struct ready flush;           /* answers are ready: reply_flush */
    struct ready wake;            /* there may be room again: frame_wake */
    struct list_node wait;        /* in face->crowded */
    struct list slots;            /* struct slot, in order of arrival */
    struct slot *arriving;        /* whose body is being received; not in slots yet */
    struct slot *reading;         /* the last of slots, while its body is being decoded; NULL */
    struct bytes input;           /* received, being eaten right now */
    struct block *stash;          /* received, and not eaten for want of room; NULL */
    struct list windows;          /* struct reply_window, in order: sent, and not the connection's again */
    struct reply_window *sending; /* the last of them, until the socket has taken it; NULL */
    int64_t active_ns;            /* the last request or answer */
    int64_t frame_deadline_ns;    /* for the frame that has begun; INT64_MAX */
    int64_t send_deadline_ns;     /* for the first of the windows; INT64_MAX */
    int64_t stalled_ns;           /* since when it is stalled */
    int64_t queued_ns;            /* how long the frame that begins has been kept waiting for room */
    uint64_t owed;                /* bytes of answers not sent, or whose memory the kernel still holds */
    uint64_t window_number;       /* of the last window */
    int socket;
    uint32_t admission_cell;
    uint32_t stash_at, stash_size;
    uint16_t slot_count;
    uint8_t head[FRAME_HEAD_SIZE]; /* length, key, version */
    uint8_t head_have;
    uint8_t stage;       /* enum connection_stage */
    uint8_t frame;       /* enum frame_stage */
    uint8_t way;         /* enum receive_way */
    uint8_t small_count; /* frames in a row that would have fitted into a piece */
    uint8_t end;         /* enum conn_end: why it ends */
    bool stalled;        /* reads nothing until woken */
    bool finished;       /* the client sends no more; what is queued is still eaten */
    bool cancelling;     /* the receive under way was asked to end */
    bool straight;       /* the receive under way goes straight to its place */
    bool shut;           /* the socket is closed */
    bool copies;         /* sends go with a copy: without one does not pay on this socket */
    struct in6_addr peer;
    uint16_t peer_port;
    struct connection_traffic traffic;
};

/* Takes over `socket`; REFUSAL_COUNT: taken, else why not (it is closed then). */
enum conn_refusal connection_open(struct listener *listener, int socket);
/* How many more this shard and the node would take. */
uint32_t connection_room(const struct face *face);
/* No more is read; when what it owes is sent, it ends. */
void connection_drain(struct connection *connection, enum conn_end end);
/* Ends now, whatever it owes. */
void connection_close(struct connection *connection, enum conn_end end);
/* Goes on with its end, after anything that it may have waited for. May free it. */
void connection_settle(struct connection *connection);
/* Sets the timer to the earliest deadline, when it would fire later. */
void connection_watch(struct connection *connection);

#endif
