/* replication/cluster/features.c   One row per feature. A level that a log finalizes and that stands above `most` means
 * that a newer node wrote it: such a directory is refused rather than misread. */
#include "cluster/features.h"

#include "base/check.h"

/* clang-format off */
const struct feature features[] = {
    /* name                                  least  most  finalized  in log */
    { TEXT("kraft.version"),                     0,    1,         1,  false },
    { TEXT("metadata.version"),                  7,   30,        30,   true },
};
/* clang-format on */
const uint32_t feature_count = array_count(features);

const struct feature *feature_find(struct text name)
{
    for (uint32_t i = 0; i < feature_count; i++) {
        if (text_equal(features[i].name, name)) return &features[i];
    }
    return NULL;
}
