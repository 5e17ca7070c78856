/* client/codes.h   Kafka's error codes as a client sees them: name, whether trying again may help, whether the client's
 * picture of the cluster is out of date. */
#ifndef CLIENT_CODES_H
#define CLIENT_CODES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CODE_UNKNOWN_SERVER_ERROR = -1,
    CODE_NONE = 0,
    CODE_OFFSET_OUT_OF_RANGE = 1,
    CODE_UNKNOWN_TOPIC_OR_PARTITION = 3,
    CODE_LEADER_NOT_AVAILABLE = 5,
    CODE_UNSUPPORTED_VERSION = 35,
    CODE_TOPIC_ALREADY_EXISTS = 36,
    CODE_NOT_CONTROLLER = 41,
    CODE_DUPLICATE_SEQUENCE_NUMBER = 46,
};

struct code {
    int16_t number;
    bool retriable;
    bool stale; /* metadata should be asked for again */
    const char *name;
};

/* NULL: a number that Kafka 4.3.1 does not have. */
const struct code *code_find(int16_t number);
const char *code_name(int16_t number);
bool code_retriable(int16_t number);

#endif
