/* tests/unit/replication/cluster/rows.h   The law of a table of settings: every row is found by its name, under no
 * other row's, says what it is for, and has a default that its own rules let through. */
#ifndef TESTS_UNIT_REPLICATION_CLUSTER_ROWS_H
#define TESTS_UNIT_REPLICATION_CLUSTER_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/settings.h"
#include "cluster/configs.h"

/* `values` is what the rows are places in; each row that has one of `scopes` is of this table rightly. */
static inline void check_rows(const struct setting_table *table, void *values, uint16_t scopes)
{
    struct heap heap;
    struct arena arena;

    heap_init(&heap);
    arena_init(&arena, &heap, NULL, 0, 1 << 22);
    assert_true(table->row_count > 0);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct setting *row = &table->rows[i];
        const struct setting *found = setting_find(table, text_of(row->name));
        if (row->type == SETTING_ALIAS) { /* Leads to the row that it names. */
            if (!found || strcmp(found->name, row->fallback) != 0) fail_msg("%s leads nowhere", row->name);
            continue;
        }
        if (found != row) fail_msg("%s stands there twice", row->name);
        if (!(row->scope & scopes)) fail_msg("%s is of another table", row->name);
        if (!row->doc || strlen(row->doc) < 3) fail_msg("%s: nobody knows what for", row->name);
        if (row->least > row->most) fail_msg("%s can't have a value", row->name);
    }
    assert_int_equal(settings_clear(table, values, &arena), STATUS_OK);
    arena_reset(&arena);
    heap_end(&heap);
}

#endif
