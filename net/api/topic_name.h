/* net/api/topic_name.h   Which names a topic may have: 1 to 249 of the letters, digits and . _ -, but not "." nor "..".
 * */
#ifndef NET_API_TOPIC_NAME_H
#define NET_API_TOPIC_NAME_H

#include "base/status.h"
#include "base/text.h"

struct arena;

/* STATUS_INVALID; `why`, when not NULL, gets the reason in Kafka's words (static). */
enum status topic_name_status(struct text name, struct text *why);
/* Why a name that is refused is refused, in all of Kafka's words: they tell the name. In the arena. */
struct text topic_name_why(struct text name, struct arena *arena);

#endif
