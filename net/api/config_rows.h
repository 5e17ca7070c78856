/* net/api/config_rows.h   The configs of a topic or of this broker as DescribeConfigs and CreateTopics show them. */
#ifndef NET_API_CONFIG_ROWS_H
#define NET_API_CONFIG_ROWS_H

#include "cluster/config_views.h"

/* A view per row of the table that has a value of its own (other names of a row have none). NULL: no memory. */
struct config_view *config_rows(const struct config_place *place, const struct setting_table *table,
                                struct arena *arena, uint32_t *count);

/* What topics without configs of their own are shown with, found when it is first wanted: one per request. */
struct config_rows {
    const struct config_view *views;
    uint32_t count;
};

/* The views of a topic among many, `*count` of them: in the order of topic_table what each topic has, common->count of
 * them, then what only this one has, because it is internal and set. Only what it has of its own is looked up.
 * place->topic NULL: of a topic without configs. NULL: no memory. */
const struct config_view *config_rows_of_topic(struct config_rows *common, const struct config_place *place,
                                               struct arena *arena, uint32_t *count);

/* A value of this origin for as long as the arena lives: what was set since the start lies in the image, which changes.
 * False: no memory. */
must_check bool config_keep(struct text *value, enum config_origin origin, struct arena *arena);

#endif
