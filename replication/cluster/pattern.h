/* replication/cluster/pattern.h   Regular expressions in the language of java.util.regex, in which the configs of
 * Kafka's clients are written. They are looked at, not run. */
#ifndef REPLICATION_CLUSTER_PATTERN_H
#define REPLICATION_CLUSTER_PATTERN_H

#include <stdbool.h>

#include "base/text.h"

/* Would Java's Pattern.compile take it? It is read once, from left to right. What that can't see is taken: names of
 * scripts, blocks and characters, groups that are named twice or not at all, how far a look-behind looks, what (?x)
 * makes of blanks and '#'. */
bool pattern_known(struct text pattern);

#endif
