/* engine/io/files_kernel.h   Between files_kernel.c and files_list.c: the parts of files_table that look at
 * directories. */
#ifndef ENGINE_IO_FILES_KERNEL_H
#define ENGINE_IO_FILES_KERNEL_H

#include "io/files.h"

must_check enum status files_kernel_entry(struct files *files, int directory, const char *path,
                                          struct files_entry *entry);
/* Waits a while for a descriptor, when all are taken. */
must_check enum status files_kernel_open_directory(struct files *files, int directory, const char *path, int *opened);
must_check enum status files_kernel_list(struct files *files, int directory, struct arena *arena,
                                         struct files_entry **entries, uint32_t *count);

#endif
