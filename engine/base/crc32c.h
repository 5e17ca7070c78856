/* engine/base/crc32c.h   CRC-32C (Castagnoli, RFC 3720), the checksum of record batches and of our own files.
 * "123456789" gives e3069283. `crc` continues an earlier call; begin with 0. */
#ifndef ENGINE_BASE_CRC32C_H
#define ENGINE_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *data, size_t size);
/* Copies and sums in one pass, a few KiB at a time so that the second look finds the bytes in cache. */
uint32_t crc32c_copy(uint32_t crc, void *to, const void *from, size_t size);
/* The CRC of A followed by B from crc(A), crc(B) and the size of B. */
uint32_t crc32c_join(uint32_t first, uint32_t second, size_t second_size);

#endif
